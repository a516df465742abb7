//! What a valid transaction changes, merged into the changes of its block.

use std::collections::BTreeMap;

use crate::rwset::{ReadWriteSet, deletes, deletes_hashed, encode_metadata};
use crate::state::{StateError, StateView, Update, UpdateBatch, Version, Versioned};

/// Adds a transaction's writes to the batch.
///
/// A write of a value alone keeps the key's metadata, a write of metadata alone keeps its value and
/// does nothing where there is no value. Either way the key has a new version.
pub(super) fn apply(
    rwset: &ReadWriteSet,
    version: Version,
    state: &dyn StateView,
    batch: &mut UpdateBatch,
) -> Result<(), StateError> {
    for (place, change) in changes(rwset) {
        let latest = || place.latest(state, batch);
        if let Some(update) = change.into_update(version, latest)? {
            place.set(batch, update);
        }
    }
    Ok(())
}

/// A public key, or the hash of a private one.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Public((String, String)),
    Hashed((String, String, Vec<u8>)),
}

impl Place {
    /// The value as the transaction finds it.
    fn latest(
        &self,
        state: &dyn StateView,
        batch: &UpdateBatch,
    ) -> Result<Option<Versioned>, StateError> {
        let changed = match self {
            Self::Public(place) => batch.public.get(place),
            Self::Hashed(place) => batch.hashed.get(place),
        };
        match (changed, self) {
            (Some(update), _) => Ok(update.to_versioned()),
            (None, Self::Public((namespace, key))) => state.get(namespace, key),
            (None, Self::Hashed((namespace, collection, key))) => {
                state.get_hashed(namespace, collection, key)
            }
        }
    }

    fn set(self, batch: &mut UpdateBatch, update: Update) {
        match self {
            Self::Public(place) => batch.public.insert(place, update),
            Self::Hashed(place) => batch.hashed.insert(place, update),
        };
    }
}

/// What one transaction does to one key.
#[derive(Debug, Default)]
struct Change {
    flags: u8,
    value: Vec<u8>,
    metadata: Option<Vec<u8>>,
}

const PUT: u8 = 1;
const PUT_METADATA: u8 = 2;
const DELETE_METADATA: u8 = 4;
const DELETE: u8 = 8;

impl Change {
    /// Fabric adds flags up rather than joining them. That differs only for a key that stands
    /// twice among a transaction's writes, which no honest endorser signs; all peers must then
    /// still do the same.
    fn flag(&mut self, flag: u8) -> &mut Self {
        self.flags = self.flags.wrapping_add(flag);
        self
    }

    fn into_update(
        self,
        version: Version,
        latest: impl FnOnce() -> Result<Option<Versioned>, StateError>,
    ) -> Result<Option<Update>, StateError> {
        let Self { flags, value, metadata } = self;
        if flags & DELETE != 0 {
            return Ok(Some(Update::Delete { version }));
        }
        if flags & PUT != 0 && flags & (PUT_METADATA | DELETE_METADATA) != 0 {
            return Ok(Some(Update::Put { value, metadata, version }));
        }
        if flags == PUT {
            let metadata = latest()?.and_then(|latest| latest.metadata);
            return Ok(Some(Update::Put { value, metadata, version }));
        }
        let kept = latest()?.map(|latest| latest.value);
        Ok(kept.map(|value| Update::Put { value, metadata, version }))
    }
}

fn changes(rwset: &ReadWriteSet) -> BTreeMap<Place, Change> {
    let mut changes: BTreeMap<Place, Change> = BTreeMap::new();
    for set in &rwset.namespaces {
        let public = |key: &str| Place::Public((set.name.clone(), key.to_owned()));
        for write in &set.public.writes {
            let change = changes.entry(public(&write.key)).or_default();
            record(change, deletes(write), &write.value);
        }
        for write in &set.public.metadata_writes {
            record_metadata(changes.entry(public(&write.key)).or_default(), &write.entries);
        }
        for collection in &set.collections {
            let hashed = |key_hash: &[u8]| {
                Place::Hashed((set.name.clone(), collection.name.clone(), key_hash.to_vec()))
            };
            for write in &collection.hashed.hashed_writes {
                let change = changes.entry(hashed(&write.key_hash)).or_default();
                record(change, deletes_hashed(write), &write.value_hash);
            }
            for write in &collection.hashed.metadata_writes {
                let change = changes.entry(hashed(&write.key_hash)).or_default();
                record_metadata(change, &write.entries);
            }
        }
    }
    changes
}

fn record(change: &mut Change, delete: bool, value: &[u8]) {
    if delete {
        change.flag(DELETE);
    } else {
        change.flag(PUT).value = value.to_vec();
    }
}

fn record_metadata(change: &mut Change, entries: &[fabric_protos::kvrwset::KvMetadataEntry]) {
    if entries.is_empty() {
        change.flag(DELETE_METADATA);
    } else {
        change.flag(PUT_METADATA).metadata = Some(encode_metadata(entries));
    }
}
