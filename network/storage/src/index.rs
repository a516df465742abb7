use std::collections::BTreeMap;

use fabric_protos::id::TxId;
use fabric_protos::protos::TxValidationCode;
use pervade_ledger::state::{PublicKey, UpdateBatch};

/// Where transactions are, and which blocks wrote a key.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) transactions: BTreeMap<TxId, TxPosition>,
    pub(crate) writers: BTreeMap<PublicKey, Vec<u64>>,
}

/// Where a transaction is, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct TxPosition {
    /// The block.
    pub block: u64,
    /// Place in the block, from 0.
    pub index: u32,
    /// The verdict.
    pub code: TxValidationCode,
}

impl Index {
    /// Adds what one block holds. Of several transactions with one identifier the first counts;
    /// the others can only be duplicates.
    pub(crate) fn add(
        &mut self,
        block: u64,
        batch: &UpdateBatch,
        transactions: impl IntoIterator<Item = (Option<TxId>, TxValidationCode)>,
    ) {
        for (index, (tx_id, code)) in (0..).zip(transactions) {
            let Some(tx_id) = tx_id else { continue };
            self.transactions.entry(tx_id).or_insert(TxPosition { block, index, code });
        }
        for key in batch.public.keys() {
            self.writers.entry(key.clone()).or_default().push(block);
        }
    }
}
