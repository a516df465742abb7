//! Looking, doing, telling.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use pervade_clock::rules::Terms;
use pervade_link::{LedgerError, Receipt};
use pervade_platform::Amount;
use pervade_ports::{Clock, Timestamp};

use crate::alarm::Watch;
use crate::check::{Job, Turn, View, check};
use crate::ledger::Ledger;
use crate::report::{JobOutcome, JobReport, Report};

/// Keeps a platform's clock going and brings overdue tasks to their end.
pub struct Keeper {
    blind: Option<String>,
    clock: Arc<dyn Clock>,
    earned: Amount,
    ledger: Arc<dyn Ledger>,
    terms: Option<Terms>,
    turn: Turn,
    watch: Watch,
}

impl Keeper {
    /// A keeper of this ledger, by this clock, which is also the one that its proposals are dated by.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>, turn: Turn) -> Self {
        let (blind, earned, terms, watch) = (None, Amount::ZERO, None, Watch::default());
        Self { blind, clock, earned, ledger, terms, turn, watch }
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
        match self.look_and_do().await {
            Ok(reports) => {
                self.blind = None;
                reports
            }
            Err(error) => {
                let blind = error.to_string();
                if self.blind.as_ref() == Some(&blind) {
                    return Vec::new();
                }
                self.blind = Some(blind.clone());
                vec![Report::Blind { blind }]
            }
        }
    }

    /// All that the keeper has earned.
    #[must_use]
    pub fn earned(&self) -> Amount {
        self.earned
    }

    async fn look_and_do(&mut self) -> Result<Vec<Report>, LedgerError> {
        let terms = self.terms().await?;
        let latest = self.ledger.latest().await?;
        let due = self.ledger.due(latest.number).await?;
        let now_ms = milliseconds(self.clock.now());
        let view = View { due: &due, latest: &latest, now_ms, terms: &terms };
        let jobs = check(&view, self.turn);
        let mut reports: Vec<_> =
            self.watch.look(&latest, &terms, now_ms).map(Report::Alarm).into_iter().collect();
        let now = jobs.iter().take(JOBS_MAX);
        let done = join_all(now.map(|job| self.perform(job, latest.number))).await;
        for (job, done) in jobs.into_iter().zip(done) {
            let outcome = self.outcome(done);
            reports.push(Report::Job(JobReport { job, outcome }));
        }
        Ok(reports)
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
