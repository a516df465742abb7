//! When a marker may follow another: pure functions over values.

use pervade_chaincode::Argument;
use serde::{Deserialize, Serialize};

/// How a clock runs, bound once. All times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Terms {
    /// How far a ticker's time may lie ahead of an endorser's.
    pub ahead_ms: u64,
    /// How far a ticker's time may lie behind an endorser's.
    pub behind_ms: u64,
    /// Least time from one marker to the next.
    pub interval_ms: u64,
    /// How much earlier than after the interval a marker may come, for clocks that differ.
    pub tolerance_ms: u64,
}

impl Terms {
    /// An epoch lasts 10 to 19 seconds.
    pub const INTERVAL_MS: std::ops::RangeInclusive<u64> = 10_000..=19_000;

    /// Farthest that a ticker's time may lie from an endorser's.
    pub const SKEW_MS_MAX: u64 = 120_000;

    /// 14.5 seconds an epoch, as blocks took on average where deadlines were first counted in them;
    /// a minute behind, ten seconds ahead.
    pub const USUAL: Self =
        Self { ahead_ms: 10_000, behind_ms: 60_000, interval_ms: 14_500, tolerance_ms: 500 };

    /// # Errors
    /// A value outside its bounds.
    pub fn check(&self) -> Result<(), BadTerms> {
        let refuse = |name| Err(BadTerms { name });
        if !Self::INTERVAL_MS.contains(&self.interval_ms) {
            return refuse("interval_ms");
        }
        // Even with the tolerance used up at every tick, an epoch lasts half its interval.
        if self.tolerance_ms > self.interval_ms / 2 {
            return refuse("tolerance_ms");
        }
        for (name, skew) in [("ahead_ms", self.ahead_ms), ("behind_ms", self.behind_ms)] {
            if skew == 0 || skew > Self::SKEW_MS_MAX {
                return refuse(name);
            }
        }
        Ok(())
    }
}

/// A term outside its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is outside its bounds")]
#[expect(clippy::exhaustive_structs, reason = "a name is all there is")]
pub struct BadTerms {
    /// The term.
    pub name: &'static str,
}

/// The beginning of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Marker {
    /// Header hash of the block that the ticker saw last, in hexadecimal.
    pub block_hash: String,
    /// Number of that block.
    pub height: u64,
    /// The epoch, from 0.
    pub number: u64,
    /// SHA-256 of the marker before it as it is written, in hexadecimal; of the terms for epoch 0.
    pub previous: String,
    /// The ticker's time, in milliseconds since 1970, which the endorsers found near their own.
    pub time_ms: u64,
}

/// What a ticker has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Seen {
    /// Header hash of a block, in hexadecimal.
    pub block_hash: String,
    /// The block's number.
    pub height: u64,
    /// Its own time, in milliseconds since 1970.
    pub time_ms: u64,
}

/// The marker after `previous`, which is written as the bytes with the given hash.
///
/// # Errors
/// It is too early, or what was seen cannot have been.
pub fn following(
    terms: &Terms,
    previous: &Marker,
    previous_sha256: String,
    seen: Seen,
) -> Result<Marker, Refusal> {
    check_hash(&seen.block_hash)?;
    let wait = terms.interval_ms.saturating_sub(terms.tolerance_ms);
    let due_ms = previous.time_ms.saturating_add(wait);
    if seen.time_ms < due_ms {
        return Err(Refusal::TooEarly { due_ms });
    }
    if seen.height < previous.height {
        return Err(Refusal::HeightFell { height: previous.height });
    }
    let number = previous.number.checked_add(1).ok_or(Refusal::Last)?;
    let Seen { block_hash, height, time_ms } = seen;
    Ok(Marker { block_hash, height, number, previous: previous_sha256, time_ms })
}

/// The marker of epoch 0.
///
/// # Errors
/// What was seen cannot have been.
pub fn first(terms_sha256: String, seen: Seen) -> Result<Marker, Refusal> {
    check_hash(&seen.block_hash)?;
    let Seen { block_hash, height, time_ms } = seen;
    Ok(Marker { block_hash, height, number: 0, previous: terms_sha256, time_ms })
}

fn check_hash(hash: &str) -> Result<(), Refusal> {
    let fits = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if fits { Ok(()) } else { Err(Refusal::BlockHash) }
}

/// Why a marker does not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The epoch before it has not lasted long enough.
    #[error("the epoch lasts until {due_ms}")]
    TooEarly {
        /// When the next may begin, in milliseconds since 1970.
        due_ms: u64,
    },
    /// A marker before it names a later block.
    #[error("a marker names block {height} already")]
    HeightFell {
        /// That block's number.
        height: u64,
    },
    /// Not a hash.
    #[error("a block's hash is 64 small hexadecimal digits")]
    BlockHash,
    /// No number is left.
    #[error("there are no more epochs")]
    Last,
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn marker() -> Marker {
        first("00".repeat(32), seen(100_000, 7)).expect("a marker")
    }

    fn seen(time_ms: u64, height: u64) -> Seen {
        Seen { block_hash: "ab".repeat(32), height, time_ms }
    }

    fn check(seen: Seen, expected: Expect) {
        let found = following(&Terms::USUAL, &marker(), "11".repeat(32), seen);
        expected.assert_eq(&match found {
            Ok(marker) => format!("epoch {} at {}", marker.number, marker.time_ms),
            Err(refusal) => refusal.to_string(),
        });
    }

    /// W-76, D-01: a marker follows when its time has come, on any block that is not before.
    #[test]
    fn a_marker_follows_in_time() {
        check(seen(114_500, 9), expect!["epoch 1 at 114500"]);
        check(seen(114_000, 7), expect!["epoch 1 at 114000"]);
        check(seen(113_999, 9), expect!["the epoch lasts until 114000"]);
        check(seen(u64::MAX, 9), expect!["epoch 1 at 18446744073709551615"]);
        check(seen(114_500, 6), expect!["a marker names block 7 already"]);
        let wrong = Seen { block_hash: "AB".repeat(32), ..seen(114_500, 9) };
        check(wrong, expect!["a block's hash is 64 small hexadecimal digits"]);
    }

    #[test]
    fn the_last_epoch_has_none_after_it() {
        let last = Marker { number: u64::MAX, ..marker() };
        let found = following(&Terms::USUAL, &last, String::new(), seen(u64::MAX, 9));
        assert_eq!(found, Err(Refusal::Last));
    }

    /// W-77: an epoch lasts from 10 to 19 seconds, 14.5 unless another length is agreed on.
    #[test]
    fn terms_have_bounds() {
        assert_eq!(Terms::USUAL.check(), Ok(()));
        let terms = |change: fn(&mut Terms)| {
            let mut terms = Terms::USUAL;
            change(&mut terms);
            terms.check().map_err(|bad| bad.name)
        };
        assert_eq!(terms(|terms| terms.interval_ms = 9_999), Err("interval_ms"));
        assert_eq!(terms(|terms| terms.interval_ms = 19_001), Err("interval_ms"));
        assert_eq!(terms(|terms| terms.tolerance_ms = 7_251), Err("tolerance_ms"));
        assert_eq!(terms(|terms| terms.ahead_ms = 0), Err("ahead_ms"));
        assert_eq!(terms(|terms| terms.behind_ms = 120_001), Err("behind_ms"));
    }
}
