//! One peer's work on one proposal: the chaincodes' sessions on one side, a simulation on the
//! other.

use std::collections::BTreeMap;
use std::sync::Arc;

use fabric_protos::id::{ChaincodeName, ChannelId, MspId, TxId};
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeAdditionalParams, ChaincodeEvent, ChaincodeInput, ChaincodeMessage, ChaincodeSpec,
    Response, SignedProposal,
};
use fabric_protos::{Message, Timestamp};
use pervade_chaincode::Chaincode;
use pervade_chaincode::host::Terms;
use pervade_identity::Identity;
use pervade_ledger::answer::{self, AnswerError, Answering, Ask, Iterators, Occasion};
use pervade_ledger::lifecycle;
use pervade_ledger::simulate::{
    InitError, Initialization, SimulateError, SimulationResult, Simulator,
};
use pervade_shim::{HostClock, Limits, Session, SessionError};
use thiserror::Error;

use crate::deploy::VERSION;
use crate::ledger::{Ledger, State};

/// Chaincodes that call each other in one transaction, the outermost included.
pub(crate) const CALL_DEPTH_MAX: usize = 16;

/// Requests that a chaincode may make in one call. A peer stops it by its clock instead.
pub(crate) const REQUESTS_MAX: usize = 1_000_000;

/// What a peer knows of a proposal whose signature it has checked.
#[derive(Clone, Copy)]
pub(crate) struct Proposed<'a> {
    pub(crate) signed: &'a SignedProposal,
    pub(crate) tx_id: &'a TxId,
    /// Whoever signed it.
    pub(crate) creator: &'a Identity,
    /// The peer's clock when it came.
    pub(crate) arrival: Timestamp,
}

/// One channel as a peer sees it, and the chaincodes that it runs there.
#[derive(Clone, Copy)]
pub(crate) struct Seat<'a> {
    pub(crate) organization: &'a MspId,
    pub(crate) channel: &'a ChannelId,
    pub(crate) ledger: &'a Ledger,
    pub(crate) chaincodes: &'a BTreeMap<ChaincodeName, Deployed>,
    /// What the peer tells its chaincodes that it takes.
    pub(crate) terms: Terms,
    /// The peer's other channels.
    pub(crate) elsewhere: &'a BTreeMap<ChannelId, crate::Simulator>,
}

/// A chaincode with what its definition says about calling it.
#[derive(Debug)]
pub(crate) struct Deployed {
    pub(crate) chaincode: Arc<Chaincode>,
    pub(crate) init_required: bool,
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
    seat: Seat<'a>,
    proposed: Proposed<'a>,
    simulator: Simulator<&'a State>,
    sessions: BTreeMap<ChaincodeName, Session>,
}

impl<'a> Peer<'a> {
    pub(crate) fn new(seat: Seat<'a>, proposed: Proposed<'a>) -> Self {
        let simulator = Simulator::new(seat.ledger.state());
        Self { seat, proposed, simulator, sessions: BTreeMap::new() }
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
        let occasion = if input.is_init { Occasion::Init } else { Occasion::Transaction };
        let name = self.open(name, occasion)?;
        let mut call = Call { name, depth, occasion, iterators: Iterators::default() };
        let kind = match occasion {
            Occasion::Init => Type::Init,
            Occasion::Transaction => Type::Transaction,
        };
        let mut message = ChaincodeMessage {
            r#type: kind.into(),
            payload: input.encode_to_vec(),
            txid: self.proposed.tx_id.to_string(),
            channel_id: self.seat.channel.to_string(),
            proposal: Some(self.proposed.signed.clone()),
            ..ChaincodeMessage::default()
        };
        for _ in 0..REQUESTS_MAX {
            let said = self.step(&call.name, message)?;
            if matches!(said.r#type(), Type::Completed | Type::Error) {
                return Ok(said);
            }
            let answer = self.answer(&mut call, &said);
            message = answer::reply(&said, answer);
        }
        Err(InvokeError::TooLong)
    }

    /// Finds a chaincode and sees to it that its session is ready. That its definition was read
    /// goes into the read set, as at every peer.
    fn open(&mut self, name: &str, occasion: Occasion) -> Result<ChaincodeName, InvokeError> {
        let not_found = || InvokeError::NotFound { chaincode: name.to_owned() };
        let sequence = format!("namespaces/fields/{name}/Sequence");
        let defined = self.simulator.get(lifecycle::NAMESPACE, &sequence);
        defined.map_err(InvokeError::Simulate)?.ok_or_else(not_found)?;
        let found = self.seat.chaincodes.iter().find(|(known, _)| known.as_str() == name);
        let (name, deployed) = found.ok_or_else(not_found)?;
        let defined = Initialization {
            chaincode: name.as_str(),
            version: VERSION,
            required: deployed.init_required,
        };
        self.simulator.check_init(defined, occasion).map_err(InvokeError::Init)?;
        if !self.sessions.contains_key(name) {
            let session = ready(&deployed.chaincode, (self.seat.terms, self.proposed.arrival));
            let session = session.map_err(InvokeError::Session)?;
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

    fn answer(
        &mut self,
        call: &mut Call,
        request: &ChaincodeMessage,
    ) -> Result<Vec<u8>, RequestError> {
        let kind = request.r#type();
        if kind == Type::InvokeChaincode {
            return self.call_another(call, request);
        }
        let ask = Ask::of(kind).ok_or(RequestError::Unexpected { kind: kind.as_str_name() })?;
        let seen = answer::Call {
            chaincode: call.name.as_str(),
            creator: self.proposed.creator,
            organization: self.seat.organization,
            config: self.seat.ledger.config(),
            history: self.seat.ledger,
            occasion: call.occasion,
        };
        let (simulator, iterators) = (&mut self.simulator, &mut call.iterators);
        Ok(Answering { call: seen, simulator, iterators }.answer(ask, &request.payload)?)
    }

    /// Calls another chaincode for one that runs: on the same channel in the same simulation, on
    /// another channel in one of its own whose writes are lost.
    fn call_another(
        &mut self,
        call: &Call,
        request: &ChaincodeMessage,
    ) -> Result<Vec<u8>, RequestError> {
        let spec = ChaincodeSpec::decode(request.payload.as_slice());
        let spec = spec.map_err(|source| RequestError::Malformed { source })?;
        let target = spec.chaincode_id.map(|id| id.name).unwrap_or_default();
        let (name, channel) = target.split_once('/').unwrap_or((&target, ""));
        let name = name.split(':').next().unwrap_or(name);
        let depth = call.depth.saturating_add(1);
        let input = spec.input.unwrap_or_default();
        let said = if channel.is_empty() || channel == self.seat.channel.as_str() {
            self.invoke(name, input, depth)
        } else {
            let elsewhere = self.seat.elsewhere.iter().find(|(id, _)| id.as_str() == channel);
            let (channel, other) =
                elsewhere.ok_or_else(|| RequestError::NoLedger { channel: channel.to_owned() })?;
            let seat = Seat { channel, ..other.seat(self.seat.organization) };
            Peer::new(seat, self.proposed).invoke(name, input, depth)
        };
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
    occasion: Occasion,
    iterators: Iterators,
}

/// A session that has registered.
fn ready(
    chaincode: &Arc<Chaincode>,
    (terms, now): (Terms, Timestamp),
) -> Result<Session, SessionError> {
    let mut limits = Limits::default();
    limits.clock = HostClock::At(now);
    let (chaincode, name) = (Arc::clone(chaincode), chaincode.name().as_str());
    let (mut session, _register) = Session::with_limits(chaincode, name, limits);
    let size = |max: usize| u32::try_from(max).unwrap_or(u32::MAX);
    let announced = ChaincodeAdditionalParams {
        use_write_batch: terms.write_batch_max > 0,
        max_size_write_batch: size(terms.write_batch_max),
        use_get_multiple_keys: terms.get_many_max > 0,
        max_size_get_multiple_keys: size(terms.get_many_max),
    };
    let messages = [(Type::Registered, Vec::new()), (Type::Ready, announced.encode_to_vec())];
    for (kind, payload) in messages {
        session.step(ChaincodeMessage { r#type: kind.into(), payload, ..Default::default() })?;
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
    Simulate(#[source] SimulateError),
    #[error("invalid invocation: {0}")]
    Init(#[source] InitError),
    #[error("transaction returned with failure: {text}")]
    Failed { text: String },
    #[error("failed to unmarshal response: {0}")]
    Response(#[source] fabric_protos::DecodeError),
}

/// Why a request was refused. The chaincode reads the text; it is a peer's where a peer has one.
#[derive(Debug, Error)]
pub(crate) enum RequestError {
    #[error("unmarshal failed: {source}")]
    Malformed {
        #[source]
        source: fabric_protos::DecodeError,
    },
    #[error(transparent)]
    Answer(#[from] AnswerError),
    #[error("{kind} is no request")]
    Unexpected { kind: &'static str },
    #[error("failed to find ledger for channel: {channel}")]
    NoLedger { channel: String },
    #[error("execute failed: {source}")]
    Invoke {
        #[source]
        source: Box<InvokeError>,
    },
}

#[cfg(test)]
mod tests;
