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

mod message;
mod slot;

/// One call being run.
pub struct Execution {
    future: Option<Function>,
    ledger: Ledger,
}

/// A contract function on its way to its payload.
type Function = Pin<Box<dyn Future<Output = Result<Vec<u8>, ContractError>> + Send>>;

impl Execution {
    /// Starts a call and runs it to its first request, or to its end.
    #[must_use]
    pub fn start(chaincode: &Arc<Chaincode>, invocation: Invocation, terms: Terms) -> (Self, Step) {
        let ledger = Ledger::new(terms);
        let future = Arc::clone(chaincode).dispatch(invocation, ledger.clone());
        let mut execution = Self { future: Some(Box::pin(future)), ledger };
        let step = execution.advance();
        (execution, step)
    }

    /// Brings the reply to the request asked last, and runs on to the next request or the end.
    ///
    /// A call that has ended stays ended: resuming it yields a failure.
    #[must_use]
    pub fn resume(&mut self, reply: Reply) -> Step {
        self.ledger.deliver(reply);
        self.advance()
    }

    fn advance(&mut self) -> Step {
        let Some(mut future) = self.future.take() else {
            return Step::Done(Outcome::failure(&RunError::Ended.into()));
        };
        let mut context = Context::from_waker(Waker::noop());
        // A panic leaves nothing behind that is used again: the future is dropped, and the
        // ledger's slot holds only requests that will never be asked.
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
        match polled {
            Ok(Poll::Ready(result)) => Step::Done(self.conclude(result)),
            Ok(Poll::Pending) => match self.ledger.next_request() {
                Some(request) => {
                    self.future = Some(future);
                    Step::Ask(request)
                }
                None => Step::Done(Outcome::failure(&RunError::Stalled.into())),
            },
            Err(_panic) => Step::Done(Outcome::failure(&RunError::Panicked.into())),
        }
    }

    /// A call whose nested call failed fails as well, even if the contract went on.
    fn conclude(&self, result: Result<Vec<u8>, ContractError>) -> Outcome {
        match (result, self.ledger.doom()) {
            (Err(error), _) | (Ok(_), Some(error)) => Outcome::failure(&error),
            (Ok(payload), None) => Outcome {
                status: SUCCESS,
                message: String::new(),
                payload,
                event: self.ledger.take_event(),
            },
        }
    }
}

impl fmt::Debug for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution").field("ended", &self.future.is_none()).finish_non_exhaustive()
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
