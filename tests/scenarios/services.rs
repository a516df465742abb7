//! Chaincode that runs as a service of its own, and peers that dial it.

use std::sync::Arc;

use pervade_chaincode::Chaincode;
use pervade_embedded::{ClientCertificate, Package, PackageSource};
use pervade_shim::{ServiceTls, StreamOptions, serve};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::contracts::{SHELF, Shelf};
use crate::world::{World, chaincode, committed, refused};

/// T-06: a service that asks who calls it is called by the peers that show a certificate of the
/// authority it trusts, and by no others.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_runs_only_for_peers_that_show_a_certificate_it_trusts() {
    let world = World::start().await;
    let ours = authority();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dialled = Dialled {
        address: format!("localhost:{}", listener.local_addr().unwrap().port()),
        tls_root: ours.pem(),
    };
    let known = dialled.install(&world, SHELF, Some(issued(&ours)));
    let _service = start(&ours, &known, listener);
    world.define(SHELF, [&known, &known]).await;
    let shelf = world.contract(SHELF).await;
    committed(shelf.submit("put", &[b"k", b"7"]).await.unwrap());
    assert_eq!(shelf.evaluate("get", &[b"k"]).await.unwrap(), b"7");

    // Of the same name as ours: only its key is another.
    let stranger = issued(&authority());
    for (name, client, shown) in [
        ("nobody", None, "without a client certificate"),
        ("stranger", Some(stranger), "with the package's client certificate"),
    ] {
        let package_id = dialled.install(&world, name, client);
        world.define(name, [&package_id, &package_id]).await;
        let contract = world.contract(name).await;
        let height = world.height();
        for refusal in [
            refused(contract.submit("put", &[b"k", b"7"]).await),
            refused(contract.evaluate("get", &[b"k"]).await),
        ] {
            let reason = format!("could not launch chaincode {package_id}: {} ", dialled.address);
            assert!(refusal.contains(&reason) && refusal.contains(shown), "{refusal}");
        }
        assert_eq!(world.height(), height, "nothing was ordered");
    }
    assert_eq!(shelf.evaluate("get", &[b"k"]).await.unwrap(), b"7", "it serves on");
}

/// Where the service listens, and what it shows.
struct Dialled {
    address: String,
    tls_root: String,
}

impl Dialled {
    /// Has every peer dial the service and show this; returns the package's id.
    fn install(&self, world: &World, label: &str, client: Option<(String, String)>) -> String {
        let client = client.map(|(certificate, key)| ClientCertificate { certificate, key });
        let source = PackageSource::Address {
            address: self.address.clone(),
            tls_root: Some(self.tls_root.clone()),
            client,
        };
        world.network.install(Package { label: label.to_owned(), source }).unwrap()
    }
}

/// Serves the shelf to peers of the authority; it stops when the sender is dropped.
fn start(authority: &Authority, package_id: &str, listener: TcpListener) -> oneshot::Sender<()> {
    let (certificate, key) = issued(authority);
    let tls = ServiceTls::new(certificate.into_bytes(), key.into_bytes())
        .require_client(authority.pem().into_bytes());
    let options = StreamOptions::new(package_id);
    let shelf = Arc::new(Chaincode::new(chaincode(SHELF)).with(Shelf::honest()));
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        let until = async { stopped.await.unwrap_or_default() };
        serve(shelf, options, listener, Some(tls), until).await.unwrap();
    });
    stop
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `localhost` and its key.
fn issued(authority: &Authority) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}
