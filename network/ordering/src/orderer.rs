use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fabric_protos::Message as _;
use fabric_protos::common::{Block, ConfigEnvelope, Envelope};
use fabric_protos::id::ChannelId;
use pervade_channel_config::{ChannelConfig, update};
use pervade_identity::Signer;
use pervade_ports::{BoxFuture, Clock, Rng, Spawn, Timestamp};
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use crate::cutter::Cutter;
use crate::intake::{self, Accepted, BroadcastError, Kind};
use crate::writer::{NONCE_BYTES, SealError, Tip, seal};

/// The orderer of one channel.
///
/// Stronger than Fabric's: an envelope is acknowledged once the block that holds it is on disk.
pub struct Orderer {
    parts: Arc<Parts>,
    /// `None` once the orderer is told to stop.
    queue: Mutex<Option<mpsc::Sender<Submission>>>,
    room: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

/// Most envelopes that wait to be ordered.
pub const WAITING_ENVELOPES_MAX: usize = 4_096;

/// Most bytes, in kibibytes, of the envelopes that wait to be ordered.
pub const WAITING_KIBIBYTES_MAX: usize = 256 * 1024;

/// How long a block that is not full waits for one more envelope. A block is never held longer
/// than the batch timeout; while one block is stored, the next one fills.
pub const LINGER: Duration = Duration::from_millis(1);

/// What an orderer is made of.
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Parts {
    /// The channel that it orders.
    pub channel: ChannelId,
    /// Where blocks go.
    pub ledger: Arc<dyn Ledger>,
    /// Who signs the blocks.
    pub signer: Arc<dyn Signer>,
    /// Times envelopes and batches.
    pub clock: Arc<dyn Clock>,
    /// Makes nonces.
    pub rng: Arc<dyn Rng>,
}

/// The chain that an orderer extends.
pub trait Ledger: Send + Sync {
    /// The configuration in force.
    fn config(&self) -> Arc<ChannelConfig>;
    /// The end of the chain.
    fn tip(&self) -> Tip;
    /// Judges and stores the next block; returns once it is on disk.
    fn commit(&self, block: Block) -> BoxFuture<'_, Result<(), CommitError>>;
}

/// A block could not be stored.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct CommitError(Box<dyn std::error::Error + Send + Sync>);

impl CommitError {
    /// Wraps the ledger's own error.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

struct Submission {
    accepted: Accepted,
    /// Sequence of the configuration that accepted it.
    sequence: u64,
    answer: oneshot::Sender<Result<(), BroadcastError>>,
    /// Its share of the room for waiting envelopes.
    _room: OwnedSemaphorePermit,
}

impl Orderer {
    /// Starts ordering on a task of its own.
    #[must_use]
    pub fn start(parts: Parts, spawn: &dyn Spawn) -> Self {
        let parts = Arc::new(parts);
        let (queue, submissions) = mpsc::channel(WAITING_ENVELOPES_MAX);
        let (done, stopped) = watch::channel(false);
        let work = Work { parts: Arc::clone(&parts), submissions, cutter: Cutter::default() };
        spawn.spawn(
            "orderer",
            Box::pin(async move {
                work.run().await;
                done.send_replace(true);
            }),
        );
        let room = Arc::new(Semaphore::new(WAITING_KIBIBYTES_MAX));
        Self { parts, queue: Mutex::new(Some(queue)), room, stopped }
    }

    /// Has an envelope ordered; returns once the block that holds it is on disk.
    ///
    /// # Errors
    /// If the envelope is refused or its block could not be stored.
    pub async fn broadcast(&self, envelope: Envelope) -> Result<(), BroadcastError> {
        let config = self.parts.ledger.config();
        let accepted = self.parts.check(envelope, &config)?;
        let (answer, answered) = oneshot::channel();
        let sequence = config.sequence();
        let room = self.reserve(&accepted.envelope)?;
        self.enqueue(Submission { accepted, sequence, answer, _room: room })?;
        answered.await.unwrap_or(Err(BroadcastError::Stopped))
    }

    /// Takes no more envelopes, orders those that wait, and returns when they are stored.
    pub async fn stop(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut stopped = self.stopped.clone();
        if stopped.wait_for(|stopped| *stopped).await.is_err() {
            tracing::warn!(channel = %self.parts.channel, "the orderer ended early");
        }
    }

    fn reserve(&self, envelope: &Envelope) -> Result<OwnedSemaphorePermit, BroadcastError> {
        let kibibytes = u32::try_from(intake::size(envelope) / 1024 + 1);
        let room = Arc::clone(&self.room);
        let permit = room.try_acquire_many_owned(kibibytes.unwrap_or(u32::MAX));
        permit.map_err(|_| BroadcastError::Busy)
    }

    fn enqueue(&self, submission: Submission) -> Result<(), BroadcastError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or(BroadcastError::Stopped)?;
        queue.try_send(submission).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => BroadcastError::Busy,
            mpsc::error::TrySendError::Closed(_) => BroadcastError::Stopped,
        })
    }
}

impl fmt::Debug for Orderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Orderer").field("channel", &self.parts.channel).finish_non_exhaustive()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("channel", &self.channel).finish_non_exhaustive()
    }
}

impl Parts {
    fn check(
        &self,
        envelope: Envelope,
        config: &ChannelConfig,
    ) -> Result<Accepted, BroadcastError> {
        intake::check(envelope, &self.channel, config, self.clock.now())
    }

    /// The envelope that puts a configuration into a block.
    fn config_envelope(&self, config: &ConfigEnvelope) -> Result<Envelope, SealError> {
        let mut nonce = [0; NONCE_BYTES];
        self.rng.fill(&mut nonce)?;
        let now = self.clock.now();
        let timestamp = fabric_protos::Timestamp {
            seconds: now.seconds(),
            nanos: i32::try_from(now.nanos()).unwrap_or(0),
        };
        let signer = self.signer.as_ref();
        Ok(update::config_envelope(&self.channel, config, signer, (&nonce, timestamp))?)
    }
}

/// The task that makes blocks.
struct Work {
    parts: Arc<Parts>,
    submissions: mpsc::Receiver<Submission>,
    cutter: Cutter<Submission>,
}

enum Event {
    Submission(Box<Submission>),
    /// The block that is begun should be cut.
    Quiet,
    /// No more will come.
    End,
}

impl Work {
    async fn run(mut self) {
        let mut begun = self.parts.clock.now();
        loop {
            let event = if self.cutter.is_empty() {
                self.submissions.recv().await.map_or(Event::End, Event::from)
            } else {
                self.next_before(begun).await
            };
            match event {
                Event::Submission(submission) => {
                    if self.cutter.is_empty() {
                        begun = self.parts.clock.now();
                    }
                    self.take(*submission).await;
                }
                Event::Quiet => self.cut().await,
                Event::End => break self.cut().await,
            }
        }
    }

    /// Waits for one more envelope of a block that was begun at `begun`.
    async fn next_before(&mut self, begun: Timestamp) -> Event {
        let clock = &self.parts.clock;
        let timeout = self.parts.ledger.config().batch().timeout;
        let left = timeout.saturating_sub(clock.now().distance(begun));
        if left.is_zero() {
            return Event::Quiet;
        }
        if let Ok(submission) = self.submissions.try_recv() {
            return Event::from(submission);
        }
        let quiet = clock.sleep(LINGER.min(left));
        tokio::select! {
            biased;
            submission = self.submissions.recv() => submission.map_or(Event::End, Event::from),
            () = quiet => Event::Quiet,
        }
    }

    async fn take(&mut self, submission: Submission) {
        let config = self.parts.ledger.config();
        let Some(submission) = self.up_to_date(submission, &config) else { return };
        if matches!(submission.accepted.kind, Kind::Update(_)) {
            self.cut().await;
            // The blocks before may have changed the configuration that the update starts from.
            let config = self.parts.ledger.config();
            let Some(submission) = self.up_to_date(submission, &config) else { return };
            return self.store_update(submission).await;
        }
        let bytes = intake::size(&submission.accepted.envelope);
        for batch in self.cutter.add(submission, bytes, config.batch()) {
            self.store(batch).await;
        }
    }

    /// Judges a submission again if the configuration has changed since it was accepted, and
    /// answers it if it is refused now.
    fn up_to_date(&self, submission: Submission, config: &ChannelConfig) -> Option<Submission> {
        if submission.sequence == config.sequence() {
            return Some(submission);
        }
        let Submission { accepted, answer, _room, .. } = submission;
        match self.parts.check(accepted.envelope, config) {
            Ok(accepted) => {
                let sequence = config.sequence();
                Some(Submission { accepted, sequence, answer, _room })
            }
            Err(error) => {
                reply(answer, Err(error));
                None
            }
        }
    }

    async fn cut(&mut self) {
        let batch = self.cutter.cut();
        if !batch.is_empty() {
            self.store(batch).await;
        }
    }

    async fn store(&self, batch: Vec<Submission>) {
        let config = self.parts.ledger.config();
        let (mut envelopes, mut answers) = (Vec::new(), Vec::new());
        for submission in batch {
            let Some(submission) = self.up_to_date(submission, &config) else { continue };
            envelopes.push(submission.accepted.envelope.encode_to_vec());
            answers.push((submission.answer, submission._room));
        }
        if envelopes.is_empty() {
            return;
        }
        let stored = self.append(envelopes).await;
        for (answer, _) in answers {
            reply(answer, if stored { Ok(()) } else { Err(BroadcastError::NotStored) });
        }
    }

    async fn store_update(&self, submission: Submission) {
        let Kind::Update(config) = &submission.accepted.kind else { return };
        let result = match self.parts.config_envelope(config) {
            Ok(envelope) => self.append(vec![envelope.encode_to_vec()]).await,
            Err(error) => {
                tracing::error!(channel = %self.parts.channel, %error, "cannot sign");
                false
            }
        };
        reply(submission.answer, if result { Ok(()) } else { Err(BroadcastError::NotStored) });
    }

    /// Makes, signs and stores one block, and says whether that went well.
    async fn append(&self, envelopes: Vec<Vec<u8>>) -> bool {
        let Parts { ledger, signer, rng, channel, .. } = self.parts.as_ref();
        let tip = ledger.tip();
        let block = match seal(&tip, envelopes, signer.as_ref(), rng.as_ref()) {
            Ok(block) => block,
            Err(error) => {
                tracing::error!(%channel, block = tip.height, %error, "cannot sign a block");
                return false;
            }
        };
        if let Err(error) = ledger.commit(block).await {
            let reason: &dyn std::error::Error = &error;
            tracing::error!(%channel, block = tip.height, reason, "cannot store a block");
            return false;
        }
        true
    }
}

impl From<Submission> for Event {
    fn from(submission: Submission) -> Self {
        Self::Submission(Box::new(submission))
    }
}

/// Answers a sender, who may have gone.
fn reply(answer: oneshot::Sender<Result<(), BroadcastError>>, result: Result<(), BroadcastError>) {
    if answer.send(result).is_err() {
        tracing::debug!("a sender left before its answer");
    }
}

#[cfg(test)]
mod tests;
