//! What the channel remembers: state, history and private values, in memory.

use std::collections::{BTreeMap, BTreeSet};

use fabric_protos::common::{Block, BlockHeader};
use fabric_protos::id::TxId;
use fabric_protos::kvrwset::{KvWrite, KvrwSet};
use fabric_protos::protos::TxValidationCode;
use fabric_protos::queryresult::KeyModification;
use fabric_protos::rwset::TxPvtReadWriteSet;
use fabric_protos::{DecodeError, Message};
use pervade_channel_config::ChannelConfig;
use pervade_ledger::block;
use pervade_ledger::rwset::{deletes, sha256};
use pervade_ledger::state::{
    HashedKey, PublicKey, StateError, StateView, Update, UpdateBatch, Versioned,
};
use pervade_ledger::transaction::{EndorserTransaction, Unpacked, unpack};
use pervade_ledger::validate::{BlockRules, JudgeError, Judged, judge_block};

/// A channel's ledger with one copy of everything.
#[derive(Debug)]
pub(crate) struct Ledger {
    config: ChannelConfig,
    state: State,
    last: BlockHeader,
    known: BTreeSet<TxId>,
    /// What was done to each public key, oldest first.
    history: BTreeMap<PublicKey, Vec<KeyModification>>,
    /// Private values by namespace, collection and plaintext key. Those whose hash is not the
    /// ledger's any more count as absent.
    private: BTreeMap<(String, String, String), Vec<u8>>,
}

impl Ledger {
    /// A ledger that holds its first block.
    pub(crate) fn new(genesis: &Block, config: ChannelConfig) -> Self {
        let state = State { height: 1, ..State::default() };
        Self {
            config,
            state,
            last: genesis.header.clone().unwrap_or_default(),
            known: BTreeSet::new(),
            history: BTreeMap::new(),
            private: BTreeMap::new(),
        }
    }

    pub(crate) fn config(&self) -> &ChannelConfig {
        &self.config
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn history(&self, namespace: &str, key: &str) -> &[KeyModification] {
        let changes = self.history.get(&(namespace.to_owned(), key.to_owned()));
        changes.map(Vec::as_slice).unwrap_or_default()
    }

    /// The private value of this hash, if any peer keeps it.
    pub(crate) fn private_value(
        &self,
        (namespace, collection, key): (&str, &str, &str),
        hash: &[u8],
    ) -> Option<Vec<u8>> {
        let place = (namespace.to_owned(), collection.to_owned(), key.to_owned());
        self.private.get(&place).filter(|value| sha256(value) == hash).cloned()
    }

    /// The keys of private values within bounds, in order.
    pub(crate) fn private_keys(
        &self,
        (namespace, collection): (&str, &str),
        (start, end): (&str, &str),
    ) -> Vec<String> {
        let from = (namespace.to_owned(), collection.to_owned(), start.to_owned());
        let within = self.private.range(from..).map(|(place, _)| place);
        let within = within.take_while(|(name, of, key)| {
            name == namespace && of == collection && (end.is_empty() || key.as_str() < end)
        });
        within.map(|(_, _, key)| key.clone()).collect()
    }

    /// Judges the next block, applies what is valid in it, and keeps the private values of
    /// valid transactions.
    pub(crate) fn commit(
        &mut self,
        envelopes: Vec<Vec<u8>>,
        private: Vec<Option<TxPvtReadWriteSet>>,
    ) -> Result<(u64, Judged), CommitError> {
        let number = self.state.height;
        let previous = block::header_hash(&self.last).to_vec();
        let next = block::next(number, previous, envelopes);
        let known = |tx_id: &TxId| Ok(self.known.contains(tx_id));
        let rules = BlockRules { config: &self.config, state: &self.state, known_tx: &known };
        let judged = judge_block(&next, &rules)?;
        self.state.apply(&judged.batch);
        self.known.extend(judged.tx_ids.iter().flatten().cloned());
        let transactions = block::envelopes(&next).iter().zip(&judged.verdicts).zip(private);
        for ((envelope, verdict), private) in transactions {
            if *verdict == TxValidationCode::Valid {
                self.remember(envelope);
                self.keep_private(private.unwrap_or_default())?;
            }
        }
        self.last = next.header.unwrap_or_default();
        Ok((number, judged))
    }

    fn remember(&mut self, envelope: &[u8]) {
        let Ok(Unpacked::Endorser(transaction)) = unpack(envelope) else { return };
        let EndorserTransaction { tx_id, timestamp, rwset, .. } = *transaction;
        for set in rwset.namespaces {
            for write in set.public.writes {
                let change = KeyModification {
                    tx_id: tx_id.to_string(),
                    is_delete: deletes(&write),
                    value: write.value,
                    timestamp,
                };
                self.history.entry((set.name.clone(), write.key)).or_default().push(change);
            }
        }
    }

    fn keep_private(&mut self, private: TxPvtReadWriteSet) -> Result<(), CommitError> {
        for namespace in private.ns_pvt_rwset {
            for collection in namespace.collection_pvt_rwset {
                let set = KvrwSet::decode(collection.rwset.as_slice())?;
                for write in set.writes {
                    let (namespace, name) = (&namespace.namespace, &collection.collection_name);
                    self.keep_value((namespace, name), write);
                }
            }
        }
        Ok(())
    }

    fn keep_value(&mut self, (namespace, collection): (&str, &str), write: KvWrite) {
        let is_deleted = deletes(&write);
        let KvWrite { key, value, .. } = write;
        let place = (namespace.to_owned(), collection.to_owned(), key);
        if is_deleted {
            self.private.remove(&place);
        } else {
            self.private.insert(place, value);
        }
    }
}

/// Why a block could not be committed: a fault of the simulator, never of a transaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The block cannot be judged.
    #[error("the block cannot be judged")]
    Judge(#[from] JudgeError),
    /// A private write set that an endorser recorded cannot be read.
    #[error("a private write set cannot be read")]
    Private(#[from] DecodeError),
}

/// State as the blocks so far left it.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    public: BTreeMap<PublicKey, Versioned>,
    hashed: BTreeMap<HashedKey, Versioned>,
    height: u64,
}

impl State {
    /// The keys of a namespace, in order.
    pub(crate) fn keys(&self, namespace: &str) -> Vec<&str> {
        let entries = self.public.range((namespace.to_owned(), String::new())..);
        let entries = entries.map(|((name, key), _)| (name, key.as_str()));
        entries.take_while(|(name, _)| *name == namespace).map(|(_, key)| key).collect()
    }

    /// A committed value.
    pub(crate) fn value(&self, namespace: &str, key: &str) -> Option<&[u8]> {
        let found = self.public.get(&(namespace.to_owned(), key.to_owned()))?;
        Some(&found.value)
    }

    fn apply(&mut self, batch: &UpdateBatch) {
        for (place, update) in &batch.public {
            set(&mut self.public, place, update);
        }
        for (place, update) in &batch.hashed {
            set(&mut self.hashed, place, update);
        }
        self.height = self.height.saturating_add(1);
    }
}

fn set<K: Ord + Clone>(values: &mut BTreeMap<K, Versioned>, place: &K, update: &Update) {
    match update.to_versioned() {
        Some(value) => values.insert(place.clone(), value),
        None => values.remove(place),
    };
}

impl StateView for State {
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
        let entries = self.public.range(from..);
        let within = entries.take_while(|((name, key), _)| {
            name == namespace && (end.is_empty() || key.as_str() < end)
        });
        Ok(within.map(|((_, key), value)| (key.clone(), value.clone())).take(limit).collect())
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
