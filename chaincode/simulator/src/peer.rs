//! One peer's work on one proposal: the chaincodes' sessions on one side, a simulation on the
//! other.

use std::collections::BTreeMap;
use std::sync::Arc;

use fabric_protos::id::{ChaincodeName, ChannelId, MspId, TxId};
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeEvent, ChaincodeInput, ChaincodeMessage, ChaincodeSpec, Response, SignedProposal,
};
use fabric_protos::{Message, Timestamp};
use pervade_chaincode::Chaincode;
use pervade_ledger::lifecycle;
use pervade_ledger::simulate::{SimulationResult, Simulator};
use pervade_shim::{HostClock, Limits, Session, SessionError};
use thiserror::Error;

use crate::ledger::{Ledger, State};
use query::Iterators;
use request::RequestError;

mod collection;
mod query;
mod request;

/// Chaincodes that call each other in one transaction, the outermost included.
pub(crate) const CALL_DEPTH_MAX: usize = 16;

/// Requests that a chaincode may make in one call. A peer stops it by its clock instead.
pub(crate) const REQUESTS_MAX: usize = 1_000_000;

/// What a peer knows of a proposal whose signature it has checked.
#[derive(Clone, Copy)]
pub(crate) struct Proposed<'a> {
    pub(crate) signed: &'a SignedProposal,
    pub(crate) tx_id: &'a TxId,
    pub(crate) channel: &'a ChannelId,
    /// The organisation of whoever signed it.
    pub(crate) creator: &'a MspId,
    /// The peer's clock when it came.
    pub(crate) arrival: Timestamp,
}

/// What came of a simulation.
#[derive(Debug)]
pub(crate) struct Simulated {
    pub(crate) response: Response,
    /// Of the outermost chaincode.
    pub(crate) event: Option<ChaincodeEvent>,
    pub(crate) result: SimulationResult,
}

/// One run of one proposal at one peer, with sessions of its own.
pub(crate) struct Peer<'a> {
    organization: &'a MspId,
    ledger: &'a Ledger,
    chaincodes: &'a BTreeMap<ChaincodeName, Arc<Chaincode>>,
    proposed: Proposed<'a>,
    simulator: Simulator<&'a State>,
    sessions: BTreeMap<ChaincodeName, Session>,
}

impl<'a> Peer<'a> {
    pub(crate) fn new(
        organization: &'a MspId,
        ledger: &'a Ledger,
        chaincodes: &'a BTreeMap<ChaincodeName, Arc<Chaincode>>,
        proposed: Proposed<'a>,
    ) -> Self {
        let simulator = Simulator::new(ledger.state());
        Self { organization, ledger, chaincodes, proposed, simulator, sessions: BTreeMap::new() }
    }

    /// Runs the chaincode that the client named.
    pub(crate) fn run(
        mut self,
        name: &str,
        input: ChaincodeInput,
    ) -> Result<Simulated, InvokeError> {
        let last = self.invoke(name, input, 0)?;
        if last.r#type != i32::from(Type::Completed) {
            let text = String::from_utf8_lossy(&last.payload).into_owned();
            return Err(InvokeError::Failed { text });
        }
        let response = Response::decode(last.payload.as_slice()).map_err(InvokeError::Response)?;
        let event = last.chaincode_event.filter(|_| response.status < STATUS_ERROR);
        let event = event.map(|event| ChaincodeEvent {
            chaincode_id: name.to_owned(),
            tx_id: self.proposed.tx_id.to_string(),
            ..event
        });
        Ok(Simulated { response, event, result: self.simulator.finish() })
    }

    /// Runs a chaincode to its last word, `COMPLETED` or `ERROR`.
    fn invoke(
        &mut self,
        name: &str,
        input: ChaincodeInput,
        depth: usize,
    ) -> Result<ChaincodeMessage, InvokeError> {
        if depth >= CALL_DEPTH_MAX {
            return Err(InvokeError::TooDeep);
        }
        let name = self.open(name)?;
        let mut call = Call { name, depth, iterators: Iterators::default() };
        let mut message = ChaincodeMessage {
            r#type: Type::Transaction.into(),
            payload: input.encode_to_vec(),
            txid: self.proposed.tx_id.to_string(),
            channel_id: self.proposed.channel.to_string(),
            proposal: Some(self.proposed.signed.clone()),
            ..ChaincodeMessage::default()
        };
        for _ in 0..REQUESTS_MAX {
            let said = self.step(&call.name, message)?;
            if matches!(said.r#type(), Type::Completed | Type::Error) {
                return Ok(said);
            }
            message = self.answer(&mut call, &said);
        }
        Err(InvokeError::TooLong)
    }

    /// Finds a chaincode and sees to it that its session is ready. That its definition was read
    /// goes into the read set, as at every peer.
    fn open(&mut self, name: &str) -> Result<ChaincodeName, InvokeError> {
        let not_found = || InvokeError::NotFound { chaincode: name.to_owned() };
        let sequence = format!("namespaces/fields/{name}/Sequence");
        let defined = self.simulator.get(lifecycle::NAMESPACE, &sequence);
        defined.map_err(InvokeError::Simulate)?.ok_or_else(not_found)?;
        let found = self.chaincodes.iter().find(|(known, _)| known.as_str() == name);
        let (name, chaincode) = found.ok_or_else(not_found)?;
        if !self.sessions.contains_key(name) {
            let session = ready(chaincode, self.proposed.arrival).map_err(InvokeError::Session)?;
            self.sessions.insert(name.clone(), session);
        }
        Ok(name.clone())
    }

    fn step(
        &mut self,
        name: &ChaincodeName,
        message: ChaincodeMessage,
    ) -> Result<ChaincodeMessage, InvokeError> {
        let session = self.sessions.get_mut(name).ok_or(InvokeError::Silent)?;
        let said = session.step(message).map_err(InvokeError::Session)?;
        said.into_iter().next().ok_or(InvokeError::Silent)
    }

    fn answer(&mut self, call: &mut Call, request: &ChaincodeMessage) -> ChaincodeMessage {
        let answer = if request.r#type() == Type::InvokeChaincode {
            self.call_another(call, request)
        } else {
            request::answer(self, call, request)
        };
        request::reply(request, answer)
    }

    /// Calls another chaincode for one that runs, in the same simulation.
    fn call_another(
        &mut self,
        call: &Call,
        request: &ChaincodeMessage,
    ) -> Result<Vec<u8>, RequestError> {
        let spec: ChaincodeSpec = request::decode(&request.payload)?;
        let target = spec.chaincode_id.map(|id| id.name).unwrap_or_default();
        let (name, channel) = target.split_once('/').unwrap_or((&target, ""));
        if !channel.is_empty() && channel != self.proposed.channel.as_str() {
            return Err(RequestError::NoLedger { channel: channel.to_owned() });
        }
        let name = name.split(':').next().unwrap_or(name);
        let depth = call.depth.saturating_add(1);
        let said = self.invoke(name, spec.input.unwrap_or_default(), depth);
        let said = said.map_err(|source| RequestError::Invoke { source: Box::new(source) })?;
        Ok(said.encode_to_vec())
    }
}

/// Least status that is not endorsed.
pub(crate) const STATUS_ERROR: i32 = 400;

/// One chaincode at work.
struct Call {
    name: ChaincodeName,
    /// How many chaincodes wait for this one.
    depth: usize,
    iterators: Iterators,
}

/// A session that has registered.
fn ready(chaincode: &Arc<Chaincode>, now: Timestamp) -> Result<Session, SessionError> {
    let mut limits = Limits::default();
    limits.clock = HostClock::At(now);
    let (chaincode, name) = (Arc::clone(chaincode), chaincode.name().as_str());
    let (mut session, _register) = Session::with_limits(chaincode, name, limits);
    for kind in [Type::Registered, Type::Ready] {
        let message = ChaincodeMessage { r#type: kind.into(), ..ChaincodeMessage::default() };
        session.step(message)?;
    }
    Ok(session)
}

/// Why a chaincode could not be called, or did not finish. The texts that a peer has too are its.
#[derive(Debug, Error)]
pub(crate) enum InvokeError {
    #[error("chaincode {chaincode} not found")]
    NotFound { chaincode: String },
    #[error("more than {CALL_DEPTH_MAX} chaincodes call each other")]
    TooDeep,
    #[error("timeout expired while executing transaction")]
    TooLong,
    #[error("the chaincode did not answer")]
    Silent,
    #[error("the chaincode's stream has ended: {0}")]
    Session(#[source] SessionError),
    #[error("{0}")]
    Simulate(#[source] pervade_ledger::simulate::SimulateError),
    #[error("transaction returned with failure: {text}")]
    Failed { text: String },
    #[error("failed to unmarshal response: {0}")]
    Response(#[source] fabric_protos::DecodeError),
}

#[cfg(test)]
mod tests;
