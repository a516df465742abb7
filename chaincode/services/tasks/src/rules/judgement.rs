//! What becomes of a task with a result.

use pervade_platform::{AmountError, Outcome};

use crate::record::{Check, Pending, Task, TaskChange, TaskType, Verdict, Vote, Votes};
use crate::rules::decision::{Decision, Ending, Moment, Next, Shares, end, report};
use crate::validators::{Fault, Signed};
use crate::{Refusal, TaskError, VoteError};
use pervade_tokens::record::Purse;

/// Who judges a result once the contract has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Judges<'a> {
    /// Nobody.
    None,
    /// Oracles.
    Oracles(&'a Votes),
    /// The creator, within so many epochs.
    Creator(u64),
}

impl TaskType {
    /// Who judges results once the contract has.
    pub(crate) fn judges(&self) -> Judges<'_> {
        match (&self.votes, self.acceptance) {
            (Some(votes), _) => Judges::Oracles(votes),
            (None, Some(window)) => Judges::Creator(window),
            (None, None) => Judges::None,
        }
    }

    /// What the contract itself checks last.
    fn last_check(&self) -> Check {
        if !self.averages.is_empty() {
            Check::Averages
        } else if !self.limits.is_empty() {
            Check::Limits
        } else {
            Check::Signature
        }
    }
}

/// A result whose readings cannot be: a fault of the device, on record. Another may come.
pub(crate) fn refuse(task: Task, signed: &Signed, fault: Fault, moment: Moment<'_>) -> Decision {
    let Fault { check, metric } = fault;
    let statement_sha256 = signed.statement_sha256.clone();
    let verdict = Verdict {
        check,
        confirmed: Some(false),
        epoch: moment.epoch,
        metric: Some(metric),
        statement_sha256,
        task: task.id.clone(),
        tx_id: moment.tx_id.to_owned(),
    };
    Decision {
        verdict: Some(verdict),
        ..gone_on(task, TaskChange::Refused, Device::AtFault, moment)
    }
}

/// A result that is valid as far as the contract can tell: the task is completed, unless others
/// judge it first. Whether it expires meanwhile no longer matters.
pub(crate) fn deliver(
    mut task: Task,
    task_type: &TaskType,
    signed: Signed,
    moment: Moment<'_>,
) -> Result<Decision, AmountError> {
    let Signed { device_key, result, statement_sha256 } = signed;
    let (window, judge) = match task_type.judges() {
        Judges::None => (0, None),
        Judges::Oracles(votes) => (votes.window, Some(Check::Votes)),
        Judges::Creator(window) => (window, Some(Check::Acceptance)),
    };
    let submitted = moment.epoch;
    let closes = submitted.saturating_add(window);
    task.pending = Some(Pending { closes, device_key, result, statement_sha256, submitted });
    let Some(check) = judge else {
        let keeper = Purse::Account(task.creator.clone());
        return confirm(&task, (task_type.last_check(), keeper), moment);
    };
    let verdict = verdict(&task, check, None, moment);
    Ok(Decision { verdict, ..gone_on(task, TaskChange::Submitted, Device::Fine, moment) })
}

/// Completes a task whose result is confirmed.
pub(crate) fn confirm(
    task: &Task,
    (check, keeper): (Check, Purse),
    moment: Moment<'_>,
) -> Result<Decision, AmountError> {
    let (outcome, shares) = (Outcome::Completed, Shares::respondents(task)?);
    let ending = Ending { is_faulty: false, keeper, outcome, shares };
    let verdict = verdict(task, check, Some(true), moment);
    Ok(Decision { verdict, ..end(task, moment.epoch, ending) })
}

/// Whether the task of a refused result goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    /// Another result may come.
    Left,
    /// It has expired.
    Over,
}

/// Oracles refuse a result: a fault of the device.
pub(crate) fn vote_down(
    task: &Task,
    keeper: Purse,
    time: Time,
    moment: Moment<'_>,
) -> Result<Decision, AmountError> {
    let verdict = verdict(task, Check::Votes, Some(false), moment);
    let decision = match time {
        Time::Left => {
            let task = Task { pending: None, ..task.clone() };
            gone_on(task, TaskChange::Refused, Device::AtFault, moment)
        }
        Time::Over => {
            let (outcome, shares) = (Outcome::Failed, Shares::creators(task)?);
            end(task, moment.epoch, Ending { is_faulty: true, keeper, outcome, shares })
        }
    };
    Ok(Decision { verdict, ..decision })
}

/// The oracles did not come to a decision in time: nobody's fault.
pub(crate) fn give_up(task: &Task, keeper: Purse, moment: Moment<'_>) -> Decision {
    let (outcome, shares) = (Outcome::Failed, Shares::returned(task));
    let ending = Ending { is_faulty: false, keeper, outcome, shares };
    let verdict = verdict(task, Check::Votes, None, moment);
    Decision { verdict, ..end(task, moment.epoch, ending) }
}

/// The creator does not accept a result. To each what they staked, so that neither gains by it.
pub(crate) fn reject(task: &Task, moment: Moment<'_>) -> Decision {
    let keeper = Purse::Account(task.creator.clone());
    let (outcome, shares) = (Outcome::Rejected, Shares::returned(task));
    let ending = Ending { is_faulty: false, keeper, outcome, shares };
    let verdict = verdict(task, Check::Acceptance, Some(false), moment);
    Decision { verdict, ..end(task, moment.epoch, ending) }
}

/// An oracle's vote on the result that is being judged.
pub(crate) fn vote(
    task: &Task,
    task_type: &TaskType,
    vote: Vote,
    earlier: Option<&Vote>,
) -> Result<Vote, TaskError> {
    let Judges::Oracles(votes) = task_type.judges() else {
        return Err(Refusal::TaskNotPending.into());
    };
    let pending = task.pending.as_ref().ok_or(Refusal::TaskNotPending)?;
    if !votes.oracles.contains(&vote.oracle) {
        return Err(VoteError::NotOracle.into());
    }
    if vote.statement_sha256 != pending.statement_sha256 {
        return Err(VoteError::OtherResult.into());
    }
    if earlier.is_some_and(|earlier| earlier.statement_sha256 == vote.statement_sha256) {
        return Err(VoteError::AlreadyVoted.into());
    }
    Ok(vote)
}

/// Whose fault it is that a task goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Device {
    AtFault,
    Fine,
}

fn gone_on(task: Task, change: TaskChange, device: Device, moment: Moment<'_>) -> Decision {
    let report = match device {
        Device::AtFault => report(&task, moment.epoch, None, true),
        Device::Fine => None,
    };
    Decision {
        entries: Vec::new(),
        epoch: moment.epoch,
        moves: Vec::new(),
        next: Next::GoesOn { change: Some(change), task: Box::new(task) },
        report,
        verdict: None,
    }
}

/// What was found about the result that is being judged.
fn verdict(
    task: &Task,
    check: Check,
    confirmed: Option<bool>,
    moment: Moment<'_>,
) -> Option<Verdict> {
    let statement_sha256 = task.pending.as_ref()?.statement_sha256.clone();
    let (task, tx_id) = (task.id.clone(), moment.tx_id.to_owned());
    let epoch = moment.epoch;
    Some(Verdict { check, confirmed, epoch, metric: None, statement_sha256, task, tx_id })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::testing::{account, locked, signed, task_type, told};

    const NOW: Moment<'_> = Moment { epoch: 12, tx_id: "tx" };

    fn judged_by(oracles: u8, acceptance: Option<u64>) -> TaskType {
        let votes = Votes { needed: 2, oracles: (0..oracles).map(account).collect(), window: 5 };
        TaskType { acceptance, votes: (oracles > 0).then_some(votes), ..task_type() }
    }

    fn pending(task_type: &TaskType) -> Task {
        let decision = deliver(locked(), task_type, signed(), NOW).unwrap();
        let Next::GoesOn { task, .. } = decision.next else { panic!("{decision:?}") };
        *task
    }

    /// Tells what becomes of the task, the tokens that move, the points, and what the device gets.
    #[track_caller]
    fn check(decision: &Decision, expected: Expect) {
        let next = match &decision.next {
            Next::Ends { summary, result } => {
                assert!(result.is_some(), "the result is kept");
                format!("{} in {}", summary.outcome, summary.ended)
            }
            Next::GoesOn { change, .. } => format!("{:?}", change.unwrap()),
        };
        let points: Vec<u64> = decision.entries.iter().map(|entry| entry.points).collect();
        let report = decision.report.as_ref().map_or("no report".to_owned(), |report| {
            let outcome = report.outcome.map_or("none".to_owned(), |outcome| outcome.to_string());
            format!("report {outcome}{}", if report.faulty { ", faulty" } else { "" })
        });
        let verdict = decision.verdict.as_ref().map(|verdict| (verdict.check, verdict.confirmed));
        let moves = told(&decision.moves);
        expected.assert_eq(&format!("{next}: {moves}; {points:?}; {report}; {verdict:?}"));
    }

    /// W-48, W-56, W-74, D-19: the respondent gets the reward and the stake, both get their points.
    #[test]
    fn a_valid_result_completes_the_task() {
        let decision = deliver(locked(), &task_type(), signed(), NOW).unwrap();
        check(
            &decision,
            expect![
                "completed in 12: escrow 6 02, escrow 0.1 01; [1, 2]; report completed; Some((Limits, Some(true)))"
            ],
        );
    }

    /// W-96, W-98: a reading that cannot be is a fault on record, and moves nothing.
    #[test]
    fn a_reading_that_cannot_be_is_a_fault() {
        let fault = Fault { check: Check::Limits, metric: "celsius".to_owned() };
        let decision = refuse(locked(), &signed(), fault, NOW);
        check(
            &decision,
            expect!["Refused: ; []; report none, faulty; Some((Limits, Some(false)))"],
        );
        let Next::GoesOn { task, .. } = decision.next else { panic!("it goes on") };
        assert_eq!(*task, locked(), "another result may come");
    }

    /// D-24 (e): the creator's word completes the task, or returns to each what they staked.
    #[test]
    fn the_creator_may_reject() {
        let task_type = judged_by(0, Some(5));
        let submitted = deliver(locked(), &task_type, signed(), NOW).unwrap();
        check(&submitted, expect!["Submitted: ; []; no report; Some((Acceptance, None))"]);
        let task = pending(&task_type);
        assert_eq!(task.pending.as_ref().map(|pending| pending.closes), Some(17));
        let later = Moment { epoch: 14, ..NOW };
        check(
            &reject(&task, later),
            expect![
                "rejected in 14: escrow 4 01, escrow 2 02, escrow 0.1 01; [0, 0]; report rejected; Some((Acceptance, Some(false)))"
            ],
        );
        let keeper = Purse::Account(account(9));
        let confirmed = confirm(&task, (Check::Acceptance, keeper), later).unwrap();
        check(
            &confirmed,
            expect![
                "completed in 14: escrow 6 02, escrow 0.1 09; [1, 2]; report completed; Some((Acceptance, Some(true)))"
            ],
        );
    }

    /// W-85, D-24 (d): what oracles decide, and that they decide nothing.
    #[test]
    fn oracles_may_refuse() {
        let task = pending(&judged_by(3, None));
        let keeper = || Purse::Account(account(9));
        let left = vote_down(&task, keeper(), Time::Left, NOW).unwrap();
        check(&left, expect!["Refused: ; []; report none, faulty; Some((Votes, Some(false)))"]);
        let Next::GoesOn { task: again, .. } = left.next else { panic!("it goes on") };
        assert_eq!(*again, locked(), "another result may come");
        check(
            &vote_down(&task, keeper(), Time::Over, NOW).unwrap(),
            expect![
                "failed in 12: escrow 6 01, escrow 0.1 09; [0, 0]; report failed, faulty; Some((Votes, Some(false)))"
            ],
        );
        check(
            &give_up(&task, keeper(), NOW),
            expect![
                "failed in 12: escrow 4 01, escrow 2 02, escrow 0.1 09; [0, 0]; report failed; Some((Votes, None))"
            ],
        );
    }

    /// W-85: an oracle votes once, on the result that is being judged.
    #[test]
    fn a_vote_counts_once() {
        let task_type = judged_by(3, None);
        let task = pending(&task_type);
        let statement_sha256 = signed().statement_sha256;
        let by = |oracle| Vote {
            confirmed: true,
            oracle: account(oracle),
            statement_sha256: statement_sha256.clone(),
            task: task.id.clone(),
        };
        let told = |task: &Task, by: Vote, earlier: Option<Vote>| {
            let voted = vote(task, &task_type, by, earlier.as_ref());
            voted.map_or_else(|error| error.to_string(), |_| "counts".to_owned())
        };
        let stale = || Vote { statement_sha256: "ab".repeat(32), ..by(0) };
        expect!["counts"].assert_eq(&told(&task, by(0), None));
        expect!["counts"].assert_eq(&told(&task, by(0), Some(stale())));
        expect!["the oracle has voted on this result"].assert_eq(&told(&task, by(0), Some(by(0))));
        expect!["another result is being judged"].assert_eq(&told(&task, stale(), None));
        expect!["the signer is no oracle of the task's type"].assert_eq(&told(&task, by(3), None));
        expect!["no result is being judged so"].assert_eq(&told(&locked(), by(0), None));
    }
}
