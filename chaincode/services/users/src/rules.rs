//! Who may do what, and what a task earns: pure functions over values.

use std::collections::BTreeMap;

use pervade_platform::{AccountId, Amount, Outcome, Signer, TallyError};

use crate::UsersError;
use crate::record::{Entry, History, Settlement, User, UserTerms};

impl UserTerms {
    /// Checks that the manager can run by them.
    ///
    /// # Errors
    /// A value outside its bounds.
    pub fn check(&self) -> Result<(), UsersError> {
        if self.full_reward_tasks == 0 {
            return Err(UsersError::BadTerms { field: "full_reward_tasks" });
        }
        if self.initial_reputation > INITIAL_REPUTATION_MAX {
            return Err(UsersError::BadTerms { field: "initial_reputation" });
        }
        Ok(())
    }
}

/// Most reputation that users may begin with.
pub const INITIAL_REPUTATION_MAX: u64 = 1_000_000;

/// What a completed task earns its creator.
pub const CREATOR_POINTS: u64 = 1;

/// What a completed task earns its respondent.
pub const RESPONDENT_POINTS: u64 = 2;

/// The reputation that a task earns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Points {
    /// Its creator.
    pub creator: u64,
    /// Its respondent.
    pub respondent: u64,
}

impl Points {
    const FULL: Self = Self { creator: CREATOR_POINTS, respondent: RESPONDENT_POINTS };

    const NONE: Self = Self { creator: 0, respondent: 0 };
}

/// What the `number`th task of two users earns them, counted from 1.
#[must_use]
pub fn points(terms: &UserTerms, creator: &User, respondent: &User, number: u32) -> Points {
    if terms.literal_reputation {
        return Points::FULL;
    }
    if is_one_owner(creator, respondent) {
        return Points::NONE;
    }
    let is_full = number <= terms.full_reward_tasks;
    if is_full || number.is_power_of_two() { Points::FULL } else { Points::NONE }
}

/// Whether two users are the same, or the same owner's as their organisations declare.
#[must_use]
pub fn is_one_owner(one: &User, other: &User) -> bool {
    one.account == other.account || (one.group.is_some() && one.group == other.group)
}

/// Checks that somebody administers a user.
///
/// # Errors
/// If the signer is no administrator, or another organisation's.
pub fn permit_administrator(signer: &Signer, user: &User) -> Result<(), UsersError> {
    if signer.is_admin && signer.msp == user.msp {
        return Ok(());
    }
    Err(UsersError::NotAdministrator { msp: user.msp.clone() })
}

/// Checks that somebody may anchor a log, and tells for which organisation: the signer's own, never
/// one that is named.
///
/// # Errors
/// If the signer is no administrator.
pub fn permit_anchor(signer: Signer) -> Result<String, UsersError> {
    let Signer { is_admin, msp, .. } = signer;
    if is_admin { Ok(msp) } else { Err(UsersError::NotAdministrator { msp }) }
}

/// What a settlement changes for one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Change {
    /// How the task ended, where a notification is to say so.
    pub notified: Option<Outcome>,
    /// All reputation that the account earns.
    pub points: Amount,
}

/// What a settlement changes, account by account: whoever has two parts in a task earns in one sum.
///
/// # Errors
/// If there are too many entries, or more points than there can be.
pub fn changes(settlement: &Settlement) -> Result<BTreeMap<&AccountId, Change>, UsersError> {
    if settlement.entries.len() > Settlement::ENTRIES_MAX {
        return Err(UsersError::TooManyEntries { most: Settlement::ENTRIES_MAX });
    }
    let mut changes = BTreeMap::<&AccountId, Change>::new();
    for entry in &settlement.entries {
        let Entry { account, notify, outcome, points, .. } = entry;
        let change = changes.entry(account).or_default();
        let sum = Amount::new(*points).and_then(|points| change.points.plus(points));
        change.points = sum.map_err(TallyError::from)?;
        if *notify {
            change.notified.get_or_insert(*outcome);
        }
    }
    Ok(changes)
}

/// What a settlement adds to the histories of its accounts.
#[must_use]
pub fn histories(settlement: &Settlement) -> Vec<History> {
    let Settlement { entries, epoch, task } = settlement;
    let histories = entries.iter().map(|entry| History {
        account: entry.account.clone(),
        epoch: *epoch,
        task: task.clone(),
        role: entry.role,
        outcome: entry.outcome,
        points: entry.points,
    });
    histories.collect()
}
