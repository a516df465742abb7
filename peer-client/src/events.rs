//! Chaincode events, from valid transactions only.

use fabric_protos::id::ChaincodeName;
use fabric_protos::protos::ChaincodeEvent;
use fabric_protos::{Message as _, gateway as wire};
use pervade_identity::SignError;
use thiserror::Error;

use crate::gateway::Network;
use crate::{Refusal, Start};

impl Network {
    /// Follows the events of one chaincode.
    pub async fn chaincode_events(
        &self,
        chaincode: &ChaincodeName,
        start: &Start,
    ) -> Result<ChaincodeEvents, EventsError> {
        let request = wire::ChaincodeEventsRequest {
            channel_id: self.channel.as_str().to_owned(),
            chaincode_id: chaincode.as_str().to_owned(),
            identity: self.gateway.signer.identity().to_vec(),
            start_position: Some(start.position()),
            after_transaction_id: start.after_transaction(),
        }
        .encode_to_vec();
        let signature = self.gateway.signer.sign(&request).map_err(EventsError::Sign)?;
        let mut client = self.gateway.gateway.clone();
        let stream = client
            .chaincode_events(wire::SignedChaincodeEventsRequest { request, signature })
            .await
            .map_err(|status| EventsError::Refused(Refusal::from_status(&status)))?;
        Ok(ChaincodeEvents { stream: stream.into_inner() })
    }
}

/// A stream of chaincode events.
#[derive(Debug)]
pub struct ChaincodeEvents {
    stream: tonic::Streaming<wire::ChaincodeEventsResponse>,
}

impl ChaincodeEvents {
    /// The events of the next block that has any; `None` once the gateway ends the stream.
    pub async fn next(&mut self) -> Result<Option<EventBatch>, EventsError> {
        let message = self.stream.message().await;
        let message =
            message.map_err(|status| EventsError::Refused(Refusal::from_status(&status)))?;
        Ok(message.map(|batch| EventBatch { block: batch.block_number, events: batch.events }))
    }
}

/// The events of one block.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EventBatch {
    /// The block's number.
    pub block: u64,
    /// Its events, in the block's order.
    pub events: Vec<ChaincodeEvent>,
}

/// A stream of events could not be had, or broke.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EventsError {
    /// The request could not be signed.
    #[error("the events request could not be signed")]
    Sign(#[source] SignError),
    /// The gateway refused, or the connection broke.
    #[error("events refused: {0}")]
    Refused(Refusal),
}
