use std::sync::Mutex;

use fabric_protos::protos::ChaincodeMessage;
use pervade_ports::BoxFuture;
use thiserror::Error;
use tokio::sync::mpsc;

/// The peer's end of one chaincode stream, whatever carries it: a gRPC stream or two channels in
/// this process. Dropping either half ends the stream.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct ChaincodeLink {
    /// What the peer says. Bounded by its maker.
    pub to_chaincode: mpsc::Sender<ChaincodeMessage>,
    /// What the chaincode says, beginning with `REGISTER`. Bounded by its maker.
    pub from_chaincode: mpsc::Receiver<ChaincodeMessage>,
}

/// Brings a chaincode up: starts it in this process, or dials it where it runs as a service.
pub trait Launch: Send + Sync {
    /// Makes a new stream to the chaincode. Called when the chaincode is first invoked, and again
    /// whenever it is invoked after its stream has ended; never twice at the same time.
    fn launch(&self) -> BoxFuture<'_, Result<ChaincodeLink, LaunchError>>;
}

/// A chaincode could not be started or reached.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct LaunchError(Box<dyn std::error::Error + Send + Sync>);

impl LaunchError {
    /// Wraps the reason.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// A stream that is up already and cannot be made again once it has ended.
#[derive(Debug)]
pub struct Connected(Mutex<Option<ChaincodeLink>>);

impl Connected {
    /// Hands out `link` at the first launch, and an error afterwards.
    #[must_use]
    pub fn new(link: ChaincodeLink) -> Self {
        Self(Mutex::new(Some(link)))
    }
}

impl Launch for Connected {
    fn launch(&self) -> BoxFuture<'_, Result<ChaincodeLink, LaunchError>> {
        let link = crate::lock(&self.0).take();
        Box::pin(async move { link.ok_or_else(|| LaunchError::new(AlreadyEnded)) })
    }
}

#[derive(Debug, Error)]
#[error("its only stream has ended")]
struct AlreadyEnded;
