use std::collections::BTreeMap;

use crate::collection;
use crate::lifecycle;
use crate::state::{HashedKey, StateView};

/// When private values of collections with a `block_to_live` are gone.
///
/// A value that is committed in block B and lives for N blocks is gone with block B + N + 1,
/// hash and plaintext, unless it is written again before. The blocks and the definitions on the
/// ledger say so alone, so that every peer drops it with the same block.
#[derive(Debug, Default)]
pub struct Expiries(BTreeMap<u64, Vec<Expired>>);

/// A private key whose value goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expired {
    /// The key as the ledger knows it.
    pub key: HashedKey,
    /// In which block the value was committed. One that was committed later stays.
    pub committed: u64,
}

impl Expiries {
    /// Notes what block `number` wrote. `state` is the one after the block.
    pub fn note<'k>(
        &mut self,
        number: u64,
        written: impl IntoIterator<Item = &'k HashedKey>,
        state: &dyn StateView,
    ) {
        let mut lifetimes: BTreeMap<(&str, &str), Option<u64>> = BTreeMap::new();
        for key in written {
            let (namespace, collection, _) = key;
            let expiry = *lifetimes
                .entry((namespace, collection))
                .or_insert_with(|| expiry(state, (namespace, collection), number));
            if let Some(expiry) = expiry {
                let expired = Expired { key: key.clone(), committed: number };
                self.0.entry(expiry).or_default().push(expired);
            }
        }
    }

    /// What may go with block `number`, and is not asked for again.
    pub fn due(&mut self, number: u64) -> Vec<Expired> {
        let later = self.0.split_off(&number.saturating_add(1));
        std::mem::replace(&mut self.0, later).into_values().flatten().collect()
    }
}

/// When a value goes that is committed in block `number`; `None` if it stays.
fn expiry(state: &dyn StateView, (namespace, name): (&str, &str), number: u64) -> Option<u64> {
    if lifecycle::implicit_collection_owner(name).is_some() {
        return None;
    }
    let definition = lifecycle::definition(state, namespace).ok().flatten()?;
    collection::expiry(definition.collection(name)?, number)
}
