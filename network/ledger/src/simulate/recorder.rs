//! Collects reads and writes and lays them out in the order that all endorsers share.

use std::collections::BTreeMap;

use fabric_protos::Message;
use fabric_protos::kvrwset::{
    HashedRwSet, KvMetadataEntry, KvMetadataWrite, KvMetadataWriteHash, KvRead, KvReadHash,
    KvWrite, KvWriteHash, KvrwSet, RangeQueryInfo,
};
use fabric_protos::rwset::{CollectionPvtReadWriteSet, NsPvtReadWriteSet, TxPvtReadWriteSet};

use crate::rwset::{CollectionSet, NamespaceSet, ReadWriteSet, sha256};
use crate::state::Version;

/// Metadata of one key, by name.
type Metadata = BTreeMap<String, Vec<u8>>;

/// Everything recorded so far, by namespace.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    namespaces: BTreeMap<String, NamespaceRecord>,
}

impl Recorder {
    pub(super) fn namespace(&mut self, name: &str) -> &mut NamespaceRecord {
        self.namespaces.entry(name.to_owned()).or_default()
    }

    pub(super) fn collection(&mut self, namespace: &str, name: &str) -> &mut CollectionRecord {
        self.namespace(namespace).collections.entry(name.to_owned()).or_default()
    }

    /// The public set and, if private data was written, the private one.
    pub(super) fn into_sets(self) -> (ReadWriteSet, Option<TxPvtReadWriteSet>) {
        let mut private = Vec::new();
        let mut public = Vec::with_capacity(self.namespaces.len());
        for (name, record) in self.namespaces {
            let plain: Vec<_> = record
                .collections
                .iter()
                .filter_map(|(name, collection)| collection.private_set(name))
                .collect();
            public.push(record.public_set(name.clone(), &plain));
            if !plain.is_empty() {
                private.push(NsPvtReadWriteSet { namespace: name, collection_pvt_rwset: plain });
            }
        }
        let private = (!private.is_empty())
            .then(|| TxPvtReadWriteSet { ns_pvt_rwset: private, ..TxPvtReadWriteSet::default() });
        (ReadWriteSet { namespaces: public }, private)
    }
}

/// Reads and writes of one namespace. Later reads and writes of a key replace earlier ones.
#[derive(Debug, Default)]
pub(super) struct NamespaceRecord {
    pub(super) reads: BTreeMap<String, Option<Version>>,
    /// Values; an empty one deletes.
    pub(super) writes: BTreeMap<String, Vec<u8>>,
    /// Metadata; an empty map removes it.
    pub(super) metadata_writes: BTreeMap<String, Metadata>,
    ranges: Vec<RangeQueryInfo>,
    collections: BTreeMap<String, CollectionRecord>,
}

impl NamespaceRecord {
    /// Records a range unless the same one was recorded before.
    pub(super) fn add_range(&mut self, range: RangeQueryInfo) {
        let same = |other: &RangeQueryInfo| {
            other.start_key == range.start_key
                && other.end_key == range.end_key
                && other.itr_exhausted == range.itr_exhausted
        };
        if !self.ranges.iter().any(same) {
            self.ranges.push(range);
        }
    }

    fn public_set(self, name: String, plain: &[CollectionPvtReadWriteSet]) -> NamespaceSet {
        let read = |(key, version): (String, Option<Version>)| KvRead {
            key,
            version: version.map(Into::into),
        };
        let metadata_write = |(key, metadata)| KvMetadataWrite { key, entries: entries(metadata) };
        let collection = |(name, record): (String, CollectionRecord)| {
            let plain = plain.iter().find(|plain| plain.collection_name == name);
            let private_hash = plain.map(|plain| sha256(&plain.rwset)).unwrap_or_default();
            CollectionSet { name, hashed: record.hashed_set(), private_hash }
        };
        NamespaceSet {
            name,
            public: KvrwSet {
                reads: self.reads.into_iter().map(read).collect(),
                range_queries_info: self.ranges,
                writes: self.writes.into_iter().map(|(key, value)| kv_write(key, value)).collect(),
                metadata_writes: self.metadata_writes.into_iter().map(metadata_write).collect(),
            },
            collections: self.collections.into_iter().map(collection).collect(),
        }
    }
}

/// Reads and writes of one private collection, by plaintext key.
#[derive(Debug, Default)]
pub(super) struct CollectionRecord {
    pub(super) reads: BTreeMap<String, Option<Version>>,
    pub(super) writes: BTreeMap<String, PrivateWrite>,
    pub(super) metadata_writes: BTreeMap<String, Metadata>,
}

/// What happens to a private key.
#[derive(Debug)]
pub(super) enum PrivateWrite {
    /// It gets this value, or is deleted by an empty one.
    Value(Vec<u8>),
    /// It is deleted, and its former values are forgotten.
    Purge,
}

impl From<Vec<u8>> for PrivateWrite {
    fn from(value: Vec<u8>) -> Self {
        Self::Value(value)
    }
}

impl CollectionRecord {
    /// The plaintext write set, which names also the keys of which only metadata changes.
    fn private_set(&self, name: &str) -> Option<CollectionPvtReadWriteSet> {
        if self.writes.is_empty() && self.metadata_writes.is_empty() {
            return None;
        }
        let write = |(key, write): (&String, &PrivateWrite)| match write {
            PrivateWrite::Value(value) => kv_write(key.clone(), value.clone()),
            PrivateWrite::Purge => kv_write(key.clone(), Vec::new()),
        };
        let metadata_write = |key: &String| KvMetadataWrite { key: key.clone(), entries: vec![] };
        let plain = KvrwSet {
            writes: self.writes.iter().map(write).collect(),
            metadata_writes: self.metadata_writes.keys().map(metadata_write).collect(),
            ..KvrwSet::default()
        };
        let collection_name = name.to_owned();
        Some(CollectionPvtReadWriteSet { collection_name, rwset: plain.encode_to_vec() })
    }

    /// The hashes, in the order of the plaintext keys.
    fn hashed_set(self) -> HashedRwSet {
        let read = |(key, version): (String, Option<Version>)| KvReadHash {
            key_hash: sha256(key.as_bytes()),
            version: version.map(Into::into),
        };
        let write = |(key, write): (String, PrivateWrite)| {
            let (value, is_purge) = match write {
                PrivateWrite::Value(value) => (value, false),
                PrivateWrite::Purge => (Vec::new(), true),
            };
            let is_delete = value.is_empty();
            let value_hash = if is_delete { Vec::new() } else { sha256(&value) };
            KvWriteHash { key_hash: sha256(key.as_bytes()), is_delete, value_hash, is_purge }
        };
        let metadata_write = |(key, metadata): (String, Metadata)| KvMetadataWriteHash {
            key_hash: sha256(key.as_bytes()),
            entries: entries(metadata),
        };
        HashedRwSet {
            hashed_reads: self.reads.into_iter().map(read).collect(),
            hashed_writes: self.writes.into_iter().map(write).collect(),
            metadata_writes: self.metadata_writes.into_iter().map(metadata_write).collect(),
        }
    }
}

fn kv_write(key: String, value: Vec<u8>) -> KvWrite {
    KvWrite { key, is_delete: value.is_empty(), value }
}

fn entries(metadata: Metadata) -> Vec<KvMetadataEntry> {
    metadata.into_iter().map(|(name, value)| KvMetadataEntry { name, value }).collect()
}
