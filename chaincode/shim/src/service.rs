//! Chaincode as a service: peers dial, the protocol is that of any chaincode.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use fabric_protos::protos::ChaincodeMessage;
use pervade_chaincode::Chaincode;
use pervade_rpc::chaincode::chaincode_server::{Chaincode as ChaincodeService, ChaincodeServer};
use pervade_rpc::health::health_server::HealthServer;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::StreamExt as _;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};
use tracing::{info, warn};

use crate::drive::{Incoming, Leaving, open};
use crate::health::Health;
use crate::session::Taking;
use crate::settings::{Pem, PemError, TlsFiles};
use crate::{Session, StreamOptions};

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

    pub(crate) fn read(files: &TlsFiles) -> Result<Self, PemError> {
        let read = |pem: &Option<Pem>| pem.as_ref().map(|pem| Ok(pem.read()?.to_vec())).transpose();
        Ok(Self {
            certificate: read(&files.certificate)?.unwrap_or_default(),
            key: read(&files.key)?.unwrap_or_default(),
            client_roots: read(&files.roots)?,
        })
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
    /// TLS material cannot be read.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// The listener failed.
    #[error("the service's listener failed")]
    Listener(#[source] tonic::transport::Error),
}

/// Serves a chaincode on a listener until `shutdown` is ready. Then no transaction begins any
/// more, those that run may end within [`Limits::grace`](crate::Limits::grace), and the streams
/// are closed.
///
/// Any number of peers may dial; each stream has its own session.
///
/// # Errors
/// If the TLS settings are unusable or the listener fails.
pub async fn serve(
    chaincode: Arc<Chaincode>,
    options: StreamOptions,
    listener: TcpListener,
    tls: Option<ServiceTls>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let mut server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES);
    if let Some(tls) = tls {
        server = server.tls_config(tls.config()).map_err(ServeError::Tls)?;
    }
    let address = listener.local_addr().ok();
    info!(chaincode = %chaincode.name(), package_id = options.package_id, ?address, "serving");
    let message_bytes_max = options.limits.message_bytes_max;
    let (stop, taking) = watch::channel(Taking::All);
    let health = HealthServer::new(Health::new(taking.clone()));
    let service = ChaincodeServer::new(Service { chaincode, options, taking })
        .max_decoding_message_size(message_bytes_max)
        .max_encoding_message_size(message_bytes_max);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    server
        .add_service(service)
        .add_service(health)
        .serve_with_incoming_shutdown(incoming, async move {
            shutdown.await;
            stop.send_replace(Taking::None);
        })
        .await
        .map_err(ServeError::Listener)
}

/// Silence after which a peer is asked whether it is still there.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(60);

/// How long a peer may take to answer that.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// Bytes that a peer may send before it waits for us to have read them: more than the messages
/// of many transactions.
pub(crate) const WINDOW_BYTES: u32 = 1024 * 1024;

/// Streams on one connection. A peer opens one.
const STREAMS_PER_CONNECTION_MAX: u32 = 16;

#[derive(Debug)]
struct Service {
    chaincode: Arc<Chaincode>,
    options: StreamOptions,
    taking: watch::Receiver<Taking>,
}

#[tonic::async_trait]
impl ChaincodeService for Service {
    type ConnectStream = Leaving;

    async fn connect(
        &self,
        request: Request<Streaming<ChaincodeMessage>>,
    ) -> Result<Response<Leaving>, Status> {
        info!(peer = ?request.remote_addr(), "a peer has dialled");
        let StreamOptions { package_id, limits, .. } = &self.options;
        let chaincode = Arc::clone(&self.chaincode);
        let session = Session::with_limits(chaincode, package_id, limits.clone());
        let (driver, leaving) = open(session, &self.options);
        let mut taking = self.taking.clone();
        tokio::spawn(async move {
            // The service may be gone before its streams: then none is taken either.
            let none_taken = async move {
                drop(taking.wait_for(|taking| *taking == Taking::None).await);
            };
            driver.run(until_failure(request.into_inner()), none_taken).await
        });
        Ok(Response::new(leaving))
    }
}

/// The messages up to the first that does not arrive whole.
pub(crate) fn until_failure(stream: Streaming<ChaincodeMessage>) -> Incoming {
    Box::pin(stream.map_while(|message| {
        message.inspect_err(|status| warn!(%status, "the stream has failed")).ok()
    }))
}
