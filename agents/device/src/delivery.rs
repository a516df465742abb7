//! From a signed result to the ledger's receipt.

use std::sync::Arc;
use std::time::Duration;

use pervade_link::{LedgerError, Receipt};
use pervade_ports::Clock;
use pervade_tasks::record::{ResultObject, Task, Verdict};

use crate::Ledger;
use crate::agent::Setback;
use crate::journal::{End, Step};
use crate::witnesses::{Doubt, Witnesses};

/// Delivers results, and finds out what became of them.
pub(crate) struct Delivery<'a> {
    pub(crate) clock: &'a dyn Clock,
    pub(crate) witnesses: &'a Witnesses,
}

impl Delivery<'_> {
    /// Submits a result until the ledger says something about it.
    ///
    /// The same result may be submitted any number of times: it is one of one task, which ends once.
    pub(crate) async fn deliver(&self, task: &Task, result: ResultObject) -> Result<Step, Setback> {
        let mut pauses = pauses();
        loop {
            let epoch = self.witnesses.first(|ledger| async move { ledger.epoch().await }).await?;
            let (id, ours) = (&task.id, &result);
            let submit =
                |ledger: Arc<dyn Ledger>| async move { ledger.complete(id, ours, epoch).await };
            let error = match self.witnesses.first(submit).await {
                Ok((verdict, receipt)) => return Ok(judged(verdict, result, receipt)),
                Err(error) => error,
            };
            if !may_pass(&error) {
                return self.look_again(task, result, error).await;
            }
            self.witnesses.turn();
            let pause = pauses.next().ok_or(error)?;
            self.clock.sleep(pause).await;
        }
    }

    /// Has several gateways confirm what one of them said: that the result is on the ledger. If
    /// they go on showing the task without it, it is submitted again.
    pub(crate) async fn confirm(
        &self,
        task: &Task,
        result: ResultObject,
        receipt: Receipt,
    ) -> Result<Step, Setback> {
        let mut pauses = pauses();
        loop {
            let found = self.look(task, &result).await;
            match found {
                Ok(Found::Ours) => {
                    let end = End::Committed { receipt: Some(receipt) };
                    return Ok(Step::Done { end });
                }
                Ok(Found::Gone) => return Ok(Step::Done { end: End::Lost }),
                Ok(Found::Waiting) | Err(Doubt::Differ | Doubt::TooFew { .. }) => {}
            }
            match (pauses.next(), found) {
                (Some(pause), _) => self.clock.sleep(pause).await,
                (None, Ok(_)) => {
                    self.witnesses.turn();
                    return Ok(Step::Signed { result });
                }
                (None, Err(doubt)) => return Err(doubt.into()),
            }
        }
    }

    /// After a refusal, which one gateway's word is not enough for.
    async fn look_again(
        &self,
        task: &Task,
        result: ResultObject,
        error: LedgerError,
    ) -> Result<Step, Setback> {
        match self.look(task, &result).await? {
            Found::Ours => Ok(Step::Done { end: End::Committed { receipt: None } }),
            Found::Gone => Ok(Step::Done { end: End::Lost }),
            Found::Waiting => {
                self.witnesses.turn();
                Err(error.into())
            }
        }
    }

    /// What became of a result. A task that has ended is asked for first: its result is there then,
    /// if it has one.
    async fn look(&self, task: &Task, result: &ResultObject) -> Result<Found, Doubt> {
        let id = &task.id;
        let now = self.witnesses.agree(|ledger| async move { ledger.task(id).await }).await?;
        let Some(now) = now else {
            let saved =
                self.witnesses.agree(|ledger| async move { ledger.result(id).await }).await?;
            let is_ours = saved.is_some_and(|saved| saved.result == *result);
            return Ok(if is_ours { Found::Ours } else { Found::Gone });
        };
        let is_same = now.device == task.device && now.accepted == task.accepted;
        Ok(match now.pending {
            Some(pending) if pending.result == *result => Found::Ours,
            None if is_same => Found::Waiting,
            _ => Found::Gone,
        })
    }
}

/// What became of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// It is on the ledger.
    Ours,
    /// The task has ended, or is another's, and this result is not on the ledger.
    Gone,
    /// The task waits for a result.
    Waiting,
}

fn judged(verdict: Verdict, result: ResultObject, receipt: Receipt) -> Step {
    match verdict.confirmed {
        Some(false) => Step::Done { end: End::Refused { metric: verdict.metric, receipt } },
        Some(true) | None => Step::Delivered { result, receipt },
    }
}

/// Whether the same submission may succeed in a moment.
fn may_pass(error: &LedgerError) -> bool {
    matches!(error, LedgerError::NoEffect { .. }) || error.code() == Some(BAD_EPOCH)
}

/// An epoch began while the result was on its way.
const BAD_EPOCH: &str = "BAD_EPOCH";

/// The pauses between attempts, each twice as long as the one before.
fn pauses() -> impl Iterator<Item = Duration> {
    (0..ATTEMPTS_MAX - 1).map(|attempt| FIRST_PAUSE.saturating_mul(1 << attempt))
}

const ATTEMPTS_MAX: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
