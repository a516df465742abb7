//! Decides which transactions of an ordered block take effect, and what they change.
//!
//! Every peer judges the same block and must reach the same verdicts, so this is a pure function
//! of the block, the configuration in force and the state before the block.
//!
//! A block is judged in two stages. The first looks at each transaction on its own
//! ([`judge_transaction`]) and may run on many threads; the second ([`conclude`]) goes through
//! them in order, because a transaction may be overtaken by an earlier one of its block.
//! [`judge_block`] does both.
//!
//! Only this machine's own faults stop a block. Whatever is wrong with a transaction is a verdict
//! on that transaction, with a [`Rejection`] that says why.
//!
//! A chaincode definition or a key's policy that the block itself changes is in force from the
//! next block on. So is a configuration.

mod apply;
mod endorsement;
mod mvcc;
mod rejection;
mod replay;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fabric_protos::Message;
use fabric_protos::common::{Block, ConfigEnvelope};
use fabric_protos::id::TxId;
use fabric_protos::protos::TxValidationCode;
use pervade_channel_config::{ChannelConfig, ConfigError};
use thiserror::Error;

use crate::block;
use crate::rwset::ReadWriteSet;
use crate::state::{StateError, StateView, UpdateBatch, Version};
use crate::transaction::{self, Kind, Malformed, Opened};

pub use rejection::{ConfigFault, CreatorFault, EndorsementFault, KeyPlace, Rejection};
pub use replay::{ReplayError, Replayed, replay};

/// What a block is judged by: everything as it was before the block.
#[derive(Clone, Copy)]
pub struct BlockRules<'a> {
    /// The configuration in force.
    pub config: &'a ChannelConfig,
    /// The state; its height is the block's number.
    pub state: &'a dyn StateView,
    /// Whether an earlier block holds a transaction of this identifier, whatever its verdict.
    pub known_tx: &'a (dyn Fn(&TxId) -> Result<bool, StateError> + Sync),
}

impl fmt::Debug for BlockRules<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockRules")
            .field("channel", self.config.channel_id())
            .field("config_sequence", &self.config.sequence())
            .field("height", &self.state.height())
            .finish_non_exhaustive()
    }
}

/// A block's verdicts and everything that follows from them.
#[derive(Debug)]
pub struct Judged {
    /// One per transaction, in order.
    pub verdicts: Vec<TxValidationCode>,
    /// Why a transaction has no effect; `None` for a valid one.
    pub reasons: Vec<Option<Rejection>>,
    /// What the valid transactions change.
    pub batch: UpdateBatch,
    /// The configuration in force after the block, if the block changes it.
    pub config: Option<ChannelConfig>,
    /// Under which identifier each transaction is found; `None` where it has none.
    pub tx_ids: Vec<Option<TxId>>,
}

/// Judges a block whose structure and signature were checked before.
///
/// # Errors
/// If the state is not the one before the block, or cannot be read.
pub fn judge_block(block: &Block, rules: &BlockRules<'_>) -> Result<Judged, JudgeError> {
    let preliminary = block::envelopes(block)
        .iter()
        .map(|envelope| judge_transaction(envelope, rules))
        .collect::<Result<Vec<_>, _>>()?;
    conclude(block, rules, preliminary)
}

/// Judges a genesis block, which holds one configuration that nobody signed.
///
/// # Errors
/// If the block is no genesis block or holds no configuration that can be put in force.
pub fn judge_genesis(block: &Block) -> Result<Judged, GenesisError> {
    if block::number(block) != 0 || !block::is_config(block) {
        return Err(GenesisError::Other { number: block::number(block) });
    }
    let config = ChannelConfig::from_block(block)?;
    Ok(Judged {
        verdicts: vec![TxValidationCode::Valid],
        reasons: vec![None],
        batch: UpdateBatch::default(),
        config: Some(config),
        tx_ids: tx_ids(block),
    })
}

/// What the first stage found about one transaction.
#[derive(Debug)]
pub struct Preliminary(Result<Content, Rejection>);

impl Preliminary {
    /// Why the first stage rejects the transaction, if it does.
    #[must_use]
    pub fn rejection(&self) -> Option<&Rejection> {
        self.0.as_ref().err()
    }
}

#[derive(Debug)]
enum Content {
    Config(Box<ConfigEnvelope>),
    Endorsed { tx_id: TxId, rwset: ReadWriteSet },
}

/// The first stage: judges one transaction without regard to the others of its block.
///
/// Looks at its form, its creator, its identifier and the endorsement of everything it writes.
///
/// # Errors
/// If the state cannot be read.
pub fn judge_transaction(
    envelope: &[u8],
    rules: &BlockRules<'_>,
) -> Result<Preliminary, StateError> {
    match examine(envelope, rules) {
        Ok(content) => Ok(Preliminary(Ok(content))),
        Err(Stop::Rejected(rejection)) => Ok(Preliminary(Err(*rejection))),
        Err(Stop::State(error)) => Err(error),
    }
}

/// Why the examination of a transaction ends early.
enum Stop {
    Rejected(Box<Rejection>),
    State(StateError),
}

impl<R: Into<Rejection>> From<R> for Stop {
    fn from(rejection: R) -> Self {
        Self::Rejected(Box::new(rejection.into()))
    }
}

fn examine(envelope: &[u8], rules: &BlockRules<'_>) -> Result<Content, Stop> {
    let opened = Opened::open(envelope)?;
    check_creator(&opened, rules.config)?;
    match opened.kind {
        Kind::Config => {
            let config = opened.config()?;
            let config = ConfigEnvelope::decode(config.as_slice());
            let config =
                config.map_err(|_| Rejection::Config(Box::new(ConfigFault::Unreadable)))?;
            Ok(Content::Config(Box::new(config)))
        }
        Kind::ConfigUpdate => Err(Malformed::BareConfigUpdate.into()),
        Kind::Endorser => examine_endorsed(opened, rules),
    }
}

fn check_creator(opened: &Opened, config: &ChannelConfig) -> Result<(), CreatorFault> {
    let channel = &opened.channel_header.channel_id;
    if channel != config.channel_id().as_str() {
        return Err(CreatorFault::OtherChannel { channel: channel.clone() });
    }
    let membership = config.membership();
    let creator = membership.deserialize(&opened.signature_header.creator)?;
    membership.validate(&creator)?;
    creator.verify(&opened.payload, &opened.signature)?;
    Ok(())
}

fn examine_endorsed(opened: Opened, rules: &BlockRules<'_>) -> Result<Content, Stop> {
    let bound = opened.bound()?;
    if (rules.known_tx)(&bound.tx_id).map_err(Stop::State)? {
        return Err(Rejection::DuplicateTxId { of: None }.into());
    }
    let transaction = bound.transaction()?;
    endorsement::check(&transaction, rules)?;
    Ok(Content::Endorsed { tx_id: transaction.tx_id, rwset: transaction.rwset })
}

/// The second stage: goes through the transactions in order, with what the first stage found
/// about each.
///
/// # Errors
/// If the state is not the one before the block or cannot be read, or if there is not exactly one
/// preliminary finding per transaction.
pub fn conclude(
    block: &Block,
    rules: &BlockRules<'_>,
    preliminary: Vec<Preliminary>,
) -> Result<Judged, JudgeError> {
    let number = block::number(block);
    let height = rules.state.height();
    if height != number {
        return Err(JudgeError::Height { block: number, state: height });
    }
    let (transactions, found) = (block::envelopes(block).len(), preliminary.len());
    if transactions != found {
        return Err(JudgeError::Findings { transactions, found });
    }
    let mut findings: Vec<_> = preliminary.into_iter().map(|finding| finding.0).collect();
    reject_changed_policies(&mut findings);
    reject_duplicates(&mut findings);
    let mut effects = Effects { number, rules, batch: UpdateBatch::default(), config: None };
    let mut reasons = Vec::with_capacity(findings.len());
    for (index, finding) in findings.into_iter().enumerate() {
        let reason = match finding {
            Ok(content) => effects.admit(index, content)?,
            Err(rejection) => Some(rejection),
        };
        reasons.push(reason);
    }
    let Effects { batch, config, .. } = effects;
    let verdicts = reasons.iter().map(verdict).collect();
    Ok(Judged { verdicts, reasons, batch, config, tx_ids: tx_ids(block) })
}

/// What happened to one transaction in the first stage.
type Finding = Result<Content, Rejection>;

/// Rejects each transaction that writes a key whose policy an earlier one changes, as it was
/// endorsed under a policy that no longer holds.
fn reject_changed_policies(findings: &mut [Finding]) {
    let mut changed = BTreeSet::new();
    for finding in findings {
        let Ok(Content::Endorsed { rwset, .. }) = finding else { continue };
        let overtaken = endorsement::written_keys(rwset).find(|place| changed.contains(place));
        if let Some(key) = overtaken {
            let namespace = key.namespace.clone();
            let fault = EndorsementFault::KeyPolicyChanged { key };
            *finding = Err(Rejection::Endorsement { namespace, fault: Box::new(fault) });
        } else {
            changed.extend(endorsement::keys_with_new_metadata(rwset));
        }
    }
}

/// Rejects each endorsed transaction that repeats the identifier of an earlier one.
fn reject_duplicates(findings: &mut [Finding]) {
    let mut seen: BTreeMap<TxId, usize> = BTreeMap::new();
    for (index, finding) in findings.iter_mut().enumerate() {
        let Ok(Content::Endorsed { tx_id, .. }) = finding else { continue };
        let first = *seen.entry(tx_id.clone()).or_insert(index);
        if first != index {
            *finding = Err(Rejection::DuplicateTxId { of: Some(first) });
        }
    }
}

/// What the transactions so far have changed.
struct Effects<'a> {
    number: u64,
    rules: &'a BlockRules<'a>,
    batch: UpdateBatch,
    config: Option<ChannelConfig>,
}

impl Effects<'_> {
    /// Lets the next transaction take effect, or says why it does not.
    fn admit(&mut self, index: usize, content: Content) -> Result<Option<Rejection>, StateError> {
        match content {
            Content::Config(envelope) => Ok(self.admit_config(&envelope)),
            Content::Endorsed { rwset, .. } => {
                let state = self.rules.state;
                if let Some(conflict) = mvcc::conflict(&rwset, state, &self.batch)? {
                    return Ok(Some(conflict));
                }
                let version = Version { block: self.number, transaction: index as u64 };
                apply::apply(&rwset, version, state, &mut self.batch)?;
                Ok(None)
            }
        }
    }

    fn admit_config(&mut self, envelope: &ConfigEnvelope) -> Option<Rejection> {
        let current = self.config.as_ref().unwrap_or(self.rules.config);
        match current.validate_next(envelope) {
            Ok(next) => {
                self.config = Some(next);
                None
            }
            Err(error) => Some(Rejection::Config(Box::new(ConfigFault::Refused(error)))),
        }
    }
}

fn verdict(reason: &Option<Rejection>) -> TxValidationCode {
    reason.as_ref().map_or(TxValidationCode::Valid, Rejection::code)
}

fn tx_ids(block: &Block) -> Vec<Option<TxId>> {
    let envelopes = block::envelopes(block).iter();
    envelopes.map(|envelope| transaction::indexed_tx_id(envelope)).collect()
}

/// Why a block cannot be judged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// The state is not the one before the block.
    #[error("block {block} cannot be judged by the state after {state} blocks")]
    Height {
        /// The block's number.
        block: u64,
        /// How many blocks the state holds.
        state: u64,
    },
    /// There is not one preliminary finding per transaction.
    #[error("there are {found} findings about {transactions} transactions")]
    Findings {
        /// How many transactions there are.
        transactions: usize,
        /// How many findings there are.
        found: usize,
    },
    /// The state cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Why a block is no genesis block.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GenesisError {
    /// It is another block, or not a configuration block.
    #[error("block {number} is no genesis block")]
    Other {
        /// Its number.
        number: u64,
    },
    /// Its configuration cannot be put in force.
    #[error("the genesis block holds no usable configuration")]
    Config(#[from] ConfigError),
}

#[cfg(test)]
mod tests;
