//! The check of a whole ledger: every judgement repeated, block by block.
//!
//! What a peer once decided is believed in nothing. Each block must follow the one before it, carry
//! the orderer's signature under the configuration in force, and hold exactly the verdicts and
//! the commit hash that this code computes again; each recorded payload must normalise to the graph
//! whose digest the endorsers signed.

use std::collections::BTreeSet;

use fabric_protos::common::Block;
use fabric_protos::id::{ChannelId, TxId};
use fabric_protos::protos::TxValidationCode;
use pervade_channel_config::ChannelConfig;
use pervade_identity::policy::{PolicyUnmet, SignedData};
use pervade_ledger::block::{self, BlockError, MetadataError};
use pervade_ledger::commit_hash;
use pervade_ledger::state::{StateView, UpdateBatch};
use pervade_ledger::validate::{
    BlockRules, GenesisError, JudgeError, Judged, Rejection, judge_block, judge_genesis,
};
use thiserror::Error;

use crate::{ApplyError, LedgerGraph};

/// A ledger being checked, from its first block on.
#[derive(Debug, Default)]
pub struct Replay {
    channel: Option<Channel>,
}

#[derive(Debug)]
struct Channel {
    config: ChannelConfig,
    height: u64,
    last_config: u64,
    previous_hash: [u8; 32],
    commit_hash: Option<Vec<u8>>,
    tx_ids: BTreeSet<TxId>,
    graph: LedgerGraph,
}

/// What the check of one block found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Replayed {
    /// The block's number.
    pub number: u64,
    /// What its valid transactions change; the caller applies it to the state.
    pub batch: UpdateBatch,
    /// How many of its transactions took effect.
    pub valid: usize,
    /// Why each of the others did not, by index.
    pub rejections: Vec<(usize, Rejection)>,
    /// How many recorded payloads had the graph that was endorsed.
    pub graphs: usize,
    /// How many quads the block adds to the channel's graph.
    pub quads: usize,
}

impl Replay {
    /// A check that has seen no block.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many blocks have been checked.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.channel.as_ref().map_or(0, |channel| channel.height)
    }

    /// The channel, once its genesis block has been seen.
    #[must_use]
    pub fn channel(&self) -> Option<&ChannelId> {
        self.channel.as_ref().map(|channel| channel.config.channel_id())
    }

    /// The configuration in force after the blocks checked so far.
    #[must_use]
    pub fn config(&self) -> Option<&ChannelConfig> {
        self.channel.as_ref().map(|channel| &channel.config)
    }

    /// Checks the next block against the state before it.
    pub fn check(&mut self, block: &Block, state: &dyn StateView) -> Result<Replayed, ReplayError> {
        match &mut self.channel {
            None => {
                let (channel, replayed) = Channel::begin(block)?;
                self.channel = Some(channel);
                Ok(replayed)
            }
            Some(channel) => channel.check(block, state),
        }
    }
}

impl Channel {
    fn begin(block: &Block) -> Result<(Self, Replayed), ReplayError> {
        block::check_structure(block, 0, &[]).map_err(ReplayError::Structure)?;
        let mut judged = judge_genesis(block).map_err(ReplayError::Genesis)?;
        compare_verdicts(block, &judged)?;
        let config = judged.config.take().ok_or(ReplayError::NoConfiguration)?;
        let mut channel = Self {
            graph: LedgerGraph::new(config.channel_id().clone()),
            config,
            height: 0,
            last_config: 0,
            previous_hash: [0; 32],
            commit_hash: None,
            tx_ids: BTreeSet::new(),
        };
        let replayed = channel.advance(block, judged)?;
        Ok((channel, replayed))
    }

    fn check(&mut self, block: &Block, state: &dyn StateView) -> Result<Replayed, ReplayError> {
        block::check_structure(block, self.height, &self.previous_hash)
            .map_err(ReplayError::Structure)?;
        self.check_orderer(block)?;
        let known = |tx_id: &TxId| Ok(self.tx_ids.contains(tx_id));
        let rules = BlockRules { config: &self.config, state, known_tx: &known };
        let judged = judge_block(block, &rules).map_err(ReplayError::Judge)?;
        compare_verdicts(block, &judged)?;
        self.compare_commit_hash(block, &judged)?;
        self.advance(block, judged)
    }

    fn check_orderer(&self, block: &Block) -> Result<(), ReplayError> {
        let signatures = block::orderer_signatures(block).map_err(ReplayError::Metadata)?;
        let data: Vec<SignedData<'_>> =
            signatures.iter().map(|signature| signature.signed_data()).collect();
        self.config.evaluate(BLOCK_VALIDATION, &data).map_err(ReplayError::Orderer)?;
        let expected = if block::is_config(block) { self.height } else { self.last_config };
        let found = block::last_config_index(block).map_err(ReplayError::Metadata)?;
        if found != Some(expected) {
            return Err(ReplayError::LastConfig { expected, found });
        }
        Ok(())
    }

    fn compare_commit_hash(&mut self, block: &Block, judged: &Judged) -> Result<(), ReplayError> {
        let verdicts = block::verdict_bytes(&judged.verdicts);
        let expected = commit_hash::next(self.commit_hash.as_deref(), &verdicts, &judged.batch);
        let found = block::commit_hash(block).map_err(ReplayError::Metadata)?;
        if found.as_deref() != Some(expected.as_slice()) {
            return Err(ReplayError::CommitHash { expected: hex::encode(expected) });
        }
        self.commit_hash = found;
        Ok(())
    }

    fn advance(&mut self, block: &Block, judged: Judged) -> Result<Replayed, ReplayError> {
        let added = self.graph.apply(block).map_err(ReplayError::Graph)?;
        self.tx_ids.extend(judged.tx_ids.into_iter().flatten());
        if let Some(config) = judged.config {
            self.config = config;
            self.last_config = self.height;
        }
        self.previous_hash = block::header_hash(&block.header.clone().unwrap_or_default());
        self.height += 1;
        let valid = judged.verdicts.iter().filter(|verdict| **verdict == TxValidationCode::Valid);
        Ok(Replayed {
            number: added.number,
            batch: judged.batch,
            valid: valid.count(),
            rejections: judged
                .reasons
                .into_iter()
                .enumerate()
                .filter_map(|(index, reason)| Some((index, reason?)))
                .collect(),
            graphs: added.payloads.len(),
            quads: added.quads.len(),
        })
    }
}

fn compare_verdicts(block: &Block, judged: &Judged) -> Result<(), ReplayError> {
    let recorded = block::verdicts(block);
    if recorded.len() != judged.verdicts.len() {
        return Err(ReplayError::VerdictCount {
            expected: judged.verdicts.len(),
            found: recorded.len(),
        });
    }
    let differing =
        judged.verdicts.iter().zip(&recorded).position(|(judged, found)| judged != found);
    match differing {
        None => Ok(()),
        Some(index) => Err(ReplayError::Verdict {
            index,
            expected: judged.verdicts.get(index).copied().unwrap_or_default(),
            found: recorded.get(index).copied().unwrap_or_default(),
        }),
    }
}

const BLOCK_VALIDATION: &str = "/Channel/Orderer/BlockValidation";

/// A block is not what a correct network would have written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The block does not follow, or its header does not cover its data.
    #[error("the block does not follow the one before it")]
    Structure(#[source] BlockError),
    /// The first block is no genesis block.
    #[error("the first block is no genesis block")]
    Genesis(#[source] GenesisError),
    /// The genesis block puts no configuration in force.
    #[error("the genesis block puts no configuration in force")]
    NoConfiguration,
    /// The block's metadata cannot be read.
    #[error("the block's metadata cannot be read")]
    Metadata(#[source] MetadataError),
    /// The orderer's signature does not hold under the configuration in force.
    #[error("the orderer's signature does not hold")]
    Orderer(#[source] PolicyUnmet),
    /// The block names another configuration than the one in force.
    #[error("the block names configuration {found:?}, not {expected}")]
    LastConfig {
        /// Number of the block that holds the configuration in force.
        expected: u64,
        /// The number it names.
        found: Option<u64>,
    },
    /// The block could not be judged.
    #[error("the block cannot be judged")]
    Judge(#[source] JudgeError),
    /// The block has another number of verdicts than transactions.
    #[error("the block records {found} verdicts for {expected} transactions")]
    VerdictCount {
        /// How many transactions it has.
        expected: usize,
        /// How many verdicts it records.
        found: usize,
    },
    /// A recorded verdict is not the right one.
    #[error("transaction {index} is recorded as {}, and is {}", found.as_str_name(), expected.as_str_name())]
    Verdict {
        /// The transaction's index in the block.
        index: usize,
        /// The right verdict.
        expected: TxValidationCode,
        /// The one recorded.
        found: TxValidationCode,
    },
    /// The recorded commit hash is not the right one.
    #[error("the commit hash is not {expected}")]
    CommitHash {
        /// The right one, in hexadecimal.
        expected: String,
    },
    /// A record's graph is not what was endorsed.
    #[error("the block does not fit the graph")]
    Graph(#[source] ApplyError),
}
