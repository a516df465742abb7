//! Creating a task.

use pervade_platform::{AccountId, Amount, AmountError};

use crate::CreateError;
use crate::record::{Kind, NewTask, Task, TaskTerms};
use crate::rules::decision::{Decision, Next};
use crate::rules::encryption_key;
use crate::rules::life::{Taken, accept};
use pervade_tokens::record::{Move, Purse};

/// What is given when a task is created.
#[derive(Debug)]
pub(crate) struct Creation<'a> {
    /// Who creates it.
    pub(crate) creator: &'a AccountId,
    /// The present epoch.
    pub(crate) epoch: u64,
    /// The transaction.
    pub(crate) tx_id: &'a str,
    /// The manager's terms.
    pub(crate) terms: &'a TaskTerms,
}

/// The task that its creator describes.
pub(crate) fn created(new: NewTask, creation: &Creation<'_>) -> Result<Task, CreateError> {
    let Creation { creator, epoch, tx_id, terms } = creation;
    if !encryption_key(&new.encryption_key) {
        return Err(CreateError::BadKey);
    }
    let expires = epoch.saturating_add(lasting(new.limit, terms)?);
    if new.parameters.len() > NewTask::PARAMETERS_BYTES_MAX {
        return Err(CreateError::BadParameters { most: NewTask::PARAMETERS_BYTES_MAX });
    }
    require_designation(&new)?;
    require_reward(&new, creator, terms)?;
    Ok(Task {
        accepted: None,
        created: *epoch,
        creator: (*creator).clone(),
        device: new.device,
        device_account: None,
        device_key: None,
        encryption_key: new.encryption_key,
        expires,
        id: (*tx_id).to_owned(),
        keeper_fee: terms.keeper_fee,
        kind: new.kind,
        locked: false,
        minimum_reputation: new.minimum_reputation,
        parameters: new.parameters,
        pending: None,
        points: None,
        respondent: new.respondent,
        reward: new.reward,
        slot: None,
        stake: Amount::ZERO,
        type_name: new.type_name,
    })
}

/// What becomes of a task that is created, and waits to be accepted.
pub(crate) fn add(task: Task, terms: &TaskTerms) -> Result<Decision, AmountError> {
    Ok(Decision {
        entries: Vec::new(),
        epoch: task.created,
        moves: creation_moves(&task, terms)?,
        next: Next::GoesOn { change: None, task: Box::new(task) },
        report: None,
        verdict: None,
    })
}

/// What becomes of an instant task: its respondent has it from the beginning.
pub(crate) fn add_taken(
    task: Task,
    taken: Taken,
    terms: &TaskTerms,
) -> Result<Decision, AmountError> {
    let (epoch, created) = (task.created, creation_moves(&task, terms)?);
    let accepted = accept(task, taken, epoch);
    let moves = created.into_iter().chain(accepted.moves).collect();
    Ok(Decision { moves, ..accepted })
}

/// Checks that an instant task pays what the device's owner asks.
pub(crate) fn require_price(task: &Task, price: Option<Amount>) -> Result<(), CreateError> {
    if price == Some(task.reward) { Ok(()) } else { Err(CreateError::BadReward) }
}

/// What creating a task moves: reward and keeper's fee into its escrow, the fee away for good.
fn creation_moves(task: &Task, terms: &TaskTerms) -> Result<Vec<Move>, AmountError> {
    let from = || Purse::Account(task.creator.clone());
    let staked = task.reward.plus(task.keeper_fee)?;
    // What is to lie in escrow once somebody accepts can be as well.
    staked.plus(task.reward.larger_half())?;
    Ok(vec![
        Move { from: from(), to: Purse::Escrow(task.id.clone()), amount: staked },
        Move { from: from(), to: Purse::Fee, amount: terms.fee },
    ])
}

fn lasting(limit: u64, terms: &TaskTerms) -> Result<u64, CreateError> {
    // It can be accepted for at least an epoch.
    let (least, most) = (terms.window_min.saturating_add(1), terms.limit_max);
    if (least..=most).contains(&limit) {
        Ok(limit)
    } else {
        Err(CreateError::BadTimeLimit { least, most })
    }
}

fn require_designation(new: &NewTask) -> Result<(), CreateError> {
    let fits = match new.kind {
        Kind::Public => new.respondent.is_none() && new.device.is_none(),
        Kind::Assigned | Kind::Instant => new.respondent.is_some() && new.device.is_some(),
    };
    if fits { Ok(()) } else { Err(CreateError::BadDesignation) }
}

fn require_reward(
    new: &NewTask,
    creator: &AccountId,
    terms: &TaskTerms,
) -> Result<(), CreateError> {
    let is_own = new.respondent.as_ref() == Some(creator);
    if new.reward >= terms.reward_min || (is_own && new.reward.is_zero()) {
        Ok(())
    } else {
        Err(CreateError::BadReward)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::testing::{account, amount, new_task, terms};

    #[track_caller]
    fn check(change: impl FnOnce(&mut NewTask), expected: Expect) {
        let mut new = new_task();
        change(&mut new);
        let creation = Creation { creator: &account(1), epoch: 7, tx_id: "task", terms: &terms() };
        let told = match created(new, &creation) {
            Ok(task) => format!("until {} for {}", task.expires, task.reward),
            Err(error) => format!("{error:?}"),
        };
        expected.assert_eq(&told);
    }

    /// W-66, W-67: a task has a limit, a reward, a key, and parameters.
    #[test]
    fn a_task_is_as_described() {
        check(|_| (), expect!["until 27 for 4"]);
    }

    /// D-23, attack 1: a task lasts long enough to be accepted and performed.
    #[test]
    fn a_limit_leaves_time_to_perform() {
        check(|new| new.limit = 0, expect!["BadTimeLimit { least: 3, most: 100000 }"]);
        check(|new| new.limit = 2, expect!["BadTimeLimit { least: 3, most: 100000 }"]);
        check(|new| new.limit = 3, expect!["until 10 for 4"]);
        check(|new| new.limit = 100_000, expect!["until 100007 for 4"]);
        check(|new| new.limit = 100_001, expect!["BadTimeLimit { least: 3, most: 100000 }"]);
        check(|new| new.limit = u64::MAX, expect!["BadTimeLimit { least: 3, most: 100000 }"]);
    }

    /// D-20, attack 2: nothing is earned by a task that pays nothing, except by its creator's own.
    #[test]
    fn only_ones_own_task_pays_nothing() {
        check(|new| new.reward = Amount::ZERO, expect!["BadReward"]);
        check(|new| new.reward = amount(999_999), expect!["BadReward"]);
        check(|new| new.reward = amount(1_000_000), expect!["until 27 for 1"]);
        let named = |new: &mut NewTask, respondent, units| {
            new.kind = Kind::Assigned;
            (new.respondent, new.device) = (Some(account(respondent)), Some(device()));
            new.reward = amount(units);
        };
        check(|new| named(new, 1, 0), expect!["until 27 for 0"]);
        check(|new| named(new, 1, 1), expect!["BadReward"]);
        check(|new| named(new, 2, 0), expect!["BadReward"]);
    }

    /// W-62, W-63: a task is for anyone, or for one device of one respondent.
    #[test]
    fn a_task_names_both_or_nobody() {
        let named = |kind, respondent: Option<u8>, device| {
            move |new: &mut NewTask| {
                (new.kind, new.device) = (kind, device);
                new.respondent = respondent.map(account);
            }
        };
        check(named(Kind::Public, Some(2), None), expect!["BadDesignation"]);
        check(named(Kind::Public, None, Some(device())), expect!["BadDesignation"]);
        check(named(Kind::Assigned, Some(2), None), expect!["BadDesignation"]);
        check(named(Kind::Instant, None, Some(device())), expect!["BadDesignation"]);
        check(named(Kind::Instant, Some(2), Some(device())), expect!["until 27 for 4"]);
    }

    /// W-67, WC-03: the key is one, and the parameters have an end.
    #[test]
    fn key_and_parameters_have_a_form() {
        check(|new| new.encryption_key.clear(), expect!["BadKey"]);
        check(|new| new.encryption_key = "AB".repeat(32), expect!["BadKey"]);
        check(|new| new.encryption_key = "0".repeat(64), expect!["BadKey"]);
        check(|new| new.parameters = "x".repeat(4_096), expect!["until 27 for 4"]);
        check(|new| new.parameters = "x".repeat(4_097), expect!["BadParameters { most: 4096 }"]);
    }

    /// W-44, W-45: the creator pays the fee, and stakes reward and keeper's fee.
    #[test]
    fn creating_stakes_the_reward() {
        let creation = Creation { creator: &account(1), epoch: 7, tx_id: "task", terms: &terms() };
        let task = created(new_task(), &creation).unwrap();
        let told = crate::testing::told(&creation_moves(&task, &terms()).unwrap());
        expect!["01 4.1 escrow, 01 1 fee"].assert_eq(&told);
        let new = NewTask { reward: Amount::MAX, ..new_task() };
        let task = created(new, &creation).unwrap();
        assert_eq!(creation_moves(&task, &terms()), Err(AmountError::TokenOverflow));
    }

    fn device() -> pervade_devices::record::DeviceId {
        crate::testing::device("thermometer")
    }
}
