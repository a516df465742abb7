//! An embedded network of three organisations, the chaincodes in its process.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use fabric_protos::id::MspId;
use pervade_chaincode::Chaincode;
use pervade_embedded::{
    EmbeddedNetwork, InProcess, NetworkDescription, Options, Package, PackageSource, Topology,
};
use pervade_identity::EcdsaSigner;
use pervade_peer_client::{Definition, Outcome};
use pervade_registrar::Enrollment;
use pervade_rpc::tls::endpoint;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::remote::{Remote, Served};
use crate::world::{ORG3, ORGS};

/// A running embedded network, in a folder that goes away with it.
pub(crate) struct Embedded {
    pub(crate) network: EmbeddedNetwork,
    _folder: TempDir,
}

impl Served for Embedded {
    fn issue(&mut self, msp: &MspId, request: &[u8], enrollment: &Enrollment) -> Vec<u8> {
        self.network.enroll(msp, request, enrollment).unwrap()
    }
}

/// Three organisations, with these deployed, each with its initialisation required.
pub(crate) fn embedded(chaincodes: Vec<Chaincode>) -> Remote<Embedded> {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<_> = chaincodes.iter().map(|chaincode| chaincode.name().clone()).collect();
    let entered = runtime.enter();
    let options = chaincodes.into_iter().fold(Options::new(folder.path()), |options, chaincode| {
        let name = chaincode.name().to_string();
        let version = "1".to_owned();
        options.with_chaincode(&name, InProcess { version, chaincode: Arc::new(chaincode) })
    });
    drop(entered);
    let network = runtime.block_on(EmbeddedNetwork::start(topology(), options)).unwrap();
    let description = network.description();
    let gateways = runtime.block_on(dial(&network, &description));
    let channel = description.channels.first().unwrap().name.clone();
    let embedded = Embedded { network, _folder: folder };
    let remote = Remote::new(runtime, embedded, channel, gateways);
    for name in names {
        let source = PackageSource::InProcess { name: name.to_string() };
        let package = Package { label: name.to_string(), source };
        let package_id = remote.network.network.install(package).unwrap();
        let definition = Definition { init_required: true, ..Definition::first(name, "1.0") };
        define(&remote, &definition, &package_id);
    }
    remote
}

fn topology() -> Topology {
    let mut topology = Topology::test_network();
    let mut third = topology.organizations.last().unwrap().clone();
    third.name = "Org3".to_owned();
    third.msp_id = MspId::new(ORG3).unwrap();
    third.domain = "org3.example.com".to_owned();
    topology.organizations.push(third);
    topology.batch.timeout_ms = 20;
    topology.with_free_ports()
}

async fn dial(
    network: &EmbeddedNetwork,
    description: &NetworkDescription,
) -> BTreeMap<MspId, tonic::transport::Channel> {
    let mut gateways = BTreeMap::new();
    for organization in &description.organizations {
        let peer = organization.peers.first().unwrap();
        let root = fs::read(network.data().join(&peer.tls_root)).unwrap();
        let endpoint = endpoint(&peer.address, &root, Some(&peer.host)).unwrap();
        gateways.insert(organization.msp_id.clone(), endpoint.connect().await.unwrap());
    }
    gateways
}

fn define(remote: &Remote<Embedded>, definition: &Definition, package_id: &str) {
    for org in ORGS {
        let msp = MspId::new(org).unwrap();
        let admin: EcdsaSigner = remote.network.network.user(&msp, "Admin").unwrap();
        let lifecycle = remote.connect(Arc::new(admin)).lifecycle();
        let approved = lifecycle.approve(definition, Some(package_id));
        committed(&remote.runtime.block_on(approved).unwrap());
        if org == ORG3 {
            committed(&remote.runtime.block_on(lifecycle.commit(definition)).unwrap());
        }
    }
}

fn committed(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
}
