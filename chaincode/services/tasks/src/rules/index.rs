//! How tasks are found: entries that follow from tasks.

use pervade_platform::Outcome;

use crate::record::{Action, Due, Kind, Open, Part, PartEntry, Task, TaskTerms};
use crate::rules::decision::Next;

impl Task {
    /// Its entry in the public list; none if it is not for anyone, or accepted.
    pub(crate) fn open(&self, terms: &TaskTerms) -> Option<Open> {
        let is_open = self.kind == Kind::Public && !self.locked;
        is_open.then(|| Open {
            acceptable: self.acceptable(terms),
            expires: self.expires,
            id: self.id.clone(),
            minimum_reputation: self.minimum_reputation,
            reward: self.reward,
            type_name: self.type_name.clone(),
        })
    }

    /// What is to be done about it, and from when on.
    pub(crate) fn due(&self) -> Due {
        let (action, last) = match &self.pending {
            Some(pending) => (Action::Settle, pending.closes),
            None => (Action::Expire, self.expires),
        };
        Due { action, epoch: last.saturating_add(1), id: self.id.clone() }
    }

    fn parts(&self, outcome: Option<Outcome>) -> Vec<PartEntry> {
        let part = |part, of: String| PartEntry {
            created: self.created,
            id: self.id.clone(),
            of,
            outcome,
            part,
            type_name: self.type_name.clone(),
        };
        let respondent = self.respondent.iter();
        let device = self.device.iter();
        std::iter::once(part(Part::Creator, self.creator.to_string()))
            .chain(respondent.map(|account| part(Part::Respondent, account.to_string())))
            .chain(device.map(|device| part(Part::Device, device.to_string())))
            .collect()
    }
}

/// The entries of the parties that change.
pub(crate) fn parts(before: Option<&Task>, next: &Next) -> Vec<PartEntry> {
    let were = before.map(|task| task.parts(None)).unwrap_or_default();
    match next {
        Next::Ends { summary, .. } => {
            let outcome = Some(summary.outcome);
            were.into_iter().map(|part| PartEntry { outcome, ..part }).collect()
        }
        Next::GoesOn { task, .. } => {
            let are = task.parts(None);
            let outcome = Some(Outcome::Declined);
            let left = were.iter().filter(|part| !are.contains(part));
            let left: Vec<_> = left.map(|part| PartEntry { outcome, ..part.clone() }).collect();
            are.into_iter().filter(|part| !were.contains(part)).chain(left).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::record::TaskChange;
    use crate::rules::decision::Decision;
    use crate::rules::life::{decline, expire, keeper};
    use crate::testing::{locked, task, terms};

    #[track_caller]
    fn check(before: Option<&Task>, next: &Next, expected: Expect) {
        let told = parts(before, next).into_iter().map(|entry| {
            let of = entry.of.get(..2).unwrap_or_default();
            let outcome = entry.outcome.map_or("goes on".to_owned(), |found| found.to_string());
            format!("{} {of} {outcome}", entry.part)
        });
        expected.assert_eq(&told.collect::<Vec<_>>().join(", "));
    }

    fn goes_on(change: TaskChange, task: Task) -> Next {
        Next::GoesOn { change: Some(change), task: Box::new(task) }
    }

    /// W-65, WC-13: each party has an entry of its own, while the task goes on and after.
    #[test]
    fn each_party_has_an_entry() {
        check(None, &goes_on(TaskChange::Accepted, task()), expect!["creator 01 goes on"]);
        let accepted = goes_on(TaskChange::Accepted, locked());
        check(Some(&task()), &accepted, expect!["respondent 02 goes on, device th goes on"]);
        let Decision { next, .. } = decline(&locked(), &terms(), 11).unwrap();
        check(Some(&locked()), &next, expect!["respondent 02 declined, device th declined"]);
        let Decision { next, .. } = expire(&locked(), keeper(None)).unwrap();
        check(
            Some(&locked()),
            &next,
            expect!["creator 01 expired, respondent 02 expired, device th expired"],
        );
    }

    /// W-64: the list has the tasks that anyone may accept.
    #[test]
    fn only_what_may_be_accepted_is_open() {
        let open = task().open(&terms()).unwrap();
        assert_eq!((open.acceptable, open.expires), (25, 27));
        assert_eq!(locked().open(&terms()), None);
        assert_eq!(Task { kind: Kind::Assigned, ..task() }.open(&terms()), None);
    }
}
