//! Committing a block: judge it, store it, put its configuration in force, tell who waits.

use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use fabric_protos::common::Block;
use fabric_protos::protos::TxValidationCode;
use pervade_ledger::block::{self, BlockError};
use pervade_ledger::commit_hash;
use pervade_ledger::private::PrivateWrites;
use pervade_ledger::state::StateError;
use pervade_ledger::validate::{self, BlockRules, GenesisError, JudgeError, Judged, Preliminary};
use pervade_storage::{AppendError, Commit};
use thiserror::Error;

use super::Channel;
use crate::limits::PARALLEL_JUDGEMENT_MIN;
use crate::{lock, write};

impl Channel {
    /// Judges a block that follows the last one, stores it, and returns its verdicts once it is on
    /// disk and everyone sees it. Its orderer's signature is the caller's to check.
    ///
    /// Blocks on the disk; one call works at a time.
    ///
    /// # Errors
    /// If the block does not follow the last one or has a damaged structure, or the ledger fails;
    /// nothing has happened then.
    pub fn commit(&self, mut block: Block) -> Result<Vec<TxValidationCode>, CommitError> {
        let mut last_commit_hash = lock(&self.last_commit_hash);
        let number = self.store.height();
        let previous = self.store.tip_hash();
        block::check_structure(&block, number, previous.as_ref().map_or(&[], |hash| hash))
            .map_err(|source| CommitError::Structure { source })?;
        let judged = self.judge(&block, number)?;
        for (index, reason) in judged.reasons.iter().enumerate() {
            if let Some(reason) = reason {
                tracing::info!(channel = %self.id, number, index, %reason, "transaction rejected");
            }
        }
        block::set_verdicts(&mut block, &judged.verdicts);
        let mut hash = None;
        if number > 0 {
            let verdicts = block::verdict_bytes(&judged.verdicts);
            let next = commit_hash::next(last_commit_hash.as_deref(), &verdicts, &judged.batch);
            block::set_commit_hash(&mut block, &next);
            hash = Some(next.to_vec());
        }
        let tx_ids = judged.tx_ids.clone();
        // A block that changes no hash has no private data.
        let private = match judged.batch.hashed.is_empty() {
            true => PrivateWrites::default(),
            false => self.private_writes_of(&block),
        };
        self.store
            .append(vec![Commit { block, batch: judged.batch, tx_ids, private }])
            .map_err(|source| CommitError::Store { source })?;
        *last_commit_hash = hash;
        if let Some(config) = judged.config {
            *write(&self.config) = Arc::new(config);
        }
        drop(last_commit_hash);
        self.forget_transient(&judged.tx_ids, number.saturating_add(1));
        self.height.send_replace(number.saturating_add(1));
        for tx_id in judged.tx_ids.iter().flatten() {
            if let Some(position) = self.store.by_tx_id(tx_id) {
                self.waiting.committed(tx_id, position);
            }
        }
        if let Err(error) = self.store.checkpoint_if_due() {
            tracing::warn!(channel = %self.id, %error, "no checkpoint was written");
        }
        Ok(judged.verdicts)
    }

    fn judge(&self, block: &Block, number: u64) -> Result<Judged, CommitError> {
        if number == 0 {
            return validate::judge_genesis(block)
                .map_err(|source| CommitError::Genesis { source });
        }
        let (config, state) = (self.config(), self.store.snapshot());
        let known_tx = |tx_id: &_| Ok(self.store.by_tx_id(tx_id).is_some());
        let rules = BlockRules { config: &config, state: &state, known_tx: &known_tx };
        let judged = if block::envelopes(block).len() < PARALLEL_JUDGEMENT_MIN {
            validate::judge_block(block, &rules)
        } else {
            judge_apart(block, &rules)
                .map_err(JudgeError::from)
                .and_then(|findings| validate::conclude(block, &rules, findings))
        };
        judged.map_err(|source| CommitError::Judge { source })
    }
}

/// The first stage of judgement, on as many threads as the machine has processors.
fn judge_apart(block: &Block, rules: &BlockRules<'_>) -> Result<Vec<Preliminary>, StateError> {
    let envelopes = block::envelopes(block);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = envelopes.len().div_ceil(threads).max(1);
    let judge_share = |share: &[Vec<u8>]| {
        let findings = share.iter().map(|envelope| validate::judge_transaction(envelope, rules));
        findings.collect::<Result<Vec<_>, _>>()
    };
    let shares: Vec<_> = thread::scope(|scope| {
        let judging: Vec<_> =
            envelopes.chunks(share).map(|share| scope.spawn(move || judge_share(share))).collect();
        judging.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let mut findings = Vec::with_capacity(envelopes.len());
    for share in shares {
        let share = share.map_err(|_| StateError::new("a judging thread ended early"))?;
        findings.extend(share?);
    }
    Ok(findings)
}

/// Why a block was not committed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The block does not follow the last one, or is damaged.
    #[error("the block is not the next one")]
    Structure {
        /// How.
        #[source]
        source: BlockError,
    },
    /// The first block is no genesis block.
    #[error("the genesis block cannot be judged")]
    Genesis {
        /// Why.
        #[source]
        source: GenesisError,
    },
    /// The block could not be judged.
    #[error("the block cannot be judged")]
    Judge {
        /// Why.
        #[source]
        source: JudgeError,
    },
    /// The block could not be stored.
    #[error("the block cannot be stored")]
    Store {
        /// Why.
        #[source]
        source: AppendError,
    },
}
