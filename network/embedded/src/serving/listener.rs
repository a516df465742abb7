//! A node's listener: TLS handshakes beside each other, then gRPC.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pervade_ports::{BoxFuture, Clock, Spawn};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::transport::server::Connected;

/// Handshakes of one node that run at the same time; further connections wait.
const HANDSHAKES_MAX: usize = 256;

/// How long a handshake may take, as in Fabric's nodes.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait after a connection could not be taken, for instance for want of descriptors.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Silence after which a client is asked whether it is still there, and how long it may take.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(20));

/// Bytes that a client may send on one stream ahead of its reader.
const WINDOW_BYTES: u32 = 1024 * 1024;

/// How long open streams may go on after the network is told to stop.
pub(crate) const DRAIN: Duration = Duration::from_secs(2);

/// What listeners share.
#[derive(Clone)]
pub(crate) struct Rim {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) spawn: Arc<dyn Spawn>,
    /// Set once the network is told to stop.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// A server with a node's limits, ready for its services.
pub(crate) fn server() -> Server {
    Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE.0))
        .http2_keepalive_timeout(Some(KEEPALIVE.1))
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(8 * WINDOW_BYTES)
        .tcp_nodelay(true)
}

/// Starts taking connections, and gives them as they are ready.
pub(crate) fn connections(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    rim: &Rim,
) -> ReceiverStream<io::Result<Connection>> {
    let (ready, connections) = mpsc::channel(1);
    let task = accept(listener, TlsAcceptor::from(tls), rim.clone(), ready);
    rim.spawn.spawn("listener", Box::pin(task));
    ReceiverStream::new(connections)
}

/// Resolves once the network is told to stop.
pub(crate) fn stopped(rim: &Rim) -> impl Future<Output = ()> + Send + use<> {
    let mut stopping = rim.stopping.clone();
    async move {
        if stopping.wait_for(|stopping| *stopping).await.is_err() {
            tracing::debug!("the network is gone");
        }
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    rim: Rim,
    ready: mpsc::Sender<io::Result<Connection>>,
) {
    let slots = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let mut end = Box::pin(stopped(&rim));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut end => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                rim.clock.sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (acceptor, ready, handshake_rim) = (acceptor.clone(), ready.clone(), rim.clone());
        let task = async move {
            let _slot = slot;
            if let Some(connection) = handshake(stream, acceptor, &handshake_rim).await {
                // The server is gone only when the network stops.
                _ = ready.send(Ok(connection)).await;
            }
        };
        rim.spawn.spawn("handshake", Box::pin(task));
    }
}

async fn handshake(stream: TcpStream, acceptor: TlsAcceptor, rim: &Rim) -> Option<Connection> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let late = rim.clock.sleep(HANDSHAKE_TIMEOUT);
    let inner = tokio::select! {
        result = acceptor.accept(stream) => match result {
            Ok(inner) => inner,
            Err(error) => {
                tracing::debug!(%error, "a handshake failed");
                return None;
            }
        },
        () = late => return None,
    };
    let (end, clock) = (stopped(rim), Arc::clone(&rim.clock));
    let cut = Box::pin(async move {
        end.await;
        clock.sleep(DRAIN).await;
    });
    Some(Connection { inner, cut })
}

/// A connection that ends at the latest when the network has stopped.
pub(crate) struct Connection {
    inner: TlsStream<TcpStream>,
    cut: BoxFuture<'static, ()>,
}

impl Connection {
    fn poll_cut(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        self.cut.as_mut().poll(context).map(|()| io::ErrorKind::ConnectionAborted.into())
    }
}

impl Connected for Connection {
    type ConnectInfo = <TlsStream<TcpStream> as Connected>::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.inner.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_read(context, buffer) {
            Poll::Pending => self.poll_cut(context).map(Err),
            ready @ Poll::Ready(_) => ready,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
