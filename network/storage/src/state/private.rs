//! Private values in the state: read at a height like everything else, and dropped when they expire.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use pervade_ledger::private::Expired;
use pervade_ledger::rwset::sha256;
use pervade_ledger::state::{
    HashedKey, PrivateKey, PrivateView, StateError, StateView, Update, Version, Versioned,
};

use super::{Cell, Place, State, StateSnapshot, Tables};

impl State {
    /// Adds private values of a state that is being loaded, block after block.
    pub(crate) fn load_private(&self, updates: BTreeMap<PrivateKey, Update>) {
        let mut tables = self.shared.write();
        for ((namespace, collection, key), update) in updates {
            let place = Place::Private { collection: (namespace, collection), key };
            let (version, content) = super::entry(update);
            if content.is_some() {
                *tables.cell(&place) = Cell(vec![super::Entry { version, content }]);
            } else {
                tables.remove(&place);
            }
        }
    }

    /// Ends the loading of a checkpoint: finds out again what will expire when.
    pub(crate) fn find_expiries(&self) {
        let mut tables = self.shared.write();
        let mut written: BTreeMap<u64, Vec<HashedKey>> = BTreeMap::new();
        for ((namespace, collection), keys) in &tables.hashed {
            for (key_hash, cell) in keys {
                let key = (namespace.clone(), collection.clone(), key_hash.clone());
                let Some(last) = cell.0.last() else { continue };
                written.entry(last.version.block).or_default().push(key);
            }
        }
        for (block, keys) in written {
            tables.note_expiries(block, keys.iter());
        }
    }

    /// Ends the loading of private values: those that the ledger does not know any more go.
    pub(crate) fn drop_stale_private(&self) {
        let mut tables = self.shared.write();
        let Tables { private, hashed, .. } = &mut *tables;
        for (collection, keys) in private {
            let known = hashed.get(collection);
            keys.retain(|key, cell| {
                let known = known.and_then(|known| known.get(&sha256(key.as_bytes())));
                let (known, kept) = (known.and_then(Cell::newest), cell.newest());
                known.zip(kept).is_some_and(|(known, kept)| known.value == sha256(&kept.value))
            });
        }
    }
}

impl Tables {
    pub(super) fn note_expiries<'k>(
        &mut self,
        number: u64,
        written: impl Iterator<Item = &'k HashedKey>,
    ) {
        let mut expiries = std::mem::take(&mut self.expiries);
        expiries.note(number, written, &Now(self));
        self.expiries = expiries;
    }

    /// Drops what goes with block `number`, unless it was written again.
    pub(super) fn expire(&mut self, number: u64) {
        let mut gone: BTreeMap<(String, String), BTreeSet<Vec<u8>>> = BTreeMap::new();
        let version = Version { block: number, transaction: u64::MAX };
        for Expired { key, committed, .. } in self.expiries.due(number) {
            let (namespace, collection, key_hash) = key;
            let collection = (namespace, collection);
            let cell = self.hashed.get(&collection).and_then(|keys| keys.get(&key_hash));
            if !cell.is_some_and(|cell| cell.is_of(committed)) {
                continue;
            }
            gone.entry(collection.clone()).or_default().insert(key_hash.clone());
            self.put(Place::Hashed { collection, key_hash }, Update::Delete { version });
        }
        for (collection, key_hashes) in gone {
            let keys = self.private.get(&collection).into_iter().flat_map(BTreeMap::keys);
            let keys = keys.filter(|key| key_hashes.contains(&sha256(key.as_bytes())));
            for key in keys.cloned().collect::<Vec<_>>() {
                let collection = collection.clone();
                self.put(Place::Private { collection, key }, Update::Delete { version });
            }
        }
    }
}

impl Cell {
    fn newest(&self) -> Option<&super::Content> {
        self.0.last()?.content.as_ref()
    }

    /// Whether the value that is there was committed in this block.
    fn is_of(&self, block: u64) -> bool {
        let last = self.0.last();
        last.is_some_and(|entry| entry.content.is_some() && entry.version.block == block)
    }
}

/// The public state after everything that was applied.
struct Now<'a>(&'a Tables);

impl StateView for Now<'_> {
    fn get(&self, namespace: &str, key: &str) -> Result<Option<Versioned>, StateError> {
        let cell = self.0.public.get(namespace).and_then(|keys| keys.get(key));
        Ok(cell.and_then(|cell| cell.at(u64::MAX)))
    }

    fn range(
        &self,
        _: &str,
        _: &str,
        _: &str,
        _: usize,
    ) -> Result<Vec<(String, Versioned)>, StateError> {
        Err(StateError::new("only single keys are read for definitions"))
    }

    fn get_hashed(&self, _: &str, _: &str, _: &[u8]) -> Result<Option<Versioned>, StateError> {
        Err(StateError::new("only public keys are read for definitions"))
    }

    fn height(&self) -> u64 {
        self.0.height
    }
}

impl PrivateView for StateSnapshot {
    fn private(
        &self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StateError> {
        let tables = self.shared.read();
        let keys = tables.private.get(&(namespace.to_owned(), collection.to_owned()));
        let cell = keys.and_then(|keys| keys.get(key));
        Ok(cell.and_then(|cell| cell.at(self.height)).map(|found| found.value))
    }

    fn private_range(
        &self,
        (namespace, collection): (&str, &str),
        (start, end): (&str, &str),
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        if !end.is_empty() && start >= end {
            return Ok(Vec::new());
        }
        let tables = self.shared.read();
        let Some(keys) = tables.private.get(&(namespace.to_owned(), collection.to_owned())) else {
            return Ok(Vec::new());
        };
        let upper = if end.is_empty() { Bound::Unbounded } else { Bound::Excluded(end) };
        let cells = keys.range::<str, _>((Bound::Included(start), upper));
        let visible =
            cells.filter_map(|(key, cell)| Some((key.clone(), cell.at(self.height)?.value)));
        Ok(visible.take(limit).collect())
    }
}
