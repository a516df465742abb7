//! A piece of a contract's run, from a message of the peer's to the message that answers it.
//!
//! Nothing here knows the session: any thread may run it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use fabric_protos::Message;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{ChaincodeInput, ChaincodeMessage};
use pervade_chaincode::host::{Execution, Outcome, Reply, Step, Terms};
use pervade_chaincode::{Chaincode, ContractError, Fault, Invocation, InvocationError, Status};
use pervade_denials::Denied;

use super::denial::Called;
use super::key::{Content, Key};
use super::wire::{self, Asked};
use crate::limits::{HostClock, Runs};

/// A piece of a contract's run.
#[derive(Debug)]
pub(crate) struct Work {
    chaincode: Arc<Chaincode>,
    context: Context,
    task: Task,
    /// Whatever its driver likes; the transaction's later work has it as well.
    pub(crate) label: usize,
}

/// What holds for every run of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub(super) terms: Terms,
    pub(super) runs: Runs,
    pub(super) clock: HostClock,
    pub(super) message_bytes_max: usize,
    /// Whether somebody wants to hear of refusals.
    pub(super) tells_denials: bool,
}

/// Which run it is, and what is to be done.
#[derive(Debug)]
pub(super) struct Task {
    key: Key,
    ticket: u64,
    todo: Todo,
}

#[derive(Debug)]
enum Todo {
    Begin(Content),
    GoOn(Paused, (Type, Vec<u8>)),
}

/// A run between two pieces of work: it waits for a reply.
#[derive(Debug)]
pub(super) struct Paused {
    run: Run,
    asked: Asked,
    label: usize,
}

/// What came of a piece of work.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(super) ticket: u64,
    /// Names the transaction, too.
    pub(super) message: ChaincodeMessage,
    /// None if the message ends the transaction.
    pub(super) paused: Option<Paused>,
    /// What is to be told if the transaction was refused.
    pub(super) denied: Option<Denied>,
}

impl Task {
    pub(super) fn begin(key: Key, ticket: u64, proposed: Content) -> Self {
        Self { key, ticket, todo: Todo::Begin(proposed) }
    }

    pub(super) fn go_on(key: Key, ticket: u64, paused: Paused, reply: (Type, Vec<u8>)) -> Self {
        Self { key, ticket, todo: Todo::GoOn(paused, reply) }
    }
}

impl Work {
    pub(super) fn new(chaincode: Arc<Chaincode>, context: Context, task: Task) -> Self {
        let label = match &task.todo {
            Todo::Begin(_) => 0,
            Todo::GoOn(paused, _) => paused.label,
        };
        Self { chaincode, context, task, label }
    }

    /// The function that is called, where that is not known from before.
    pub(crate) fn function(&self) -> Option<&[u8]> {
        match &self.task.todo {
            Todo::Begin(content) => Some(first_argument(&content.payload).unwrap_or_default()),
            Todo::GoOn(..) => None,
        }
    }

    /// Runs the contract to its next request or to its end.
    pub(crate) fn run(self) -> Ran {
        let Self { chaincode, context, task: Task { key, ticket, todo }, label } = self;
        let is_init = matches!(&todo, Todo::Begin(content) if content.kind == Type::Init as i32);
        let (run, step) = match todo {
            Todo::Begin(content) => match read(&key, content) {
                Ok(invocation) => {
                    let invocation = invocation.arrived_at(context.clock.now());
                    let origin = Origin::new(&chaincode, Some(&invocation), context, is_init);
                    Run::start(&chaincode, invocation, context, origin)
                }
                Err(error) => {
                    let outcome = Outcome::failure(&ContractError::of(&error));
                    let origin = Origin::new(&chaincode, None, context, is_init);
                    return Ran::ended(key, ticket, outcome, &origin);
                }
            },
            Todo::GoOn(Paused { mut run, asked, .. }, (kind, payload)) => {
                let step = run.resume(reply(asked, kind, payload));
                (run, step)
            }
        };
        let mut ran = run.pause_or_end(step, key, ticket, context.message_bytes_max);
        ran.paused.iter_mut().for_each(|paused| paused.label = label);
        ran
    }
}

fn read(key: &Key, content: Content) -> Result<Invocation, InvocationError> {
    let input = ChaincodeInput::decode(content.payload.as_slice())
        .map_err(|source| InvocationError::Malformed { part: "ChaincodeInput", source })?;
    let proposal = content.proposal.unwrap_or_default();
    Invocation::read(&key.channel, &key.tx_id, input, proposal)
}

/// The first argument of an encoded `ChaincodeInput`, as encoders write it: its first field.
fn first_argument(payload: &[u8]) -> Option<&[u8]> {
    /// Field 1, with a length.
    const ARGS: u8 = 0x0a;
    let (&tag, rest) = payload.split_first()?;
    let (&length, rest) = rest.split_first()?;
    // A longer name than this has two bytes of length, and is nobody's.
    let is_short = tag == ARGS && length < 0x80;
    is_short.then(|| rest.get(..usize::from(length))).flatten()
}

fn reply(asked: Asked, kind: Type, payload: Vec<u8>) -> Reply {
    if kind == Type::Error {
        Reply::Refused { reason: String::from_utf8_lossy(&payload).into_owned() }
    } else {
        asked.reply(payload)
    }
}

/// What a run's end depends on beside its outcome.
#[derive(Debug)]
struct Origin {
    is_init: bool,
    /// None if nobody wants to hear of refusals.
    called: Option<Box<Called>>,
}

impl Origin {
    fn new(
        chaincode: &Chaincode,
        invocation: Option<&Invocation>,
        context: Context,
        is_init: bool,
    ) -> Self {
        let called = context.tells_denials.then(|| Box::new(Called::new(chaincode, invocation)));
        Self { is_init, called }
    }
}

impl Paused {
    /// What is to be told if the run is given up, and the transaction answered so.
    pub(super) fn denied(&self, key: &Key, outcome: &Outcome) -> Option<Denied> {
        Some(self.run.origin.called.as_ref()?.denied(key, outcome))
    }
}

/// A contract function being run.
#[derive(Debug)]
struct Run {
    execution: Execution,
    origin: Origin,
}

impl Run {
    fn start(
        chaincode: &Arc<Chaincode>,
        invocation: Invocation,
        context: Context,
        origin: Origin,
    ) -> (Self, Step) {
        let start = match context.runs {
            Runs::Once => Execution::start,
            Runs::Twice => Execution::start_twice,
        };
        let (execution, step) = start(chaincode, invocation, context.terms);
        (Self { execution, origin }, step)
    }

    fn resume(&mut self, reply: Reply) -> Step {
        self.execution.resume(reply)
    }

    /// Turns a step into the message that carries it.
    fn pause_or_end(mut self, mut step: Step, key: Key, ticket: u64, bytes_max: usize) -> Ran {
        for _ in 0..REFUSALS_MAX {
            let request = match step {
                Step::Ask(request) => request,
                Step::Done(outcome) => {
                    let Self { execution, origin } = self;
                    discard(execution);
                    return Ran::ended(key, ticket, fitting(outcome, bytes_max), &origin);
                }
            };
            let (asked, kind, payload) = wire::request(request);
            if payload.len() <= room(bytes_max) {
                let message = key.message(kind, payload);
                return Ran {
                    ticket,
                    message,
                    paused: Some(Paused { run: self, asked, label: 0 }),
                    denied: None,
                };
            }
            let bytes = payload.len();
            let reason = format!("a message of {bytes} bytes: at most {bytes_max} are taken");
            step = self.resume(Reply::Refused { reason });
        }
        let Self { execution, origin } = self;
        discard(execution);
        Ran::ended(key, ticket, Outcome::failure(&ContractError::of(&RunError::TooLarge)), &origin)
    }
}

/// Requests too large to send that a contract may make in a row before its run is ended.
const REFUSALS_MAX: usize = 1_000;

/// Bytes of a payload that leave room for the rest of its message.
fn room(bytes_max: usize) -> usize {
    /// More than channel, transaction and field headers take.
    const ENVELOPE_BYTES: usize = 1_024;
    bytes_max.saturating_sub(ENVELOPE_BYTES)
}

/// The outcome, or the failure that there is instead if no message can carry it. An unsent
/// message would end the stream, and every transaction with it.
fn fitting(outcome: Outcome, bytes_max: usize) -> Outcome {
    let event = outcome.event.as_ref().map_or(0, |event| event.payload.len());
    if outcome.payload.len().saturating_add(event) <= room(bytes_max) {
        return outcome;
    }
    Outcome::failure(&ContractError::of(&RunError::TooLarge))
}

impl Ran {
    /// Of an initialisation that failed Go's library makes an `ERROR`, and so do we.
    fn ended(key: Key, ticket: u64, outcome: Outcome, origin: &Origin) -> Self {
        const SERVER_ERROR: i32 = 500;
        let called = origin.called.as_ref().filter(|_| !outcome.is_success());
        let denied = called.map(|called| called.denied(&key, &outcome));
        let message = if origin.is_init && outcome.status >= SERVER_ERROR {
            key.error(&outcome.message)
        } else {
            key.completed(outcome)
        };
        Self { ticket, message, paused: None, denied }
    }
}

/// Drops what a contract holds. Its destructors are its own code, and may panic.
pub(super) fn discard<T>(run: T) {
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(run)));
    if dropped.is_err() {
        tracing::warn!("a contract panicked while its run was dropped");
    }
}

/// Why a run was ended from outside.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum RunError {
    #[error("the answer is larger than a message may be")]
    TooLarge,
}

impl Fault for RunError {
    fn status(&self) -> Status {
        Status::INTERNAL
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "TOO_LARGE",
        }
    }
}
