//! Looking, doing, telling.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use pervade_clock::rules::Terms;
use pervade_link::{LedgerError, Receipt};
use pervade_platform::Amount;
use pervade_ports::{Clock, Timestamp};
use pervade_tasks::record::Due;

use crate::alarm::Watch;
use crate::check::{Job, Turn, View, check};
use crate::ledger::Ledger;
use crate::report::{JobOutcome, JobReport, Report};

/// Keeps a platform's clock going and brings overdue tasks to their end.
pub struct Keeper {
    blind: Option<String>,
    clock: Arc<dyn Clock>,
    earned: Amount,
    /// What could not be done about tasks when the keeper tried last.
    failed: BTreeSet<Job>,
    ledger: Arc<dyn Ledger>,
    terms: Option<Terms>,
    turn: Turn,
    watch: Watch,
}

impl Keeper {
    /// A keeper of this ledger, by this clock, which is also the one that its proposals are dated by.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>, turn: Turn) -> Self {
        let (earned, failed, watch) = (Amount::ZERO, BTreeSet::new(), Watch::default());
        Self { blind: None, clock, earned, failed, ledger, terms: None, turn, watch }
    }

    /// How often a keeper looks.
    pub const LOOK_INTERVAL: Duration = Duration::from_secs(1);

    /// Keeps on, without end, and tells what it does.
    pub async fn run(&mut self, tell: impl Fn(&Report)) -> Infallible {
        loop {
            self.round().await.iter().for_each(&tell);
            self.clock.sleep(Self::LOOK_INTERVAL).await;
        }
    }

    /// Looks once and does what is to be done; tells what came of it.
    pub async fn round(&mut self) -> Vec<Report> {
        let mut reports = Vec::new();
        let seen = self.look_and_do(&mut reports).await;
        let blind = seen.err().map(|error| error.to_string());
        if self.blind != blind {
            self.blind.clone_from(&blind);
            reports.extend(blind.map(|blind| Report::Blind { blind }));
        }
        reports
    }

    /// All that the keeper has earned.
    #[must_use]
    pub fn earned(&self) -> Amount {
        self.earned
    }

    /// The clock goes on though nobody can tell what is due.
    async fn look_and_do(&mut self, reports: &mut Vec<Report>) -> Result<(), LedgerError> {
        let terms = self.terms().await?;
        let latest = self.ledger.latest().await?;
        let (due, seen) = match self.ledger.due(latest.number).await {
            Ok(due) => (due, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        let now_ms = milliseconds(self.clock.now());
        reports.extend(self.watch.look(&latest, &terms, now_ms).map(Report::Alarm));
        let view = View { due: &due, latest: &latest, now_ms, terms: &terms };
        let mut jobs = check(&view, self.turn);
        // A task that cannot be ended keeps nothing else waiting.
        jobs.sort_by_key(|job| self.failed.contains(job));
        jobs.truncate(JOBS_MAX);
        let done = join_all(jobs.iter().map(|job| self.perform(job, latest.number))).await;
        self.failed.retain(|failed| !jobs.contains(failed) && is_due(failed, &due));
        for (job, done) in jobs.into_iter().zip(done) {
            let outcome = self.outcome(done);
            if matches!(outcome, JobOutcome::Failed { .. }) && job.task().is_some() {
                self.failed.insert(job.clone());
            }
            reports.push(Report::Job(JobReport { job, outcome }));
        }
        seen
    }

    async fn terms(&mut self) -> Result<Terms, LedgerError> {
        if let Some(terms) = &self.terms {
            return Ok(terms.clone());
        }
        let terms = self.ledger.terms().await?;
        Ok(self.terms.insert(terms).clone())
    }

    async fn perform(&self, job: &Job, epoch: u64) -> Result<Done, LedgerError> {
        match job {
            Job::Tick { number } => self.tick(*number).await,
            Job::Expire { task } => {
                let fee = self.fee(task).await?;
                let receipt = self.ledger.expire(task).await?;
                Ok(Done::Now { fee, receipt })
            }
            Job::Settle { task } => {
                let fee = self.fee(task).await?;
                let receipt = self.ledger.settle(task, epoch).await?;
                // Voted down with time left, the task goes on and pays nobody.
                let goes_on = self.ledger.fee(task).await?.is_some();
                let fee = if goes_on { Amount::ZERO } else { fee };
                Ok(Done::Now { fee, receipt })
            }
        }
    }

    async fn tick(&self, number: u64) -> Result<Done, LedgerError> {
        let head = self.ledger.head().await?;
        let before = milliseconds(self.clock.now());
        let (marker, receipt) = self.ledger.tick(number, head.clone()).await?;
        let ours = before..=milliseconds(self.clock.now());
        let is_ours = marker.block_hash == head.block_hash && ours.contains(&marker.time_ms);
        if is_ours { Ok(Done::Now { fee: Amount::ZERO, receipt }) } else { Ok(Done::Before) }
    }

    /// What the keeper is to earn by ending a task.
    async fn fee(&self, task: &str) -> Result<Amount, LedgerError> {
        let fee = self.ledger.fee(task).await?.unwrap_or(Amount::ZERO);
        if fee.is_zero() || self.ledger.has_account().await? { Ok(fee) } else { Ok(Amount::ZERO) }
    }

    fn outcome(&mut self, done: Result<Done, LedgerError>) -> JobOutcome {
        match done {
            Ok(Done::Now { fee, receipt }) => {
                self.earned = self.earned.plus(fee).unwrap_or(Amount::MAX);
                JobOutcome::Done { earned: self.earned, fee, receipt }
            }
            Ok(Done::Before) => JobOutcome::AlreadyDone { why: "the epoch has begun".to_owned() },
            Err(error) if is_done(&error) => JobOutcome::AlreadyDone { why: error.to_string() },
            Err(error) => JobOutcome::Failed { why: error.to_string() },
        }
    }
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("turn", &self.turn).finish_non_exhaustive()
    }
}

enum Done {
    Before,
    Now { fee: Amount, receipt: Receipt },
}

/// Whether a job about a task may come up again.
fn is_due(job: &Job, due: &[Due]) -> bool {
    due.iter().any(|due| Some(due.id.as_str()) == job.task())
}

/// Whether an error says that somebody else did the job first.
fn is_done(error: &LedgerError) -> bool {
    if let LedgerError::NoEffect { verdict } = error {
        return CONFLICTS.contains(&verdict.as_str());
    }
    error.code().is_some_and(|code| DONE.contains(&code))
}

/// Verdicts on a transaction that another came before.
const CONFLICTS: [&str; 2] = ["MVCC_READ_CONFLICT", "PHANTOM_READ_CONFLICT"];

/// What contracts say when there is nothing left to do.
const DONE: [&str; 4] = ["TASK_NOT_PENDING", "TASK_PENDING", "TASK_UNKNOWN", "TOO_EARLY"];

/// Most jobs at a time: the next look comes soon.
const JOBS_MAX: usize = 16;

fn milliseconds(time: Timestamp) -> u64 {
    let seconds = u64::try_from(time.seconds()).unwrap_or_default();
    seconds.saturating_mul(1_000).saturating_add(u64::from(time.nanos() / 1_000_000))
}
