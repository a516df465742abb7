//! Leaves secrets out of messages.

use std::collections::HashMap;

use fabric_protos::Message;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeMessage, ChaincodeProposalPayload, GetQueryResult, GetState, GetStateByRange,
    GetStateMultiple, Proposal, PutState, Response, SignedProposal, WriteBatchState,
};

use super::{Sender, Shown};

/// What stands where a secret was.
const HIDDEN: &[u8] = b"(hidden)";

/// Transactions that are followed at a time; of any more, every value counts as private.
const FOLLOWED_MAX: usize = 65_536;

/// Leaves secrets out of one stream's messages.
#[derive(Debug)]
pub(super) struct Hider {
    shown: Shown,
    /// Which transactions have asked for private values: all that they answer may tell of them.
    private: HashMap<String, Asked>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// The reply that comes next is private.
    Now,
    Before,
}

impl Hider {
    pub(super) fn new(shown: Shown) -> Self {
        Self { shown, private: HashMap::new() }
    }

    pub(super) fn hide(&mut self, sender: Sender, message: ChaincodeMessage) -> ChaincodeMessage {
        let message = if self.shown.transient { message } else { without_transient(message) };
        match (self.shown.private, sender) {
            (true, _) => message,
            (false, Sender::Peer) => self.hide_reply(message),
            (false, Sender::Chaincode) => self.hide_request(message),
        }
    }

    fn hide_reply(&mut self, mut message: ChaincodeMessage) -> ChaincodeMessage {
        if message.r#type() != Type::Response {
            return message;
        }
        let is_full = self.private.len() >= FOLLOWED_MAX;
        let asked = self.private.get_mut(&message.txid);
        if is_full || asked.as_deref() == Some(&Asked::Now) {
            message.payload = HIDDEN.to_vec();
        }
        if let Some(asked) = asked {
            *asked = Asked::Before;
        }
        message
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "no other message carries a private value")]
    fn hide_request(&mut self, mut message: ChaincodeMessage) -> ChaincodeMessage {
        let kind = message.r#type();
        if let Some(is_private) = reads_private(kind, &message.payload) {
            if is_private && self.private.len() < FOLLOWED_MAX {
                self.private.insert(message.txid.clone(), Asked::Now);
            }
            return message;
        }
        let was_private = self.private.contains_key(&message.txid);
        match kind {
            // An iterator may be that of a private range.
            Type::QueryStateNext if was_private => {
                self.private.insert(message.txid.clone(), Asked::Now);
            }
            Type::InvokeChaincode if was_private => message.payload = HIDDEN.to_vec(),
            Type::PutState => message.payload = put(&message.payload),
            Type::WriteBatchState => message.payload = batch(&message.payload),
            Type::Completed if was_private => {
                self.private.remove(&message.txid);
                message.payload = response(&message.payload);
            }
            _ => {}
        }
        message
    }
}

/// Whether a request that reads values reads those of a private collection; none for others.
#[expect(clippy::wildcard_enum_match_arm, reason = "no other message reads values by their names")]
fn reads_private(kind: Type, payload: &[u8]) -> Option<bool> {
    let collection = match kind {
        Type::GetState => GetState::decode(payload).map(|get| get.collection),
        Type::GetStateMultiple => GetStateMultiple::decode(payload).map(|get| get.collection),
        Type::GetStateByRange => GetStateByRange::decode(payload).map(|range| range.collection),
        Type::GetQueryResult => GetQueryResult::decode(payload).map(|query| query.collection),
        _ => return None,
    };
    Some(collection.map_or(true, |collection| !collection.is_empty()))
}

fn put(payload: &[u8]) -> Vec<u8> {
    match PutState::decode(payload) {
        Ok(put) if put.collection.is_empty() => payload.to_vec(),
        Ok(put) => PutState { value: HIDDEN.to_vec(), ..put }.encode_to_vec(),
        Err(_malformed) => HIDDEN.to_vec(),
    }
}

fn batch(payload: &[u8]) -> Vec<u8> {
    let Ok(mut batch) = WriteBatchState::decode(payload) else { return HIDDEN.to_vec() };
    for record in &mut batch.rec {
        if !record.collection.is_empty() {
            record.value = HIDDEN.to_vec();
        }
    }
    batch.encode_to_vec()
}

fn response(payload: &[u8]) -> Vec<u8> {
    match Response::decode(payload) {
        Ok(response) => Response { payload: HIDDEN.to_vec(), ..response }.encode_to_vec(),
        Err(_malformed) => HIDDEN.to_vec(),
    }
}

/// The message, with names but no values in its proposal's transient data.
fn without_transient(message: ChaincodeMessage) -> ChaincodeMessage {
    let proposal = message.proposal.map(|signed| SignedProposal {
        proposal_bytes: proposal_without_transient(&signed.proposal_bytes).unwrap_or_default(),
        ..signed
    });
    ChaincodeMessage { proposal, ..message }
}

fn proposal_without_transient(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut proposal = Proposal::decode(bytes).ok()?;
    let mut payload = ChaincodeProposalPayload::decode(proposal.payload.as_slice()).ok()?;
    if payload.transient_map.is_empty() {
        return Some(bytes.to_vec());
    }
    payload.transient_map.values_mut().for_each(|value| *value = HIDDEN.to_vec());
    proposal.payload = payload.encode_to_vec();
    Some(proposal.encode_to_vec())
}
