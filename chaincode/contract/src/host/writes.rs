//! The writes of a call that have not been sent yet.

use std::collections::{BTreeMap, VecDeque};

use crate::InvalidRequest;
use crate::host::{Request, Terms, Write, WriteChange};

/// Most writes that a call keeps before it sends them.
///
/// When they are sent does not depend on what the peer takes: a contract, and a chaincode that
/// calls it, find the same on every peer.
pub(crate) const WRITES_KEPT_MAX: usize = 10_000;

/// Most bytes of writes that a call keeps before it sends them, unless one write alone has more.
/// A batch is never larger: it stays far below the 100 MiB that peers take in a message.
pub(crate) const WRITES_KEPT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes that a write counts beside its key and its value.
const WRITE_OVERHEAD_BYTES: usize = 32;

/// Writes in the order in which the contract made them.
#[derive(Debug, Default)]
pub(super) struct KeptWrites {
    writes: VecDeque<Write>,
    bytes: usize,
}

impl KeptWrites {
    /// Keeps a write, or gives it back if those that are kept must be sent first.
    pub(super) fn keep(&mut self, write: Write) -> Result<(), Write> {
        let bytes = self.bytes.saturating_add(bytes_of(&write));
        let is_full = self.writes.len() >= WRITES_KEPT_MAX || bytes > WRITES_KEPT_BYTES_MAX;
        if is_full && !self.writes.is_empty() {
            return Err(write);
        }
        self.bytes = bytes;
        self.writes.push_back(write);
        Ok(())
    }

    /// The request that sends the first of the writes, as many as the peer takes at a time;
    /// `None` if all are sent.
    pub(super) fn take(&mut self, terms: Terms) -> Option<Request> {
        if terms.write_batch_max < 2 || self.writes.len() < 2 {
            let write = self.writes.pop_front()?;
            self.forget(&write);
            return Some(write.into());
        }
        if self.writes.len() <= terms.write_batch_max {
            self.bytes = 0;
            return Some(Request::Batch(std::mem::take(&mut self.writes).into()));
        }
        let batch: Vec<Write> = self.writes.drain(..terms.write_batch_max).collect();
        batch.iter().for_each(|write| self.forget(write));
        Some(Request::Batch(batch))
    }

    fn forget(&mut self, write: &Write) {
        self.bytes = self.bytes.saturating_sub(bytes_of(write));
    }
}

/// What public keys became, for a transaction that reads its own writes.
#[derive(Debug, Default)]
pub(super) struct Written {
    values: BTreeMap<String, Option<Vec<u8>>>,
    bytes: usize,
}

impl Written {
    /// Most bytes of writes that are remembered, those included that were written over.
    pub(super) const BYTES_MAX: usize = 64 * 1024 * 1024;

    pub(super) fn remember(&mut self, write: &Write) -> Result<(), InvalidRequest> {
        let value = match &write.change {
            WriteChange::Put(value) => Some(value),
            WriteChange::Delete | WriteChange::Purge => None,
            WriteChange::Metadata { .. } => return Ok(()),
        };
        let bytes = self.bytes.saturating_add(bytes_of(write));
        if bytes > Self::BYTES_MAX {
            return Err(InvalidRequest::LargeOverlay);
        }
        self.bytes = bytes;
        self.values.insert(write.key.clone(), value.cloned());
        Ok(())
    }

    pub(super) fn get(&self, key: &str) -> Option<Option<Vec<u8>>> {
        self.values.get(key).cloned()
    }
}

fn bytes_of(write: &Write) -> usize {
    let change = match &write.change {
        WriteChange::Put(value) => value.len(),
        WriteChange::Delete | WriteChange::Purge => 0,
        WriteChange::Metadata { name, value } => name.len().saturating_add(value.len()),
    };
    [write.collection.len(), write.key.len(), change]
        .into_iter()
        .fold(WRITE_OVERHEAD_BYTES, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{
        KeptWrites, WRITE_OVERHEAD_BYTES, WRITES_KEPT_BYTES_MAX, WRITES_KEPT_MAX, Written,
    };
    use crate::InvalidRequest;
    use crate::host::{Request, Terms, Write, WriteChange};

    #[test]
    fn writes_go_in_batches_of_the_peers_size() {
        check(5, 0, expect!["put put put put put"]);
        check(5, 1, expect!["put put put put put"]);
        check(5, 2, expect!["batch of 2, batch of 2, put"]);
        check(5, 4, expect!["batch of 4, put"]);
        check(5, 5, expect!["batch of 5"]);
        check(5, 100, expect!["batch of 5"]);
        check(1, 100, expect!["put"]);
        check(0, 100, expect![""]);
    }

    #[test]
    fn every_kind_of_write_has_its_own_request() {
        let single = |change| {
            let write = Write { collection: "c".to_owned(), key: "k".to_owned(), change };
            Request::from(write).name()
        };
        assert_eq!(single(WriteChange::Put(vec![1])), "put");
        assert_eq!(single(WriteChange::Delete), "delete");
        assert_eq!(single(WriteChange::Purge), "purge");
        let metadata = WriteChange::Metadata { name: "n".to_owned(), value: Vec::new() };
        assert_eq!(single(metadata), "put metadata");
    }

    #[test]
    fn too_many_writes_are_sent_before_the_next() {
        let mut kept = KeptWrites::default();
        for number in 0..WRITES_KEPT_MAX {
            kept.keep(put(number, 1)).unwrap();
        }
        let refused = kept.keep(put(7, 1)).unwrap_err();
        while kept.take(Terms { write_batch_max: 64, get_many_max: 0 }).is_some() {}
        kept.keep(refused).unwrap();
    }

    #[test]
    fn a_batch_is_bounded_in_bytes_unless_one_write_alone_is_larger() {
        let mut kept = KeptWrites::default();
        let half = WRITES_KEPT_BYTES_MAX / 2 - WRITE_OVERHEAD_BYTES - 4;
        kept.keep(put(1_000, half)).unwrap();
        kept.keep(put(1_001, half)).unwrap();
        assert!(kept.keep(put(1_002, 1)).is_err(), "two halves leave no room");
        kept.take(Terms::SINGLE).unwrap();
        kept.keep(put(1_002, 1)).unwrap();
        assert!(kept.keep(put(1_003, half)).is_err(), "one half and a bit leave none for half");
        while kept.take(Terms::SINGLE).is_some() {}
        kept.keep(put(0, WRITES_KEPT_BYTES_MAX * 2)).unwrap();
        assert!(kept.keep(put(1, 1)).is_err(), "a large write stands alone");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut written = Written::default();
        let half = Written::BYTES_MAX / 2;
        written.remember(&put(1, half)).unwrap();
        assert_eq!(written.remember(&put(1, half)), Err(InvalidRequest::LargeOverlay));
        written.remember(&put(2, 1)).unwrap();
        assert_eq!(written.get("2"), Some(Some(b"x".to_vec())));
    }

    fn put(number: usize, bytes: usize) -> Write {
        let change = WriteChange::Put(vec![b'x'; bytes]);
        Write { collection: String::new(), key: number.to_string(), change }
    }

    #[track_caller]
    fn check(writes: usize, write_batch_max: usize, expected: Expect) {
        let mut kept = KeptWrites::default();
        for number in 0..writes {
            kept.keep(put(number, 1)).unwrap();
        }
        let terms = Terms { write_batch_max, get_many_max: 0 };
        let mut sent = String::new();
        let mut next = 0;
        while let Some(request) = kept.take(terms) {
            let keys: Vec<String> = if let Request::Batch(batch) = request {
                sent.push_str(&format!("batch of {}, ", batch.len()));
                batch.into_iter().map(|write| write.key).collect()
            } else {
                let Request::Put { key, .. } = request else { panic!("{request:?}") };
                sent.push_str("put ");
                vec![key]
            };
            for key in keys {
                assert_eq!(key, next.to_string(), "in the order of the contract");
                next += 1;
            }
        }
        assert_eq!(next, writes, "nothing is lost");
        expected.assert_eq(sent.trim_end_matches([' ', ',']));
    }
}
