//! A ledger's state in memory, for tests.

pub(crate) mod draft;
pub(crate) mod members;
pub(crate) mod notation;

use std::collections::BTreeMap;

use crate::state::{
    HashedKey, PrivateView, PublicKey, StateError, StateView, Update, UpdateBatch, Versioned,
};

/// State as the blocks applied so far left it.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryState {
    public: BTreeMap<PublicKey, Versioned>,
    hashed: BTreeMap<HashedKey, Versioned>,
    height: u64,
}

impl MemoryState {
    /// State that is due to see this block next.
    pub(crate) fn at(height: u64) -> Self {
        Self { height, ..Self::default() }
    }

    /// Applies the changes of the next block.
    pub(crate) fn apply(&mut self, batch: &UpdateBatch) {
        self.apply_as_is(batch);
        self.height += 1;
    }

    /// Sets values without regard to blocks.
    pub(crate) fn apply_as_is(&mut self, batch: &UpdateBatch) {
        for (place, update) in &batch.public {
            set(&mut self.public, place, update);
        }
        for (place, update) in &batch.hashed {
            set(&mut self.hashed, place, update);
        }
    }
}

fn set<K: Ord + Clone>(values: &mut BTreeMap<K, Versioned>, place: &K, update: &Update) {
    match update.to_versioned() {
        Some(value) => values.insert(place.clone(), value),
        None => values.remove(place),
    };
}

/// No private value is kept.
impl PrivateView for MemoryState {
    fn private(&self, _: &str, _: &str, _: &str) -> Result<Option<Vec<u8>>, StateError> {
        Ok(None)
    }

    fn private_range(
        &self,
        _: (&str, &str),
        _: (&str, &str),
        _: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        Ok(Vec::new())
    }
}

impl StateView for MemoryState {
    fn get(&self, namespace: &str, key: &str) -> Result<Option<Versioned>, StateError> {
        Ok(self.public.get(&(namespace.to_owned(), key.to_owned())).cloned())
    }

    fn range(
        &self,
        namespace: &str,
        start: &str,
        end: &str,
        limit: usize,
    ) -> Result<Vec<(String, Versioned)>, StateError> {
        let from = (namespace.to_owned(), start.to_owned());
        Ok(self
            .public
            .range(from..)
            .take_while(|((name, key), _)| {
                name == namespace && (end.is_empty() || key.as_str() < end)
            })
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .take(limit)
            .collect())
    }

    fn get_hashed(
        &self,
        namespace: &str,
        collection: &str,
        key_hash: &[u8],
    ) -> Result<Option<Versioned>, StateError> {
        let place = (namespace.to_owned(), collection.to_owned(), key_hash.to_vec());
        Ok(self.hashed.get(&place).cloned())
    }

    fn height(&self) -> u64 {
        self.height
    }
}
