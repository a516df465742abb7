//! The place where a contract leaves requests and finds replies.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use fabric_protos::id::ChaincodeName;

use super::writes::{KeptWrites, Written};
use crate::event::Events;
use crate::host::{Event, Reply, Request, Terms, Write};
use crate::{ContractError, EventError, InvalidRequest, LedgerError};

/// Most requests of one call that may wait at a time.
const REQUESTS_WAITING_MAX: usize = 1_024;

/// A contract's side of the slot; clones share it.
///
/// The peer takes one request of a transaction at a time and drops a second one without an
/// answer, so requests made at once wait in line here, in the order in which they were made.
///
/// Writes are not in the line. They are kept, and sent together: at the end of the function,
/// before a request that [follows writes](Request::follows_writes), and when they become many.
/// The peer refuses one therefore after the contract has gone on, and that ends the call.
#[derive(Clone, Debug)]
pub(crate) struct Ledger(Arc<Mutex<Slot>>);

impl Ledger {
    pub(super) fn new(terms: Terms) -> Self {
        Self(Arc::new(Mutex::new(Slot { terms, ..Slot::default() })))
    }

    /// What the peer takes.
    pub(crate) fn terms(&self) -> Terms {
        self.slot().terms
    }

    /// Makes a request, and turns a refusal into an error. It is in line as soon as the future
    /// is first polled.
    pub(crate) async fn request(&self, request: Request) -> Result<Reply, LedgerError> {
        let name = request.name();
        let reply = self.wait_for(Line::Request(request)).await?;
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
            slot.waiting.push_back((ticket, Line::Request(request)));
        }
    }

    /// Makes a write. It waits for the peer only if too much is kept already.
    pub(crate) async fn write(&self, mut write: Write) -> Result<(), LedgerError> {
        self.slot().remember(&write)?;
        loop {
            let kept = self.slot().kept.keep(write);
            let Err(refused) = kept else { return Ok(()) };
            write = refused;
            self.wait_for(Line::Writes).await?;
        }
    }

    /// Changes what the call leaves for its clients.
    pub(crate) fn events<T>(&self, change: impl FnOnce(&mut Events) -> T) -> T {
        change(&mut self.slot().events)
    }

    /// Adds what a called chaincode left for its clients.
    pub(crate) fn relay(
        &self,
        chaincode: &ChaincodeName,
        event: &Event,
    ) -> Result<(), LedgerError> {
        Ok(self.events(|events| events.relay(chaincode, event))?)
    }

    /// Remembers public writes from now on; `false` if some have been made that were not.
    pub(crate) fn begin_overlay(&self) -> bool {
        let mut slot = self.slot();
        if slot.written.is_none() && !slot.has_written {
            slot.written = Some(Written::default());
        }
        slot.written.is_some()
    }

    /// What a public key became, if the overlay has seen it written.
    pub(crate) fn written(&self, key: &str) -> Option<Option<Vec<u8>>> {
        self.slot().written.as_ref()?.get(key)
    }

    /// Fails the call, whatever the contract returns; the first reason counts.
    pub(crate) fn fail(&self, error: ContractError) {
        self.slot().doom.get_or_insert(error);
    }

    /// What is to be asked of the peer next, on behalf of the contract.
    pub(super) fn next(&self) -> Next {
        let mut slot = self.slot();
        let Some((_, line)) = slot.waiting.front() else { return Next::Nothing };
        if line.follows_writes()
            && let Some(request) = slot.take_writes()
        {
            return Next::Ask(request);
        }
        match slot.waiting.pop_front() {
            Some((ticket, Line::Request(request))) => {
                slot.asked = Some(Asker::Contract { ticket });
                Next::Ask(request)
            }
            Some((ticket, Line::Writes)) => {
                slot.answer(ticket, Reply::Accepted);
                Next::Answered
            }
            None => Next::Nothing,
        }
    }

    /// The request that sends the first of the writes that are left, once the contract has ended.
    pub(super) fn next_writes(&self) -> Option<Request> {
        self.slot().take_writes()
    }

    /// Takes the reply to the request asked last.
    ///
    /// # Errors
    /// If the peer has refused writes: the call is over.
    pub(super) fn deliver(&self, reply: Reply) -> Result<(), LedgerError> {
        let mut slot = self.slot();
        match (slot.asked.take(), reply) {
            (Some(Asker::Contract { ticket }), reply) => slot.answer(ticket, reply),
            (Some(Asker::Writes { request }), Reply::Refused { reason }) => {
                return Err(LedgerError::Refused { request, reason });
            }
            (Some(Asker::Writes { .. }), Reply::Accepted) | (None, _) => {}
            (Some(Asker::Writes { request }), _) => {
                return Err(LedgerError::UnexpectedReply { request });
            }
        }
        Ok(())
    }

    pub(super) fn take_event(&self) -> Result<Option<Event>, EventError> {
        self.events(Events::take)
    }

    pub(super) fn doom(&self) -> Option<ContractError> {
        self.slot().doom.clone()
    }

    fn wait_for(&self, line: Line) -> Asked {
        Asked { ledger: self.clone(), state: AskedState::Unasked(line) }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        // No code of ours panics while it holds the lock, and the slot stays whole if it did.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the contract's line holds for the peer.
#[derive(Debug)]
pub(super) enum Next {
    /// This request.
    Ask(Request),
    /// Nothing, but the contract can go on.
    Answered,
    /// Nothing: the contract waits for something else.
    Nothing,
}

/// A place in the line on its way to its reply. Dropping it takes the place out of the line, or
/// leaves its reply unread.
#[derive(Debug)]
struct Asked {
    ledger: Ledger,
    state: AskedState,
}

impl Future for Asked {
    type Output = Result<Reply, LedgerError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let mut slot = this.ledger.slot();
        match std::mem::replace(&mut this.state, AskedState::Answered) {
            AskedState::Unasked(line) => {
                if slot.waiting.len() >= REQUESTS_WAITING_MAX {
                    return Poll::Ready(Err(LedgerError::TooManyRequests));
                }
                let ticket = slot.ticket();
                slot.waiting.push_back((ticket, line));
                slot.waiters.push(Waiter::new(ticket, context.waker().clone()));
                this.state = AskedState::Waiting(ticket);
                Poll::Pending
            }
            AskedState::Waiting(ticket) => match slot.poll(ticket, context.waker()) {
                Some(reply) => Poll::Ready(Ok(reply)),
                None => {
                    this.state = AskedState::Waiting(ticket);
                    Poll::Pending
                }
            },
            AskedState::Answered => Poll::Pending,
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let AskedState::Waiting(ticket) = self.state {
            let mut slot = self.ledger.slot();
            slot.waiting.retain(|(waiting, _)| *waiting != ticket);
            slot.waiters.retain(|waiter| waiter.ticket != ticket);
        }
    }
}

#[derive(Debug)]
enum AskedState {
    Unasked(Line),
    Waiting(u64),
    Answered,
}

/// A place in the line.
#[derive(Debug)]
enum Line {
    Request(Request),
    /// Until the writes that are kept have been sent.
    Writes,
}

impl Line {
    fn follows_writes(&self) -> bool {
        match self {
            Self::Request(request) => request.follows_writes(),
            Self::Writes => true,
        }
    }
}

#[derive(Debug, Default)]
struct Slot {
    terms: Terms,
    waiting: VecDeque<(u64, Line)>,
    asked: Option<Asker>,
    /// Few: a contract that awaits one thing after another has one.
    waiters: Vec<Waiter>,
    last_ticket: u64,
    kept: KeptWrites,
    has_written: bool,
    /// What public keys became, for the overlay; `None` if there is none.
    written: Option<Written>,
    events: Events,
    doom: Option<ContractError>,
}

/// For whom the request is that the peer works on.
#[derive(Debug)]
enum Asker {
    /// For the contract, which waits with this ticket.
    Contract { ticket: u64 },
    /// For the writes that are kept.
    Writes { request: &'static str },
}

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    waker: Waker,
    reply: Option<Reply>,
}

impl Waiter {
    fn new(ticket: u64, waker: Waker) -> Self {
        Self { ticket, waker, reply: None }
    }
}

impl Slot {
    fn ticket(&mut self) -> u64 {
        self.last_ticket = self.last_ticket.wrapping_add(1);
        self.last_ticket
    }

    fn remember(&mut self, write: &Write) -> Result<(), InvalidRequest> {
        self.has_written = true;
        match &mut self.written {
            Some(written) if write.collection.is_empty() => written.remember(write),
            Some(_) | None => Ok(()),
        }
    }

    fn take_writes(&mut self) -> Option<Request> {
        let request = self.kept.take(self.terms)?;
        self.asked = Some(Asker::Writes { request: request.name() });
        Some(request)
    }

    fn answer(&mut self, ticket: u64, reply: Reply) {
        let waiter = self.waiters.iter_mut().find(|waiter| waiter.ticket == ticket);
        if let Some(waiter) = waiter {
            waiter.reply = Some(reply);
            waiter.waker.wake_by_ref();
        }
    }

    /// The reply to a ticket, or `None` if whoever holds it is to be woken when it is there.
    fn poll(&mut self, ticket: u64, waker: &Waker) -> Option<Reply> {
        let place = self.waiters.iter().position(|waiter| waiter.ticket == ticket)?;
        let waiter = self.waiters.get_mut(place)?;
        if waiter.reply.is_none() {
            waiter.waker.clone_from(waker);
            return None;
        }
        self.waiters.swap_remove(place).reply
    }
}
