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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::apply;
    use crate::state::{Update, UpdateBatch, Version};
    use crate::testing::notation::{BLOCK, parse_block};

    #[test]
    fn the_last_write_of_a_block_counts() {
        check(
            "tx write k
             tx write k
             tx delete l write m
             tx delete m",
            expect!["k=new@9.1, l deleted@9.2, m deleted@9.3"],
        );
    }

    #[test]
    fn a_value_keeps_its_metadata_and_metadata_its_value() {
        check(
            "state k@1
             tx mark k
             tx write k",
            expect!["k=new*@9.1"],
        );
        check("state k@1\n tx mark k", expect!["k=old*@9.0"]);
        check("tx write k mark k", expect!["k=new*@9.0"]);
    }

    #[test]
    fn what_is_not_there_has_no_metadata() {
        check("tx mark k", expect![""]);
        check("state k@1\n tx delete k mark k\n tx mark k", expect!["k deleted@9.0"]);
        check("state k@1\n tx mark k\n tx delete k\n tx write k", expect!["k=new@9.2"]);
    }

    #[test]
    fn private_writes_are_kept_as_hashes() {
        check(
            "state c/p@1
             tx write c/p delete c/q",
            expect!["c/148de9c5=11507a0e@9.0, c/8e35c2cd deleted@9.0"],
        );
    }

    /// No honest endorser signs such a set; Fabric's peers neither write nor delete the key then.
    #[test]
    fn a_key_written_twice_by_one_transaction_keeps_its_value() {
        check("state k@1\n tx write k write k", expect!["k=old@9.0"]);
        check("tx write k write k", expect![""]);
        check("state k@1\n tx delete k delete k", expect!["k=old@9.0"]);
    }

    #[track_caller]
    fn check(block: &str, changes: Expect) {
        let (state, transactions) = parse_block(block);
        let mut batch = UpdateBatch::default();
        for (transaction, rwset) in (0..).zip(&transactions) {
            apply(rwset, Version { block: BLOCK, transaction }, &state, &mut batch).unwrap();
        }
        let short = |bytes: &[u8]| hex::encode(&bytes[..4]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let public = batch.public.iter().map(|((_, key), update)| render(key, update, text));
        let hashed = batch.hashed.iter().map(|((_, collection, key), update)| {
            render(&format!("{collection}/{}", short(key)), update, short)
        });
        changes.assert_eq(&public.chain(hashed).collect::<Vec<_>>().join(", "));
    }

    fn render(key: &str, update: &Update, show: impl Fn(&[u8]) -> String) -> String {
        let Version { block, transaction } = update.version();
        match update {
            Update::Put { value, metadata, .. } => {
                let mark = if metadata.is_some() { "*" } else { "" };
                format!("{key}={}{mark}@{block}.{transaction}", show(value))
            }
            Update::Delete { .. } => format!("{key} deleted@{block}.{transaction}"),
        }
    }
}
