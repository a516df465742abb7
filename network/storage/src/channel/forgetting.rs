//! Private values that have to go from the disk: purged ones at once, expired ones in time.

use std::collections::BTreeMap;

use pervade_ledger::collection;
use pervade_ledger::lifecycle::{self, ChaincodeDefinition};
use pervade_ledger::state::{HashedKey, StateView};

use crate::private_file::{ForgetError, Kept, PrivateFile};
use crate::state::StateSnapshot;

/// After how many blocks expired values are wiped from the disk. They are not given out meanwhile.
const WIPE_BLOCKS: u64 = 100;

/// Whether expired values are wiped after blocks from `first` up to `height` were stored.
pub(super) fn is_time(first: u64, height: u64) -> bool {
    first / WIPE_BLOCKS != height / WIPE_BLOCKS
}

/// Wipes what was purged and what has expired.
pub(super) fn forget(file: &PrivateFile, state: &StateSnapshot) -> Result<(), ForgetError> {
    forget_of(file, file.read_all()?, state)
}

/// As [`forget`], of records that have been read. Nothing is written if nothing has to go.
pub(super) fn forget_of(
    file: &PrivateFile,
    mut kept: Vec<Kept>,
    state: &StateSnapshot,
) -> Result<(), ForgetError> {
    let mut purges: BTreeMap<HashedKey, (u64, u64)> = BTreeMap::new();
    for (block, writes) in &kept {
        let purged = writes.purges.iter().map(|(place, key)| (key.clone(), (*block, *place)));
        purges.extend(purged);
    }
    let mut lifetimes = Lifetimes { state, definitions: BTreeMap::new() };
    let mut found = false;
    for (block, writes) in &mut kept {
        found |= writes.forget(|place, key| {
            let is_purged = purges.get(key).is_some_and(|purge| (*block, place) < *purge);
            is_purged || lifetimes.is_over(*block, key)
        });
    }
    if found { file.replace(&kept) } else { Ok(()) }
}

/// How long values live, by the definitions that are in force.
struct Lifetimes<'a> {
    state: &'a StateSnapshot,
    definitions: BTreeMap<String, Option<ChaincodeDefinition>>,
}

impl Lifetimes<'_> {
    /// Whether a value that was committed in this block has expired.
    fn is_over(&mut self, committed: u64, (namespace, name, _): &HashedKey) -> bool {
        let definition = self
            .definitions
            .entry(namespace.clone())
            .or_insert_with(|| lifecycle::definition(self.state, namespace).ok().flatten());
        let config = definition.as_ref().and_then(|definition| definition.collection(name));
        let expiry = config.and_then(|config| collection::expiry(config, committed));
        expiry.is_some_and(|expiry| expiry < self.state.height())
    }
}
