//! What a block changed, by the verdicts that it already carries.

use fabric_protos::common::Block;
use fabric_protos::id::TxId;
use fabric_protos::protos::TxValidationCode;
use thiserror::Error;

use super::{apply, tx_ids};
use crate::block;
use crate::state::{StateError, StateView, UpdateBatch, Version};
use crate::transaction::{Malformed, Unpacked, unpack};

/// What a judged block changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// What its valid transactions change.
    pub batch: UpdateBatch,
    /// Under which identifier each transaction is found; `None` where it has none.
    pub tx_ids: Vec<Option<TxId>>,
}

/// Applies the transactions that a block's own verdicts call valid. Nothing is judged again, so
/// the block must come from this machine's own store.
///
/// # Errors
/// If the block was not judged, calls a malformed transaction valid, or the state cannot be read.
pub fn replay(block: &Block, state: &dyn StateView) -> Result<Replayed, ReplayError> {
    let (envelopes, verdicts) = (block::envelopes(block), block::verdicts(block));
    if envelopes.len() != verdicts.len() {
        return Err(ReplayError::NotJudged { block: block::number(block) });
    }
    let mut batch = UpdateBatch::default();
    if block::is_config(block) {
        // A configuration changes no state, and the first one of a channel is not even signed.
        return Ok(Replayed { batch, tx_ids: tx_ids(block) });
    }
    for (index, (envelope, verdict)) in (0..).zip(envelopes.iter().zip(verdicts)) {
        if verdict != TxValidationCode::Valid {
            continue;
        }
        let unpacked = unpack(envelope)
            .map_err(|source| ReplayError::Malformed { transaction: index, source })?;
        if let Unpacked::Endorser(transaction) = unpacked {
            let version = Version { block: block::number(block), transaction: index };
            apply::apply(&transaction.rwset, version, state, &mut batch)?;
        }
    }
    Ok(Replayed { batch, tx_ids: tx_ids(block) })
}

/// Why a stored block cannot be applied again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// It has no verdicts, or not one per transaction.
    #[error("block {block} was not judged")]
    NotJudged {
        /// Its number.
        block: u64,
    },
    /// A transaction that the block calls valid is malformed.
    #[error("transaction {transaction} is called valid but is malformed")]
    Malformed {
        /// Index of the transaction.
        transaction: u64,
        /// What is wrong with it.
        #[source]
        source: Malformed,
    },
    /// The state cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
}
