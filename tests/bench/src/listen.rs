//! The peer's listener for chaincodes that dial it.

use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;

use pervade_rpc::MESSAGE_BYTES_MAX;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::body::Body;
use tonic::codegen::{Body as HttpBody, BoxFuture, Service, StdError, http};
use tonic::server::{Grpc, NamedService, StreamingService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::frame::Frame;
use crate::wire::Ends;

/// Where chaincodes dial: `protos.ChaincodeSupport/Register`.
#[derive(Debug)]
pub struct Listener {
    arrivals: mpsc::Receiver<Ends>,
    serving: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Listener {
    /// Serves on a socket. At most `capacity` messages wait to be sent on each stream.
    ///
    /// # Errors
    /// If the TLS settings are unusable.
    pub fn start(
        socket: TcpListener,
        tls: ServerTlsConfig,
        capacity: usize,
    ) -> Result<Self, tonic::transport::Error> {
        let (arrived, arrivals) = mpsc::channel(ARRIVALS_MAX);
        let service = Register { arrived, capacity };
        let serving = Server::builder()
            .tls_config(tls)?
            .add_service(service)
            .serve_with_incoming(TcpIncoming::from(socket).with_nodelay(Some(true)));
        Ok(Self { arrivals, serving: tokio::spawn(serving) })
    }

    /// The next stream that a chaincode opens; `None` if none does in time.
    pub async fn accept(&mut self, patience: Duration) -> Option<Ends> {
        timeout(patience, self.arrivals.recv()).await.ok().flatten()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Streams that wait to be accepted.
const ARRIVALS_MAX: usize = 4;

/// The gRPC service, over messages of our own.
#[derive(Clone, Debug)]
struct Register {
    arrived: mpsc::Sender<Ends>,
    capacity: usize,
}

impl NamedService for Register {
    const NAME: &'static str = "protos.ChaincodeSupport";
}

impl<B> Service<http::Request<B>> for Register
where
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let method = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<Frame, Frame>::default())
                .apply_max_message_size_config(Some(MESSAGE_BYTES_MAX), Some(MESSAGE_BYTES_MAX));
            Ok(grpc.streaming(method, request).await)
        })
    }
}

impl StreamingService<Frame> for Register {
    type Response = Frame;
    type ResponseStream =
        tokio_stream::adapters::Map<ReceiverStream<Frame>, fn(Frame) -> Result<Frame, Status>>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<Frame>>) -> Self::Future {
        let (outgoing, messages) = mpsc::channel(self.capacity);
        let ends = Ends { outgoing, incoming: request.into_inner() };
        let taken = self.arrived.try_send(ends);
        Box::pin(async move {
            taken.map_err(|_full| Status::resource_exhausted("the bench takes one chaincode"))?;
            let answer: fn(Frame) -> Result<Frame, Status> = Ok;
            Ok(Response::new(ReceiverStream::new(messages).map(answer)))
        })
    }
}
