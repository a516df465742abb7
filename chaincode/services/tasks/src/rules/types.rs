//! Types that a task may have.

use std::collections::BTreeSet;

use crate::DefineError;
use crate::record::{Average, Limit, TaskType, Votes};
use crate::rules::form::is_name;

impl TaskType {
    /// The metrics of which a result has readings, in order.
    pub fn metrics(&self) -> impl Iterator<Item = &String> {
        let metrics: BTreeSet<&String> = self.limits.keys().chain(self.averages.keys()).collect();
        metrics.into_iter()
    }

    /// # Errors
    /// Something outside its bounds.
    pub fn check(&self) -> Result<(), DefineError> {
        match self.flaw() {
            Some(what) => Err(DefineError::BadType { what }),
            None => Ok(()),
        }
    }

    fn flaw(&self) -> Option<&'static str> {
        let windows = 1..=Self::WINDOW_MAX;
        let is_window = |window: u64| windows.contains(&window);
        if !is_name(&self.name) {
            Some("name")
        } else if self.version != Self::VERSION {
            Some("version")
        } else if self.metrics().count() > Self::METRICS_MAX || !self.metrics().all(|m| is_name(m))
        {
            Some("metrics")
        } else if !self.limits.values().all(Limit::can_be) {
            Some("limits")
        } else if !self.averages.values().all(Average::can_be) {
            Some("averages")
        } else if !self.votes.as_ref().is_none_or(|votes| votes.can_be() && is_window(votes.window))
        {
            Some("votes")
        } else if !self.acceptance.is_none_or(is_window)
            || (self.acceptance.is_some() && self.votes.is_some())
        {
            Some("acceptance")
        } else {
            None
        }
    }
}

impl Limit {
    fn can_be(&self) -> bool {
        self.min <= self.max
            && self.min >= -Average::READING_MAX
            && self.max <= Average::READING_MAX
    }
}

impl Average {
    fn can_be(&self) -> bool {
        (1..=1_000).contains(&self.weight_permille)
            && self.tolerance_permille <= Self::TOLERANCE_PERMILLE_MAX
            && self.floor <= Self::READING_MAX.unsigned_abs()
    }
}

impl Votes {
    fn can_be(&self) -> bool {
        let oracles: BTreeSet<_> = self.oracles.iter().collect();
        let needed = usize::try_from(self.needed).unwrap_or(usize::MAX);
        (1..=Self::ORACLES_MAX).contains(&self.oracles.len())
            && oracles.len() == self.oracles.len()
            && (1..=self.oracles.len()).contains(&needed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::testing::{account, task_type};

    fn refused(change: impl FnOnce(&mut TaskType)) -> &'static str {
        let mut changed = task_type();
        change(&mut changed);
        changed.flaw().unwrap_or("fine")
    }

    fn votes(oracles: Vec<u8>, needed: u32) -> Option<Votes> {
        Some(Votes { needed, oracles: oracles.into_iter().map(account).collect(), window: 5 })
    }

    /// W-41: a type says what is judged and how, within bounds.
    #[test]
    fn types_have_bounds() {
        let average =
            Average { floor: 1, tolerance_permille: 3_000, warmup: 3, weight_permille: 200 };
        assert_eq!(refused(|_| ()), "fine");
        assert_eq!(refused(|found| found.name.clear()), "name");
        assert_eq!(refused(|found| found.name.push('A')), "name");
        assert_eq!(refused(|found| found.version = 2), "version");
        let limit = Limit { min: 1, max: 0 };
        let limited = |limit| BTreeMap::from([("x".to_owned(), limit)]);
        assert_eq!(refused(|found| found.limits = limited(limit)), "limits");
        let many = (0..17).map(|number| (format!("m{number}"), Limit { min: 0, max: 0 }));
        assert_eq!(refused(|found| found.limits = many.collect()), "metrics");
        for average in [
            Average { weight_permille: 0, ..average },
            Average { weight_permille: 1_001, ..average },
            Average { tolerance_permille: 1_000_001, ..average },
            Average { floor: 1_000_000_000_001, ..average },
        ] {
            let averages = BTreeMap::from([("x".to_owned(), average)]);
            assert_eq!(refused(|found| found.averages = averages), "averages");
        }
    }

    /// W-85: oracles are different ones, and enough of them can be had.
    #[test]
    fn votes_can_be_had() {
        assert_eq!(refused(|found| found.votes = votes(vec![1, 2, 3], 2)), "fine");
        for (oracles, needed) in
            [(vec![], 0), (vec![1], 0), (vec![1], 2), (vec![1, 1], 1), ((0..17).collect(), 3)]
        {
            assert_eq!(refused(|found| found.votes = votes(oracles, needed)), "votes");
        }
        assert_eq!(refused(|found| found.acceptance = Some(10_000)), "fine");
        assert_eq!(refused(|found| found.acceptance = Some(0)), "acceptance");
        assert_eq!(refused(|found| found.acceptance = Some(10_001)), "acceptance");
        let both = refused(|found| {
            (found.acceptance, found.votes) = (Some(5), votes(vec![1], 1));
        });
        assert_eq!(both, "acceptance");
    }
}
