use std::collections::{BTreeMap, VecDeque};

use fabric_protos::Message;
use fabric_protos::kvrwset::KvrwSet;
use fabric_protos::rwset::{NsPvtReadWriteSet, TxPvtReadWriteSet};
use pervade_ledger::rwset::sha256;

use super::Channel;
use crate::limits::PRIVATE_VALUES_MAX;
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

/// Private values that were written by proposals this process endorsed; the oldest are forgotten.
///
/// A value counts only if its hash is the one on the ledger, so values of proposals that came to
/// nothing do no harm.
#[derive(Default)]
pub(super) struct PrivateValues {
    values: BTreeMap<ValueKey, Vec<u8>>,
    order: VecDeque<ValueKey>,
}

/// Namespace, collection, key, and the value's hash.
type ValueKey = (String, String, String, Vec<u8>);

impl Channel {
    /// Keeps the private values that a proposal writes.
    pub(crate) fn keep_private(&self, written: Option<TxPvtReadWriteSet>) {
        let Some(written) = written else { return };
        let mut private = lock(&self.private);
        for namespace in written.ns_pvt_rwset {
            private.keep(namespace);
        }
    }

    /// The private value with this hash, if it is kept.
    pub(crate) fn private_value(&self, place: PrivateKey<'_>, hash: &[u8]) -> Option<Vec<u8>> {
        let PrivateKey { namespace, collection, key } = place;
        let value_key =
            (namespace.to_owned(), collection.to_owned(), key.to_owned(), hash.to_vec());
        lock(&self.private).values.get(&value_key).cloned()
    }

    /// The keys of a collection, in order, of which a value is kept, whether it still counts or not.
    pub(crate) fn private_keys(
        &self,
        namespace: &str,
        collection: &str,
        (start, end): (&str, &str),
    ) -> Vec<String> {
        let private = lock(&self.private);
        let first = (namespace.to_owned(), collection.to_owned(), start.to_owned(), Vec::new());
        let kept = private.values.range(first..).map(|((of, within, key, _), _)| (of, within, key));
        let wanted = kept.take_while(|(of, within, key)| {
            *of == namespace && *within == collection && (end.is_empty() || key.as_str() < end)
        });
        let mut keys: Vec<_> = wanted.map(|(_, _, key)| key.clone()).collect();
        keys.dedup();
        keys
    }
}

impl PrivateValues {
    fn keep(&mut self, written: NsPvtReadWriteSet) {
        for collection in written.collection_pvt_rwset {
            let writes = KvrwSet::decode(collection.rwset.as_slice()).unwrap_or_default().writes;
            for write in writes.into_iter().filter(|write| !write.value.is_empty()) {
                let place = (written.namespace.clone(), collection.collection_name.clone());
                let hash = sha256(&write.value);
                self.add((place.0, place.1, write.key, hash), write.value);
            }
        }
    }

    fn add(&mut self, key: ValueKey, value: Vec<u8>) {
        if self.values.insert(key.clone(), value).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > PRIVATE_VALUES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
    }
}
