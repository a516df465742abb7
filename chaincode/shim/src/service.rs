//! Chaincode as a service: peers dial, the protocol is that of any chaincode.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use fabric_protos::protos::ChaincodeMessage;
use futures::StreamExt;
use futures::stream::{BoxStream, Map};
use pervade_chaincode::Chaincode;
use pervade_rpc::MESSAGE_BYTES_MAX;
use pervade_rpc::chaincode::chaincode_server::{Chaincode as ChaincodeService, ChaincodeServer};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};
use tracing::{info, warn};

use crate::Session;
use crate::drive::drive;

/// What the service shows and asks for in TLS, all in PEM.
#[derive(Clone)]
pub struct ServiceTls {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_roots: Option<Vec<u8>>,
}

impl ServiceTls {
    /// A certificate with its chain, and its key. The certificate's names must include the
    /// address in the package's `connection.json`: peers check it.
    #[must_use]
    pub fn new(certificate: Vec<u8>, key: Vec<u8>) -> Self {
        Self { certificate, key, client_roots: None }
    }

    /// Lets in only peers whose certificate leads to one of these roots.
    #[must_use]
    pub fn require_client(mut self, roots: Vec<u8>) -> Self {
        self.client_roots = Some(roots);
        self
    }

    fn config(self) -> ServerTlsConfig {
        let config =
            ServerTlsConfig::new().identity(Identity::from_pem(self.certificate, self.key));
        match self.client_roots {
            Some(roots) => config.client_ca_root(Certificate::from_pem(roots)),
            None => config,
        }
    }
}

impl std::fmt::Debug for ServiceTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceTls")
            .field("client_roots", &self.client_roots.is_some())
            .finish_non_exhaustive()
    }
}

/// Why the service stopped or did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Certificate, key or roots are unusable.
    #[error("the service's TLS settings are unusable")]
    Tls(#[source] tonic::transport::Error),
    /// The listener failed.
    #[error("the service's listener failed")]
    Listener(#[source] tonic::transport::Error),
}

/// Serves a chaincode on a listener until `shutdown` is ready; streams that are open then may
/// end their transactions as long as their peers keep them open.
///
/// Any number of peers may dial; each stream has its own session.
///
/// # Errors
/// If the TLS settings are unusable or the listener fails.
pub async fn serve(
    chaincode: Arc<Chaincode>,
    package_id: &str,
    listener: TcpListener,
    tls: Option<ServiceTls>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let mut server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX);
    if let Some(tls) = tls {
        server = server.tls_config(tls.config()).map_err(ServeError::Tls)?;
    }
    let address = listener.local_addr().ok();
    info!(chaincode = %chaincode.name(), package_id, ?address, "serving");
    let service = Service { chaincode, package_id: package_id.to_owned() };
    let service = ChaincodeServer::new(service)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    server
        .add_service(service)
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), shutdown)
        .await
        .map_err(ServeError::Listener)
}

/// Silence after which a peer is asked whether it is still there.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(60);

/// How long a peer may take to answer that.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// Streams on one connection. A peer opens one.
const STREAMS_PER_CONNECTION_MAX: u32 = 16;

/// Messages of one stream that wait for the transport.
const OUTGOING_MESSAGES_MAX: usize = 256;

#[derive(Debug)]
struct Service {
    chaincode: Arc<Chaincode>,
    package_id: String,
}

#[tonic::async_trait]
impl ChaincodeService for Service {
    type ConnectStream = Map<
        ReceiverStream<ChaincodeMessage>,
        fn(ChaincodeMessage) -> Result<ChaincodeMessage, Status>,
    >;

    async fn connect(
        &self,
        request: Request<Streaming<ChaincodeMessage>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        info!(peer = ?request.remote_addr(), "a peer has dialled");
        let (session, opening) = Session::new(Arc::clone(&self.chaincode), &self.package_id);
        let (outgoing, answers) = mpsc::channel(OUTGOING_MESSAGES_MAX);
        let incoming = until_failure(request.into_inner());
        tokio::spawn(drive(session, opening, incoming, outgoing));
        Ok(Response::new(ReceiverStream::new(answers).map(Ok)))
    }
}

/// The messages up to the first that does not arrive whole.
fn until_failure(stream: Streaming<ChaincodeMessage>) -> BoxStream<'static, ChaincodeMessage> {
    let messages = stream.scan((), |(), message| {
        let message = message.inspect_err(|status| warn!(%status, "the stream has failed"));
        std::future::ready(message.ok())
    });
    messages.boxed()
}
