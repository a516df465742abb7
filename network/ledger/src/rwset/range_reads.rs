//! What a range read leaves in the read set: the keys and versions it saw or, when there are
//! many, a Merkle summary of them.

use fabric_protos::Message;
use fabric_protos::kvrwset::range_query_info::ReadsInfo;
use fabric_protos::kvrwset::{KvRead, QueryReads, QueryReadsMerkleSummary};
use thiserror::Error;

use super::sha256;

/// Up to this many reads of one range are recorded one by one; more become a Merkle summary of
/// this degree.
pub const MERKLE_DEGREE: u32 = 50;

/// Collects the reads of one range, in key order.
///
/// Reads are grouped by degree + 1; a group's hash is a leaf. Whenever a level holds more than
/// degree hashes, they are hashed into one of the level above and forgotten.
#[derive(Debug, Clone)]
pub struct RangeReads {
    degree: usize,
    pending: Vec<KvRead>,
    /// Hashes by level, leaves first.
    levels: Vec<Vec<Vec<u8>>>,
}

impl RangeReads {
    /// Collects with the degree that endorsers use.
    #[must_use]
    pub fn new() -> Self {
        Self { degree: MERKLE_DEGREE as usize, pending: Vec::new(), levels: vec![Vec::new()] }
    }

    /// Collects with the degree that another's summary names; at least 2.
    ///
    /// # Errors
    /// If the degree is less.
    pub fn with_degree(degree: u32) -> Result<Self, MerkleDegreeError> {
        if degree < 2 {
            return Err(MerkleDegreeError { degree });
        }
        Ok(Self { degree: degree as usize, ..Self::new() })
    }

    /// Records the next read.
    pub fn add(&mut self, read: KvRead) {
        self.pending.push(read);
        if self.pending.len() > self.degree {
            self.hash_pending();
        }
    }

    /// What the read set holds in the end; `None` if nothing was read.
    #[must_use]
    pub fn finish(self) -> Option<ReadsInfo> {
        if !self.is_summarised() {
            let reads = QueryReads { kv_reads: self.pending };
            return (!reads.kv_reads.is_empty()).then_some(ReadsInfo::RawReads(reads));
        }
        Some(ReadsInfo::ReadsMerkleHashes(self.summary()))
    }

    /// The Merkle summary of all reads, also where there are few.
    #[must_use]
    pub fn summary(mut self) -> QueryReadsMerkleSummary {
        if self.is_summarised() && !self.pending.is_empty() {
            self.hash_pending();
        }
        self.complete();
        let max_level = u32::try_from(self.levels.len()).unwrap_or(u32::MAX);
        let max_degree = u32::try_from(self.degree).unwrap_or(u32::MAX);
        let max_level_hashes = self.levels.pop().unwrap_or_default();
        QueryReadsMerkleSummary { max_degree, max_level, max_level_hashes }
    }

    /// Whether there are so many reads that only their hashes are kept.
    #[must_use]
    pub fn is_summarised(&self) -> bool {
        self.levels.iter().any(|level| !level.is_empty())
    }

    fn hash_pending(&mut self) {
        let reads = QueryReads { kv_reads: std::mem::take(&mut self.pending) };
        let mut hash = sha256(&reads.encode_to_vec());
        let mut lifted = Vec::new();
        for level in &mut self.levels {
            level.push(hash);
            if level.len() <= self.degree {
                return;
            }
            lifted = sha256(&level.concat());
            level.clear();
            hash = lifted.clone();
        }
        self.levels.push(vec![lifted]);
    }

    /// Lifts what is left on lower levels, so that only the highest level holds hashes.
    fn complete(&mut self) {
        let highest = self.levels.len() - 1;
        let mut lifted: Option<Vec<u8>> = None;
        for (number, level) in self.levels.iter_mut().enumerate() {
            level.extend(lifted.take());
            if number == highest {
                break;
            }
            lifted = match level.as_slice() {
                [] => None,
                [only] => Some(only.clone()),
                several => Some(sha256(&several.concat())),
            };
            level.clear();
        }
        let Some(top) = self.levels.last().filter(|top| top.len() > self.degree) else { return };
        let root = sha256(&top.concat());
        self.levels.push(vec![root]);
    }
}

impl Default for RangeReads {
    fn default() -> Self {
        Self::new()
    }
}

/// A Merkle summary names a degree below 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a Merkle summary of degree {degree} cannot be")]
pub struct MerkleDegreeError {
    /// The degree.
    pub degree: u32,
}

#[cfg(test)]
mod tests {
    use fabric_protos::Message;
    use fabric_protos::kvrwset::range_query_info::ReadsInfo;
    use fabric_protos::kvrwset::{KvRead, QueryReads, Version};

    use super::{MERKLE_DEGREE, RangeReads, sha256};

    #[test]
    fn few_reads_are_kept_as_they_are() {
        assert_eq!(collect(3, 0).finish(), None);
        for count in [1, 3] {
            let kv_reads = (0..count).map(read).collect();
            assert_eq!(
                collect(3, count).finish(),
                Some(ReadsInfo::RawReads(QueryReads { kv_reads }))
            );
        }
    }

    #[test]
    fn one_read_more_than_the_degree_makes_one_leaf() {
        check(3, 4, 1, &[leaf(0..4)]);
        check(3, 6, 1, &[leaf(0..4), leaf(4..6)]);
        check(3, 12, 1, &[leaf(0..4), leaf(4..8), leaf(8..12)]);
    }

    #[test]
    fn a_full_level_is_hashed_into_the_next() {
        let four = [leaf(0..4), leaf(4..8), leaf(8..12), leaf(12..16)].concat();
        check(3, 16, 2, &[sha256(&four)]);
        check(3, 17, 2, &[sha256(&four), leaf(16..17)]);
        let rest = [leaf(16..20), leaf(20..21)].concat();
        check(3, 21, 2, &[sha256(&four), sha256(&rest)]);
    }

    #[test]
    fn endorsers_summarise_from_51_reads_on() {
        let mut reads = RangeReads::new();
        (0..MERKLE_DEGREE).for_each(|number| reads.add(read(number)));
        assert!(!reads.is_summarised(), "50 reads are recorded one by one");
        reads.add(read(MERKLE_DEGREE));
        assert!(reads.is_summarised(), "51 reads are summarised");
    }

    #[track_caller]
    fn check(degree: u32, count: u32, level: u32, hashes: &[Vec<u8>]) {
        let Some(ReadsInfo::ReadsMerkleHashes(summary)) = collect(degree, count).finish() else {
            panic!("{count} reads must be summarised");
        };
        assert_eq!((summary.max_degree, summary.max_level), (degree, level));
        assert_eq!(summary.max_level_hashes, hashes);
    }

    fn collect(degree: u32, count: u32) -> RangeReads {
        let mut reads = RangeReads::with_degree(degree).unwrap();
        (0..count).for_each(|number| reads.add(read(number)));
        reads
    }

    fn leaf(numbers: std::ops::Range<u32>) -> Vec<u8> {
        sha256(&QueryReads { kv_reads: numbers.map(read).collect() }.encode_to_vec())
    }

    fn read(number: u32) -> KvRead {
        let version = Some(Version { block_num: 1, tx_num: u64::from(number) });
        KvRead { key: format!("k{number:03}"), version }
    }
}
