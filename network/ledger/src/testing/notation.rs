//! Blocks in a notation of their own, for tests of what transactions do to each other.
//!
//! ```text
//! state k@1 c/p@2                       keys and the blocks that wrote them; c/p is private
//! tx    read k@1 read x@-               reads, of absent keys as well
//!       range a..d sees a@1 b@1         a range read to its end
//!       range a..=b sees a@1 b@1        a range read as far as b
//!       digest a..d sees a@1 b@1 c@1    a range of which only hashes are recorded
//!       write k delete k mark k         writes: values, deletions, metadata
//! ```

use fabric_protos::kvrwset::range_query_info::ReadsInfo;
use fabric_protos::kvrwset::{
    self, KvMetadataEntry, KvMetadataWrite, KvRead, KvReadHash, KvWrite, KvWriteHash, QueryReads,
    RangeQueryInfo,
};

use super::MemoryState;
use crate::rwset::{CollectionSet, NamespaceSet, RangeReads, ReadWriteSet, sha256};
use crate::state::{Update, UpdateBatch, Version};

/// The namespace in which everything happens.
pub(crate) const NAMESPACE: &str = "cc";

/// The block that is judged.
pub(crate) const BLOCK: u64 = 9;

/// The degree of the summaries that `digest` records.
const DEGREE: u32 = 2;

/// The state before a block, and what each of its transactions read and writes.
pub(crate) fn parse_block(text: &str) -> (MemoryState, Vec<ReadWriteSet>) {
    let mut state = MemoryState::at(BLOCK);
    let mut transactions = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace();
        match words.next().unwrap() {
            "state" => state.apply_as_is(&parse_state(words)),
            "tx" => transactions.push(parse_transaction(&words.collect::<Vec<_>>())),
            other => panic!("a line begins with state or tx, not {other:?}"),
        }
    }
    (state, transactions)
}

fn parse_state<'a>(words: impl Iterator<Item = &'a str>) -> UpdateBatch {
    let mut batch = UpdateBatch::default();
    for word in words {
        let (key, version) = parse_versioned(word);
        let version = version.unwrap().into();
        let update = Update::Put { value: b"old".to_vec(), metadata: None, version };
        match key.split_once('/') {
            None => _ = batch.public.insert((NAMESPACE.into(), key.into()), update),
            Some((collection, key)) => {
                let key = sha256(key.as_bytes());
                batch.hashed.insert((NAMESPACE.into(), collection.into(), key), update);
            }
        }
    }
    batch
}

/// `key@block`, `key@block.transaction` or, for an absent key, `key@-`.
fn parse_versioned(word: &str) -> (&str, Option<kvrwset::Version>) {
    let (key, version) = word.split_once('@').unwrap();
    if version == "-" {
        return (key, None);
    }
    let (block, transaction) = version.split_once('.').unwrap_or((version, "0"));
    let (block, transaction) = (block.parse().unwrap(), transaction.parse().unwrap());
    (key, Some(Version { block, transaction }.into()))
}

fn parse_transaction(words: &[&str]) -> ReadWriteSet {
    let mut set = NamespaceSet { name: NAMESPACE.to_owned(), ..NamespaceSet::default() };
    let mut rest = words;
    while let [verb, object, more @ ..] = rest {
        rest = more;
        match (*verb, object.split_once('/')) {
            ("read", None) => {
                let (key, version) = parse_versioned(object);
                set.public.reads.push(KvRead { key: key.to_owned(), version });
            }
            ("write", None) => set.public.writes.push(write(object, b"new")),
            ("delete", None) => set.public.writes.push(write(object, b"")),
            ("mark", None) => {
                let key = (*object).to_owned();
                set.public.metadata_writes.push(KvMetadataWrite { key, entries: vec![mark()] });
            }
            ("range" | "digest", None) => {
                let seen = more.iter().skip(1).take_while(|word| word.contains('@')).count();
                let count = if more.first() == Some(&"sees") { seen + 1 } else { 0 };
                let (range, more) = more.split_at(count);
                set.public.range_queries_info.push(parse_range(verb, object, range));
                rest = more;
            }
            (verb, Some((collection, key))) => private(&mut set, collection, (verb, key)),
            (verb, None) => panic!("unknown verb {verb:?}"),
        }
    }
    ReadWriteSet { namespaces: vec![set] }
}

fn write(key: &str, value: &[u8]) -> KvWrite {
    KvWrite { key: key.to_owned(), is_delete: value.is_empty(), value: value.to_vec() }
}

fn mark() -> KvMetadataEntry {
    KvMetadataEntry { name: "mark".to_owned(), value: b"set".to_vec() }
}

fn parse_range(verb: &str, bounds: &str, seen: &[&str]) -> RangeQueryInfo {
    let (start, end) = bounds.split_once("..").unwrap();
    let read = |word: &&str| {
        let (key, version) = parse_versioned(word);
        KvRead { key: key.to_owned(), version }
    };
    let kv_reads: Vec<_> = seen.iter().skip(1).map(read).collect();
    let reads_info = if verb == "digest" {
        let mut reads = RangeReads::with_degree(DEGREE).unwrap();
        kv_reads.into_iter().for_each(|read| reads.add(read));
        reads.finish()
    } else {
        (!kv_reads.is_empty()).then_some(ReadsInfo::RawReads(QueryReads { kv_reads }))
    };
    RangeQueryInfo {
        start_key: start.to_owned(),
        end_key: end.trim_start_matches('=').to_owned(),
        itr_exhausted: !end.starts_with('='),
        reads_info,
    }
}

fn private(set: &mut NamespaceSet, name: &str, (verb, object): (&str, &str)) {
    if set.collections.last().is_none_or(|collection| collection.name != name) {
        set.collections.push(CollectionSet { name: name.to_owned(), ..CollectionSet::default() });
    }
    let hashed = &mut set.collections.last_mut().unwrap().hashed;
    let write = |value_hash: Vec<u8>| KvWriteHash {
        key_hash: sha256(object.as_bytes()),
        is_delete: value_hash.is_empty(),
        value_hash,
        is_purge: false,
    };
    match verb {
        "read" => {
            let (key, version) = parse_versioned(object);
            let key_hash = sha256(key.as_bytes());
            hashed.hashed_reads.push(KvReadHash { key_hash, version });
        }
        "write" => hashed.hashed_writes.push(write(sha256(b"new"))),
        "delete" => hashed.hashed_writes.push(write(Vec::new())),
        verb => panic!("unknown private verb {verb:?}"),
    }
}
