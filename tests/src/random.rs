//! Random choices that a seed repeats.

use std::{
    env,
    num::ParseIntError,
    time::{SystemTime, UNIX_EPOCH},
};

use thiserror::Error;

/// A seed to repeat, in decimal digits.
pub const SEED: &str = "PERVADE_SEED";

/// The seed of this run: [`SEED`]'s, or one that the clock gives.
///
/// # Errors
/// If [`SEED`] holds no number.
pub fn seed() -> Result<u64, NoSeed> {
    match env::var(SEED) {
        Ok(text) => text.parse().map_err(|source| NoSeed { text, source }),
        Err(_) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Ok(u64::from(now.subsec_nanos()) << 32 | now.as_secs() & 0xffff_ffff)
        }
    }
}

/// The variable [`SEED`] holds no number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{SEED}={text} is no number")]
pub struct NoSeed {
    text: String,
    source: ParseIntError,
}

/// A source of choices; the same seed makes the same ones. (`SplitMix64`.)
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Choices that follow from the seed alone.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 on, below `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.number() % end).unwrap_or_default()
    }

    /// Whether something that happens in `percent` of all cases happens now.
    pub fn happens(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several; `None` if there are none.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len()))
    }

    /// Any bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.number().to_le_bytes()[0]).collect()
    }
}
