//! A chaincode that its peer launched: it dials that peer, once, and ends with the stream.

use std::future::Future;
use std::sync::Arc;

use pervade_chaincode::Chaincode;
use pervade_rpc::chaincode_support::chaincode_support_client::ChaincodeSupportClient;
use pervade_rpc::tls::{self, ClientPem, EndpointError};
use tokio_stream::StreamExt as _;
use tonic::Status;
use tonic::transport::Endpoint;
use tracing::info;

use crate::drive::{Ended, open};
use crate::service::until_failure;
use crate::settings::{PemError, TlsFiles};
use crate::{Session, SessionError, StreamOptions};

/// Dials the peer and runs the chaincode until the stream ends or `shutdown` is ready.
///
/// The peer accepts one stream of a chaincode that it launched and launches another process when
/// it needs one, so there is no second dialling.
///
/// # Errors
/// If the peer cannot be reached, or either side breaks the stream.
pub(crate) async fn launched(
    chaincode: Arc<Chaincode>,
    options: StreamOptions,
    peer: &str,
    tls: Option<&TlsFiles>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), LaunchError> {
    let endpoint = endpoint(peer, tls)?;
    let unreachable = |source| LaunchError::Unreachable { peer: peer.to_owned(), source };
    let channel = endpoint.connect().await.map_err(unreachable)?;
    info!(chaincode = %chaincode.name(), package_id = options.package_id, peer, "dialled");
    let StreamOptions { package_id, limits, .. } = &options;
    let mut client = ChaincodeSupportClient::new(channel)
        .max_decoding_message_size(limits.message_bytes_max)
        .max_encoding_message_size(limits.message_bytes_max);
    let session = Session::with_limits(chaincode, package_id, limits.clone());
    let (driver, leaving) = open(session, &options);
    let refused = |status| LaunchError::Refused { peer: peer.to_owned(), status: Box::new(status) };
    let answer = client.register(leaving.map_while(Result::ok)).await.map_err(refused)?;
    let ended = driver.run(until_failure(answer.into_inner()), shutdown).await;
    match ended {
        Ended::Closed | Ended::Drained => Ok(()),
        Ended::Broken(error) => Err(LaunchError::Protocol(error)),
    }
}

fn endpoint(peer: &str, files: Option<&TlsFiles>) -> Result<Endpoint, LaunchError> {
    let Some(files) = files else { return Ok(tls::plain_endpoint(peer)?) };
    let roots = files.roots.as_ref().map(|pem| pem.read()).transpose()?.unwrap_or_default();
    let client = match (&files.certificate, &files.key) {
        (Some(certificate), Some(key)) => Some((certificate.read()?, key.read()?)),
        _ => None,
    };
    let shown = client.as_ref().map(|(certificate, key)| ClientPem { certificate, key });
    Ok(tls::mutual_endpoint(peer, &roots, None, shown)?)
}

/// Why a chaincode that a peer launched ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// The address or the TLS material cannot be used.
    #[error("the peer's address or the TLS settings are unusable")]
    Endpoint(#[from] EndpointError),
    /// TLS material cannot be read.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// Nobody answers at the peer's address.
    #[error("the peer at {peer} cannot be reached")]
    Unreachable {
        /// The peer's address.
        peer: String,
        /// What the transport says.
        source: tonic::transport::Error,
    },
    /// The peer did not take the stream.
    #[error("the peer at {peer} refuses the stream: {status}")]
    Refused {
        /// The peer's address.
        peer: String,
        /// What it said.
        status: Box<Status>,
    },
    /// The peer broke the protocol.
    #[error("the stream is closed")]
    Protocol(#[source] SessionError),
}

#[cfg(test)]
mod tests;
