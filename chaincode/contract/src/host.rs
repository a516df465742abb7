//! The boundary between a contract and whoever runs it.
//!
//! A contract function is a future that awaits nothing but the ledger. An [`Execution`] owns
//! that future and turns it into a pure exchange: [`Step::Ask`] names the one request the
//! contract waits for, [`Execution::resume`] brings the reply, [`Step::Done`] is the outcome.
//! How requests travel, over a peer's stream or to a map in memory, is the driver's business.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::{Chaincode, ContractError, Fault, Invocation, Status};

pub use message::{
    Changes, Event, Outcome, Page, Reply, Request, SUCCESS, Step, Terms, Write, WriteChange,
};
pub(crate) use slot::Ledger;
use slot::Next;

mod message;
mod slot;
mod twice;
mod writes;

/// One call being run.
#[derive(Debug)]
pub struct Execution {
    run: Run,
    again: Option<Box<Again>>,
}

/// The same call once more, given the same replies: it must do the same.
#[derive(Debug)]
struct Again {
    run: Run,
    steps: usize,
}

impl Execution {
    /// Starts a call and runs it to its first request, or to its end.
    #[must_use]
    pub fn start(chaincode: &Arc<Chaincode>, invocation: Invocation, terms: Terms) -> (Self, Step) {
        let (run, step) = Run::start(chaincode, invocation, terms);
        (Self { run, again: None }, step)
    }

    /// As [`start`](Self::start), and runs the call a second time beside the first, with the same
    /// replies. If the two ask or answer differently the call fails, with the code
    /// `NONDETERMINISTIC` and the first difference: two peers would not agree on it either.
    ///
    /// It finds what varies within one process: random numbers, clocks, counters, the order of
    /// hashed collections. The ledger is asked once, and the work is done twice.
    #[must_use]
    pub fn start_twice(
        chaincode: &Arc<Chaincode>,
        invocation: Invocation,
        terms: Terms,
    ) -> (Self, Step) {
        let (run, one) = Run::start(chaincode, invocation.clone(), terms);
        let (again, other) = Run::start(chaincode, invocation, terms);
        let mut execution = Self { run, again: Some(Box::new(Again { run: again, steps: 1 })) };
        let step = execution.agreed(0, one, other);
        (execution, step)
    }

    /// Brings the reply to the request asked last, and runs on to the next request or the end.
    ///
    /// A call that has ended stays ended: resuming it yields a failure.
    #[must_use]
    pub fn resume(&mut self, reply: Reply) -> Step {
        let Some(again) = &mut self.again else { return self.run.resume(reply) };
        let one = self.run.resume(reply.clone());
        let place = again.steps;
        again.steps = place.saturating_add(1);
        let other = again.run.resume(reply);
        self.agreed(place, one, other)
    }

    fn agreed(&mut self, place: usize, one: Step, other: Step) -> Step {
        let step = twice::agreed(place, one, other);
        if matches!(step, Step::Done(_)) {
            self.run.state = State::Ended;
            self.again = None;
        }
        step
    }
}

/// One run of a call.
struct Run {
    state: State,
    ledger: Ledger,
}

/// A contract function on its way to its payload.
type Function = Pin<Box<dyn Future<Output = Result<Vec<u8>, ContractError>> + Send>>;

enum State {
    Running(Function),
    /// The function has ended, and what it wrote is being sent.
    Writing(Outcome),
    Ended,
}

impl Run {
    fn start(chaincode: &Arc<Chaincode>, invocation: Invocation, terms: Terms) -> (Self, Step) {
        let ledger = Ledger::new(terms);
        let function = Arc::clone(chaincode).dispatch(invocation, ledger.clone());
        let mut run = Self { state: State::Running(Box::pin(function)), ledger };
        let step = run.advance();
        (run, step)
    }

    fn resume(&mut self, reply: Reply) -> Step {
        match self.ledger.deliver(reply) {
            Ok(()) => self.advance(),
            Err(refused) => {
                self.state = State::Ended;
                Step::Done(Outcome::failure(&ContractError::of(&refused)))
            }
        }
    }

    fn advance(&mut self) -> Step {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Running(function) => self.run(function),
            State::Writing(outcome) => self.write(outcome),
            State::Ended => Step::Done(Outcome::failure(&RunError::Ended.into())),
        }
    }

    fn run(&mut self, mut function: Function) -> Step {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            // A panic leaves nothing behind that is used again: the future is dropped, and the
            // ledger's slot holds only requests that will never be asked.
            let polled = catch_unwind(AssertUnwindSafe(|| function.as_mut().poll(&mut context)));
            match polled {
                Ok(Poll::Ready(result)) => return self.conclude(result),
                Ok(Poll::Pending) => {}
                Err(_panic) => return self.conclude(Err(RunError::Panicked.into())),
            }
            match self.ledger.next() {
                Next::Ask(request) => {
                    self.state = State::Running(function);
                    return Step::Ask(request);
                }
                Next::Answered => {}
                Next::Nothing => return self.conclude(Err(RunError::Stalled.into())),
            }
        }
    }

    /// A call whose nested call failed fails as well, even if the contract went on. What a failed
    /// call has not sent yet is dropped.
    fn conclude(&mut self, result: Result<Vec<u8>, ContractError>) -> Step {
        match (result, self.ledger.doom()) {
            (Err(error), _) | (Ok(_), Some(error)) => Step::Done(Outcome::failure(&error)),
            (Ok(payload), None) => match self.ledger.take_event() {
                Ok(event) => {
                    let message = String::new();
                    self.write(Outcome { status: SUCCESS, message, payload, event })
                }
                Err(error) => Step::Done(Outcome::failure(&ContractError::of(&error))),
            },
        }
    }

    fn write(&mut self, outcome: Outcome) -> Step {
        match self.ledger.next_writes() {
            Some(request) => {
                self.state = State::Writing(outcome);
                Step::Ask(request)
            }
            None => Step::Done(outcome),
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = matches!(self.state, State::Ended);
        f.debug_struct("Run").field("ended", &ended).finish_non_exhaustive()
    }
}

/// Why a call ended without an answer of its own.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum RunError {
    #[error("the contract function panicked")]
    Panicked,
    #[error("the contract awaits something that is not the ledger")]
    Stalled,
    #[error("the call has ended")]
    Ended,
}

impl Fault for RunError {
    fn status(&self) -> Status {
        Status::INTERNAL
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Panicked => "PANIC",
            Self::Stalled => "STALLED",
            Self::Ended => "ENDED",
        }
    }
}

impl From<RunError> for ContractError {
    fn from(error: RunError) -> Self {
        Self::of(&error)
    }
}
