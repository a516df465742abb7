mod forgetting;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use fabric_protos::Message as _;
use fabric_protos::common::Block;
use fabric_protos::id::TxId;
use pervade_ledger::block;
use pervade_ledger::private::{self, PrivateWrites};
use pervade_ledger::state::UpdateBatch;
use pervade_ports::Vfs;
use thiserror::Error;

use crate::block_file::{Access, BlockFile, OpenBlocksError, ReadError, WriteError};
use crate::checkpoint::{self, Checkpoint, CheckpointError};
use crate::damage::DamageKind;
use crate::index::{Index, TxPosition};
use crate::private_file::{ForgetError, OpenPrivateError, PrivateFile};
use crate::replay::replay;
use crate::scan::Record;
use crate::state::{State, StateSnapshot};

/// One channel's ledger in one folder.
///
/// All methods block on the disk at most; none waits for a network. One thread appends while
/// others read.
pub struct ChannelStore {
    vfs: Arc<dyn Vfs>,
    folder: PathBuf,
    blocks: BlockFile,
    private: PrivateFile,
    state: State,
    index: RwLock<Index>,
    /// Held while appending, so that blocks follow each other.
    tip: Mutex<Tip>,
    recent: Mutex<VecDeque<(u64, Arc<Block>)>>,
    checkpointed: AtomicU64,
}

/// Blocks between two checkpoints: a killed process replays at most about this many.
pub const CHECKPOINT_BLOCKS: u64 = 1_000;

/// Blocks kept in memory for those who follow the channel.
pub const RECENT_BLOCKS_MAX: usize = 64;

#[derive(Clone, Copy, Default)]
struct Tip {
    height: u64,
    hash: Option<[u8; 32]>,
}

/// A judged block, ready to be stored.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Commit {
    /// The block, with its verdicts and its commit hash in the metadata.
    pub block: Block,
    /// What its valid transactions change.
    pub batch: UpdateBatch,
    /// The identifier of each envelope's transaction, in block order; `None` where it has none.
    pub tx_ids: Vec<Option<TxId>>,
    /// What its valid transactions do to private data, as far as it is at hand.
    pub private: PrivateWrites,
}

/// Why a channel's folder could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder could not be made.
    #[error("cannot make {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The file system's answer.
        source: std::io::Error,
    },
    /// The blocks could not be opened.
    #[error("cannot open the blocks")]
    Blocks(#[from] OpenBlocksError),
    /// The checkpoint must not be passed over.
    #[error("cannot open the checkpoint")]
    Checkpoint(#[from] CheckpointError),
    /// The private values could not be opened.
    #[error("cannot open the private values")]
    Private(#[from] OpenPrivateError),
    /// Private values that are to be forgotten are still there.
    #[error("cannot forget private values")]
    Forget(#[from] ForgetError),
}

/// Why blocks were not stored; nothing of them is visible.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The block is not the one that comes next.
    #[error("block {found} cannot follow at height {height}")]
    OutOfOrder {
        /// Blocks held so far, so the number of the next.
        height: u64,
        /// The number given.
        found: u64,
    },
    /// The block does not name the hash of the block before it.
    #[error("block {number} does not name the block before it")]
    NotLinked {
        /// The block.
        number: u64,
    },
    /// The block has more or fewer verdicts or identifiers than envelopes.
    #[error(
        "block {number} has {envelopes} envelopes, {verdicts} verdicts and {tx_ids} identifiers"
    )]
    NotJudged {
        /// The block.
        number: u64,
        /// Its envelopes.
        envelopes: usize,
        /// Its verdicts.
        verdicts: usize,
        /// The identifiers given with it.
        tx_ids: usize,
    },
    /// The disk did not take them.
    #[error("cannot store the block")]
    Write(#[from] WriteError),
}

impl ChannelStore {
    /// Opens the ledger in a folder, which may be empty. Every record is checked; a torn tail is
    /// cut; the state comes from the checkpoint and the blocks after it, or from the blocks alone.
    ///
    /// Takes no lock: with [`Access::ReadWrite`] the caller owns the folder.
    ///
    /// # Errors
    /// If a block that was acknowledged is damaged, a file is of an unknown version, or the file
    /// system fails.
    pub fn open(vfs: Arc<dyn Vfs>, folder: &Path, access: Access) -> Result<Self, OpenError> {
        if access == Access::ReadWrite {
            vfs.create_dir_all(folder)
                .map_err(|source| OpenError::Folder { path: folder.to_owned(), source })?;
        }
        let checkpoint = checkpoint::load(vfs.as_ref(), folder)?;
        let durable = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.height);
        let mut opening = Opening::from(checkpoint);
        let mut visit = |record: &Record| opening.visit(record);
        let mut blocks = BlockFile::open(Arc::clone(&vfs), folder, access, durable, &mut visit)?;
        if opening.is_foreign {
            tracing::warn!(folder = %folder.display(), "the checkpoint is of another chain");
            opening = Opening::from(None);
            let mut visit = |record: &Record| opening.visit(record);
            blocks = BlockFile::open(Arc::clone(&vfs), folder, access, 0, &mut visit)?;
        }
        let owes = |number| owes_private(&blocks, number);
        let open_as = (access, opening.tip.height);
        let (private, kept) = PrivateFile::open(Arc::clone(&vfs), folder, open_as, &owes)?;
        for (number, writes) in &kept {
            opening.state.load_private(writes.updates(*number));
        }
        opening.state.drop_stale_private();
        if access == Access::ReadWrite {
            // A process that was killed may not have come to it.
            forgetting::forget_of(&private, kept, &opening.state.snapshot())?;
        }
        Ok(Self {
            vfs,
            folder: folder.to_owned(),
            blocks,
            private,
            state: opening.state,
            index: RwLock::new(opening.index),
            tip: Mutex::new(opening.tip),
            recent: Mutex::default(),
            checkpointed: AtomicU64::new(opening.checkpointed),
        })
    }

    /// How many blocks the ledger holds: the number of the next one.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.state.height()
    }

    /// Hash of the last block's header; `None` before the first block.
    #[must_use]
    pub fn tip_hash(&self) -> Option<[u8; 32]> {
        self.tip().hash
    }

    /// The block with this number; `None` if it is not held.
    ///
    /// # Errors
    /// If its bytes on disk are damaged or cannot be read.
    pub fn block(&self, number: u64) -> Result<Option<Arc<Block>>, ReadError> {
        if let Some(block) = self.recent_block(number) {
            return Ok(Some(block));
        }
        let Some(bytes) = self.block_bytes(number)? else { return Ok(None) };
        let block =
            Block::decode(bytes.as_slice()).map_err(|_| ReadError::Undecodable { number })?;
        Ok(Some(Arc::new(block)))
    }

    /// The block with this number as it was serialised; `None` if it is not held.
    ///
    /// # Errors
    /// If its bytes on disk are damaged or cannot be read.
    pub fn block_bytes(&self, number: u64) -> Result<Option<Vec<u8>>, ReadError> {
        if number >= self.height() {
            return Ok(None);
        }
        self.blocks.read(number)
    }

    /// Stores blocks that follow the last one. When it returns they are on disk and visible.
    ///
    /// # Errors
    /// If they do not follow, are not judged, or the disk does not take them; then none of them
    /// is visible.
    pub fn append(&self, commits: Vec<Commit>) -> Result<(), AppendError> {
        let mut tip = self.tip();
        let first = tip.height;
        let mut after = *tip;
        let mut bodies = Vec::with_capacity(commits.len());
        for commit in &commits {
            after = after.followed_by(commit)?;
            bodies.push(commit.block.encode_to_vec());
        }
        let private = (first..).zip(&commits).filter(|(_, commit)| !commit.batch.hashed.is_empty());
        let private: Vec<_> = private.map(|(number, commit)| (number, &commit.private)).collect();
        // First, because a block that is acknowledged must not have lost its private data.
        self.private.append(&private)?;
        if let Err(error) = self.blocks.append(first, &bodies) {
            self.private.give_up_from(first);
            return Err(error.into());
        }
        let purges = private.iter().any(|(_, writes)| !writes.purges.is_empty());
        for (number, commit) in (first..).zip(commits) {
            self.apply(number, commit);
        }
        *tip = after;
        if purges || forgetting::is_time(first, after.height) {
            self.forget_private();
        }
        Ok(())
    }

    /// What is kept of the private data of a block; `None` if it has none.
    ///
    /// # Errors
    /// If its bytes on disk are damaged or cannot be read.
    pub fn private_writes(&self, number: u64) -> Result<Option<PrivateWrites>, ReadError> {
        self.private.read(number)
    }

    /// Values that cannot be wiped now are wiped when the channel is opened again, or with the
    /// next ones; nobody is given them meanwhile.
    fn forget_private(&self) {
        if let Err(error) = forgetting::forget(&self.private, &self.snapshot()) {
            tracing::error!(folder = %self.folder.display(), %error, "private values not wiped");
        }
    }

    /// The state as it is now; it stays so for as long as it is held.
    #[must_use]
    pub fn snapshot(&self) -> StateSnapshot {
        self.state.snapshot()
    }

    /// Where a transaction is and what became of it.
    #[must_use]
    pub fn by_tx_id(&self, tx_id: &TxId) -> Option<TxPosition> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.transactions.get(tx_id).copied()
    }

    /// The blocks, oldest first, in which a valid transaction wrote or deleted a public key.
    #[must_use]
    pub fn blocks_writing(&self, namespace: &str, key: &str) -> Vec<u64> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let place = (namespace.to_owned(), key.to_owned());
        index.writers.get(&place).cloned().unwrap_or_default()
    }

    /// SHA-256 over height and state in canonical order: equal for equal ledgers.
    #[must_use]
    pub fn state_digest(&self) -> [u8; 32] {
        checkpoint::state_digest(&self.snapshot())
    }

    /// Writes a checkpoint of the state as it is now.
    ///
    /// # Errors
    /// If the disk does not take it; the blocks are untouched, and the next one may succeed.
    pub fn checkpoint(&self) -> Result<(), CheckpointError> {
        let tip = self.tip();
        let Tip { height, hash: Some(hash) } = *tip else { return Ok(()) };
        let snapshot = self.snapshot();
        let mut content = {
            let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
            checkpoint::encode_index(&index, &hash, height)
        };
        drop(tip);
        checkpoint::encode_state(&snapshot, &mut |field| content.extend_from_slice(field));
        checkpoint::save(self.vfs.as_ref(), &self.folder, &content)?;
        self.checkpointed.fetch_max(height, Ordering::Relaxed);
        Ok(())
    }

    /// Writes a checkpoint if [`CHECKPOINT_BLOCKS`] have come since the last one.
    ///
    /// # Errors
    /// As [`ChannelStore::checkpoint`].
    pub fn checkpoint_if_due(&self) -> Result<(), CheckpointError> {
        let due = self.checkpointed.load(Ordering::Relaxed) + CHECKPOINT_BLOCKS;
        if self.height() < due { Ok(()) } else { self.checkpoint() }
    }

    fn apply(&self, number: u64, commit: Commit) {
        let Commit { block, batch, tx_ids, private } = commit;
        let verdicts = block::verdicts(&block);
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.add(number, &batch, tx_ids.into_iter().zip(verdicts));
        drop(index);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == RECENT_BLOCKS_MAX {
            recent.pop_front();
        }
        recent.push_back((number, Arc::new(block)));
        drop(recent);
        // Last, because the height lives here: who sees it finds everything else in place.
        self.state.apply(number, batch, private.updates(number));
    }

    fn recent_block(&self, number: u64) -> Option<Arc<Block>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, _) = recent.front()?;
        let place = usize::try_from(number.checked_sub(*first)?).ok()?;
        recent.get(place).map(|(_, block)| Arc::clone(block))
    }

    fn tip(&self) -> MutexGuard<'_, Tip> {
        self.tip.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ChannelStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelStore")
            .field("folder", &self.folder)
            .field("height", &self.height())
            .finish_non_exhaustive()
    }
}

impl Tip {
    /// The tip once this block is stored.
    fn followed_by(self, commit: &Commit) -> Result<Self, AppendError> {
        let block = &commit.block;
        let header = block.header.clone().unwrap_or_default();
        let number = header.number;
        if number != self.height {
            return Err(AppendError::OutOfOrder { height: self.height, found: number });
        }
        if header.previous_hash != self.hash_bytes() {
            return Err(AppendError::NotLinked { number });
        }
        let envelopes = block::envelopes(block).len();
        let (verdicts, tx_ids) = (block::verdicts(block).len(), commit.tx_ids.len());
        if verdicts != envelopes || tx_ids != envelopes {
            return Err(AppendError::NotJudged { number, envelopes, verdicts, tx_ids });
        }
        Ok(Self { height: number + 1, hash: Some(block::header_hash(&header)) })
    }

    fn hash_bytes(&self) -> &[u8] {
        self.hash.as_ref().map_or(&[], |hash| hash.as_slice())
    }
}

/// Whether private data of a block must be on disk, as far as the block tells.
fn owes_private(blocks: &BlockFile, number: u64) -> bool {
    let body = blocks.read(number).ok().flatten();
    let block = body.and_then(|body| Block::decode(body.as_slice()).ok());
    block.is_some_and(|block| private::writes_to_collections(&block))
}

/// The derived half while the blocks are walked.
struct Opening {
    state: State,
    index: Index,
    tip: Tip,
    checkpointed: u64,
    /// The blocks are not those the checkpoint was made of.
    is_foreign: bool,
}

impl Opening {
    fn from(checkpoint: Option<Checkpoint>) -> Self {
        let (state, index, tip) = match checkpoint {
            None => Default::default(),
            Some(Checkpoint { height, tip_hash, state, index }) => {
                (state, index, Tip { height, hash: Some(tip_hash) })
            }
        };
        Self { state, index, tip, checkpointed: tip.height, is_foreign: false }
    }

    fn visit(&mut self, record: &Record) -> Result<(), DamageKind> {
        let is_tip = record.number + 1 == self.checkpointed;
        if record.number < self.checkpointed && !is_tip || self.is_foreign {
            return Ok(());
        }
        let block = Block::decode(record.body.as_slice()).map_err(|_| DamageKind::NoBlock)?;
        if is_tip {
            let header = block.header.clone().unwrap_or_default();
            self.is_foreign = Some(block::header_hash(&header)) != self.tip.hash;
            return Ok(());
        }
        let snapshot = self.state.snapshot();
        let commit = replay(block, &snapshot).ok_or(DamageKind::NoBlock)?;
        drop(snapshot);
        let tip = self.tip.followed_by(&commit).map_err(|_| DamageKind::NoBlock)?;
        let verdicts = block::verdicts(&commit.block);
        let transactions = commit.tx_ids.into_iter().zip(verdicts);
        self.index.add(record.number, &commit.batch, transactions);
        self.state.apply(record.number, commit.batch, BTreeMap::new());
        self.tip = tip;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
