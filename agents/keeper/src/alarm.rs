//! A clock that stands still.

use std::fmt;

use pervade_clock::rules::{Marker, Terms};
use serde::Serialize;

/// Tells when the clock stands still: when nobody ticks, or every tick is refused.
///
/// Then nothing becomes late, and nobody loses anything; but nothing ends, either.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// When the clock stopped and when that was told last.
    stalled: Option<(u64, u64)>,
}

/// What people should know about the clock. Times are in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "alarm", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Alarm {
    /// The next epoch should have begun long ago. Told once an interval.
    ClockStalled {
        /// The present epoch.
        last: u64,
        /// When the next one should have begun.
        since: u64,
    },
    /// The clock goes again.
    ClockRuns {
        /// The present epoch.
        last: u64,
        /// When it should have begun.
        since: u64,
    },
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockStalled { last, .. } => write!(f, "the clock stands still in epoch {last}"),
            Self::ClockRuns { last, .. } => write!(f, "the clock runs again: epoch {last}"),
        }
    }
}

impl Watch {
    /// Late by more intervals than this, the clock stands still.
    pub const INTERVALS: u64 = 2;

    /// Looks at the present epoch; tells what is new.
    pub fn look(&mut self, latest: &Marker, terms: &Terms, now_ms: u64) -> Option<Alarm> {
        let last = latest.number;
        let due_ms = latest.time_ms.saturating_add(terms.interval_ms);
        let late_ms = terms.interval_ms.saturating_mul(Self::INTERVALS);
        if now_ms <= due_ms.saturating_add(late_ms) {
            let (since, _) = self.stalled.take()?;
            return Some(Alarm::ClockRuns { last, since });
        }
        if let Some((_, told_ms)) = self.stalled
            && now_ms < told_ms.saturating_add(terms.interval_ms)
        {
            return None;
        }
        self.stalled = Some((due_ms, now_ms));
        Some(Alarm::ClockStalled { last, since: due_ms })
    }
}

#[cfg(test)]
mod tests {
    use pervade_clock::rules::{Marker, Terms};

    use super::{Alarm, Watch};

    fn marker(number: u64, time_ms: u64) -> Marker {
        let (block_hash, previous) = (String::new(), String::new());
        Marker { block_hash, height: 9, number, previous, time_ms }
    }

    /// D-01: a clock that is late by more than two intervals is told of, once an interval, until it
    /// runs again.
    #[test]
    fn a_clock_that_stands_still_is_told_of() {
        let (mut watch, terms) = (Watch::default(), Terms::USUAL);
        let stalled = Some(Alarm::ClockStalled { last: 7, since: 114_500 });
        let mut look =
            |number, time_ms, now_ms| watch.look(&marker(number, time_ms), &terms, now_ms);
        assert_eq!(look(7, 100_000, 143_500), None, "two intervals late");
        assert_eq!(look(7, 100_000, 143_501), stalled);
        assert_eq!(look(7, 100_000, 158_000), None, "told already");
        assert_eq!(look(7, 100_000, 158_001), stalled, "an interval later");
        let runs = Some(Alarm::ClockRuns { last: 8, since: 114_500 });
        assert_eq!(look(8, 158_002, 158_003), runs);
        assert_eq!(look(8, 158_002, 158_004), None, "told already");
    }
}
