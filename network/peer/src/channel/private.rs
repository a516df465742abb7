//! Private data that was endorsed and waits for its transaction to be committed.

use std::collections::{BTreeMap, VecDeque};

use fabric_protos::Message;
use fabric_protos::common::Block;
use fabric_protos::id::{MspId, TxId};
use fabric_protos::protos::StaticCollectionConfig;
use fabric_protos::rwset::TxPvtReadWriteSet;
use pervade_ledger::private::{self, PrivateWrites};
use pervade_ledger::state::StateView;
use pervade_ledger::{collection, lifecycle};
use pervade_storage::ReadError;

use super::Channel;
use crate::limits::{TRANSIENT_BLOCKS, TRANSIENT_BYTES_MAX, TRANSIENT_MAX};
use crate::lock;

/// A key of a private collection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PrivateKey<'a> {
    /// The chaincode.
    pub(crate) namespace: &'a str,
    /// The collection.
    pub(crate) collection: &'a str,
    /// The key in it.
    pub(crate) key: &'a str,
}

/// Write sets in plaintext by transaction, until it is committed. The oldest are given up when
/// there are too many; a restart gives up all of them.
#[derive(Default)]
pub(super) struct Transient {
    sets: BTreeMap<TxId, Vec<TxPvtReadWriteSet>>,
    /// Height at which each came, oldest first.
    order: VecDeque<(u64, TxId)>,
    bytes: usize,
}

impl Channel {
    /// Keeps what a proposal would write to private collections.
    pub(crate) fn keep_private(&self, tx_id: &TxId, written: Option<TxPvtReadWriteSet>) {
        let Some(written) = written else { return };
        lock(&self.transient).keep(tx_id, written, self.height());
    }

    /// What the valid transactions of a judged block write to private collections, as far as it
    /// is at hand.
    pub(super) fn private_writes_of(&self, judged: &Block) -> PrivateWrites {
        let transient = lock(&self.transient);
        PrivateWrites::of_block(judged, |tx_id| {
            transient.sets.get(tx_id).cloned().unwrap_or_default()
        })
    }

    /// The private data of a block, by the transaction's place in it: what a peer of
    /// `organization` holds and the reader may see, by the definitions in force.
    pub(crate) fn private_data(
        &self,
        number: u64,
        organization: &MspId,
        reader: &[u8],
    ) -> Result<BTreeMap<u64, TxPvtReadWriteSet>, ReadError> {
        let (config, state) = (self.config(), self.snapshot());
        let Some(kept) = self.store.private_writes(number)? else { return Ok(BTreeMap::new()) };
        let Ok(reader) = config.membership().deserialize(reader) else {
            return Ok(BTreeMap::new());
        };
        let is_shown = |namespace: &str, name: &str| {
            collection_of(&state, namespace, name).is_some_and(|found| {
                let expiry = collection::expiry(&found, number);
                collection::has_member(&found, organization)
                    && collection::admits(&found, config.membership(), &reader)
                    && expiry.is_none_or(|expiry| expiry >= state.height())
            })
        };
        let shown = kept.sets.into_iter().filter_map(|(place, set)| {
            let set = private::only(set, is_shown);
            (!set.ns_pvt_rwset.is_empty()).then_some((place, set))
        });
        Ok(shown.collect())
    }

    /// Gives up what transactions of a stored block would have written, and what is too old.
    pub(super) fn forget_transient(&self, tx_ids: &[Option<TxId>], height: u64) {
        let mut transient = lock(&self.transient);
        for tx_id in tx_ids.iter().flatten() {
            transient.remove(tx_id);
        }
        transient.give_up_before(height.saturating_sub(TRANSIENT_BLOCKS));
    }
}

/// A collection as it is defined; those of `_lifecycle` are implicit ones.
fn collection_of(
    state: &dyn StateView,
    namespace: &str,
    name: &str,
) -> Option<StaticCollectionConfig> {
    if namespace == lifecycle::NAMESPACE {
        let owner = lifecycle::implicit_collection_owner(name)?.ok()?;
        return Some(lifecycle::implicit_collection_config(&owner));
    }
    collection::find(&lifecycle::definition(state, namespace).ok().flatten()?, name)
}

impl Transient {
    fn keep(&mut self, tx_id: &TxId, written: TxPvtReadWriteSet, height: u64) {
        let bytes = written.encoded_len();
        let sets = self.sets.entry(tx_id.clone()).or_default();
        if sets.contains(&written) {
            return;
        }
        if sets.is_empty() {
            self.order.push_back((height, tx_id.clone()));
        }
        sets.push(written);
        self.bytes = self.bytes.saturating_add(bytes);
        while self.sets.len() > TRANSIENT_MAX || self.bytes > TRANSIENT_BYTES_MAX {
            let Some((_, oldest)) = self.order.pop_front() else { break };
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, tx_id: &TxId) {
        let removed = self.sets.remove(tx_id).unwrap_or_default();
        let bytes: usize = removed.iter().map(Message::encoded_len).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    fn give_up_before(&mut self, height: u64) {
        while let Some((came, tx_id)) = self.order.front().cloned()
            && (came < height || !self.sets.contains_key(&tx_id))
        {
            self.remove(&tx_id);
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use fabric_protos::id::TxId;
    use fabric_protos::rwset::{NsPvtReadWriteSet, TxPvtReadWriteSet};

    use super::Transient;
    use crate::limits::TRANSIENT_MAX;

    #[test]
    fn the_oldest_are_given_up_when_there_are_too_many() {
        let mut transient = Transient::default();
        for number in 0..=TRANSIENT_MAX {
            transient.keep(&tx_id(number), set("cc"), 7);
        }
        assert!(!transient.sets.contains_key(&tx_id(0)));
        assert!(transient.sets.contains_key(&tx_id(1)));
        assert_eq!(transient.sets.len(), TRANSIENT_MAX);
    }

    #[test]
    fn what_endorsers_agree_on_is_kept_once() {
        let mut transient = Transient::default();
        for name in ["cc", "cc", "dd"] {
            transient.keep(&tx_id(1), set(name), 7);
        }
        assert_eq!(transient.sets[&tx_id(1)].len(), 2);
        transient.remove(&tx_id(1));
        assert_eq!(transient.bytes, 0);
    }

    #[test]
    fn what_never_was_committed_is_given_up() {
        let mut transient = Transient::default();
        transient.keep(&tx_id(1), set("cc"), 7);
        transient.keep(&tx_id(2), set("cc"), 9);
        transient.give_up_before(8);
        assert_eq!(transient.sets.keys().cloned().collect::<Vec<_>>(), [tx_id(2)]);
        assert_eq!(transient.order.len(), 1);
    }

    fn tx_id(number: usize) -> TxId {
        format!("{number:064x}").parse().unwrap()
    }

    fn set(namespace: &str) -> TxPvtReadWriteSet {
        let set = NsPvtReadWriteSet { namespace: namespace.into(), ..Default::default() };
        TxPvtReadWriteSet { ns_pvt_rwset: vec![set], ..Default::default() }
    }
}
