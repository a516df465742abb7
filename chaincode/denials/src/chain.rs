//! Reads a log and says whether it is as it was written.

use sha2::{Digest as _, Sha256};

use crate::Entry;

/// A log as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chain {
    /// Its lines, in their order.
    pub links: Vec<Link>,
    /// What does not hold, in the order of the lines.
    pub faults: Vec<Fault>,
    /// Bytes of a last line that was not written to its end.
    pub torn: usize,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// What it says; none if it is no entry.
    pub entry: Option<Entry>,
    /// Hexadecimal SHA-256 of its bytes, without the line's end.
    pub sha256: String,
}

/// What somebody else knows of a log: how many entries it had, and the digest of the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a pair")]
pub struct Anchored<'a> {
    /// How many.
    pub entries: u64,
    /// Hexadecimal SHA-256.
    pub sha256: &'a str,
}

/// How a log is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A line is no entry.
    #[error("entry {number} is none")]
    NoEntry {
        /// Which it was to be.
        number: u64,
    },
    /// An entry is missing, or they are in another order.
    #[error("entry {found} stands in the place of entry {number}")]
    Misplaced {
        /// Which was to be there.
        number: u64,
        /// Which is there.
        found: u64,
    },
    /// An entry is another than the one that the next was written after.
    #[error("entry {number} is not the one that the next was written after")]
    Changed {
        /// Which entry.
        number: u64,
    },
    /// Entries that were anchored are not there any more.
    #[error("entries {first} to {last} are missing: they were anchored")]
    Missing {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
    /// The log is whole and not the one that was anchored.
    #[error("one of the entries {first} to {last} is not the one that was anchored")]
    Rewritten {
        /// The first that may be another one.
        first: u64,
        /// The one that was anchored.
        last: u64,
    },
}

/// The digest before the first line.
pub(crate) const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Chain {
    /// Reads a log's bytes. Whatever they are, each line is told of.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut chain = Self { torn: bytes.len() - whole, ..Self::default() };
        let lines = bytes.get(..whole).unwrap_or_default();
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            chain.add(line.strip_suffix(b"\n").unwrap_or(line));
        }
        chain
    }

    fn add(&mut self, line: &[u8]) {
        let entry: Option<Entry> = serde_json::from_slice(line).ok();
        let number = self.last_number().saturating_add(1);
        let follows = self.head();
        match &entry {
            None => self.faults.push(Fault::NoEntry { number }),
            Some(Entry { number: found, .. }) if *found != number => {
                self.faults.push(Fault::Misplaced { number, found: *found });
            }
            Some(entry) if entry.previous != follows => {
                self.faults.push(Fault::Changed { number: number.saturating_sub(1) });
            }
            Some(_) => {}
        }
        self.links.push(Link { entry, sha256: digest(line) });
    }

    /// How many lines there are.
    #[must_use]
    pub fn entries(&self) -> u64 {
        count(self.links.len())
    }

    /// Which entry the last line says that it is, or is to be.
    pub(crate) fn last_number(&self) -> u64 {
        let last = self.links.last().and_then(|link| link.entry.as_ref());
        last.map_or(self.entries(), |entry| entry.number)
    }

    /// The digest of the last line; zeros if there is none.
    #[must_use]
    pub fn head(&self) -> &str {
        self.links.last().map_or(NOTHING, |link| &link.sha256)
    }

    /// Holds the log against its anchors, those of the fewest entries first. The first that does
    /// not hold is told: those after it cannot.
    #[must_use]
    pub fn compare<'a>(&self, anchors: impl IntoIterator<Item = Anchored<'a>>) -> Option<Fault> {
        let mut held = 0_u64;
        for Anchored { entries, sha256 } in anchors {
            let place = entries.checked_sub(1).and_then(|place| usize::try_from(place).ok());
            let link = place.and_then(|place| self.links.get(place));
            match link {
                Some(link) if link.sha256 == sha256 => held = entries,
                Some(_) => {
                    return Some(Fault::Rewritten { first: held.saturating_add(1), last: entries });
                }
                // Nothing was anchored: there is nothing to hold against it.
                None if entries == 0 => {}
                None => {
                    let first = self.entries().saturating_add(1);
                    return Some(Fault::Missing { first, last: entries });
                }
            }
        }
        None
    }
}

fn count(lines: usize) -> u64 {
    u64::try_from(lines).unwrap_or(u64::MAX)
}

/// The digest of a line.
pub(crate) fn digest(line: &[u8]) -> String {
    hex::encode(Sha256::digest(line))
}

#[cfg(test)]
mod tests;
