//! A peer that launched a chaincode, and awaits it.

use std::future::pending;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use fabric_protos::Message as _;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{ChaincodeId, ChaincodeMessage};
use pervade_chaincode::Chaincode;
use pervade_rpc::chaincode_support::chaincode_support_server::{
    ChaincodeSupport, ChaincodeSupportServer,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

use super::{LaunchError, launched};
use crate::StreamOptions;
use crate::settings::{Pem, TlsFiles};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// Peers write a key in the form of PKCS#8 under the label of another form.
#[tokio::test]
async fn a_launched_chaincode_shows_what_its_peer_gave_it_and_ends_with_the_stream() {
    let authority = authority();
    let (certificate, key) = issued(&authority);
    let mislabelled = key.replace(" PRIVATE KEY", " EC PRIVATE KEY");
    assert_ne!(key, mislabelled, "the label is another");
    let (address, mut seen) = peer(&authority, Type::Ready).await;
    let tls = files(&authority, Some((&certificate, &mislabelled)));
    let options = StreamOptions::new("basic:1");
    launched(chaincode(), options, &address, Some(&tls), pending()).await.unwrap();
    assert_eq!(seen.recv().await.unwrap(), "basic:1");
}

#[tokio::test]
async fn a_chaincode_without_a_certificate_is_not_taken() {
    let authority = authority();
    let (address, _seen) = peer(&authority, Type::Ready).await;
    let tls = files(&authority, None);
    let refused =
        launched(chaincode(), StreamOptions::new("basic:1"), &address, Some(&tls), pending()).await;
    let is_refused =
        matches!(refused, Err(LaunchError::Refused { .. } | LaunchError::Unreachable { .. }));
    assert!(is_refused, "{refused:?}");
}

#[tokio::test]
async fn a_peer_of_another_authority_is_not_trusted() {
    let (address, _seen) = peer(&authority(), Type::Ready).await;
    let tls = files(&authority(), None);
    let refused =
        launched(chaincode(), StreamOptions::new("basic:1"), &address, Some(&tls), pending()).await;
    assert!(matches!(refused, Err(LaunchError::Unreachable { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_peer_that_breaks_the_protocol_is_left_with_the_reason() {
    let authority = authority();
    let (certificate, key) = issued(&authority);
    let (address, _seen) = peer(&authority, Type::Transaction).await;
    let tls = files(&authority, Some((&certificate, &key)));
    let left =
        launched(chaincode(), StreamOptions::new("basic:1"), &address, Some(&tls), pending()).await;
    let Err(LaunchError::Protocol(reason)) = left else { panic!("{left:?}") };
    assert_eq!(reason.to_string(), "TRANSACTION has no place in a stream that is established");
}

fn chaincode() -> Arc<Chaincode> {
    Arc::new(Chaincode::new("basic".parse().unwrap()))
}

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

fn files(authority: &Authority, shown: Option<(&str, &str)>) -> TlsFiles {
    let text = |pem: &str| Some(Pem::Text(pem.as_bytes().to_vec().into()));
    TlsFiles {
        certificate: shown.and_then(|(certificate, _)| text(certificate)),
        key: shown.and_then(|(_, key)| text(key)),
        roots: text(&authority.pem()),
    }
}

/// Starts a peer; the package ids that register with it come back.
async fn peer(authority: &Authority, last: Type) -> (String, mpsc::Receiver<String>) {
    let (certificate, key) = issued(authority);
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(certificate, key))
        .client_ca_root(Certificate::from_pem(authority.pem()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let (tell, seen) = mpsc::channel(1);
    let service = ChaincodeSupportServer::new(Peer { seen: tell, last });
    let server = Server::builder().tls_config(tls).unwrap().add_service(service);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    (format!("localhost:{}", address.port()), seen)
}

/// Welcomes a chaincode, sends a last message, and ends the stream if that was a good one.
struct Peer {
    seen: mpsc::Sender<String>,
    last: Type,
}

#[tonic::async_trait]
impl ChaincodeSupport for Peer {
    type RegisterStream =
        Pin<Box<dyn Stream<Item = Result<ChaincodeMessage, Status>> + Send + 'static>>;

    async fn register(
        &self,
        request: Request<Streaming<ChaincodeMessage>>,
    ) -> Result<Response<Self::RegisterStream>, Status> {
        let register = request.into_inner().message().await?.unwrap();
        let id = ChaincodeId::decode(register.payload.as_slice()).unwrap();
        self.seen.send(id.name).await.unwrap();
        let (outgoing, messages) = mpsc::channel(2);
        for kind in [Type::Registered, self.last] {
            let message = ChaincodeMessage { r#type: kind.into(), ..Default::default() };
            outgoing.send(message).await.unwrap();
        }
        if self.last != Type::Ready {
            tokio::spawn(async move { outgoing.closed().await });
        }
        Ok(Response::new(Box::pin(ReceiverStream::new(messages).map(Ok))))
    }
}
