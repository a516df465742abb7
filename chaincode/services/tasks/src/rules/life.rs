//! A task's life, but for its results.

use pervade_platform::{AccountId, Amount, AmountError, Outcome, PublicKey};

use crate::Refusal;
use crate::record::{Kind, Points, Task, TaskChange, TaskTerms};
use crate::rules::decision::{Decision, Ending, Next, Shares, end, respondent_entry};
use pervade_devices::record::DeviceId;
use pervade_tokens::record::{Move, Purse};

impl Task {
    /// The last epoch in which somebody may accept it.
    pub(crate) fn acceptable(&self, terms: &TaskTerms) -> u64 {
        self.expires.saturating_sub(terms.window_min)
    }

    /// The last epoch in which its respondent may decline it: never after it expires.
    pub(crate) fn declinable(&self, terms: &TaskTerms) -> u64 {
        let accepted = self.accepted.unwrap_or(self.created);
        self.expires.min(accepted.saturating_add(terms.decline_window))
    }

    /// # Errors
    /// Somebody has accepted it.
    pub(crate) fn require_unlocked(&self) -> Result<(), Refusal> {
        if self.locked { Err(Refusal::TaskLocked) } else { Ok(()) }
    }

    /// # Errors
    /// A result is being judged.
    pub(crate) fn require_nothing_pending(&self) -> Result<(), Refusal> {
        if self.pending.is_some() { Err(Refusal::TaskPending) } else { Ok(()) }
    }

    /// # Errors
    /// It is for somebody else.
    pub(crate) fn require_designated(
        &self,
        respondent: &AccountId,
        device: &DeviceId,
    ) -> Result<(), Refusal> {
        let is_for = |named: bool| if named { Ok(()) } else { Err(Refusal::NotDesignated) };
        match self.kind {
            Kind::Public => Ok(()),
            Kind::Assigned | Kind::Instant => is_for(
                self.respondent.as_ref() == Some(respondent)
                    && self.device.as_ref() == Some(device),
            ),
        }
    }

    /// # Errors
    /// The signer is not the device that has it.
    pub(crate) fn require_deliverer(&self, signer: &AccountId) -> Result<&PublicKey, Refusal> {
        let key = self.device_key.as_ref().filter(|key| key.address() == *signer);
        key.ok_or(Refusal::NotDeliverer)
    }

    /// # Errors
    /// It is somebody else's.
    pub(crate) fn require_creator(&self, account: &AccountId) -> Result<(), Refusal> {
        if self.creator == *account { Ok(()) } else { Err(Refusal::NotCreator) }
    }

    /// # Errors
    /// Somebody else has accepted it, or nobody.
    pub(crate) fn require_respondent(&self, account: &AccountId) -> Result<(), Refusal> {
        let is_respondent = self.locked && self.respondent.as_ref() == Some(account);
        if is_respondent { Ok(()) } else { Err(Refusal::NotRespondent) }
    }
}

/// Who takes a task, and with what.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The device's account.
    pub(crate) account: AccountId,
    /// The device.
    pub(crate) device: DeviceId,
    /// The device's key.
    pub(crate) key: PublicKey,
    /// What completion is worth.
    pub(crate) points: Points,
    /// The device's owner.
    pub(crate) respondent: AccountId,
    /// The place in the device's backlog.
    pub(crate) slot: u32,
}

/// Has a respondent take a task: the stake is half the reward, of an odd number of units the
/// larger half.
pub(crate) fn accept(task: Task, taken: Taken, epoch: u64) -> Decision {
    let Taken { account, device, key, points, respondent, slot } = taken;
    let stake = task.reward.larger_half();
    let (from, to) = (Purse::Account(respondent.clone()), Purse::Escrow(task.id.clone()));
    let task = Task {
        accepted: Some(epoch),
        device: Some(device),
        device_account: Some(account),
        device_key: Some(key),
        locked: true,
        points: Some(points),
        respondent: Some(respondent),
        slot: Some(slot),
        stake,
        ..task
    };
    let staked = (!stake.is_zero()).then_some(Move { from, to, amount: stake });
    Decision {
        entries: Vec::new(),
        epoch,
        moves: staked.into_iter().collect(),
        next: Next::GoesOn { change: Some(TaskChange::Accepted), task: Box::new(task) },
        report: None,
        verdict: None,
    }
}

/// Has the respondent step back. A public task is open again, another one ends.
pub(crate) fn decline(task: &Task, terms: &TaskTerms, epoch: u64) -> Result<Decision, AmountError> {
    let shares = Shares::forfeited(task, forfeit(task, terms)?)?;
    let outcome = Outcome::Declined;
    let keeper = Purse::Account(task.creator.clone());
    let ended = end(task, epoch, Ending { is_faulty: false, keeper, outcome, shares });
    Ok(match task.kind {
        Kind::Public => Decision {
            entries: respondent_entry(task, outcome).into_iter().collect(),
            moves: given_back(task, shares)?,
            next: Next::GoesOn {
                change: Some(TaskChange::Declined),
                task: Box::new(reopened(task)),
            },
            ..ended
        },
        Kind::Assigned | Kind::Instant => ended,
    })
}

/// The respondent of an instant task never agreed to this very one, and forfeits nothing.
fn forfeit(task: &Task, terms: &TaskTerms) -> Result<Amount, AmountError> {
    let permille = match task.kind {
        Kind::Instant => 0,
        Kind::Assigned | Kind::Public => u64::from(terms.decline_forfeit_permille),
    };
    let forfeit = u128::from(task.stake.units()) * u128::from(permille) / 1_000;
    Amount::new(u64::try_from(forfeit).map_err(|_large| AmountError::TokenOverflow)?)
}

/// Leaves the reward and the keeper's fee in escrow.
fn given_back(task: &Task, shares: Shares) -> Result<Vec<Move>, AmountError> {
    let forfeit = shares.creator.minus(task.reward)?;
    let respondent = task.respondent.iter().map(|account| (account, shares.respondent));
    let paid = std::iter::once((&task.creator, forfeit)).chain(respondent);
    let paid = paid.filter(|(_, amount)| !amount.is_zero()).map(|(account, amount)| Move {
        from: Purse::Escrow(task.id.clone()),
        to: Purse::Account(account.clone()),
        amount,
    });
    Ok(paid.collect())
}

fn reopened(task: &Task) -> Task {
    Task {
        accepted: None,
        device: None,
        device_account: None,
        device_key: None,
        locked: false,
        points: None,
        respondent: None,
        slot: None,
        stake: Amount::ZERO,
        ..task.clone()
    }
}

/// Has the creator take back a task that nobody has accepted.
pub(crate) fn release(task: &Task, epoch: u64) -> Result<Decision, AmountError> {
    let keeper = Purse::Account(task.creator.clone());
    let (outcome, shares) = (Outcome::Released, Shares::creators(task)?);
    Ok(end(task, epoch, Ending { is_faulty: false, keeper, outcome, shares }))
}

/// Ends a task whose limit has passed without a valid result. It ended with the first epoch after
/// it, whoever says so and when.
pub(crate) fn expire(task: &Task, keeper: Purse) -> Result<Decision, AmountError> {
    let epoch = task.expires.saturating_add(1);
    let (outcome, shares) = (Outcome::Expired, Shares::creators(task)?);
    Ok(end(task, epoch, Ending { is_faulty: false, keeper, outcome, shares }))
}

/// Whoever brings a task to its end, if that is a user; else nobody, and the fee is burned.
pub(crate) fn keeper(account: Option<AccountId>) -> Purse {
    account.map_or(Purse::Stock, Purse::Account)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::rules::create::{Creation, created};
    use crate::testing::{account, amount, device, new_task, taken_by, terms, told};

    fn open(kind: Kind, reward: u64) -> Task {
        let named = kind != Kind::Public;
        let new = crate::record::NewTask {
            kind,
            respondent: named.then(|| account(2)),
            device: named.then(|| device("thermometer")),
            reward: amount(reward),
            ..new_task()
        };
        let creation = Creation { creator: &account(1), epoch: 7, tx_id: "task", terms: &terms() };
        created(new, &creation).unwrap()
    }

    fn locked(kind: Kind, reward: u64) -> Task {
        let decision = accept(open(kind, reward), taken_by(2), 10);
        let Next::GoesOn { task, .. } = decision.next else { panic!("{decision:?}") };
        *task
    }

    #[track_caller]
    fn check(decision: &Decision, expected: Expect) {
        let next = match &decision.next {
            Next::Ends { summary, .. } => format!("{} in {}", summary.outcome, summary.ended),
            Next::GoesOn { change, .. } => format!("{:?}", change.unwrap()),
        };
        expected.assert_eq(&format!("{next}: {}", told(&decision.moves)));
    }

    /// W-46, D-19, attacks 9 and 11: the respondent stakes half the reward; of an odd number of
    /// units the larger half, so that there is no stake of nothing.
    #[test]
    fn accepting_stakes_half() {
        let accepted = |reward| accept(open(Kind::Public, reward), taken_by(2), 10);
        check(&accepted(4_000_000), expect!["Accepted: 02 2 escrow"]);
        check(&accepted(1_000_001), expect!["Accepted: 02 0.500001 escrow"]);
        assert_eq!(amount(1).larger_half(), amount(1), "half of the least is the least");
        let own =
            accept(Task { reward: Amount::ZERO, ..open(Kind::Public, 1_000_000) }, taken_by(1), 10);
        check(&own, expect!["Accepted: "]);
    }

    /// W-49, D-19: what was never accepted goes back, but for the fee.
    #[test]
    fn a_released_task_returns_the_reward() {
        let released = release(&open(Kind::Public, 4_000_000), 9).unwrap();
        check(&released, expect!["released in 9: escrow 4 01, escrow 0.1 01"]);
        assert_eq!(released.entries.len(), 1, "nobody else had a part in it");
        assert_eq!(released.report, None, "no device had it");
    }

    /// W-47, W-49, D-19: who accepts and does not deliver loses the stake to the creator.
    #[test]
    fn an_expired_task_costs_the_respondent_the_stake() {
        let keeper = Purse::Account(account(9));
        let unaccepted = expire(&open(Kind::Public, 4_000_000), keeper.clone()).unwrap();
        check(&unaccepted, expect!["expired in 28: escrow 4 01, escrow 0.1 09"]);
        let accepted = expire(&locked(Kind::Public, 4_000_000), keeper).unwrap();
        check(&accepted, expect!["expired in 28: escrow 6 01, escrow 0.1 09"]);
        assert_eq!(accepted.entries.len(), 2, "both had a part in it");
        assert!(accepted.entries.iter().all(|entry| entry.points == 0), "nobody earns by it");
        let unknown = expire(&locked(Kind::Public, 4_000_000), super::keeper(None)).unwrap();
        check(&unknown, expect!["expired in 28: escrow 6 01, escrow 0.1 stock"]);
    }

    /// D-23: declining costs a tenth of the stake. A task for anyone is open again, another ends.
    #[test]
    fn declining_costs_a_part_of_the_stake() {
        let declined = |kind| decline(&locked(kind, 4_000_000), &terms(), 11).unwrap();
        let public = declined(Kind::Public);
        check(&public, expect!["Declined: escrow 0.2 01, escrow 1.8 02"]);
        let Next::GoesOn { task, .. } = public.next else { panic!("it goes on") };
        assert_eq!(*task, open(Kind::Public, 4_000_000), "as if nobody had accepted it");
        check(
            &declined(Kind::Assigned),
            expect!["declined in 11: escrow 4.2 01, escrow 1.8 02, escrow 0.1 01"],
        );
        check(
            &declined(Kind::Instant),
            expect!["declined in 11: escrow 4 01, escrow 2 02, escrow 0.1 01"],
        );
    }

    /// D-23: a respondent may decline soon after accepting, and never when the task has expired.
    #[test]
    fn declining_has_an_end() {
        let task = locked(Kind::Public, 4_000_000);
        assert_eq!(task.declinable(&terms()), 13);
        assert_eq!(Task { expires: 12, ..task }.declinable(&terms()), 12);
    }

    /// W-62, W-63: who may take a task.
    #[test]
    fn a_task_is_for_those_it_names() {
        let (own, other) = (device("thermometer"), device("barometer"));
        let anyone = open(Kind::Public, 4_000_000);
        assert_eq!(anyone.require_designated(&account(3), &other), Ok(()));
        let named = open(Kind::Assigned, 4_000_000);
        assert_eq!(named.require_designated(&account(2), &own), Ok(()));
        assert_eq!(named.require_designated(&account(3), &own), Err(Refusal::NotDesignated));
        assert_eq!(named.require_designated(&account(2), &other), Err(Refusal::NotDesignated));
        assert_eq!(named.require_respondent(&account(2)), Err(Refusal::NotRespondent), "not yet");
        assert_eq!(locked(Kind::Assigned, 4_000_000).require_respondent(&account(2)), Ok(()));
    }
}
