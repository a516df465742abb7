//! Runs a session between two ends of a stream.
//!
//! A message takes the shortest way that is safe. The task that reads the stream runs the
//! functions that have been quick so far itself, one after the other, so that such a message
//! costs no thread a wake-up. All others go to threads of their own, as many at a time as there
//! are cores. Where a quick function is slow for once, a [watch](watch) puts another reading task
//! in the place of the one that it holds up: no contract, however long it runs, keeps the others
//! waiting.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use fabric_protos::protos::ChaincodeMessage;
use futures::Stream;
use pervade_denials::Denials;
use tokio::sync::Notify;
use tracing::{debug, warn};

use crate::record::Recorder;
use crate::{Session, SessionError, StreamOptions};
use state::{Done, MayRead, State, Wakes};

pub(crate) use leaving::Leaving;

mod costs;
mod leaving;
mod state;
mod watch;

/// What a peer sends, until its end of the stream closes or fails.
pub(crate) type Incoming = Pin<Box<dyn Stream<Item = ChaincodeMessage> + Send>>;

/// How a stream ended.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    /// Either end closed it.
    Closed,
    /// It was asked to end, and the transactions that ran have ended, or their time was up.
    Drained,
    /// The peer broke the protocol.
    Broken(SessionError),
}

/// A stream's session at work. Clones share it.
#[derive(Clone)]
pub(crate) struct Driver(Arc<Shared>);

struct Shared {
    /// Held while the stream is polled, never while a contract runs.
    incoming: Mutex<Incoming>,
    state: Mutex<State>,
    opened: Instant,
    /// How long transactions may run on when the stream is asked to end.
    grace: Duration,
    /// The state has ended.
    ended: Notify,
    /// A watch is needed.
    watched: Notify,
    /// Who wants to hear of refusals.
    denials: Option<Arc<dyn Denials>>,
}

/// Messages read at a time.
const BURST_MAX: usize = 64;

/// Bytes read at a time after which the transport comes first.
const YIELD_BYTES: usize = 64 * 1024;

/// Opens a stream: what drives it, and what it sends.
pub(crate) fn open(
    (mut session, opening): (Session, Vec<ChaincodeMessage>),
    options: &StreamOptions,
) -> (Driver, Leaving) {
    let StreamOptions { limits, recording, denials, .. } = options;
    if denials.is_some() {
        session.tell_denials();
    }
    let recorder = recording.as_ref().map(Recorder::open).and_then(|recorder| {
        recorder.inspect_err(|error| warn!(%error, "a stream cannot be recorded")).ok()
    });
    let shared = Arc::new(Shared {
        incoming: Mutex::new(Box::pin(futures::stream::pending())),
        state: Mutex::new(State::new((session, opening), limits.in_flight_max, recorder)),
        opened: Instant::now(),
        grace: limits.grace,
        ended: Notify::new(),
        watched: Notify::new(),
        denials: denials.clone(),
    });
    (Driver(Arc::clone(&shared)), Leaving::new(shared))
}

impl Driver {
    /// Runs the stream to its end, on the runtime it is called from. When `shutdown` is ready, no
    /// transaction begins any more, and the end comes with that of those that run.
    pub(crate) async fn run(self, incoming: Incoming, shutdown: impl Future<Output = ()>) -> Ended {
        *self.0.incoming.lock().unwrap_or_else(PoisonError::into_inner) = incoming;
        let watch = tokio::spawn(self.clone().watch());
        tokio::spawn(self.clone().read(State::FIRST_READER));
        let ended = tokio::select! {
            ended = self.ended() => ended,
            () = shutdown => {
                self.drain();
                self.ended().await
            }
        };
        watch.abort();
        debug!(?ended, in_flight = self.0.state().in_flight(), "a stream has ended");
        ended
    }

    fn drain(&self) {
        let by = Instant::now().checked_add(self.0.grace);
        let mut state = self.0.state();
        state.drain(by);
        let wakes = state.wakes();
        drop(state);
        self.wake(wakes);
    }

    async fn ended(&self) -> Ended {
        loop {
            let told = self.0.ended.notified();
            if let Some(ended) = self.0.state().ended() {
                return ended.clone();
            }
            told.await;
        }
    }

    /// Reads the stream and runs what is quick, until the stream ends or another task takes the
    /// place of this one.
    async fn read(self, reader: u64) {
        while let Some(bytes) = poll_fn(|context| self.0.poll_arrived(context)).await {
            if bytes >= YIELD_BYTES {
                // The transport tells the peer what was read, on this very thread.
                tokio::task::yield_now().await;
            }
            if !self.run_arrived(reader) {
                return;
            }
        }
        let wakes = self.0.state().wakes();
        self.wake(wakes);
    }

    /// Runs what has arrived; whether this task is the reader still.
    fn run_arrived(&self, reader: u64) -> bool {
        let mut done = None;
        loop {
            let now = Instant::now();
            let mut state = self.0.state();
            if let Some(done) = done.take() {
                state.settle(done, now);
            }
            let Some(work) = state.next_quick(reader, now, now - self.0.opened) else {
                // What was answered leaves together: the writer is woken once.
                let (wakes, is_reader) = (state.wakes(), state.is_reader(reader));
                drop(state);
                self.wake(wakes);
                return is_reader;
            };
            drop(state);
            done = Some(Done::of(work, now));
        }
    }

    /// Runs what is slow, on a thread of its own, until nothing is left.
    fn help(&self) {
        let mut done = None;
        loop {
            let now = Instant::now();
            let mut state = self.0.state();
            if let Some(done) = done.take() {
                state.settle(done, now);
            }
            let (work, wakes) = (state.next_slow(), state.wakes());
            drop(state);
            self.wake(wakes);
            let Some(work) = work else { return };
            done = Some(Done::of(work, now));
        }
    }

    /// Wakes those that the state has something for, and tells of what was refused.
    fn wake(&self, Wakes { writer, reader, helpers, watch, ended, denied }: Wakes) {
        if let Some(denials) = &self.0.denials {
            denied.into_iter().for_each(|denied| denials.denied(denied));
        }
        for waker in [writer, reader].into_iter().flatten() {
            waker.wake();
        }
        for _ in 0..helpers {
            let driver = self.clone();
            tokio::task::spawn_blocking(move || driver.help());
        }
        if watch {
            self.0.watched.notify_one();
        }
        if ended {
            self.0.ended.notify_waiters();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Contracts run outside the lock, and no code of ours panics inside it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what has arrived, and tells how many bytes that were; none at the end of the stream.
    fn poll_arrived(&self, context: &mut Context<'_>) -> Poll<Option<usize>> {
        match self.state().may_read(context.waker()) {
            MayRead::Ended => return Poll::Ready(None),
            MayRead::Later => return Poll::Pending,
            MayRead::Has => return Poll::Ready(Some(0)),
            MayRead::Now => {}
        }
        let (mut burst, mut bytes) = (Vec::new(), 0_usize);
        let mut incoming = self.incoming.lock().unwrap_or_else(PoisonError::into_inner);
        let is_closed = loop {
            if burst.len() == BURST_MAX {
                break false;
            }
            match incoming.as_mut().poll_next(context) {
                Poll::Ready(Some(message)) => {
                    bytes = bytes.saturating_add(message.payload.len());
                    burst.push(message);
                }
                Poll::Ready(None) => break true,
                Poll::Pending => break false,
            }
        };
        drop(incoming);
        match (burst.is_empty(), is_closed) {
            (true, false) => Poll::Pending,
            (is_empty, is_closed) => {
                self.state().arrive(burst, is_closed);
                Poll::Ready((!is_empty).then_some(bytes))
            }
        }
    }
}

#[cfg(test)]
mod tests;
