//! What is to be done: a function of what a keeper sees.

use std::fmt;
use std::time::Duration;

use pervade_clock::rules::{Marker, Terms};
use pervade_tasks::record::{Action, Due};
use serde::Serialize;

/// What a keeper sees of the ledger, and when.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct View<'a> {
    /// What can be done about tasks because a deadline has passed, the earliest first.
    pub due: &'a [Due],
    /// The marker of the present epoch.
    pub latest: &'a Marker,
    /// The keeper's own time, in milliseconds since 1970.
    pub now_ms: u64,
    /// The terms of the clock.
    pub terms: &'a Terms,
}

/// Whose turn it is among several keepers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Turn {
    /// How long each keeper leaves to the one before it.
    pub grace: Duration,
    /// How many keepers are before this one.
    pub rank: u32,
}

impl Turn {
    /// Long enough for a job of the keeper before to be in a block.
    pub const USUAL_GRACE: Duration = Duration::from_secs(4);

    /// The turn of a keeper with so many before it.
    #[must_use]
    pub fn of_rank(rank: u32) -> Self {
        Self { grace: Self::USUAL_GRACE, rank }
    }

    /// How long after a job can be done it is this keeper's turn, in milliseconds.
    fn wait_ms(self) -> u64 {
        u64::try_from(self.grace.saturating_mul(self.rank).as_millis()).unwrap_or(u64::MAX)
    }
}

/// Something that is to be done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "job", rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Job {
    /// To begin an epoch.
    Tick {
        /// Its number.
        number: u64,
    },
    /// To end a task whose time is over.
    Expire {
        /// The task.
        task: String,
    },
    /// To end the judging of a task's result.
    Settle {
        /// The task.
        task: String,
    },
}

impl Job {
    /// The task, if it is about one.
    #[must_use]
    pub fn task(&self) -> Option<&str> {
        match self {
            Self::Tick { .. } => None,
            Self::Expire { task } | Self::Settle { task } => Some(task),
        }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tick { number } => write!(f, "begin epoch {number}"),
            Self::Expire { task } => write!(f, "end task {task}"),
            Self::Settle { task } => write!(f, "settle task {task}"),
        }
    }
}

/// What it is this keeper's turn to do.
///
/// An epoch begins when the one before it has lasted an interval by the keeper's own clock. What
/// is due from an epoch on can be done since that epoch's marker: of an earlier epoch than the
/// present one only the latest moment is known, because epochs have a least length.
#[must_use]
pub fn check(view: &View<'_>, turn: Turn) -> Vec<Job> {
    let is_turn = |since_ms: u64| view.now_ms >= since_ms.saturating_add(turn.wait_ms());
    let next = view.latest.number.checked_add(1);
    let ticks_at_ms = view.latest.time_ms.saturating_add(view.terms.interval_ms);
    let tick = next.filter(|_| is_turn(ticks_at_ms)).map(|number| Job::Tick { number });
    let due = view
        .due
        .iter()
        .filter(|due| due.epoch <= view.latest.number && is_turn(begun_ms(view, due.epoch)));
    tick.into_iter().chain(due.filter_map(about)).collect()
}

/// The latest moment at which an epoch can have begun.
fn begun_ms(view: &View<'_>, epoch: u64) -> u64 {
    let least_ms = view.terms.interval_ms.saturating_sub(view.terms.tolerance_ms);
    let epochs = view.latest.number.saturating_sub(epoch);
    view.latest.time_ms.saturating_sub(epochs.saturating_mul(least_ms))
}

/// A job that this keeper knows how to do.
fn about(due: &Due) -> Option<Job> {
    let task = due.id.clone();
    match due.action {
        Action::Expire => Some(Job::Expire { task }),
        Action::Settle => Some(Job::Settle { task }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use pervade_clock::rules::{Marker, Terms};
    use pervade_tasks::record::{Action, Due};

    use super::{Turn, View, check as jobs};

    /// Epoch 7 began at 100 000; epochs last 14 500, give or take 500.
    fn latest() -> Marker {
        Marker {
            block_hash: String::new(),
            height: 9,
            number: 7,
            previous: String::new(),
            time_ms: 100_000,
        }
    }

    fn due(epoch: u64, action: Action) -> Due {
        Due { action, epoch, id: format!("{epoch}") }
    }

    #[track_caller]
    fn check(due: &[Due], now_ms: u64, rank: u32, expected: Expect) {
        let view = View { due, latest: &latest(), now_ms, terms: &Terms::USUAL };
        let found = jobs(&view, Turn::of_rank(rank));
        let told: Vec<_> = found.iter().map(ToString::to_string).collect();
        expected.assert_eq(&told.join(", "));
    }

    /// D-01: an epoch begins when the one before has lasted its time, by the keeper of the first
    /// rank; the next one leaves it a moment.
    #[test]
    fn epochs_begin_in_time() {
        check(&[], 114_499, 0, expect![""]);
        check(&[], 114_500, 0, expect!["begin epoch 8"]);
        check(&[], 118_499, 1, expect![""]);
        check(&[], 118_500, 1, expect!["begin epoch 8"]);
        check(&[], 122_500, 2, expect!["begin epoch 8"]);
        check(&[], 0, 0, expect![""]);
        check(&[], u64::MAX, u32::MAX, expect!["begin epoch 8"]);
    }

    /// D-02, W-72: what is due in the present epoch, or was in an earlier one, is done.
    #[test]
    fn what_is_due_is_done() {
        let all = [due(2, Action::Expire), due(7, Action::Settle), due(8, Action::Expire)];
        check(&all, 100_000, 0, expect!["end task 2, settle task 7"]);
        check(&all, 100_000, 1, expect!["end task 2"]);
        check(&all, 104_000, 1, expect!["end task 2, settle task 7"]);
        check(&all, 114_500, 0, expect!["begin epoch 8, end task 2, settle task 7"]);
    }

    /// D-02: a keeper of a later rank does what an earlier one left, in the same epoch.
    #[test]
    fn a_later_keeper_waits_from_when_a_job_could_be_done() {
        let earlier = [due(6, Action::Expire)];
        // Epoch 6 began at 86 000 at the latest.
        check(&earlier, 100_000, 3, expect!["end task 6"]);
        check(&earlier, 100_000, 4, expect![""]);
        check(&earlier, 102_000, 4, expect!["end task 6"]);
    }
}
