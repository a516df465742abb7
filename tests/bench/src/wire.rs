//! The stream between peer and chaincode, in both launch modes.

use std::time::Duration;

use pervade_rpc::MESSAGE_BYTES_MAX;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::frame::Frame;

/// The peer's ends of a stream.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "two ends, to be taken apart")]
pub struct Ends {
    /// What the peer sends.
    pub outgoing: mpsc::Sender<Frame>,
    /// What the chaincode sends.
    pub incoming: Streaming<Frame>,
}

/// Dials a chaincode that is a service, until it listens or the patience is over.
///
/// At most `capacity` messages wait to be sent.
///
/// # Errors
/// If nothing listens in time, or the chaincode refuses the stream.
pub async fn dial(
    endpoint: Endpoint,
    capacity: usize,
    patience: Duration,
) -> Result<Ends, DialError> {
    let channel = connect(endpoint, patience).await?;
    let mut client = Grpc::new(channel)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    client.ready().await.map_err(DialError::Connect)?;
    let (outgoing, messages) = mpsc::channel(capacity);
    let path = PathAndQuery::from_static("/protos.Chaincode/Connect");
    let request = Request::new(ReceiverStream::new(messages));
    let codec = ProstCodec::<Frame, Frame>::default();
    let answer = timeout(patience.max(PAUSE), client.streaming(request, path, codec));
    let answer = answer.await.map_err(|_elapsed| DialError::Silent)?;
    let answer = answer.map_err(DialError::Refused)?;
    Ok(Ends { outgoing, incoming: answer.into_inner() })
}

async fn connect(endpoint: Endpoint, patience: Duration) -> Result<Channel, DialError> {
    let endpoint = endpoint
        .tcp_nodelay(true)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES);
    let deadline = Instant::now() + patience;
    loop {
        match endpoint.connect().await {
            Ok(channel) => return Ok(channel),
            Err(error) if Instant::now() > deadline => return Err(DialError::Connect(error)),
            Err(_not_yet) => sleep(PAUSE).await,
        }
    }
}

/// Between two tries to dial.
const PAUSE: Duration = Duration::from_millis(50);

/// Bytes that a chaincode may send before it waits for the peer to have read them.
const WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// Nothing listens, or it does not agree on TLS.
    #[error("the chaincode does not listen")]
    Connect(#[source] tonic::transport::Error),
    /// The chaincode neither takes the stream nor refuses it.
    #[error("the chaincode does not answer")]
    Silent,
    /// The chaincode refused the stream.
    #[error("the chaincode refused the stream")]
    Refused(#[source] Status),
}
