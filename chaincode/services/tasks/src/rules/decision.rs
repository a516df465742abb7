//! What is decided about a task, and how a task ends.

use pervade_platform::{Amount, AmountError, Outcome};

use crate::record::{Pending, SavedResult, Summary, Task, TaskChange, Verdict};
use pervade_devices::record::Report;
use pervade_tokens::record::{Move, Purse};
use pervade_users::record::{Entry, Role};

/// All that a transaction does.
#[derive(Debug)]
pub(crate) struct Decision {
    /// What the parties' histories and reputations get.
    pub(crate) entries: Vec<Entry>,
    /// The epoch in which it happens.
    pub(crate) epoch: u64,
    /// The tokens that move.
    pub(crate) moves: Vec<Move>,
    /// What becomes of the task.
    pub(crate) next: Next,
    /// What the device's backlog and standing get.
    pub(crate) report: Option<Report>,
    /// What was found about a result.
    pub(crate) verdict: Option<Verdict>,
}

/// What becomes of a task.
#[derive(Debug)]
pub(crate) enum Next {
    /// It ends.
    Ends {
        /// The result, if there is one.
        result: Option<Box<SavedResult>>,
        /// What is kept of it.
        summary: Box<Summary>,
    },
    /// It goes on.
    GoesOn {
        /// What happened; none if it was created.
        change: Option<TaskChange>,
        /// As it is from now on.
        task: Box<Task>,
    },
}

/// When something happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    /// The epoch.
    pub(crate) epoch: u64,
    /// The transaction.
    pub(crate) tx_id: &'a str,
}

/// How a task ends.
#[derive(Debug)]
pub(crate) struct Ending {
    /// Whether the device gave a result that cannot be.
    pub(crate) is_faulty: bool,
    /// Who gets the keeper's fee.
    pub(crate) keeper: Purse,
    /// How.
    pub(crate) outcome: Outcome,
    /// Who gets the reward and the stake.
    pub(crate) shares: Shares,
}

/// Who gets the reward and the stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shares {
    /// The creator's share.
    pub(crate) creator: Amount,
    /// The respondent's share.
    pub(crate) respondent: Amount,
}

impl Shares {
    /// Everything for the creator.
    pub(crate) fn creators(task: &Task) -> Result<Self, AmountError> {
        Ok(Self { creator: task.reward.plus(task.stake)?, respondent: Amount::ZERO })
    }

    /// Everything for the respondent.
    pub(crate) fn respondents(task: &Task) -> Result<Self, AmountError> {
        Ok(Self { creator: Amount::ZERO, respondent: task.reward.plus(task.stake)? })
    }

    /// To each what they staked.
    pub(crate) fn returned(task: &Task) -> Self {
        Self { creator: task.reward, respondent: task.stake }
    }

    /// To each what they staked, but for a part of the respondent's stake.
    pub(crate) fn forfeited(task: &Task, forfeit: Amount) -> Result<Self, AmountError> {
        let respondent = task.stake.minus(forfeit)?;
        Ok(Self { creator: task.reward.plus(forfeit)?, respondent })
    }
}

/// Ends a task.
pub(crate) fn end(task: &Task, epoch: u64, ending: Ending) -> Decision {
    let Ending { is_faulty, keeper, outcome, shares } = ending;
    let summary = Summary {
        created: task.created,
        creator: task.creator.clone(),
        device: task.device.clone(),
        ended: epoch,
        id: task.id.clone(),
        kind: task.kind,
        outcome,
        respondent: task.respondent.clone(),
        reward: task.reward,
        type_name: task.type_name.clone(),
    };
    Decision {
        entries: entries(task, outcome),
        epoch,
        moves: moves(task, shares, keeper),
        next: Next::Ends { result: saved(task), summary: Box::new(summary) },
        report: report(task, epoch, Some(outcome), is_faulty),
        verdict: None,
    }
}

/// The report about the device that has the task.
pub(crate) fn report(
    task: &Task,
    epoch: u64,
    outcome: Option<Outcome>,
    is_faulty: bool,
) -> Option<Report> {
    let (device, slot) = (task.device.clone()?, task.slot?);
    Some(Report { device, epoch, faulty: is_faulty, outcome, slot, task: task.id.clone() })
}

/// The respondent's entry, where nothing is earned.
pub(crate) fn respondent_entry(task: &Task, outcome: Outcome) -> Option<Entry> {
    let account = task.respondent.clone().filter(|_| task.locked)?;
    Some(Entry { account, notify: false, outcome, points: 0, role: Role::Respondent })
}

fn entries(task: &Task, outcome: Outcome) -> Vec<Entry> {
    let account = task.creator.clone();
    let creator = Entry { account, notify: true, outcome, points: 0, role: Role::Creator };
    let mut entries: Vec<Entry> =
        std::iter::once(creator).chain(respondent_entry(task, outcome)).collect();
    if let (Outcome::Completed, Some(points)) = (outcome, task.points) {
        for entry in &mut entries {
            entry.points = match entry.role {
                Role::Creator => points.creator,
                Role::Respondent => points.respondent,
            };
        }
    }
    entries
}

/// Empties the task's escrow.
fn moves(task: &Task, shares: Shares, keeper: Purse) -> Vec<Move> {
    let escrow = || Purse::Escrow(task.id.clone());
    let mut moves = Vec::new();
    let mut pay = |to, amount: Amount| {
        if !amount.is_zero() {
            moves.push(Move { from: escrow(), to, amount });
        }
    };
    pay(Purse::Account(task.creator.clone()), shares.creator);
    if let Some(respondent) = &task.respondent {
        pay(Purse::Account(respondent.clone()), shares.respondent);
    }
    pay(keeper, task.keeper_fee);
    moves
}

fn saved(task: &Task) -> Option<Box<SavedResult>> {
    let Pending { device_key, result, submitted, .. } = task.pending.clone()?;
    Some(Box::new(SavedResult {
        creator_key: task.encryption_key.clone(),
        device: task.device.clone()?,
        device_key,
        epoch: submitted,
        result,
        task: task.id.clone(),
    }))
}
