//! The chaincode's side of one stream.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{ChaincodeAdditionalParams, ChaincodeId, ChaincodeMessage};
use fabric_protos::{DecodeError, Message};
use pervade_chaincode::Chaincode;
use pervade_chaincode::host::Terms;
use pervade_denials::Denied;

use crate::Limits;
use key::Key;
use transactions::{Answered, Transactions};
use work::{Context, Task};

pub(crate) use work::{Ran, Work};

mod denial;
mod key;
mod transactions;
mod wire;
mod work;

/// One stream's state: how far registration has come, and the transactions that are running.
///
/// A transaction is known by its channel and its identifier together: a chaincode that another
/// one calls runs under the same identifier, on another channel perhaps, while its caller waits.
///
/// The session decides and keeps; contracts run elsewhere. `accept` turns a message
/// into work that any thread may run, and `settle` takes its result back.
/// [`Session::step`] does both at once.
#[derive(Debug)]
pub struct Session {
    chaincode: Arc<Chaincode>,
    limits: Limits,
    terms: Terms,
    phase: Phase,
    taking: Taking,
    transactions: Transactions,
    /// Refusals that nobody has heard of yet; none if nobody wants to.
    denials: Option<Vec<Denied>>,
}

/// Whether new transactions are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taking {
    /// All that come.
    All,
    /// None but those that a running one calls.
    None,
}

/// What a message or a result leads to.
#[derive(Debug)]
pub(crate) enum Next {
    /// There is nothing to do.
    Nothing,
    /// This is to be sent.
    Send(ChaincodeMessage),
    /// This is to be run, on any thread.
    Run(Work),
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
        let session = Self {
            chaincode,
            limits,
            terms: Terms::SINGLE,
            phase: Phase::Created,
            taking: Taking::All,
            transactions: Transactions::default(),
            denials: None,
        };
        (session, vec![register])
    }

    /// Advances by one message from the peer, contract and all; the result is to be sent in order.
    ///
    /// # Errors
    /// If the peer breaks the protocol. The stream is to be closed then, which fails the
    /// transactions that are running.
    pub fn step(
        &mut self,
        message: ChaincodeMessage,
    ) -> Result<Vec<ChaincodeMessage>, SessionError> {
        Ok(match self.accept(message, Duration::ZERO)? {
            Next::Nothing => Vec::new(),
            Next::Send(message) => vec![message],
            Next::Run(work) => Vec::from_iter(self.settle(work.run())),
        })
    }

    /// Takes one message from the peer. `now` is the time since the stream was opened.
    ///
    /// # Errors
    /// As [`Session::step`].
    pub(crate) fn accept(
        &mut self,
        message: ChaincodeMessage,
        now: Duration,
    ) -> Result<Next, SessionError> {
        let kind = Type::try_from(message.r#type)
            .map_err(|_unknown| SessionError::UnknownType { number: message.r#type })?;
        match (self.phase, kind) {
            (_, Type::Keepalive) => Ok(Next::Send(message)),
            (Phase::Created, Type::Registered) => self.enter(Phase::Established),
            (Phase::Established, Type::Ready) => {
                self.terms = terms(&message.payload)?;
                self.enter(Phase::Ready)
            }
            (Phase::Ready, Type::Init | Type::Transaction) => Ok(self.begin(message, now)),
            (Phase::Ready, Type::Response | Type::Error) => self.go_on(kind, message, now),
            (phase, _) => Err(SessionError::OutOfOrder { phase, message: kind.as_str_name() }),
        }
    }

    /// Takes the result of work back; what is to be sent. That is nothing if the transaction was
    /// given up meanwhile.
    pub(crate) fn settle(&mut self, ran: Ran) -> Option<ChaincodeMessage> {
        self.transactions.settle(ran).map(|answered| self.told(answered))
    }

    /// Gives up the transactions that began too long before `now`, and answers them.
    pub(crate) fn expire(&mut self, now: Duration) -> Vec<ChaincodeMessage> {
        let deadline = self.limits.deadline;
        let Some(latest) = now.checked_sub(deadline) else { return Vec::new() };
        let answers = self.transactions.expire(latest, deadline);
        answers.into_iter().map(|answered| self.told(answered)).collect()
    }

    /// Keeps what there is to tell of a refusal for whoever wants to hear of it.
    fn told(&mut self, (message, denied): Answered) -> ChaincodeMessage {
        if let (Some(denials), Some(mut denied)) = (&mut self.denials, denied) {
            if denied.chaincode.is_empty() {
                self.chaincode.name().as_str().clone_into(&mut denied.chaincode);
            }
            denials.push(denied);
        }
        message
    }

    /// Hands out what there is to tell of refusals from now on; see
    /// [`take_denials`](Self::take_denials).
    pub(crate) fn tell_denials(&mut self) {
        self.denials.get_or_insert_default();
    }

    /// The transactions that were refused since this was asked before.
    pub(crate) fn take_denials(&mut self) -> Vec<Denied> {
        self.denials.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Takes no new transactions from now on.
    pub(crate) fn drain(&mut self) {
        self.taking = Taking::None;
    }

    /// What the peer announced when it was ready.
    #[must_use]
    pub fn terms(&self) -> Terms {
        self.terms
    }

    /// How far registration has come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// How many transactions are running.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.transactions.len()
    }

    fn enter(&mut self, phase: Phase) -> Result<Next, SessionError> {
        self.phase = phase;
        Ok(Next::Nothing)
    }

    fn begin(&mut self, message: ChaincodeMessage, now: Duration) -> Next {
        let (key, proposed) = Key::take(message);
        if let Some(reason) = self.refusal(&key) {
            return Next::Send(key.error(reason));
        }
        let task = self.transactions.begin(key, proposed, now);
        task.map_or(Next::Nothing, |task| self.work(task))
    }

    /// Why a transaction cannot begin. The answer is an `ERROR` and not a response with a status:
    /// nothing has run, and only after an `ERROR` does a gateway ask another peer for it.
    fn refusal(&self, key: &Key) -> Option<&'static str> {
        if self.transactions.holds(key) {
            None
        } else if self.taking == Taking::None && !self.transactions.runs_elsewhere(key) {
            Some("DRAINING: the chaincode is about to end and takes no new transactions")
        } else if self.transactions.len() >= self.limits.in_flight_max {
            Some("BUSY: as many transactions are running as the chaincode takes")
        } else {
            None
        }
    }

    fn go_on(
        &mut self,
        kind: Type,
        message: ChaincodeMessage,
        now: Duration,
    ) -> Result<Next, SessionError> {
        let (key, replied) = Key::take(message);
        let task = self.transactions.go_on(key, kind, replied, now)?;
        Ok(task.map_or(Next::Nothing, |task| self.work(task)))
    }

    fn work(&self, task: Task) -> Next {
        let context = Context {
            terms: self.terms,
            runs: self.limits.runs,
            clock: self.limits.clock,
            message_bytes_max: self.limits.message_bytes_max,
            tells_denials: self.denials.is_some(),
        };
        Next::Run(Work::new(Arc::clone(&self.chaincode), context, task))
    }
}

/// Reads what a peer announces in `READY`: nothing before Fabric 3.1.
fn terms(payload: &[u8]) -> Result<Terms, SessionError> {
    let announced = ChaincodeAdditionalParams::decode(payload)
        .map_err(|source| SessionError::Malformed { message: "READY", source })?;
    let most = |takes: bool, most: u32| {
        if takes { usize::try_from(most).unwrap_or(usize::MAX) } else { 0 }
    };
    Ok(Terms {
        write_batch_max: most(announced.use_write_batch, announced.max_size_write_batch),
        get_many_max: most(announced.use_get_multiple_keys, announced.max_size_get_multiple_keys),
    })
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
    /// A message whose payload is not what its type says.
    #[error("the payload of {message} is malformed: {source}")]
    Malformed {
        /// The message's type.
        message: &'static str,
        /// What the decoder found.
        source: DecodeError,
    },
    /// A reply to a transaction that is not running.
    #[error("a reply to transaction {tx_id:?} on channel {channel:?}, which is not running")]
    NotRunning {
        /// The reply's channel.
        channel: String,
        /// The reply's transaction.
        tx_id: String,
    },
    /// A reply to a transaction that has asked nothing.
    #[error("a reply to transaction {tx_id:?} on channel {channel:?}, which asked nothing")]
    NotAsked {
        /// The reply's channel.
        channel: String,
        /// The reply's transaction.
        tx_id: String,
    },
}

#[cfg(test)]
mod tests;
