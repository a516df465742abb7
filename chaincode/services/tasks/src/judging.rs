//! Judging results with what lies on the ledger.

use std::collections::BTreeMap;

use pervade_chaincode::{ReadTransaction, Transaction};
use pervade_platform::{AccountId, Bound};

use crate::carry::carry_out;
use crate::managers::{is_over, signer_account};
use crate::record::{Check, Mean, Pending, Task, TaskTerms, TaskType, Verdict, Vote, Votes};
use crate::rules::decision::{Decision, Moment, Next};
use crate::rules::judgement::{Judges, Time, confirm, deliver, give_up, refuse, vote_down};
use crate::rules::life;
use crate::validators::{Count, Signed, averages, count, fault};
use crate::{Refusal, TaskError};

/// A task, its type, and when it is dealt with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) moment: Moment<'a>,
    pub(crate) task: &'a Task,
    pub(crate) task_type: &'a TaskType,
}

/// Judges a result whose form and signature are in order.
pub(crate) async fn judged(
    tx: &ReadTransaction,
    case: Case<'_>,
    signed: Signed,
) -> Result<Decision, TaskError> {
    let Case { moment, task, task_type } = case;
    let means = means(tx, case).await?;
    Ok(match fault(task_type, &means, &signed.result.readings) {
        Some(fault) => refuse(task.clone(), &signed, fault, moment),
        None => deliver(task.clone(), task_type, signed, moment)?,
    })
}

/// What others found about the result that is being judged.
pub(crate) async fn settled(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
    case: Case<'_>,
) -> Result<Decision, TaskError> {
    let pending = case.task.pending.as_ref().ok_or(Refusal::TaskNotPending)?;
    let caller = signer_account(tx, bound).await?;
    match case.task_type.judges() {
        Judges::None => Err(Refusal::TaskNotPending.into()),
        Judges::Creator(_) => {
            // The creator's word, or silence until the time for it is over.
            if caller.as_ref() != Some(&case.task.creator) {
                require_over(tx, bound, pending.closes).await?;
            }
            Ok(confirm(case.task, (Check::Acceptance, life::keeper(caller)), case.moment)?)
        }
        Judges::Oracles(votes) => counted(tx, bound, case, (votes, pending, caller)).await,
    }
}

/// What the oracles found.
async fn counted(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
    Case { moment, task, .. }: Case<'_>,
    (votes, pending, caller): (&Votes, &Pending, Option<AccountId>),
) -> Result<Decision, TaskError> {
    let keeper = life::keeper(caller);
    let cast = cast(tx, &task.id, &votes.oracles).await?;
    match count(votes, &cast, &pending.statement_sha256) {
        Count::Confirmed => Ok(confirm(task, (Check::Votes, keeper), moment)?),
        Count::Refused => {
            let is_expired = is_over(tx, bound, task.expires).await?;
            let time = if is_expired { Time::Over } else { Time::Left };
            Ok(vote_down(task, keeper, time, moment)?)
        }
        Count::Undecided => {
            require_over(tx, bound, pending.closes).await?;
            Ok(give_up(task, keeper, moment))
        }
    }
}

async fn require_over(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
    closes: u64,
) -> Result<(), TaskError> {
    if is_over(tx, bound, closes).await? {
        Ok(())
    } else {
        Err(Refusal::TooEarly { closes }.into())
    }
}

/// Carries out a decision about a result, and tells what was found.
pub(crate) async fn judge(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
    case: Case<'_>,
    decision: Decision,
) -> Result<Verdict, TaskError> {
    let verdict = decision.verdict.clone().ok_or(Refusal::TaskNotPending)?;
    if verdict.confirmed == Some(true)
        && let Next::Ends { result: Some(result), .. } = &decision.next
    {
        learn(tx, case, &result.result.readings).await?;
    }
    carry_out(tx, bound, Some(case.task), decision).await?;
    Ok(verdict)
}

/// Moves the averages of the device by readings that are confirmed.
async fn learn(
    tx: &mut Transaction,
    case: Case<'_>,
    readings: &BTreeMap<String, i64>,
) -> Result<(), TaskError> {
    let mut means = means(tx, case).await?;
    for (metric, average) in &case.task_type.averages {
        if let (Some(mean), Some(reading)) = (means.remove(metric), readings.get(metric)) {
            tx.save(&averages::moved(average, mean, *reading)).await?;
        }
    }
    Ok(())
}

/// The averages of the task's device, as far as the type asks for them.
async fn means(
    tx: &ReadTransaction,
    Case { task, task_type, .. }: Case<'_>,
) -> Result<BTreeMap<String, Mean>, TaskError> {
    let mut means = BTreeMap::new();
    let Some(device) = &task.device else { return Ok(means) };
    for metric in task_type.averages.keys() {
        let found: Option<Mean> = tx.find((device, metric)).await?;
        means.insert(metric.clone(), found.unwrap_or_else(|| averages::none(device, metric)));
    }
    Ok(means)
}

/// What the oracles have voted.
async fn cast(
    tx: &ReadTransaction,
    task: &str,
    oracles: &[AccountId],
) -> Result<Vec<Vote>, TaskError> {
    let mut cast = Vec::with_capacity(oracles.len());
    for oracle in oracles {
        cast.extend(tx.find::<Vote>((task, oracle)).await?);
    }
    Ok(cast)
}
