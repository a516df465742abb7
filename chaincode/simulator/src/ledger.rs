//! What the channel remembers: state, history and private values, in memory.

use std::collections::{BTreeMap, BTreeSet};

use fabric_protos::common::{Block, BlockHeader};
use fabric_protos::id::TxId;
use fabric_protos::protos::TxValidationCode;
use fabric_protos::queryresult::KeyModification;
use fabric_protos::rwset::TxPvtReadWriteSet;
use pervade_channel_config::ChannelConfig;
use pervade_ledger::answer::History;
use pervade_ledger::block;
use pervade_ledger::private::{Expired, Expiries, PrivateWrites};
use pervade_ledger::rwset::{deletes, sha256};
use pervade_ledger::state::{
    HashedKey, PrivateKey, PrivateView, PublicKey, StateError, StateView, Update, UpdateBatch,
    Versioned,
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
        }
    }

    pub(crate) fn config(&self) -> &ChannelConfig {
        &self.config
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
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
        let mut next = block::next(number, previous, envelopes);
        let known = |tx_id: &TxId| Ok(self.known.contains(tx_id));
        let rules = BlockRules { config: &self.config, state: &self.state, known_tx: &known };
        let judged = judge_block(&next, &rules)?;
        block::set_verdicts(&mut next, &judged.verdicts);
        let at_hand: BTreeMap<_, _> = judged.tx_ids.iter().zip(private).collect();
        let writes = PrivateWrites::of_block(&next, |tx_id| {
            let kept = at_hand.get(&Some(tx_id.clone())).cloned().flatten();
            kept.into_iter().collect()
        });
        self.state.apply(number, &judged.batch, &writes.updates(number));
        self.known.extend(judged.tx_ids.iter().flatten().cloned());
        for (envelope, verdict) in block::envelopes(&next).iter().zip(&judged.verdicts) {
            if *verdict == TxValidationCode::Valid {
                self.remember(envelope);
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
}

impl History for Ledger {
    fn of_key(
        &self,
        namespace: &str,
        key: &str,
        limit: usize,
    ) -> Result<Vec<KeyModification>, StateError> {
        let changes = self.history.get(&(namespace.to_owned(), key.to_owned()));
        Ok(changes.into_iter().flatten().rev().take(limit).cloned().collect())
    }
}

/// Why a block could not be committed: a fault of the simulator, never of a transaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The block cannot be judged.
    #[error("the block cannot be judged")]
    Judge(#[from] JudgeError),
}

/// State as the blocks so far left it.
#[derive(Debug, Default)]
pub(crate) struct State {
    public: BTreeMap<PublicKey, Versioned>,
    hashed: BTreeMap<HashedKey, Versioned>,
    /// Plaintexts, as the members' peers keep them.
    private: BTreeMap<PrivateKey, Versioned>,
    expiries: Expiries,
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

    fn apply(&mut self, number: u64, batch: &UpdateBatch, private: &BTreeMap<PrivateKey, Update>) {
        for (place, update) in &batch.public {
            set(&mut self.public, place, update);
        }
        for (place, update) in &batch.hashed {
            set(&mut self.hashed, place, update);
        }
        for (place, update) in private {
            set(&mut self.private, place, update);
        }
        self.height = self.height.saturating_add(1);
        let mut expiries = std::mem::take(&mut self.expiries);
        expiries.note(number, batch.hashed.keys(), self);
        for expired in expiries.due(number) {
            self.expire(&expired);
        }
        self.expiries = expiries;
    }

    fn expire(&mut self, expired: &Expired) {
        let known = self.hashed.get(&expired.key);
        if known.is_none_or(|known| known.version.block != expired.committed) {
            return;
        }
        self.hashed.remove(&expired.key);
        let (namespace, collection, key_hash) = &expired.key;
        self.private.retain(|(of, within, key), _| {
            of != namespace || within != collection || sha256(key.as_bytes()) != *key_hash
        });
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

impl PrivateView for State {
    fn private(
        &self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StateError> {
        let place = (namespace.to_owned(), collection.to_owned(), key.to_owned());
        Ok(self.private.get(&place).map(|kept| kept.value.clone()))
    }

    fn private_range(
        &self,
        (namespace, collection): (&str, &str),
        (start, end): (&str, &str),
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        let from = (namespace.to_owned(), collection.to_owned(), start.to_owned());
        let within = self.private.range(from..).take_while(|((of, within, key), _)| {
            of == namespace && within == collection && (end.is_empty() || key.as_str() < end)
        });
        let within = within.map(|((_, _, key), kept)| (key.clone(), kept.value.clone()));
        Ok(within.take(limit).collect())
    }
}
