//! The gateway: one peer speaks for a client to all peers and to the orderer.
//!
//! Codes, texts and details are Fabric's, because clients show them and test for them.

mod endorse;
mod evaluate;
mod events;
mod failure;
mod plan;
mod status;
mod submit;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use fabric_protos::common::{Envelope, Status};
use fabric_protos::gateway::{
    ChaincodeEventsResponse, CommitStatusResponse, EndorseRequest, EndorseResponse,
    EvaluateRequest, EvaluateResponse, SignedChaincodeEventsRequest, SignedCommitStatusRequest,
    SubmitRequest, SubmitResponse,
};
use futures::Stream;
use pervade_ports::{BoxFuture, Clock};
use pervade_rpc::gateway::gateway_server::Gateway;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Request, Response};

use crate::channel::Channels;
use crate::limits::GATEWAY_CALLS_MAX;
use crate::peer::{Peer, Peers};
use failure::Failure;

/// The way to the orderer.
pub trait Broadcast: Send + Sync {
    /// Has an envelope ordered; returns once the orderer answers for it.
    fn broadcast(&self, envelope: Envelope) -> BoxFuture<'_, Result<(), NotOrdered>>;
}

/// The orderer did not take an envelope.
#[derive(Debug, Error)]
#[error("received unsuccessful response from orderer: status={}, info={info}", status.as_str_name())]
#[expect(clippy::exhaustive_structs, reason = "complete by definition of the answer")]
pub struct NotOrdered {
    /// Whose fault it is.
    pub status: Status,
    /// Why.
    pub info: String,
}

/// The gateway of one peer.
#[derive(Clone)]
pub struct GatewayService {
    local: Arc<Peer>,
    peers: Arc<Peers>,
    broadcast: Arc<dyn Broadcast>,
    calls: Arc<Semaphore>,
}

impl GatewayService {
    /// The gateway of `local`, which prefers it, knows all of `peers`, and sends what is endorsed
    /// to `broadcast`.
    #[must_use]
    pub fn new(local: Arc<Peer>, peers: Arc<Peers>, broadcast: Arc<dyn Broadcast>) -> Self {
        Self { local, peers, broadcast, calls: Arc::new(Semaphore::new(GATEWAY_CALLS_MAX)) }
    }

    fn channels(&self) -> &Channels {
        self.local.channels()
    }

    fn clock(&self) -> &dyn Clock {
        self.local.clock()
    }

    fn admit(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let permit = Arc::clone(&self.calls).try_acquire_owned();
        permit.map_err(|_| Failure::Busy { limit: GATEWAY_CALLS_MAX })
    }
}

impl fmt::Debug for GatewayService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayService").field("local", &self.local).finish_non_exhaustive()
    }
}

#[tonic::async_trait]
impl Gateway for GatewayService {
    async fn endorse(
        &self,
        request: Request<EndorseRequest>,
    ) -> Result<Response<EndorseResponse>, tonic::Status> {
        let _permit = self.admit()?;
        Ok(Response::new(endorse::endorse(self, request.into_inner()).await?))
    }

    async fn submit(
        &self,
        request: Request<SubmitRequest>,
    ) -> Result<Response<SubmitResponse>, tonic::Status> {
        let _permit = self.admit()?;
        Ok(Response::new(submit::submit(self, request.into_inner()).await?))
    }

    async fn commit_status(
        &self,
        request: Request<SignedCommitStatusRequest>,
    ) -> Result<Response<CommitStatusResponse>, tonic::Status> {
        let _permit = self.admit()?;
        Ok(Response::new(status::commit_status(self, request.into_inner()).await?))
    }

    async fn evaluate(
        &self,
        request: Request<EvaluateRequest>,
    ) -> Result<Response<EvaluateResponse>, tonic::Status> {
        let _permit = self.admit()?;
        Ok(Response::new(evaluate::evaluate(self, request.into_inner()).await?))
    }

    type ChaincodeEventsStream =
        Pin<Box<dyn Stream<Item = Result<ChaincodeEventsResponse, tonic::Status>> + Send>>;

    async fn chaincode_events(
        &self,
        request: Request<SignedChaincodeEventsRequest>,
    ) -> Result<Response<Self::ChaincodeEventsStream>, tonic::Status> {
        let permit = self.admit()?;
        let events = events::follow(self, request.into_inner(), permit)?;
        Ok(Response::new(Box::pin(events)))
    }
}
