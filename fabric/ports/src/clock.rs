use std::time::Duration;

use crate::BoxFuture;

/// The time of day, and waiting for it to pass.
pub trait Clock: Send + Sync {
    /// The time now, UTC.
    fn now(&self) -> Timestamp;

    /// Resolves once `duration` has passed on this clock.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// A point in time: whole seconds since 1970-01-01T00:00:00Z and nanoseconds after them.
///
/// Invariant: `nanos` is less than one thousand million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
}

impl Timestamp {
    /// A point in time; nanoseconds past a second carry over.
    #[must_use]
    pub fn new(seconds: i64, nanos: u32) -> Self {
        Self {
            seconds: seconds.saturating_add(i64::from(nanos / NANOS_PER_SECOND)),
            nanos: nanos % NANOS_PER_SECOND,
        }
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after the whole second.
    #[must_use]
    pub fn nanos(self) -> u32 {
        self.nanos
    }

    /// How far apart two times are, whichever is the earlier.
    #[must_use]
    pub fn distance(self, other: Self) -> Duration {
        let (late, early) = if self > other { (self, other) } else { (other, self) };
        let seconds = late.seconds.abs_diff(early.seconds);
        let whole = Duration::new(seconds, late.nanos);
        whole.saturating_sub(Duration::from_nanos(u64::from(early.nanos)))
    }
}

const NANOS_PER_SECOND: u32 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Timestamp;

    #[test]
    fn distance_is_symmetric_and_carries_nanoseconds() {
        let early = Timestamp::new(10, 900_000_000);
        let late = Timestamp::new(12, 100_000_000);
        assert_eq!(early.distance(late), Duration::from_millis(1_200));
        assert_eq!(late.distance(early), early.distance(late));
    }

    #[test]
    fn nanoseconds_carry_over_into_seconds() {
        assert_eq!(Timestamp::new(1, 2_500_000_000), Timestamp::new(3, 500_000_000));
    }
}
