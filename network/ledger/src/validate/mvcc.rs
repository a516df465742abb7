//! Whether what a transaction read is still so.
//!
//! A read holds if its version is the committed one and no earlier valid transaction of the same
//! block wrote the key, whatever it wrote. A range holds if it would show the same keys in the
//! same versions again.

use std::ops::Bound;

use fabric_protos::kvrwset::range_query_info::ReadsInfo;
use fabric_protos::kvrwset::{KvRead, QueryReadsMerkleSummary, RangeQueryInfo};

use super::{KeyPlace, Rejection};
use crate::rwset::{NamespaceSet, RangeReads, ReadWriteSet};
use crate::state::{StateError, StateView, Update, UpdateBatch, Version, Versioned};

/// The first read that no longer holds: per namespace public reads, then ranges, then private ones.
pub(super) fn conflict(
    rwset: &ReadWriteSet,
    state: &dyn StateView,
    batch: &UpdateBatch,
) -> Result<Option<Rejection>, StateError> {
    let now = Now { state, batch };
    for set in &rwset.namespaces {
        if let Some(rejection) = now.stale_read(set)? {
            return Ok(Some(rejection));
        }
        if let Some(rejection) = now.phantom(set)? {
            return Ok(Some(rejection));
        }
        if let Some(rejection) = now.stale_private_read(set)? {
            return Ok(Some(rejection));
        }
    }
    Ok(None)
}

/// The state as the transaction finds it: committed, with the changes of its block so far.
struct Now<'a> {
    state: &'a dyn StateView,
    batch: &'a UpdateBatch,
}

impl Now<'_> {
    fn stale_read(&self, set: &NamespaceSet) -> Result<Option<Rejection>, StateError> {
        for read in &set.public.reads {
            let overtaken = self.batch.public.contains_key(&(set.name.clone(), read.key.clone()));
            let version = read.version.map(Version::from);
            if overtaken || version_of(self.state.get(&set.name, &read.key)?) != version {
                let key = read.key.as_bytes().to_vec();
                let key = KeyPlace { namespace: set.name.clone(), collection: None, key };
                return Ok(Some(Rejection::StaleRead { key, read: version }));
            }
        }
        Ok(None)
    }

    fn stale_private_read(&self, set: &NamespaceSet) -> Result<Option<Rejection>, StateError> {
        for collection in &set.collections {
            for read in &collection.hashed.hashed_reads {
                let place = (set.name.clone(), collection.name.clone(), read.key_hash.clone());
                let overtaken = self.batch.hashed.contains_key(&place);
                let version = read.version.map(Version::from);
                let (namespace, name, key) = place;
                if overtaken
                    || version_of(self.state.get_hashed(&namespace, &name, &key)?) != version
                {
                    let key = KeyPlace { namespace, collection: Some(name), key };
                    return Ok(Some(Rejection::StaleRead { key, read: version }));
                }
            }
        }
        Ok(None)
    }

    fn phantom(&self, set: &NamespaceSet) -> Result<Option<Rejection>, StateError> {
        for range in &set.public.range_queries_info {
            if !self.shows_the_same(&set.name, range)? {
                return Ok(Some(Rejection::Phantom {
                    namespace: set.name.clone(),
                    start: range.start_key.clone(),
                    end: range.end_key.clone(),
                }));
            }
        }
        Ok(None)
    }

    fn shows_the_same(&self, namespace: &str, range: &RangeQueryInfo) -> Result<bool, StateError> {
        let entries = Entries::new(self, namespace, range);
        match &range.reads_info {
            None => same_reads(entries, &[]),
            Some(ReadsInfo::RawReads(reads)) => same_reads(entries, &reads.kv_reads),
            Some(ReadsInfo::ReadsMerkleHashes(summary)) => same_summary(entries, summary),
        }
    }
}

fn version_of(versioned: Option<Versioned>) -> Option<Version> {
    versioned.map(|versioned| versioned.version)
}

fn same_reads(mut entries: Entries<'_>, reads: &[KvRead]) -> Result<bool, StateError> {
    for read in reads {
        let Some((key, version)) = entries.next()? else { return Ok(false) };
        if key != read.key || read.version.map(Version::from) != Some(version) {
            return Ok(false);
        }
    }
    Ok(entries.next()?.is_none())
}

fn same_summary(
    mut entries: Entries<'_>,
    summary: &QueryReadsMerkleSummary,
) -> Result<bool, StateError> {
    let Ok(mut reads) = RangeReads::with_degree(summary.max_degree) else { return Ok(false) };
    while let Some((key, version)) = entries.next()? {
        reads.add(KvRead { key, version: Some(version.into()) });
    }
    Ok(reads.is_summarised() && reads.summary() == *summary)
}

/// Keys and versions of a range, in key order, as they are now.
struct Entries<'a> {
    now: &'a Now<'a>,
    namespace: &'a str,
    end: &'a str,
    committed: std::vec::IntoIter<(String, Versioned)>,
    next_committed: Option<(String, Version)>,
    /// Where the next chunk of committed entries begins; `None` after the last one.
    resume: Option<String>,
    /// The key up to which the block's own changes were shown.
    shown: Bound<String>,
    /// A last key to show that lies just behind the range.
    last: Option<&'a str>,
}

/// How many committed entries are read at once.
const CHUNK: usize = 128;

impl<'a> Entries<'a> {
    /// A range that was not read to its end ends with the last key that was seen, inclusive.
    fn new(now: &'a Now<'a>, namespace: &'a str, range: &'a RangeQueryInfo) -> Self {
        Self {
            now,
            namespace,
            end: &range.end_key,
            committed: Vec::new().into_iter(),
            next_committed: None,
            resume: Some(range.start_key.clone()),
            shown: Bound::Included(range.start_key.clone()),
            last: (!range.itr_exhausted).then_some(&range.end_key),
        }
    }

    fn next(&mut self) -> Result<Option<(String, Version)>, StateError> {
        loop {
            self.look_ahead()?;
            let changed = self.next_changed();
            let committed_first = match (&self.next_committed, &changed) {
                (None, None) => return self.next_last(),
                (Some((committed, _)), Some((changed, _))) => committed < changed,
                (committed, _) => committed.is_some(),
            };
            if committed_first {
                return Ok(self.next_committed.take());
            }
            let Some((key, update)) = changed else { continue };
            if self.next_committed.as_ref().is_some_and(|(committed, _)| *committed == key) {
                self.next_committed = None;
            }
            self.shown = Bound::Excluded(key.clone());
            if let Update::Put { version, .. } = update {
                return Ok(Some((key, *version)));
            }
        }
    }

    fn look_ahead(&mut self) -> Result<(), StateError> {
        if self.next_committed.is_some() {
            return Ok(());
        }
        if self.committed.as_slice().is_empty()
            && let Some(start) = self.resume.take()
        {
            let chunk = self.now.state.range(self.namespace, &start, self.end, CHUNK)?;
            if chunk.len() >= CHUNK {
                self.resume = chunk.last().map(|(key, _)| format!("{key}\0"));
            }
            self.committed = chunk.into_iter();
        }
        self.next_committed = self.committed.next().map(|(key, value)| (key, value.version));
        Ok(())
    }

    /// The next key in the range that the block itself changed.
    fn next_changed(&self) -> Option<(String, &'a Update)> {
        let place = |key: &String| (self.namespace.to_owned(), key.clone());
        let from = match &self.shown {
            Bound::Included(key) => Bound::Included(place(key)),
            Bound::Excluded(key) => Bound::Excluded(place(key)),
            Bound::Unbounded => Bound::Unbounded,
        };
        let ((namespace, key), update) =
            self.now.batch.public.range((from, Bound::Unbounded)).next()?;
        let inside = self.end.is_empty() || key.as_str() < self.end;
        (namespace == self.namespace && inside).then(|| (key.clone(), update))
    }

    fn next_last(&mut self) -> Result<Option<(String, Version)>, StateError> {
        let Some(key) = self.last.take() else { return Ok(None) };
        let place = (self.namespace.to_owned(), key.to_owned());
        let version = match self.now.batch.public.get(&place) {
            Some(Update::Put { version, .. }) => Some(*version),
            Some(Update::Delete { .. }) => None,
            None => version_of(self.now.state.get(self.namespace, key)?),
        };
        Ok(version.map(|version| (key.to_owned(), version)))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{Rejection, conflict};
    use crate::state::{UpdateBatch, Version};
    use crate::testing::notation::{BLOCK, parse_block};
    use crate::validate::apply::apply;

    #[test]
    fn second_writer_of_a_key_loses() {
        check(
            "state k@1
             tx    read k@1 write k
             tx    read k@1 write k",
            expect!["valid, stale(k)"],
        );
    }

    #[test]
    fn a_rejected_write_overtakes_nobody() {
        check(
            "state k@1
             tx    read k@0 write k
             tx    read k@1 write k",
            expect!["stale(k), valid"],
        );
    }

    #[test]
    fn a_blind_write_is_never_stale() {
        check(
            "state k@1
             tx    write k
             tx    write k
             tx    read k@9.1 write k",
            expect!["valid, valid, stale(k)"],
        );
    }

    #[test]
    fn absence_is_a_version_too() {
        check(
            "state k@1
             tx    read x@- write x
             tx    read x@-
             tx    read k@-
             tx    read y@3",
            expect!["valid, stale(x), stale(k), stale(y)"],
        );
    }

    #[test]
    fn the_transaction_is_part_of_the_version() {
        check(
            "state k@1.2
             tx    read k@1.1
             tx    read k@1.2",
            expect!["stale(k), valid"],
        );
    }

    #[test]
    fn deleting_overtakes_like_writing() {
        check(
            "state k@1
             tx    delete k
             tx    read k@1
             tx    read k@-",
            expect!["valid, stale(k), stale(k)"],
        );
    }

    #[test]
    fn marking_overtakes_only_where_there_is_a_value() {
        check(
            "state k@1
             tx    mark k mark x
             tx    read k@1
             tx    read x@-",
            expect!["valid, stale(k), valid"],
        );
    }

    #[test]
    fn a_range_holds_while_it_shows_the_same() {
        check(
            "state a@1 b@2 d@1
             tx    range a..d sees a@1 b@2
             tx    range a.. sees a@1 b@2 d@1
             tx    range e..
             tx    range a..d sees a@1
             tx    range a..d sees a@1 b@1
             tx    range a..d sees a@1 b@2 c@1
             tx    range a..d",
            expect![
                "valid, valid, valid, phantom(a..d), phantom(a..d), phantom(a..d), phantom(a..d)"
            ],
        );
    }

    #[test]
    fn a_new_key_in_a_range_is_a_phantom() {
        check(
            "state a@1 c@1
             tx    write b
             tx    range a..b sees a@1
             tx    range a..d sees a@1 c@1
             tx    range b..d sees c@1
             tx    range a..d sees a@1 b@9 c@1",
            expect!["valid, valid, phantom(a..d), phantom(b..d), valid"],
        );
    }

    #[test]
    fn a_range_sees_what_its_block_rewrote_and_deleted() {
        check(
            "state a@1 b@1 c@1
             tx    write b delete c
             tx    range a.. sees a@1 b@1 c@1
             tx    range a.. sees a@1 b@9
             tx    range c..
             tx    write c
             tx    range c.. sees c@9.4",
            expect!["valid, phantom(a..), valid, valid, valid, valid"],
        );
    }

    #[test]
    fn a_range_left_early_ends_with_the_last_key_seen() {
        check(
            "state a@1 b@1 c@1
             tx    range a..=b sees a@1 b@1
             tx    write bb
             tx    range a..=b sees a@1 b@1
             tx    range a..=bb sees a@1 b@1 bb@9.1
             tx    delete b
             tx    range a..=b sees a@1 b@1
             tx    range a..=b sees a@1",
            expect!["valid, valid, valid, valid, valid, phantom(a..b), valid"],
        );
    }

    #[test]
    fn a_summarised_range_holds_like_any_other() {
        check(
            "state a@1 b@1 c@1 d@1 e@1
             tx    digest a..d sees a@1 b@1 c@1
             tx    digest a.. sees a@1 b@1 c@1 d@1 e@1
             tx    digest a.. sees a@1 b@1 c@1 d@1
             tx    write b
             tx    digest a..d sees a@1 b@1 c@1
             tx    digest a..d sees a@1 b@9.3 c@1
             tx    delete b delete a
             tx    digest a..d sees a@1 b@9.3 c@1",
            expect![
                "valid, valid, phantom(a..), valid, phantom(a..d), valid, valid, phantom(a..d)"
            ],
        );
    }

    #[test]
    fn long_ranges_are_read_in_pieces() {
        let keys: Vec<_> = (100..400).map(|number| format!("k{number}@1")).collect();
        let block = format!("state {keys}\ntx range a.. sees {keys}", keys = keys.join(" "));
        check(&block, expect!["valid"]);
        check(&block.replacen("k399@1", "", 1), expect!["phantom(a..)"]);
    }

    #[test]
    fn private_keys_conflict_by_their_hashes() {
        check(
            "state c/p@1 p@2
             tx    read c/p@1 write c/p
             tx    read c/p@1
             tx    read p@2
             tx    read d/p@-
             tx    delete d/p
             tx    read d/p@-",
            expect!["valid, stale(c/), valid, valid, valid, stale(d/)"],
        );
    }

    #[test]
    fn public_reads_are_looked_at_first_and_private_ones_last() {
        check(
            "state a@1 c/p@1
             tx    read c/p@2 range a..b read a@2
             tx    read c/p@2 range a..b
             tx    read c/p@2",
            expect!["stale(a), phantom(a..b), stale(c/)"],
        );
    }

    #[track_caller]
    fn check(block: &str, verdicts: Expect) {
        let (state, transactions) = parse_block(block);
        let mut batch = UpdateBatch::default();
        let mut found = Vec::new();
        for (transaction, rwset) in (0..).zip(&transactions) {
            let rejection = conflict(rwset, &state, &batch).unwrap();
            if rejection.is_none() {
                apply(rwset, Version { block: BLOCK, transaction }, &state, &mut batch).unwrap();
            }
            found.push(rejection.map_or_else(|| "valid".to_owned(), |why| render(&why)));
        }
        verdicts.assert_eq(&found.join(", "));
    }

    fn render(rejection: &Rejection) -> String {
        if let Rejection::Phantom { start, end, .. } = rejection {
            return format!("phantom({start}..{end})");
        }
        let Rejection::StaleRead { key, .. } = rejection else {
            panic!("no conflict: {rejection:?}");
        };
        match &key.collection {
            None => format!("stale({})", String::from_utf8_lossy(&key.key)),
            Some(collection) => format!("stale({collection}/)"),
        }
    }
}
