//! The place where a contract leaves requests and finds replies.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::host::{Event, Reply, Request, Terms};
use crate::{ContractError, LedgerError};

/// Most requests of one call that may wait at a time.
const REQUESTS_WAITING_MAX: usize = 1_024;

/// A contract's side of the slot; clones share it.
///
/// The peer takes one request of a transaction at a time and drops a second one without an
/// answer, so requests made at once wait in line here, in the order in which they were made.
#[derive(Clone, Debug)]
pub(crate) struct Ledger(Arc<Mutex<Slot>>);

impl Ledger {
    pub(super) fn new(terms: Terms) -> Self {
        Self(Arc::new(Mutex::new(Slot { terms, ..Slot::default() })))
    }

    /// Makes a request. It is in line as soon as the future is first polled.
    pub(crate) fn ask(&self, request: Request) -> Asked {
        Asked { ledger: self.clone(), state: AskedState::Unasked(request) }
    }

    /// Makes a request, and turns a refusal into an error.
    pub(crate) async fn request(&self, request: Request) -> Result<Reply, LedgerError> {
        let name = request.name();
        let reply = self.ask(request).await?;
        if let Reply::Refused { reason } = reply {
            return Err(LedgerError::Refused { request: name, reason });
        }
        Ok(reply)
    }

    /// Makes a request whose answer nobody waits for.
    pub(crate) fn tell(&self, request: Request) {
        let mut slot = self.slot();
        if slot.waiting.len() < REQUESTS_WAITING_MAX {
            let ticket = slot.ticket();
            slot.waiting.push_back((ticket, request));
        }
    }

    pub(crate) fn terms(&self) -> Terms {
        self.slot().terms
    }

    /// Emits an event; the last one counts.
    pub(crate) fn set_event(&self, event: Event) {
        self.slot().event = Some(event);
    }

    /// Fails the call, whatever the contract returns; the first reason counts.
    pub(crate) fn fail(&self, error: ContractError) {
        self.slot().doom.get_or_insert(error);
    }

    pub(super) fn next_request(&self) -> Option<Request> {
        let mut slot = self.slot();
        let (ticket, request) = slot.waiting.pop_front()?;
        slot.asked = Some(ticket);
        Some(request)
    }

    pub(super) fn deliver(&self, reply: Reply) {
        let mut slot = self.slot();
        let waker = slot.asked.take().and_then(|ticket| {
            let waker = slot.waiters.remove(&ticket)?;
            slot.replies.insert(ticket, reply);
            Some(waker)
        });
        drop(slot);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn take_event(&self) -> Option<Event> {
        self.slot().event.take()
    }

    pub(super) fn doom(&self) -> Option<ContractError> {
        self.slot().doom.clone()
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        // No code of ours panics while it holds the lock, and the slot stays whole if it did.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request on its way to its reply. Dropping it takes the request out of the line, or leaves
/// its reply unread.
#[derive(Debug)]
pub(crate) struct Asked {
    ledger: Ledger,
    state: AskedState,
}

impl Future for Asked {
    type Output = Result<Reply, LedgerError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let mut slot = this.ledger.slot();
        match std::mem::replace(&mut this.state, AskedState::Answered) {
            AskedState::Unasked(request) => {
                if slot.waiting.len() >= REQUESTS_WAITING_MAX {
                    return Poll::Ready(Err(LedgerError::TooManyRequests));
                }
                let ticket = slot.ticket();
                slot.waiting.push_back((ticket, request));
                slot.waiters.insert(ticket, context.waker().clone());
                this.state = AskedState::Waiting(ticket);
                Poll::Pending
            }
            AskedState::Waiting(ticket) => {
                if let Some(reply) = slot.replies.remove(&ticket) {
                    return Poll::Ready(Ok(reply));
                }
                slot.waiters.insert(ticket, context.waker().clone());
                this.state = AskedState::Waiting(ticket);
                Poll::Pending
            }
            AskedState::Answered => Poll::Pending,
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let AskedState::Waiting(ticket) = self.state {
            let mut slot = self.ledger.slot();
            slot.waiting.retain(|(waiting, _)| *waiting != ticket);
            slot.waiters.remove(&ticket);
            slot.replies.remove(&ticket);
        }
    }
}

#[derive(Debug)]
enum AskedState {
    Unasked(Request),
    Waiting(u64),
    Answered,
}

#[derive(Debug, Default)]
struct Slot {
    terms: Terms,
    waiting: VecDeque<(u64, Request)>,
    asked: Option<u64>,
    waiters: BTreeMap<u64, Waker>,
    replies: BTreeMap<u64, Reply>,
    last_ticket: u64,
    event: Option<Event>,
    doom: Option<ContractError>,
}

impl Slot {
    fn ticket(&mut self) -> u64 {
        self.last_ticket = self.last_ticket.wrapping_add(1);
        self.last_ticket
    }
}
