//! What tells the transactions of one stream apart, and the messages of one of them.

use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{ChaincodeMessage, SignedProposal};
use pervade_chaincode::host::Outcome;

use super::wire;

/// What tells the transactions of one stream apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) channel: String,
    pub(super) tx_id: String,
}

/// A message's content without the transaction that it belongs to.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) kind: i32,
    pub(super) payload: Vec<u8>,
    pub(super) proposal: Option<SignedProposal>,
}

impl Key {
    pub(super) fn take(message: ChaincodeMessage) -> (Self, Content) {
        let ChaincodeMessage { r#type: kind, payload, txid, channel_id, proposal, .. } = message;
        (Self { channel: channel_id, tx_id: txid }, Content { kind, payload, proposal })
    }

    pub(super) fn message(self, kind: Type, payload: Vec<u8>) -> ChaincodeMessage {
        ChaincodeMessage {
            r#type: kind.into(),
            payload,
            txid: self.tx_id,
            channel_id: self.channel,
            ..Default::default()
        }
    }

    pub(super) fn error(self, text: &str) -> ChaincodeMessage {
        self.message(Type::Error, text.as_bytes().to_vec())
    }

    pub(super) fn completed(self, outcome: Outcome) -> ChaincodeMessage {
        let (payload, event) = wire::outcome(outcome, &self.tx_id);
        ChaincodeMessage { chaincode_event: event, ..self.message(Type::Completed, payload) }
    }
}
