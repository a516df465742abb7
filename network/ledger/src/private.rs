//! Private data of a block: which plaintexts belong to its transactions, what they change, and
//! when they have to be forgotten.

mod expiry;

use std::collections::{BTreeMap, BTreeSet};

use fabric_protos::Message;
use fabric_protos::common::Block;
use fabric_protos::id::TxId;
use fabric_protos::kvrwset::{KvWrite, KvrwSet};
use fabric_protos::protos::TxValidationCode;
use fabric_protos::rwset::{CollectionPvtReadWriteSet, NsPvtReadWriteSet, TxPvtReadWriteSet};

use crate::block;
use crate::rwset::{CollectionSet, deletes, sha256};
use crate::state::{HashedKey, PrivateKey, Update, Version};
use crate::transaction::{EndorserTransaction, Unpacked, unpack};

pub use expiry::{Expired, Expiries};

/// What the valid transactions of one block do to private data.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct PrivateWrites {
    /// The plaintexts that are at hand, by the transaction's place in the block. Every set has the
    /// hash that its transaction names.
    pub sets: BTreeMap<u64, TxPvtReadWriteSet>,
    /// Keys of which every former value has to be forgotten, by the transaction that says so.
    pub purges: BTreeSet<(u64, HashedKey)>,
}

impl PrivateWrites {
    /// What belongs to a judged block. `at_hand` gives the write sets that were kept for a
    /// transaction when it was endorsed; those that have another hash are passed over.
    pub fn of_block(
        judged: &Block,
        mut at_hand: impl FnMut(&TxId) -> Vec<TxPvtReadWriteSet>,
    ) -> Self {
        let mut writes = Self::default();
        for (place, transaction) in valid(judged) {
            let EndorserTransaction { tx_id, rwset, .. } = *transaction;
            let touched = rwset.namespaces.iter().any(|set| !set.collections.is_empty());
            let kept = if touched { at_hand(&tx_id) } else { Vec::new() };
            let mut sets = Vec::new();
            for set in rwset.namespaces {
                let collections = set.collections.iter();
                let plain: Vec<_> = collections
                    .clone()
                    .filter_map(|collection| plaintext(&set.name, collection, &kept))
                    .collect();
                writes.purges.extend(collections.flat_map(|collection| {
                    purged(&set.name, collection).map(move |key| (place, key))
                }));
                if !plain.is_empty() {
                    let namespace = set.name;
                    sets.push(NsPvtReadWriteSet { namespace, collection_pvt_rwset: plain });
                }
            }
            if !sets.is_empty() {
                let set = TxPvtReadWriteSet { ns_pvt_rwset: sets, ..TxPvtReadWriteSet::default() };
                writes.sets.insert(place, set);
            }
        }
        writes
    }

    /// What they change in the private values, as block `number`: the last word of each key.
    #[must_use]
    pub fn updates(&self, number: u64) -> BTreeMap<PrivateKey, Update> {
        let mut updates = BTreeMap::new();
        for (place, set) in &self.sets {
            let version = Version { block: number, transaction: *place };
            for (namespace, collection) in collections(set) {
                let written = KvrwSet::decode(collection.rwset.as_slice()).unwrap_or_default();
                let place = |key| (namespace.to_owned(), collection.collection_name.clone(), key);
                let writes = written.writes.into_iter();
                updates
                    .extend(writes.map(|write| (place(write.key.clone()), update(write, version))));
            }
        }
        updates
    }

    /// Takes out the values for which `is_forgotten` holds, and says whether there were any. The
    /// sets of a transaction have another hash afterwards.
    pub fn forget(&mut self, mut is_forgotten: impl FnMut(u64, &HashedKey) -> bool) -> bool {
        let mut found = false;
        for (place, set) in &mut self.sets {
            let namespaces = set.ns_pvt_rwset.iter_mut().flat_map(|namespace| {
                let NsPvtReadWriteSet { namespace, collection_pvt_rwset } = namespace;
                collection_pvt_rwset.iter_mut().map(|collection| (namespace.as_str(), collection))
            });
            for (namespace, collection) in namespaces {
                found |= forget_in(namespace, collection, |key| is_forgotten(*place, key));
            }
        }
        found
    }
}

/// What a write set holds of the collections that are shown, by namespace and name.
#[must_use]
pub fn only(
    mut set: TxPvtReadWriteSet,
    is_shown: impl Fn(&str, &str) -> bool,
) -> TxPvtReadWriteSet {
    for namespace in &mut set.ns_pvt_rwset {
        let name = &namespace.namespace;
        namespace.collection_pvt_rwset.retain(|it| is_shown(name, &it.collection_name));
    }
    set.ns_pvt_rwset.retain(|namespace| !namespace.collection_pvt_rwset.is_empty());
    set
}

/// Whether a valid transaction of a judged block writes to a collection.
#[must_use]
pub fn writes_to_collections(judged: &Block) -> bool {
    valid(judged).any(|(_, transaction)| {
        let sets = transaction.rwset.namespaces.iter();
        let mut collections = sets.flat_map(|set| &set.collections);
        collections.any(|collection| !collection.hashed.hashed_writes.is_empty())
    })
}

fn valid(judged: &Block) -> impl Iterator<Item = (u64, Box<EndorserTransaction>)> {
    let verdicts = block::verdicts(judged);
    let envelopes = (0..).zip(block::envelopes(judged)).zip(verdicts);
    let valid = envelopes.filter(|(_, verdict)| *verdict == TxValidationCode::Valid);
    valid.filter_map(|((place, envelope), _)| match unpack(envelope) {
        Ok(Unpacked::Endorser(transaction)) => Some((place, transaction)),
        _ => None,
    })
}

/// The plaintext of a collection's writes, if it is among those kept.
fn plaintext(
    namespace: &str,
    hashed: &CollectionSet,
    kept: &[TxPvtReadWriteSet],
) -> Option<CollectionPvtReadWriteSet> {
    if hashed.private_hash.is_empty() {
        return None;
    }
    let mut candidates = kept.iter().flat_map(collections);
    let found = candidates.find(|(name, collection)| {
        *name == namespace
            && collection.collection_name == hashed.name
            && sha256(&collection.rwset) == hashed.private_hash
    });
    found.map(|(_, collection)| collection.clone())
}

fn purged<'s>(
    namespace: &'s str,
    collection: &'s CollectionSet,
) -> impl Iterator<Item = HashedKey> + 's {
    let purges = collection.hashed.hashed_writes.iter().filter(|write| write.is_purge);
    purges.map(move |write| (namespace.to_owned(), collection.name.clone(), write.key_hash.clone()))
}

/// Every collection's writes with the namespace.
fn collections(
    set: &TxPvtReadWriteSet,
) -> impl Iterator<Item = (&str, &CollectionPvtReadWriteSet)> {
    set.ns_pvt_rwset.iter().flat_map(|namespace| {
        let name = namespace.namespace.as_str();
        namespace.collection_pvt_rwset.iter().map(move |collection| (name, collection))
    })
}

fn update(write: KvWrite, version: Version) -> Update {
    if deletes(&write) {
        Update::Delete { version }
    } else {
        Update::Put { value: write.value, metadata: None, version }
    }
}

fn forget_in(
    namespace: &str,
    collection: &mut CollectionPvtReadWriteSet,
    mut is_forgotten: impl FnMut(&HashedKey) -> bool,
) -> bool {
    let Ok(mut set) = KvrwSet::decode(collection.rwset.as_slice()) else { return false };
    let before = set.writes.len();
    set.writes.retain(|write| {
        let name = collection.collection_name.clone();
        let key = (namespace.to_owned(), name, sha256(write.key.as_bytes()));
        deletes(write) || !is_forgotten(&key)
    });
    if set.writes.len() == before {
        return false;
    }
    collection.rwset = set.encode_to_vec();
    true
}
