//! Keeps a number of calls in flight on one stream, and measures.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fabric_protos::protos::chaincode_message::Type;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{sleep, timeout};
use tonic::Status;

use crate::frame::Frame;
use crate::function::Function;
use crate::peer::{Announces, Peer, PeerError, Step};
use crate::process::{Process, ProcessError};
use crate::query::{Database, Queried};
use crate::wire::Ends;

/// What the other end of the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "what the bench measures")]
pub enum Kind {
    /// A chaincode.
    Chaincode,
    /// A stream that sends back what it receives.
    Echo,
}

/// One measurement.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "options, each to be chosen")]
pub struct Load {
    /// The function called.
    pub function: Function,
    /// Calls that run at a time.
    pub in_flight: usize,
    /// For how long calls run before anything is measured.
    pub warm_up: Duration,
    /// For how long is measured.
    pub measured: Duration,
}

/// What one measurement gave.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "figures")]
pub struct Measured {
    /// Calls that succeeded.
    pub calls: usize,
    /// Calls that failed, and what the last of them said.
    pub failed: usize,
    /// What the last failed call said.
    pub fault: Option<String>,
    /// For how long was measured.
    pub elapsed: Duration,
    /// How long each successful call took, ascending.
    pub latencies: Vec<Duration>,
    /// Processor time that the chaincode's process took.
    pub cpu: Duration,
}

/// A chaincode, registered, with the ledger it works on.
#[derive(Debug)]
pub struct Stream {
    ends: Ends,
    peer: Peer,
    kind: Kind,
}

impl Stream {
    /// Registers the chaincode that is at the other end. An echo has nothing to register.
    ///
    /// # Errors
    /// If the chaincode does not ask for it first, or does so too late.
    pub async fn open(ends: Ends, kind: Kind, announces: Announces) -> Result<Self, LoadError> {
        let mut stream = Self { ends, peer: Peer::default(), kind };
        if kind == Kind::Chaincode {
            let first = timeout(SILENCE_MAX, stream.receive());
            let first = first.await.map_err(|_elapsed| LoadError::Silent { running: 0 })??;
            if first.kind != i32::from(Type::Register) {
                return Err(LoadError::Unregistered { number: first.kind });
            }
            for frame in Peer::welcome(announces) {
                stream.send(frame)?;
            }
        }
        Ok(stream)
    }

    /// Makes calls as the load says.
    ///
    /// # Errors
    /// If the stream ends, the chaincode breaks the protocol or falls silent, or a call that
    /// succeeded did not write what it should have.
    pub async fn run(&mut self, load: &Load, process: &Process) -> Result<Measured, LoadError> {
        let mut run = Run::new(self, load);
        let written = run.stream.peer.writes();
        for _ in 0..load.in_flight {
            run.begin()?;
        }
        run.go_on_for(load.warm_up).await?;
        run.forget();
        let cpu = process.cpu()?;
        let began = Instant::now();
        run.go_on_for(load.measured).await?;
        let elapsed = began.elapsed();
        let cpu = process.cpu()?.saturating_sub(cpu);
        let (failed, mut latencies) = (run.failed, std::mem::take(&mut run.latencies));
        run.drain().await?;
        let (succeeded, fault) = (run.succeeded, run.fault.take());
        let written = self.peer.writes().saturating_sub(written);
        let expected = succeeded.saturating_mul(load.function.writes());
        if self.kind == Kind::Chaincode && written < expected {
            return Err(LoadError::Unwritten { expected, written });
        }
        latencies.sort_unstable();
        Ok(Measured { calls: latencies.len(), failed, fault, elapsed, latencies, cpu })
    }

    /// Lets the peer keep its state in this database from now on; in [`Database::CouchDb`] at
    /// first.
    pub fn move_to(&mut self, database: Database) {
        self.peer.queries.database = database;
    }

    /// Makes one call while no other runs. Gives what it returns, or what it says of its failure.
    ///
    /// # Errors
    /// If the stream ends, or the chaincode breaks the protocol or falls silent.
    pub async fn call(&mut self, call: Frame) -> Result<Result<Bytes, String>, LoadError> {
        let running = call.tx_id.clone();
        self.send(call)?;
        loop {
            let next = timeout(SILENCE_MAX, self.receive());
            let frame = next.await.map_err(|_elapsed| LoadError::Silent { running: 1 })??;
            let kind = frame.kind;
            match self.peer.step(frame)? {
                Step::Reply(reply) if reply.tx_id == running => self.send(reply)?,
                Step::Ended { tx_id, outcome } if tx_id == running => return Ok(outcome),
                Step::Nothing => {}
                Step::Reply(_) | Step::Ended { .. } => return Err(LoadError::NotRunning { kind }),
            }
        }
    }

    /// What has become of the queries that the chaincode made.
    #[must_use]
    pub fn queried(&self) -> Queried {
        self.peer.queries.queried
    }

    async fn receive(&mut self) -> Result<Frame, LoadError> {
        self.ends.incoming.message().await?.ok_or(LoadError::Ended)
    }

    /// As many messages are on their way as calls are running: there is room for each.
    fn send(&self, frame: Frame) -> Result<(), LoadError> {
        self.ends.outgoing.try_send(frame).map_err(|error| match error {
            TrySendError::Full(_) => LoadError::Unread,
            TrySendError::Closed(_) => LoadError::Ended,
        })
    }
}

/// How long a chaincode may say nothing while calls run.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Transactions that are made in advance beyond those in flight, so that one's identifier does
/// not come back at once.
const RESTING: usize = 1_024;

/// Latencies that are kept: more than any stream makes in a minute.
const LATENCIES_MAX: usize = 32 * 1024 * 1024;

/// A call that has not ended.
struct Running {
    /// Which of the transactions made in advance it is.
    number: usize,
    began: Instant,
    /// Messages that an echo has still to send back.
    rounds: u32,
}

struct Run<'a> {
    stream: &'a mut Stream,
    function: Function,
    calls: Vec<Frame>,
    resting: VecDeque<usize>,
    running: HashMap<Bytes, Running>,
    latencies: Vec<Duration>,
    failed: usize,
    succeeded: u64,
    fault: Option<String>,
    ending: bool,
}

impl<'a> Run<'a> {
    fn new(stream: &'a mut Stream, load: &Load) -> Self {
        let made = load.in_flight.saturating_mul(2).saturating_add(RESTING);
        Self {
            stream,
            function: load.function,
            calls: (0..made).map(|number| load.function.call(number)).collect(),
            resting: (0..made).collect(),
            running: HashMap::with_capacity(load.in_flight),
            latencies: Vec::new(),
            failed: 0,
            succeeded: 0,
            fault: None,
            ending: false,
        }
    }

    /// Starts the call that has rested longest.
    fn begin(&mut self) -> Result<(), LoadError> {
        let Some(number) = self.resting.pop_front() else { return Ok(()) };
        let Some(frame) = self.calls.get(number).cloned() else { return Ok(()) };
        let rounds = self.function.rounds();
        let running = Running { number, began: Instant::now(), rounds };
        self.running.insert(frame.tx_id.clone(), running);
        self.stream.send(frame)
    }

    async fn go_on_for(&mut self, time: Duration) -> Result<(), LoadError> {
        let end = sleep(time);
        tokio::pin!(end);
        loop {
            // The clock is looked at only when no message waits: it is not what is measured.
            tokio::select! {
                biased;
                frame = self.stream.ends.incoming.message() => {
                    self.take(frame?.ok_or(LoadError::Ended)?)?;
                    if end.deadline().elapsed() > Duration::ZERO {
                        return Ok(());
                    }
                }
                () = &mut end => return Ok(()),
            }
        }
    }

    /// Lets the running calls end and begins no others.
    async fn drain(&mut self) -> Result<(), LoadError> {
        self.ending = true;
        while !self.running.is_empty() {
            let running = self.running.len();
            let next = timeout(SILENCE_MAX, self.stream.receive());
            let frame = next.await.map_err(|_elapsed| LoadError::Silent { running })??;
            self.take(frame)?;
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.latencies.clear();
        self.failed = 0;
    }

    fn take(&mut self, frame: Frame) -> Result<(), LoadError> {
        let step = match self.stream.kind {
            Kind::Chaincode => self.stream.peer.step(frame)?,
            Kind::Echo => self.echoed(frame),
        };
        match step {
            Step::Reply(reply) if self.running.contains_key(&reply.tx_id) => {
                self.stream.send(reply)
            }
            Step::Reply(reply) => Err(LoadError::NotRunning { kind: reply.kind }),
            Step::Ended { tx_id, outcome } => self.end(&tx_id, outcome.err()),
            Step::Nothing => Ok(()),
        }
    }

    fn echoed(&mut self, frame: Frame) -> Step {
        if let Some(running) = self.running.get_mut(&frame.tx_id) {
            running.rounds = running.rounds.saturating_sub(1);
            if running.rounds > 0 {
                return Step::Reply(frame.reply(Type::Response, self.function.echoed()));
            }
        }
        Step::Ended { tx_id: frame.tx_id, outcome: Ok(Bytes::new()) }
    }

    fn end(&mut self, tx_id: &Bytes, fault: Option<String>) -> Result<(), LoadError> {
        let kind = Type::Completed.into();
        let running = self.running.remove(tx_id).ok_or(LoadError::NotRunning { kind })?;
        if fault.is_some() {
            self.failed = self.failed.saturating_add(1);
            self.fault = fault;
        } else {
            self.succeeded = self.succeeded.saturating_add(1);
            if self.latencies.len() < LATENCIES_MAX {
                self.latencies.push(running.began.elapsed());
            }
        }
        self.resting.push_back(running.number);
        if self.ending { Ok(()) } else { self.begin() }
    }
}

/// Why a measurement broke off.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The chaincode did not ask to be registered.
    #[error("the chaincode began with a message of type {number} instead of REGISTER")]
    Unregistered {
        /// The type's number.
        number: i32,
    },
    /// The chaincode says nothing.
    #[error("the chaincode fell silent with {running} calls running")]
    Silent {
        /// Calls that never ended.
        running: usize,
    },
    /// The stream has ended.
    #[error("the chaincode ended the stream")]
    Ended,
    /// The stream has failed.
    #[error("the stream failed")]
    Failed(#[from] Status),
    /// More messages wait than calls run.
    #[error("the chaincode asks more than once at a time in one transaction")]
    Unread,
    /// A message of a transaction that is over.
    #[error("the chaincode sent a message of type {kind} in a transaction that is not running")]
    NotRunning {
        /// The type's number.
        kind: i32,
    },
    /// The protocol is broken.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// Calls succeeded without doing what they say.
    #[error("the calls that succeeded should have written {expected} keys, and wrote {written}")]
    Unwritten {
        /// Writes that the calls promise.
        expected: u64,
        /// Writes that came.
        written: u64,
    },
    /// The process cannot be looked at.
    #[error(transparent)]
    Process(#[from] ProcessError),
}
