//! What a chaincode asks of its peer while it works on a transaction, and the answers. All but the
//! call of another chaincode are the ledger's rules.

use std::sync::Arc;

use fabric_protos::Message;
use fabric_protos::protos::{ChaincodeMessage, ChaincodeSpec};
use fabric_protos::queryresult::KeyModification;
use pervade_ledger::answer::{self, AnswerError, Answering, Ask, History, Occasion};
use pervade_ledger::state::{StateError, StateView as _};
use thiserror::Error;

use super::call::{Call, InvokeError, Support};
use super::stream::Running;
use crate::access::{AccessDenied, resource};
use crate::channel::Channel;
use crate::lock;
use crate::simulation::{Simulation, SimulationError};
use crate::system;

/// The answer to a request for a transaction that is not running, or is so no longer.
pub(crate) fn no_context(request: &ChaincodeMessage) -> ChaincodeMessage {
    answer::reply(request, Err(RequestError::NoContext))
}

/// Answers any request but a call of another chaincode.
pub(crate) fn answer(ask: Ask, context: &Running, request: &ChaincodeMessage) -> ChaincodeMessage {
    answer::reply(request, answer_by_ledger(ask, context, &request.payload))
}

fn answer_by_ledger(ask: Ask, context: &Running, payload: &[u8]) -> Result<Vec<u8>, RequestError> {
    let call = &context.call;
    let (Some(simulation), Some(channel)) = (&call.simulation, &call.channel) else {
        return Err(RequestError::NoContext);
    };
    let config = channel.config();
    let history = Past { channel, height: simulation.state().height() };
    let seen = answer::Call {
        chaincode: &call.name,
        creator: &call.proposal.creator,
        organization: &context.organization,
        config: &config,
        history: &history,
        occasion: if call.is_init { Occasion::Init } else { Occasion::Transaction },
    };
    let mut iterators = lock(&context.iterators);
    simulation.running(|simulator| {
        let mut answering = Answering { call: seen, simulator, iterators: &mut iterators };
        Ok(answering.answer(ask, payload)?)
    })?
}

/// The history of keys up to the height that a simulation sees.
struct Past<'a> {
    channel: &'a Channel,
    height: u64,
}

impl History for Past<'_> {
    fn of_key(
        &self,
        namespace: &str,
        key: &str,
        limit: usize,
    ) -> Result<Vec<KeyModification>, StateError> {
        let past = self.channel.key_history((namespace, key), self.height, limit);
        past.map_err(StateError::new)
    }
}

/// Calls another chaincode for one that runs: on the same channel in the same simulation, on
/// another channel in a simulation of its own whose writes are lost.
pub(crate) async fn invoke_chaincode(
    call: &Call,
    request: &ChaincodeMessage,
    support: &Arc<Support>,
) -> ChaincodeMessage {
    let answer = call_another(call, request, support).await;
    answer::reply(request, answer)
}

async fn call_another(
    call: &Call,
    request: &ChaincodeMessage,
    support: &Arc<Support>,
) -> Result<Vec<u8>, RequestError> {
    let spec = ChaincodeSpec::decode(request.payload.as_slice())
        .map_err(|source| RequestError::Malformed { source })?;
    let target = spec.chaincode_id.map(|id| id.name).unwrap_or_default();
    let (name, channel) = split_target(&target);
    let nested = nested_call(call, name, channel, support)?;
    let outcome = support
        .invoke(nested, spec.input.unwrap_or_default())
        .await
        .map_err(|source| RequestError::Invoke { source: Box::new(source) })?;
    Ok(outcome.encode_to_vec())
}

/// `name[:version][/channel]`; the version says nothing any more.
fn split_target(target: &str) -> (&str, Option<&str>) {
    let (name, channel) = match target.split_once('/') {
        Some((name, channel)) => (name, Some(channel)),
        None => (target, None),
    };
    (name.split(':').next().unwrap_or(name), channel.filter(|channel| !channel.is_empty()))
}

fn nested_call(
    call: &Call,
    name: &str,
    channel: Option<&str>,
    support: &Support,
) -> Result<Call, RequestError> {
    let mut nested = call.clone();
    name.clone_into(&mut nested.name);
    nested.depth = call.depth.saturating_add(1);
    nested.is_init = false;
    let own = call.channel_name();
    if let Some(other) = channel.filter(|channel| *channel != own) {
        let found = support.channels().named(other);
        let found = found.ok_or_else(|| RequestError::NoLedger { channel: other.to_owned() })?;
        nested.simulation = Some(Simulation::new(&found));
        nested.channel = Some(found);
    }
    let Some(channel) = &nested.channel else { return Err(RequestError::NoContext) };
    if !system::is_system(name) {
        channel
            .check_identity(resource::CHAINCODE_TO_CHAINCODE, &call.proposal.creator)
            .map_err(|source| RequestError::Denied { source: Box::new(source) })?;
    }
    Ok(nested)
}

/// Why a request was refused. The chaincode reads the text; it is Fabric's where Fabric has one.
#[derive(Debug, Error)]
pub(crate) enum RequestError {
    #[error("no ledger context")]
    NoContext,
    #[error("unmarshal failed: {source}")]
    Malformed {
        #[source]
        source: prost::DecodeError,
    },
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    #[error(transparent)]
    Answer(#[from] AnswerError),
    #[error("failed to find ledger for channel: {channel}")]
    NoLedger { channel: String },
    #[error("{source}")]
    Denied {
        #[source]
        source: Box<AccessDenied>,
    },
    #[error("execute failed: {source}")]
    Invoke {
        #[source]
        source: Box<InvokeError>,
    },
}
