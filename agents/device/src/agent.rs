//! The process that does the device's tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use pervade_content::ContentStore;
use pervade_identity::Signer;
use pervade_link::LedgerError;
use pervade_ports::{Clock, Rng};
use pervade_tasks::record::Task;
use thiserror::Error;

use crate::delivery::Delivery;
use crate::duty::{NotOurs, Oneself};
use crate::handler::{Handler, HandlerError, Order};
use crate::journal::{End, Entry, Journal, JournalError, Step};
use crate::ledger::Assignments;
use crate::note::{Note, NoteEvent};
use crate::witnesses::{Doubt, Witnesses};
use crate::work::{Origin, SealingError, SigningError};

/// Takes the device's tasks from the ledger and does them, one after the other.
///
/// It may be dropped at any time, as power cuts do, and goes on from its journal.
pub struct Agent {
    parts: Parts,
    passed: Mutex<BTreeSet<(String, NotOurs)>>,
}

/// What an [`Agent`] is made of.
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Parts {
    /// Time, for pauses.
    pub clock: Arc<dyn Clock>,
    /// What does the work, by type of task.
    pub handlers: BTreeMap<String, Arc<dyn Handler>>,
    /// What has been done.
    pub journal: Journal,
    /// Which device this is.
    pub oneself: Oneself,
    /// Whom to tell what happens.
    pub observer: Arc<dyn Fn(&Note) + Send + Sync>,
    /// Where tasks come from.
    pub origin: Origin,
    /// How often the backlog is read, whatever gateways tell of their own accord.
    pub poll: Duration,
    /// Randomness, for keys.
    pub rng: Arc<dyn Rng>,
    /// The device's key, which signs results.
    pub signer: Arc<dyn Signer>,
    /// Where sealed files go.
    pub store: Arc<dyn ContentStore>,
    /// The ways to the ledger.
    pub witnesses: Witnesses,
}

impl Agent {
    /// An agent of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { parts, passed: Mutex::default() }
    }

    /// Does the device's tasks, those that it has and those that come, without end.
    pub async fn run(&self) -> Infallible {
        let mut news = None;
        loop {
            // Whatever comes after the backlog was read is heard.
            if news.is_none() {
                let open =
                    self.parts.witnesses.first(|ledger| async move { ledger.assignments().await });
                news = open.await.ok();
            }
            self.sweep().await;
            self.listen(&mut news).await;
        }
    }

    /// Does the tasks that the device has: those that it began, and those in its backlog.
    pub async fn sweep(&self) {
        match self.parts.journal.open_entries() {
            Ok(entries) => {
                for entry in entries {
                    let task = entry.task.id.clone();
                    self.tell_setback(&task, self.resume(entry).await);
                }
            }
            Err(error) => return tracing::error!(%error, "the journal cannot be read"),
        }
        match self.backlog().await {
            Ok(tasks) => {
                for task in tasks {
                    self.tell_setback(&task, self.take(&task).await);
                }
            }
            Err(error) => tracing::warn!(%error, "the backlog cannot be read"),
        }
    }

    /// Takes the tasks that gateways tell of, until it is time to read the backlog again.
    async fn listen(&self, news: &mut Option<Assignments>) {
        let mut pause = self.parts.clock.sleep(self.parts.poll);
        while let Some(open) = news {
            let told = tokio::select! {
                () = &mut pause => return,
                told = open.next() => told,
            };
            match told {
                Some(Ok(task)) => self.tell_setback(&task, self.take(&task).await),
                Some(Err(_)) | None => *news = None,
            }
        }
        pause.await;
    }

    /// What any gateway says is in the backlog: none can hide a task, and a task that one makes
    /// up is found out.
    async fn backlog(&self) -> Result<BTreeSet<String>, Doubt> {
        let told = self.parts.witnesses.all(|ledger| async move { ledger.backlog().await }).await?;
        Ok(told.into_iter().flat_map(|tasks| tasks.into_iter().take(BACKLOG_MAX)).collect())
    }

    /// Takes a task and does it, if several gateways say that it is this device's.
    async fn take(&self, id: &str) -> Result<(), Setback> {
        let known = self.parts.journal.find(id)?;
        if known.as_ref().is_some_and(Entry::is_open) {
            return Ok(());
        }
        let Some(task) = self.witnessed(id).await? else { return Ok(()) };
        // A gateway that lags behind still tells of what is done.
        let is_done = |known: &Entry| {
            let is_lost = known.step == Step::Done { end: End::Lost };
            !is_lost && known.task.accepted == task.accepted
        };
        if known.is_some_and(|known| is_done(&known)) {
            return Ok(());
        }
        if let Err(why) = self.check(&task, &self.parts.oneself).await? {
            self.pass(id, why);
            return Ok(());
        }
        let entry = Entry::new(task);
        self.record(&entry)?;
        self.work(entry).await
    }

    /// Goes on with a task where the device stopped.
    async fn resume(&self, mut entry: Entry) -> Result<(), Setback> {
        if matches!(entry.step, Step::Seen | Step::Begun) {
            let now = self.witnessed(&entry.task.id).await?;
            let now = now.filter(|now| now.accepted == entry.task.accepted);
            // What was begun is brought to an end while there is any time left.
            let oneself = Oneself { least_epochs: 0, ..self.parts.oneself.clone() };
            let is_ours = match now {
                Some(now) => self.check(&now, &oneself).await?.is_ok(),
                None => false,
            };
            if !is_ours {
                entry.step = Step::Done { end: End::Lost };
                return self.record(&entry);
            }
        }
        self.work(entry).await
    }

    /// Takes one step after the other, each written down before the next.
    async fn work(&self, mut entry: Entry) -> Result<(), Setback> {
        for _ in 0..STEPS_MAX {
            if !entry.is_open() {
                break;
            }
            entry.step = self.next(&entry).await?;
            self.record(&entry)?;
        }
        Ok(())
    }

    async fn next(&self, entry: &Entry) -> Result<Step, Setback> {
        let Parts { clock, origin, rng, signer, store, witnesses, .. } = &self.parts;
        let task = &entry.task;
        let delivery = Delivery { clock: clock.as_ref(), witnesses };
        match entry.step.clone() {
            Step::Seen => Ok(Step::Begun),
            Step::Begun => {
                let product = self.handler(task)?.handle(&Order::of(task)).await?;
                let sealed = origin.seal(task, &product, store.as_ref(), rng.as_ref()).await?;
                Ok(Step::Processed { sealed })
            }
            Step::Processed { sealed } => {
                Ok(Step::Signed { result: origin.sign(task, sealed, signer.as_ref())? })
            }
            Step::Signed { result } => delivery.deliver(task, result).await,
            Step::Delivered { result, receipt } => delivery.confirm(task, result, receipt).await,
            done @ Step::Done { .. } => Ok(done),
        }
    }

    /// A task, as several gateways have it.
    async fn witnessed(&self, id: &str) -> Result<Option<Task>, Doubt> {
        self.parts.witnesses.agree(|ledger| async move { ledger.task(id).await }).await
    }

    async fn check(&self, task: &Task, oneself: &Oneself) -> Result<Result<(), NotOurs>, Doubt> {
        let epoch = self.parts.witnesses.epoch().await?;
        let is_known = self.parts.handlers.contains_key(&task.type_name);
        let handled = if is_known { Ok(()) } else { Err(NotOurs::NoHandler) };
        Ok(oneself.check(task, epoch).and(handled))
    }

    fn handler(&self, task: &Task) -> Result<&dyn Handler, Setback> {
        let found = self.parts.handlers.get(&task.type_name);
        found.map(AsRef::as_ref).ok_or(Setback::NotOurs(NotOurs::NoHandler))
    }

    fn record(&self, entry: &Entry) -> Result<(), Setback> {
        self.parts.journal.record(entry)?;
        self.tell(&entry.task.id, NoteEvent::Step { step: entry.step.clone() });
        Ok(())
    }

    /// Tells once why a task is not taken, not every time that it is seen.
    fn pass(&self, id: &str, why: NotOurs) {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        if passed.len() >= PASSED_MAX {
            passed.clear();
        }
        if passed.insert((id.to_owned(), why)) {
            self.tell(id, NoteEvent::Passed { why });
        }
    }

    fn tell_setback(&self, id: &str, worked: Result<(), Setback>) {
        if let Err(setback) = worked {
            self.tell(id, NoteEvent::Delayed { why: setback.to_string() });
        }
    }

    fn tell(&self, id: &str, event: NoteEvent) {
        (self.parts.observer)(&Note { task: id.to_owned(), event });
    }
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("oneself", &self.parts.oneself).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("oneself", &self.oneself).finish_non_exhaustive()
    }
}

/// Most tasks that a gateway is believed to have in a backlog.
const BACKLOG_MAX: usize = 16;

/// Most reasons that are remembered for not taking tasks.
const PASSED_MAX: usize = 256;

/// Most steps at a time: a result that gateways deny in the end goes back a step, and waits.
const STEPS_MAX: usize = 8;

/// Why the device goes on with a task later.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Setback {
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Gateways do not agree.
    #[error(transparent)]
    Doubt(#[from] Doubt),
    /// The ledger does not do what it is asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The work could not be done.
    #[error(transparent)]
    Handler(#[from] HandlerError),
    /// What came of it could not be stored.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The result could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The device can no longer do it.
    #[error(transparent)]
    NotOurs(NotOurs),
}
