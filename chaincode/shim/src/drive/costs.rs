//! How long functions take, as far as it decides where they run.

use std::collections::HashMap;
use std::time::Duration;

/// What each function has taken of late, by a label that stands for it.
#[derive(Default)]
pub(super) struct Costs {
    labels: HashMap<Box<[u8]>, usize>,
    costs: Vec<Cost>,
}

#[derive(Clone, Copy, Default)]
struct Cost {
    usual: Duration,
    /// Pieces of work seen, up to [`SEEN_ENOUGH`].
    seen: u8,
}

/// Names that are told apart; all others count as slow. A peer passes on any name a client sends.
const FUNCTIONS_MAX: usize = 256;

/// Pieces of work before a function may count as quick.
const SEEN_ENOUGH: u8 = 4;

/// Most that a piece of work of a quick function takes, usually. Handing it to another thread
/// costs about as much.
const QUICK: Duration = Duration::from_micros(50);

impl Costs {
    /// The label of a function; the last one stands for all functions that are too many.
    pub(super) fn label(&mut self, function: &[u8]) -> usize {
        if let Some(label) = self.labels.get(function) {
            return *label;
        }
        let label = self.costs.len();
        if label < FUNCTIONS_MAX {
            self.labels.insert(function.into(), label);
            self.costs.push(Cost::default());
        }
        label
    }

    pub(super) fn is_quick(&self, label: usize) -> bool {
        let cost = self.costs.get(label).copied().unwrap_or_default();
        cost.seen >= SEEN_ENOUGH && cost.usual <= QUICK
    }

    /// Notes what a piece of work took. One that was slow tells at once, quick ones by and by.
    pub(super) fn record(&mut self, label: usize, took: Duration) {
        let Some(cost) = self.costs.get_mut(label) else { return };
        cost.seen = cost.seen.saturating_add(1).min(SEEN_ENOUGH);
        cost.usual = took.max(cost.usual.saturating_mul(7).saturating_add(took) / 8);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Costs, FUNCTIONS_MAX};

    #[test]
    fn a_function_is_quick_once_it_has_been_so_for_a_while() {
        check("1 1 1", false);
        check("1 1 1 1", true);
        check("1 1 1 1000", false);
        check("1 1 1 1 1 40", true);
    }

    #[test]
    fn a_slow_piece_of_work_tells_at_once_and_is_forgotten_by_and_by() {
        check("1 1 1 1 10000 1 1 1 1 1 1", false);
        check(&("10000 ".to_owned() + &"1 ".repeat(50)), true);
    }

    #[test]
    fn names_without_end_take_no_memory_without_end() {
        let mut costs = Costs::default();
        for name in 0..2 * FUNCTIONS_MAX {
            let label = costs.label(name.to_string().as_bytes());
            for _ in 0..10 {
                costs.record(label, Duration::ZERO);
            }
            assert_eq!(costs.is_quick(label), name < FUNCTIONS_MAX, "function {name}");
        }
        assert_eq!(costs.costs.len(), FUNCTIONS_MAX);
    }

    #[track_caller]
    fn check(micros: &str, is_quick: bool) {
        let mut costs = Costs::default();
        let label = costs.label(b"f");
        for took in micros.split_whitespace() {
            costs.record(label, Duration::from_micros(took.parse().unwrap()));
        }
        assert_eq!(costs.is_quick(label), is_quick, "after {micros}");
    }
}
