//! Carrying out what was decided.

use pervade_chaincode::Transaction;
use pervade_devices::DevicesClient;
use pervade_platform::{Bound, Outcome};
use pervade_tokens::TokensClient;
use pervade_tokens::record::{Move, Purse};
use pervade_users::UsersClient;
use pervade_users::record::{Role, Settlement};

use crate::TaskError;
use crate::record::{
    Due, Open, Summary, Task, TaskAdded, TaskAwarded, TaskChanged, TaskDestroyed, TaskTerms,
};
use crate::rules::decision::{Decision, Next};
use crate::rules::index;

/// Carries out a decision about a task, as it was before; none if it is created.
///
/// In the order of the protocol: the result is saved, the task destroyed, tokens move, and the
/// parties are told and get their points. Each other manager is called once at most, because none
/// sees what this transaction has written.
pub(crate) async fn carry_out(
    tx: &mut Transaction,
    bound: &Bound<TaskTerms>,
    before: Option<&Task>,
    decision: Decision,
) -> Result<(), TaskError> {
    if let Some(verdict) = &decision.verdict {
        tx.save(verdict).await?;
    }
    write(tx, &decision.next).await?;
    write_entries(tx, &bound.terms, before, &decision.next).await?;
    tell(tx, before, &decision)?;
    let Decision { entries, epoch, mut moves, next, report, .. } = decision;
    if let Some(report) = report {
        let device = report.device.clone();
        let reported = DevicesClient::new(tx, bound.devices()?).report(report).await?;
        if !reported.slash.is_zero() {
            let from = Purse::Deposit(device.into());
            moves.push(Move { amount: reported.slash, from, to: Purse::Stock });
        }
    }
    if !moves.is_empty() {
        TokensClient::new(tx, bound.tokens()?).apply(moves).await?;
    }
    if !entries.is_empty() {
        let settlement = Settlement { entries, epoch, task: id(&next).to_owned() };
        UsersClient::new(tx, bound.users()?).settle(settlement).await?;
    }
    Ok(())
}

fn id(next: &Next) -> &str {
    match next {
        Next::Ends { summary, .. } => &summary.id,
        Next::GoesOn { task, .. } => &task.id,
    }
}

async fn write(tx: &mut Transaction, next: &Next) -> Result<(), TaskError> {
    match next {
        Next::Ends { result, summary } => {
            if let Some(result) = result {
                tx.save(&**result).await?;
            }
            tx.save(&**summary).await?;
            tx.remove::<Task>(&summary.id).await?;
        }
        Next::GoesOn { task, .. } => tx.save(&**task).await?,
    }
    Ok(())
}

/// Writes how the task is found, as far as that changes.
async fn write_entries(
    tx: &mut Transaction,
    terms: &TaskTerms,
    before: Option<&Task>,
    next: &Next,
) -> Result<(), TaskError> {
    let after = match next {
        Next::Ends { .. } => None,
        Next::GoesOn { task, .. } => Some(&**task),
    };
    let due = |task: Option<&Task>| task.map(Task::due);
    let (was, is) = (due(before), due(after));
    if was != is {
        if let Some(Due { epoch, id, .. }) = was {
            tx.remove::<Due>((epoch, &id)).await?;
        }
        if let Some(due) = is {
            tx.save(&due).await?;
        }
    }
    let open = |task: Option<&Task>| task.and_then(|task| task.open(terms));
    match (open(before), open(after)) {
        (Some(Open { id, type_name, .. }), None) => tx.remove::<Open>((&type_name, &id)).await?,
        (None, Some(open)) => tx.save(&open).await?,
        (None, None) | (Some(_), Some(_)) => {}
    }
    for part in index::parts(before, next) {
        tx.save(&part).await?;
    }
    Ok(())
}

fn tell(tx: &mut Transaction, before: Option<&Task>, decision: &Decision) -> Result<(), TaskError> {
    match &decision.next {
        Next::Ends { summary, .. } => {
            let task = summary.id.clone();
            tx.emit(&TaskDestroyed { outcome: summary.outcome, task })?;
            if summary.outcome == Outcome::Completed {
                award(tx, summary, decision)?;
            }
        }
        Next::GoesOn { change, task } => {
            if before.is_none() {
                let (creator, kind) = (task.creator.clone(), task.kind);
                let (task, type_name) = (task.id.clone(), task.type_name.clone());
                tx.emit(&TaskAdded { creator, kind, task, type_name })?;
            }
            if let Some(change) = *change {
                tx.emit(&TaskChanged { change, task: task.id.clone() })?;
            }
        }
    }
    Ok(())
}

fn award(tx: &mut Transaction, summary: &Summary, decision: &Decision) -> Result<(), TaskError> {
    let mut entries = decision.entries.iter();
    if let Some(entry) = entries.find(|entry| entry.role == Role::Respondent) {
        tx.emit(&TaskAwarded {
            account: entry.account.clone(),
            points: entry.points,
            reward: summary.reward,
            task: summary.id.clone(),
        })?;
    }
    Ok(())
}
