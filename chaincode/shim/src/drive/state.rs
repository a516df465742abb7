//! What the tasks and threads of one stream share.

use std::collections::VecDeque;
use std::mem;
use std::task::Waker;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use fabric_protos::protos::ChaincodeMessage;
use pervade_denials::Denied;
use tracing::warn;

use super::Ended;
use super::costs::Costs;
use crate::Session;
use crate::record::{Recorder, Sender};
use crate::session::{Next, Ran, Work};

pub(super) struct State {
    session: Session,
    recorder: Option<Recorder>,
    costs: Costs,
    /// Read, and not yet taken by the session.
    arrived: VecDeque<ChaincodeMessage>,
    /// Nothing more will arrive.
    is_closed: bool,
    /// To be run on threads of their own.
    slow: VecDeque<Work>,
    helpers: Helpers,
    /// What the peer has yet to take.
    leaving: VecDeque<ChaincodeMessage>,
    /// Messages that wait for the peer before reading stops: more than every transaction's one.
    /// Each end may wait for the other to read, but one that never reads is not read for ever.
    leaving_max: usize,
    /// Waits for something to leave.
    writer: Option<Waker>,
    /// Waits for something to arrive, or for room among what is leaving.
    reader: Option<Waker>,
    /// Which task reads.
    reader_number: u64,
    /// What the reading task runs, and since when.
    running: Option<(usize, Instant)>,
    is_watched: bool,
    /// When draining ends, whatever runs.
    drained_by: Option<Instant>,
    ended: Option<Ended>,
}

/// The threads that run slow functions.
struct Helpers {
    usual: usize,
    at_work: usize,
    to_come: usize,
    /// Work that they and the reader have ended, ever.
    settled: u64,
    /// The same when the watch looked last.
    settled_then: u64,
}

/// Threads for slow functions where contracts hang, so that the others are run all the same.
const HELPERS_MAX: usize = 64;

/// Messages that may wait for the peer and belong to no running transaction: echoes, refusals.
const BESIDE_TRANSACTIONS_MAX: usize = 1_024;

/// Work that has been run.
pub(super) struct Done {
    ran: Ran,
    label: usize,
    began: Instant,
}

/// Whom a change of the state concerns.
#[derive(Default)]
pub(super) struct Wakes {
    pub(super) writer: Option<Waker>,
    pub(super) reader: Option<Waker>,
    /// Threads to start.
    pub(super) helpers: usize,
    pub(super) watch: bool,
    pub(super) ended: bool,
    /// What to tell whoever wants to hear of refusals.
    pub(super) denied: Vec<Denied>,
}

/// Whether the stream may be read.
pub(super) enum MayRead {
    Now,
    /// There is something that was read before.
    Has,
    /// Too much waits for the peer.
    Later,
    Ended,
}

impl Done {
    /// Runs work that is taken up now.
    pub(super) fn of(work: Work, began: Instant) -> Self {
        let label = work.label;
        Self { ran: work.run(), label, began }
    }
}

impl State {
    pub(super) const FIRST_READER: u64 = 0;

    pub(super) fn new(
        (session, opening): (Session, Vec<ChaincodeMessage>),
        in_flight_max: usize,
        recorder: Option<Recorder>,
    ) -> Self {
        let usual = available_parallelism().map_or(1, usize::from);
        let mut state = Self {
            session,
            recorder,
            costs: Costs::default(),
            arrived: VecDeque::new(),
            is_closed: false,
            slow: VecDeque::new(),
            helpers: Helpers { usual, at_work: 0, to_come: 0, settled: 0, settled_then: 0 },
            leaving: VecDeque::new(),
            leaving_max: in_flight_max.saturating_add(BESIDE_TRANSACTIONS_MAX),
            writer: None,
            reader: None,
            reader_number: Self::FIRST_READER,
            running: None,
            is_watched: false,
            drained_by: None,
            ended: None,
        };
        opening.into_iter().for_each(|message| state.send(message));
        state
    }

    fn send(&mut self, message: ChaincodeMessage) {
        if let Some(recorder) = &mut self.recorder {
            recorder.note(Sender::Chaincode, &message);
        }
        self.leaving.push_back(message);
    }

    pub(super) fn may_read(&mut self, reader: &Waker) -> MayRead {
        if self.is_closed && self.arrived.is_empty() {
            self.end(Ended::Closed);
        }
        if self.ended.is_some() {
            return MayRead::Ended;
        }
        if !self.arrived.is_empty() {
            return MayRead::Has;
        }
        match &mut self.reader {
            Some(known) => known.clone_from(reader),
            None => self.reader = Some(reader.clone()),
        }
        if self.leaving.len() < self.leaving_max { MayRead::Now } else { MayRead::Later }
    }

    pub(super) fn arrive(&mut self, messages: Vec<ChaincodeMessage>, is_closed: bool) {
        self.arrived.extend(messages);
        self.is_closed = is_closed;
        if is_closed && self.arrived.is_empty() {
            self.end(Ended::Closed);
        }
    }

    /// Takes what has arrived up to a piece of quick work; slow work is laid aside.
    ///
    /// There is none for a task whose place another has taken.
    pub(super) fn next_quick(
        &mut self,
        reader: u64,
        now: Instant,
        since_opened: Duration,
    ) -> Option<Work> {
        if self.reader_number != reader {
            return None;
        }
        self.running = None;
        while let Some(message) = self.arrived.pop_front() {
            if let Some(recorder) = &mut self.recorder {
                recorder.note(Sender::Peer, &message);
            }
            match self.session.accept(message, since_opened) {
                Ok(Next::Nothing) => {}
                Ok(Next::Send(message)) => self.send(message),
                Ok(Next::Run(mut work)) => {
                    if let Some(function) = work.function() {
                        work.label = self.costs.label(function);
                    }
                    if self.costs.is_quick(work.label) {
                        self.running = Some((work.label, now));
                        return Some(work);
                    }
                    self.slow.push_back(work);
                }
                Err(error) => {
                    warn!(%error, in_flight = self.in_flight(), "the peer breaks the protocol");
                    self.end(Ended::Broken(error));
                }
            }
        }
        None
    }

    /// Takes slow work; a helper that gets none goes.
    pub(super) fn next_slow(&mut self) -> Option<Work> {
        let work = self.slow.pop_front();
        if work.is_none() {
            self.helpers.at_work = self.helpers.at_work.saturating_sub(1);
        }
        work
    }

    /// Takes the result of work.
    pub(super) fn settle(&mut self, Done { ran, label, began }: Done, now: Instant) {
        self.costs.record(label, now.saturating_duration_since(began));
        self.helpers.settled = self.helpers.settled.wrapping_add(1);
        if let Some(message) = self.session.settle(ran) {
            self.send(message);
        }
        if self.drained_by.is_some() && self.in_flight() == 0 {
            self.end(Ended::Drained);
        }
    }

    /// Whom to wake after the changes so far.
    pub(super) fn wakes(&mut self) -> Wakes {
        let missing = self.helpers.usual.saturating_sub(self.helpers.at_work);
        let helpers = self.helpers.to_come.max(missing.min(self.slow.len()));
        self.helpers.to_come = 0;
        self.helpers.at_work = self.helpers.at_work.saturating_add(helpers);
        let watch = !self.is_watched && self.in_flight() > 0;
        self.is_watched |= watch;
        let ended = self.ended.is_some();
        let has_news = ended || !self.leaving.is_empty();
        let writer = has_news.then(|| self.writer.take()).flatten();
        let reader = ended.then(|| self.reader.take()).flatten();
        Wakes { writer, reader, helpers, watch, ended, denied: self.session.take_denials() }
    }

    /// Takes what is to be sent; if nothing is, the writer is woken when there is something.
    pub(super) fn leave(&mut self, into: &mut VecDeque<ChaincodeMessage>, writer: &Waker) -> Wakes {
        mem::swap(&mut self.leaving, into);
        if into.is_empty() {
            self.writer = Some(writer.clone());
            return Wakes::default();
        }
        let reader = (into.len() >= self.leaving_max).then(|| self.reader.take()).flatten();
        Wakes { reader, ..Wakes::default() }
    }

    pub(super) fn is_reader(&self, reader: u64) -> bool {
        self.reader_number == reader
    }

    pub(super) fn in_flight(&self) -> usize {
        self.session.in_flight()
    }

    pub(super) fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// Begins the end: no new transactions, and an end at that time, whatever runs.
    pub(super) fn drain(&mut self, by: Option<Instant>) {
        self.session.drain();
        self.drained_by = self.drained_by.or(by);
        if self.in_flight() == 0 {
            self.end(Ended::Drained);
        }
    }

    /// Ends the stream; the first reason counts.
    pub(super) fn end(&mut self, ended: Ended) {
        self.ended.get_or_insert(ended);
        self.arrived.clear();
        self.slow.clear();
    }

    /// What the watch does at each look: ends a drained stream whose time is up; puts another
    /// reader in the place of one that is stuck, and tells its number; calls one more helper where
    /// all hang. Without transactions there is nothing to watch.
    pub(super) fn look(&mut self, now: Instant, stuck: Duration) -> Look {
        if self.drained_by.is_some_and(|by| by <= now) {
            self.end(Ended::Drained);
        }
        if self.in_flight() == 0 {
            self.is_watched = false;
            return Look::Nothing;
        }
        if !self.slow.is_empty() && self.helpers.settled == self.helpers.settled_then {
            self.helpers.to_come = usize::from(self.helpers.at_work < HELPERS_MAX);
        }
        self.helpers.settled_then = self.helpers.settled;
        let took = self.running.map(|(label, began)| (label, now.saturating_duration_since(began)));
        let Some((label, took)) = took.filter(|(_, took)| *took >= stuck) else {
            return Look::Busy;
        };
        self.costs.record(label, took);
        self.running = None;
        self.reader_number = self.reader_number.wrapping_add(1);
        Look::Stuck { reader: self.reader_number }
    }

    /// Gives up what has run for too long.
    pub(super) fn expire(&mut self, since_opened: Duration) {
        let answers = self.session.expire(since_opened);
        if !answers.is_empty() {
            warn!(transactions = answers.len(), "gave up transactions that took too long");
        }
        answers.into_iter().for_each(|message| self.send(message));
    }
}

/// What the watch has seen.
pub(super) enum Look {
    /// No transaction runs.
    Nothing,
    Busy,
    /// The reader is stuck; this is the number of the one to take its place.
    Stuck {
        reader: u64,
    },
}
