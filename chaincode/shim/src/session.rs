//! The chaincode's side of one stream.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use fabric_protos::Message;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{ChaincodeId, ChaincodeInput, ChaincodeMessage};
use pervade_chaincode::host::{Execution, Outcome, Reply, Step, Terms};
use pervade_chaincode::{Chaincode, ContractError, Invocation, InvocationError};

use crate::Limits;
use wire::Asked;

mod wire;

/// One stream's state: how far registration has come, and the transactions that are running.
///
/// A transaction is known by its channel and its identifier together: a chaincode that another
/// one calls runs under the same identifier, on another channel perhaps, while its caller waits.
#[derive(Debug)]
pub struct Session {
    chaincode: Arc<Chaincode>,
    limits: Limits,
    phase: Phase,
    running: BTreeMap<Key, Running>,
}

impl Session {
    /// A session with the usual limits, and the messages that open the stream.
    ///
    /// `package_id` is what the peer knows the chaincode's package by: `label:hash`.
    #[must_use]
    pub fn new(chaincode: Arc<Chaincode>, package_id: &str) -> (Self, Vec<ChaincodeMessage>) {
        Self::with_limits(chaincode, package_id, Limits::default())
    }

    /// As [`Session::new`], with limits of one's own.
    #[must_use]
    pub fn with_limits(
        chaincode: Arc<Chaincode>,
        package_id: &str,
        limits: Limits,
    ) -> (Self, Vec<ChaincodeMessage>) {
        let name = ChaincodeId { name: package_id.to_owned(), ..Default::default() };
        let register = ChaincodeMessage {
            r#type: Type::Register.into(),
            payload: name.encode_to_vec(),
            ..Default::default()
        };
        let session = Self { chaincode, limits, phase: Phase::Created, running: BTreeMap::new() };
        (session, vec![register])
    }

    /// Advances by one message from the peer; the result is to be sent in order.
    ///
    /// # Errors
    /// If the peer breaks the protocol. The stream is to be closed then, which fails the
    /// transactions that are running.
    pub fn step(
        &mut self,
        message: ChaincodeMessage,
    ) -> Result<Vec<ChaincodeMessage>, SessionError> {
        let kind = Type::try_from(message.r#type)
            .map_err(|_unknown| SessionError::UnknownType { number: message.r#type })?;
        match (self.phase, kind) {
            (_, Type::Keepalive) => Ok(vec![message]),
            (Phase::Created, Type::Registered) => self.enter(Phase::Established),
            (Phase::Established, Type::Ready) => self.enter(Phase::Ready),
            (Phase::Ready, Type::Init | Type::Transaction) => Ok(vec![self.begin(message)]),
            (Phase::Ready, Type::Response | Type::Error) => self.go_on(kind, message),
            (phase, _) => Err(SessionError::OutOfOrder { phase, message: kind.as_str_name() }),
        }
    }

    /// How far registration has come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// How many transactions are running.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.running.len()
    }

    fn enter(&mut self, phase: Phase) -> Result<Vec<ChaincodeMessage>, SessionError> {
        self.phase = phase;
        Ok(Vec::new())
    }

    fn begin(&mut self, message: ChaincodeMessage) -> ChaincodeMessage {
        let key = Key::of(&message);
        if self.running.contains_key(&key) {
            // The peer gave the earlier call up. Its answer would go to this one.
            return key.error("the transaction is still running from an earlier call");
        }
        if self.running.len() >= self.limits.in_flight_max {
            return key.error("the chaincode is busy: too many transactions are running");
        }
        match read(message) {
            Ok(invocation) => {
                let (execution, step) =
                    Execution::start(&self.chaincode, invocation, Terms::SINGLE);
                self.advance(key, execution, step)
            }
            Err(error) => key.completed(Outcome::failure(&ContractError::of(&error))),
        }
    }

    fn go_on(
        &mut self,
        kind: Type,
        message: ChaincodeMessage,
    ) -> Result<Vec<ChaincodeMessage>, SessionError> {
        let key = Key::of(&message);
        let Some(Running { mut execution, asked }) = self.running.remove(&key) else {
            let Key { channel, tx_id } = key;
            return Err(SessionError::NotRunning { channel, tx_id });
        };
        let reply = if kind == Type::Error {
            Reply::Refused { reason: String::from_utf8_lossy(&message.payload).into_owned() }
        } else {
            asked.reply(&message.payload)
        };
        let step = execution.resume(reply);
        Ok(vec![self.advance(key, execution, step)])
    }

    fn advance(&mut self, key: Key, execution: Execution, step: Step) -> ChaincodeMessage {
        match step {
            Step::Done(outcome) => key.completed(outcome),
            Step::Ask(request) => {
                let (asked, kind, payload) = wire::request(request);
                let message = key.message(kind, payload);
                self.running.insert(key, Running { execution, asked });
                message
            }
        }
    }
}

/// How far registration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the protocol's states")]
pub enum Phase {
    /// The chaincode has asked to be registered.
    Created,
    /// The peer has agreed.
    Established,
    /// The peer sends transactions.
    Ready,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Established => "established",
            Self::Ready => "ready",
        })
    }
}

/// How the peer broke the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A message that has no place in this phase.
    #[error("{message} has no place in a stream that is {phase}")]
    OutOfOrder {
        /// How far registration has come.
        phase: Phase,
        /// The message's type.
        message: &'static str,
    },
    /// A message of a type that the protocol does not have.
    #[error("there is no message type {number}")]
    UnknownType {
        /// The type's number.
        number: i32,
    },
    /// A reply to a transaction that is not running.
    #[error("a reply to transaction {tx_id:?} on channel {channel:?}, which is not running")]
    NotRunning {
        /// The reply's channel.
        channel: String,
        /// The reply's transaction.
        tx_id: String,
    },
}

/// What tells transactions of one stream apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    channel: String,
    tx_id: String,
}

impl Key {
    fn of(message: &ChaincodeMessage) -> Self {
        Self { channel: message.channel_id.clone(), tx_id: message.txid.clone() }
    }

    fn message(&self, kind: Type, payload: Vec<u8>) -> ChaincodeMessage {
        ChaincodeMessage {
            r#type: kind.into(),
            payload,
            txid: self.tx_id.clone(),
            channel_id: self.channel.clone(),
            ..Default::default()
        }
    }

    fn error(&self, text: &str) -> ChaincodeMessage {
        self.message(Type::Error, text.as_bytes().to_vec())
    }

    fn completed(&self, outcome: Outcome) -> ChaincodeMessage {
        let (payload, event) = wire::outcome(outcome, &self.tx_id);
        ChaincodeMessage { chaincode_event: event, ..self.message(Type::Completed, payload) }
    }
}

/// A transaction that waits for a reply.
#[derive(Debug)]
struct Running {
    execution: Execution,
    asked: Asked,
}

fn read(message: ChaincodeMessage) -> Result<Invocation, InvocationError> {
    let input = ChaincodeInput::decode(message.payload.as_slice())
        .map_err(|source| InvocationError::Malformed { part: "ChaincodeInput", source })?;
    let proposal = message.proposal.unwrap_or_default();
    Invocation::read(&message.channel_id, &message.txid, input, proposal)
}

#[cfg(test)]
mod tests;
