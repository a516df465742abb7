//! Chaincode as a service, as peers dial it.

#![expect(
    clippy::expect_used,
    clippy::missing_assert_message,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use fabric_protos::Message;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{ChaincodeId, ChaincodeInput, ChaincodeMessage, Response};
use pervade_chaincode::testing::TestCall;
use pervade_chaincode::{Chaincode, LedgerError, ReadTransaction, contract};
use pervade_denials::{Entry, Log};
use pervade_ports::system::{SystemClock, SystemFiles};
use pervade_rpc::chaincode::chaincode_client::ChaincodeClient;
use pervade_rpc::health::HealthCheckRequest;
use pervade_rpc::health::health_check_response::ServingStatus;
use pervade_rpc::health::health_client::HealthClient;
use pervade_rpc::{MESSAGE_BYTES_MAX, tls};
use pervade_shim::{ServiceTls, StreamOptions, serve};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use tonic::{Code, Streaming};

/// Longer than gRPC libraries' usual limit of 4 MiB.
const LONG: usize = 5 * 1024 * 1024;

#[derive(Debug)]
struct Echo;

#[contract(name = "echo")]
impl Echo {
    #[evaluate]
    async fn get(&self, tx: &ReadTransaction, key: String) -> Result<Vec<u8>, LedgerError> {
        Ok(tx.get(key).await?.unwrap_or_default())
    }
}

#[tokio::test]
async fn several_peers_have_a_stream_each() {
    let (address, stop) = start(None).await;
    let plain = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let mut first = Peer::dial(plain.clone()).await;
    let mut second = Peer::dial(plain).await;
    // The same transaction on both: they must not meet.
    first.send(transaction()).await;
    second.send(transaction()).await;
    assert_eq!(first.receive().await.r#type, i32::from(Type::GetState));
    assert_eq!(second.receive().await.r#type, i32::from(Type::GetState));
    assert_eq!(second.answer(b"two".to_vec()).await, b"two");
    let long = vec![7; LONG];
    assert_eq!(first.answer(long.clone()).await, long);
    drop((first, second));
    stop.send(()).unwrap();
}

#[tokio::test]
async fn a_peer_that_breaks_the_protocol_loses_its_stream_alone() {
    let (address, _stop) = start(None).await;
    let plain = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let mut good = Peer::dial(plain.clone()).await;
    let mut bad = Peer::dial(plain).await;
    bad.send(message(Type::Registered)).await;
    let status = bad.incoming.message().await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.message(), "REGISTERED has no place in a stream that is ready");
    good.send(transaction()).await;
    assert_eq!(good.receive().await.r#type, i32::from(Type::GetState));
}

/// Whoever shows no certificate of the right authority has no stream.
#[tokio::test]
async fn only_known_peers_are_let_in_where_the_service_asks_who_they_are() {
    let authority = authority();
    let (certificate, key) = issued(&authority);
    let service = ServiceTls::new(certificate.clone().into(), key.clone().into());
    let service = service.require_client(authority.pem().into_bytes());
    let (address, _stop) = start(Some(service)).await;
    let address = format!("localhost:{}", address.port());
    let dial = |client: Option<(String, String)>| {
        let client = client.as_ref();
        let client = client.map(|(certificate, key)| tls::ClientPem {
            certificate: certificate.as_bytes(),
            key: key.as_bytes(),
        });
        tls::mutual_endpoint(&address, authority.pem().as_bytes(), None, client).unwrap()
    };
    let mut peer = Peer::dial(dial(Some((certificate, key)))).await;
    peer.send(transaction()).await;
    assert_eq!(peer.receive().await.r#type, i32::from(Type::GetState));
    for stranger in [None, Some(issued(&self::authority()))] {
        assert!(!is_let_in(dial(stranger)).await, "a stranger");
    }
}

/// The service tells gRPC's health check that it serves, and what it does not.
#[tokio::test]
async fn the_service_answers_health_checks() {
    let (address, _stop) = start(None).await;
    let plain = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let mut health = HealthClient::new(plain.connect().await.unwrap());
    for service in ["", "protos.Chaincode"] {
        let asked = HealthCheckRequest { service: service.to_owned() };
        let told = health.check(asked).await.unwrap().into_inner();
        assert_eq!(told.status(), ServingStatus::Serving, "{service:?}");
    }
    let other = HealthCheckRequest { service: "other".to_owned() };
    assert_eq!(health.check(other).await.unwrap_err().code(), Code::NotFound);
}

/// W-100: a served chaincode's refusals are in its log, each once, with who called what and without
/// what was said; what it does not refuse is not.
#[tokio::test]
async fn refused_calls_are_in_the_services_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("echo.jsonl");
    let log = Log::open(&path, &SystemFiles, Arc::new(SystemClock)).unwrap();
    let log = Arc::new(log);
    let options = StreamOptions::new("echo:1");
    let (address, stop) = start_with(options_with(options, &log), None).await;
    let plain = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let mut peer = Peer::dial(plain).await;
    let (refused, tx_id) = call("unheard_of", "a secret");
    peer.send(refused).await;
    peer.receive().await;
    peer.send(transaction()).await;
    peer.receive().await;
    peer.answer(b"one".to_vec()).await;
    log.close();
    let entries = entries(&path);
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.number, entry.dropped, entry.status), (1, 0, 404));
    assert_eq!((entry.chaincode.as_str(), entry.function.as_str()), ("echo", "unheard_of"));
    assert_eq!((entry.channel.as_str(), entry.code.as_str()), ("mychannel", "UNKNOWN_FUNCTION"));
    assert_eq!((entry.msp.as_str(), &entry.tx_id), ("Org1MSP", &tx_id));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("secret"), "{text}");
    drop((peer, stop));
}

fn options_with(mut options: StreamOptions, log: &Arc<Log>) -> StreamOptions {
    options.denials = Some(Arc::clone(log) as _);
    options
}

fn entries(path: &Path) -> Vec<Entry> {
    let chain = Log::read(path, &SystemFiles).unwrap();
    assert_eq!(chain.faults, []);
    chain.links.into_iter().filter_map(|link| link.entry).collect()
}

#[tokio::test]
async fn tls_is_served_to_those_who_trust_it() {
    let authority = authority();
    let (certificate, key) = issued(&authority);
    let service = ServiceTls::new(certificate.into_bytes(), key.into_bytes());
    let (address, _stop) = start(Some(service)).await;
    let endpoint =
        tls::endpoint(&format!("localhost:{}", address.port()), authority.pem().as_bytes(), None);
    let mut peer = Peer::dial(endpoint.unwrap()).await;
    peer.send(transaction()).await;
    assert_eq!(peer.receive().await.r#type, i32::from(Type::GetState));
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `localhost` and its key.
fn issued(authority: &CertifiedIssuer<'static, KeyPair>) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

/// Whether a stream can be opened.
async fn is_let_in(endpoint: Endpoint) -> bool {
    let Ok(channel) = endpoint.connect().await else { return false };
    let (_outgoing, messages) = mpsc::channel(1);
    ChaincodeClient::new(channel).connect(ReceiverStream::new(messages)).await.is_ok()
}

/// Starts the service; it stops when the sender is used or dropped.
async fn start(tls: Option<ServiceTls>) -> (SocketAddr, oneshot::Sender<()>) {
    start_with(StreamOptions::new("echo:1"), tls).await
}

async fn start_with(
    options: StreamOptions,
    tls: Option<ServiceTls>,
) -> (SocketAddr, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let chaincode = Arc::new(Chaincode::new("echo".parse().unwrap()).with(Echo));
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        let until = async { stopped.await.unwrap_or_default() };
        serve(chaincode, options, listener, tls, until).await.unwrap();
    });
    (address, stop)
}

/// One peer's stream, registered.
struct Peer {
    outgoing: mpsc::Sender<ChaincodeMessage>,
    incoming: Streaming<ChaincodeMessage>,
}

impl Peer {
    async fn dial(endpoint: Endpoint) -> Self {
        let channel = endpoint.connect().await.unwrap();
        let mut client = ChaincodeClient::new(channel)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        let (outgoing, messages) = mpsc::channel(8);
        let answer = client.connect(ReceiverStream::new(messages)).await.unwrap();
        let mut peer = Self { outgoing, incoming: answer.into_inner() };
        let register = peer.receive().await;
        assert_eq!(register.r#type, i32::from(Type::Register));
        assert_eq!(ChaincodeId::decode(register.payload.as_slice()).unwrap().name, "echo:1");
        peer.send(message(Type::Registered)).await;
        peer.send(message(Type::Ready)).await;
        peer
    }

    async fn send(&self, message: ChaincodeMessage) {
        self.outgoing.send(message).await.unwrap();
    }

    async fn receive(&mut self) -> ChaincodeMessage {
        self.incoming.message().await.unwrap().expect("a message")
    }

    /// Answers the transaction's one request; the result is its payload.
    async fn answer(&mut self, value: Vec<u8>) -> Vec<u8> {
        let response = transaction();
        let kind = Type::Response.into();
        self.send(ChaincodeMessage { r#type: kind, payload: value, ..response }).await;
        let completed = self.receive().await;
        assert_eq!(completed.r#type, i32::from(Type::Completed));
        Response::decode(completed.payload.as_slice()).unwrap().payload
    }
}

fn transaction() -> ChaincodeMessage {
    call("get", "k").0
}

/// A call with one argument, and its transaction.
fn call(function: &str, argument: &str) -> (ChaincodeMessage, String) {
    let call = TestCall::new("echo", function).arg(argument);
    let args = vec![function.as_bytes().to_vec(), argument.as_bytes().to_vec()];
    let message = ChaincodeMessage {
        payload: ChaincodeInput { args, ..Default::default() }.encode_to_vec(),
        txid: call.tx_id(),
        channel_id: "mychannel".to_owned(),
        proposal: Some(call.proposal()),
        ..message(Type::Transaction)
    };
    (message, call.tx_id())
}

fn message(kind: Type) -> ChaincodeMessage {
    ChaincodeMessage { r#type: kind.into(), ..Default::default() }
}
