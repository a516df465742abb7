use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use fabric_protos::Message as _;
use fabric_protos::common::Block;
use fabric_protos::id::TxId;
use pervade_ledger::block;
use pervade_ledger::state::UpdateBatch;
use pervade_ports::Vfs;
use thiserror::Error;

use crate::block_file::{Access, BlockFile, OpenBlocksError, ReadError, WriteError};
use crate::checkpoint::{self, Checkpoint, CheckpointError};
use crate::damage::DamageKind;
use crate::index::{Index, TxPosition};
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
        Ok(Self {
            vfs,
            folder: folder.to_owned(),
            blocks,
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
        self.blocks.append(first, &bodies)?;
        for (number, commit) in (first..).zip(commits) {
            self.apply(number, commit);
        }
        *tip = after;
        Ok(())
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
        let Commit { block, batch, tx_ids } = commit;
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
        self.state.apply(number, batch);
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
        self.state.apply(record.number, commit.batch);
        self.tip = tip;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    use fabric_protos::common::{ChannelHeader, Envelope, Header, HeaderType, Payload};
    use fabric_protos::id::TxId;
    use fabric_protos::kvrwset::{KvWrite, KvrwSet};
    use fabric_protos::proposal::{self, ProposalSpec};
    use fabric_protos::protos::{
        ChaincodeAction, ChaincodeId, Endorsement, ProposalResponse, Response, TxValidationCode,
    };
    use fabric_protos::{Message as _, Timestamp};
    use pervade_ledger::block;
    use pervade_ledger::rwset::{NamespaceSet, ReadWriteSet};
    use pervade_ledger::state::{StateView as _, UpdateBatch};
    use pervade_ledger::transaction::{assemble, indexed_tx_id};
    use pervade_ports::system::SystemFiles;

    use super::{AppendError, ChannelStore, Commit, OpenError};
    use crate::block_file::{Access, OpenBlocksError};
    use crate::checkpoint::CheckpointError;
    use crate::damage::DamageKind;
    use crate::replay::replay;

    const BLOCKS: [&str; 4] = ["k=1 l=1", "k=2, m=1", "!l, k=9, k=3", "n=1"];

    #[test]
    fn a_closed_and_a_killed_ledger_are_read_back_equal() {
        for is_closed in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let store = fill(folder.path());
            let before = Facts::of(&store);
            if is_closed {
                store.checkpoint().unwrap();
            }
            drop(store);
            assert_eq!(Facts::of(&open(folder.path())), before, "closed: {is_closed}");
        }
    }

    #[test]
    fn the_checkpoint_may_be_behind_the_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        append(&store, BLOCKS[0]);
        append(&store, BLOCKS[1]);
        store.checkpoint().unwrap();
        append(&store, BLOCKS[2]);
        append(&store, BLOCKS[3]);
        let before = Facts::of(&store);
        drop(store);
        assert_eq!(Facts::of(&open(folder.path())), before);
    }

    /// Every byte of the checkpoint: whichever is wrong, the ledger is rebuilt as it was.
    #[test]
    fn a_damaged_checkpoint_is_rebuilt() {
        let folder = tempfile::tempdir().unwrap();
        let store = fill(folder.path());
        store.checkpoint().unwrap();
        let before = Facts::of(&store);
        drop(store);
        let path = folder.path().join("state.checkpoint");
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&path, bytes).unwrap();
            assert_eq!(Facts::of(&open(folder.path())), before, "byte {at}");
        }
        for len in [0, 1, 43, 44, good.len() - 1] {
            fs::write(&path, &good[..len]).unwrap();
            assert_eq!(Facts::of(&open(folder.path())), before, "{len} bytes");
        }
    }

    #[test]
    fn a_checkpoint_of_another_release_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path()).checkpoint().unwrap();
        let path = folder.path().join("state.checkpoint");
        let mut bytes = fs::read(&path).unwrap();
        bytes[11] = 2;
        let digest = crate::checkpoint::digest_of(2, &bytes[44..]);
        bytes[12..44].copy_from_slice(&digest);
        fs::write(&path, bytes).unwrap();
        let error = ChannelStore::open(Arc::new(SystemFiles), folder.path(), Access::ReadWrite);
        let Err(OpenError::Checkpoint(CheckpointError::UnknownVersion { version, .. })) = error
        else {
            panic!("{error:?}")
        };
        assert_eq!(version, 2);
    }

    #[test]
    fn blocks_that_the_checkpoint_knows_are_missed() {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path()).checkpoint().unwrap();
        fs::remove_file(folder.path().join("blocks-000000.seg")).unwrap();
        let error = ChannelStore::open(Arc::new(SystemFiles), folder.path(), Access::ReadWrite);
        let Err(OpenError::Blocks(OpenBlocksError::Damaged(damage))) = error else {
            panic!("{error:?}")
        };
        assert_eq!((damage.block, damage.what), (0, DamageKind::Missing));
    }

    #[test]
    fn the_checkpoint_of_another_chain_is_not_believed() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = fill(folder.path());
        store.checkpoint().unwrap();
        let before = Facts::of(&store);
        let foreign = open(other.path());
        for block in ["z=1", "z=2", "z=3", "z=4"] {
            append(&foreign, block);
        }
        foreign.checkpoint().unwrap();
        drop(store);
        let name = "state.checkpoint";
        fs::copy(other.path().join(name), folder.path().join(name)).unwrap();
        assert_eq!(Facts::of(&open(folder.path())), before);
    }

    #[test]
    fn a_reader_beside_the_writer_sees_the_same_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let store = fill(folder.path());
        let reader = ChannelStore::open(Arc::new(SystemFiles), folder.path(), Access::ReadOnly);
        assert_eq!(Facts::of(&reader.unwrap()), Facts::of(&store));
    }

    #[test]
    fn only_the_next_block_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let first = commit(&store, "k=1");
        append(&store, "k=1");
        let before = Facts::of(&store);
        let refused = store.append(vec![first.clone()]);
        assert!(matches!(refused, Err(AppendError::OutOfOrder { height: 1, found: 0 })));
        let mut unlinked = commit(&store, "k=2");
        unlinked.block.header.as_mut().unwrap().previous_hash = vec![7; 32];
        let refused = store.append(vec![unlinked]);
        assert!(matches!(refused, Err(AppendError::NotLinked { number: 1 })));
        let mut unjudged = commit(&store, "k=2");
        block::set_verdicts(&mut unjudged.block, &[]);
        let refused = store.append(vec![unjudged]);
        assert!(matches!(refused, Err(AppendError::NotJudged { number: 1, .. })));
        assert_eq!(Facts::of(&store), before, "a refused block changes nothing");
    }

    #[test]
    fn transactions_and_writers_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let store = fill(folder.path());
        let found = |block: u64, index: usize| {
            let envelope = store.block(block).unwrap().unwrap().data.clone().unwrap().data;
            store.by_tx_id(&indexed_tx_id(&envelope[index]).unwrap()).unwrap()
        };
        let position = found(2, 1);
        assert_eq!((position.block, position.index), (2, 1));
        assert_eq!(position.code, TxValidationCode::Valid);
        assert_eq!(store.blocks_writing("cc", "k"), [0, 1, 2]);
        assert_eq!(store.blocks_writing("cc", "l"), [0, 2]);
        assert_eq!(store.by_tx_id(&TxId::new("0".repeat(64)).unwrap()), None);
    }

    /// A channel's first block holds a configuration that nobody signed.
    #[test]
    fn a_ledger_that_begins_with_a_configuration_is_rebuilt() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let kind = i32::from(HeaderType::Config);
        let channel_header = ChannelHeader { r#type: kind, ..ChannelHeader::default() };
        let channel_header = channel_header.encode_to_vec();
        let header = Some(Header { channel_header, signature_header: Vec::new() });
        let payload = Payload { header, data: Vec::new() }.encode_to_vec();
        let envelope = Envelope { payload, signature: Vec::new() }.encode_to_vec();
        let tx_ids = vec![indexed_tx_id(&envelope)];
        let mut genesis = block::next(0, Vec::new(), vec![envelope]);
        block::set_verdicts(&mut genesis, &[TxValidationCode::Valid]);
        let batch = UpdateBatch::default();
        store.append(vec![Commit { block: genesis, batch, tx_ids }]).unwrap();
        append(&store, "k=1");
        let before = Facts::of(&store);
        drop(store);
        assert_eq!(Facts::of(&open(folder.path())), before);
    }

    /// Everything that must be the same after a restart.
    #[derive(Debug, PartialEq)]
    struct Facts {
        height: u64,
        tip: Option<[u8; 32]>,
        blocks: Vec<Vec<u8>>,
        state: [u8; 32],
        k: Option<(Vec<u8>, u64)>,
        writers: Vec<u64>,
        positions: usize,
    }

    impl Facts {
        fn of(store: &ChannelStore) -> Self {
            let k = store.snapshot().get("cc", "k").unwrap();
            Self {
                height: store.height(),
                tip: store.tip_hash(),
                blocks: (0..).map_while(|number| store.block_bytes(number).unwrap()).collect(),
                state: store.state_digest(),
                k: k.map(|found| (found.value, found.version.block)),
                writers: store.blocks_writing("cc", "k"),
                positions: store.index.read().unwrap().transactions.len(),
            }
        }
    }

    fn fill(folder: &Path) -> ChannelStore {
        let store = open(folder);
        BLOCKS.iter().for_each(|block| append(&store, block));
        store
    }

    fn open(folder: &Path) -> ChannelStore {
        ChannelStore::open(Arc::new(SystemFiles), folder, Access::ReadWrite).unwrap()
    }

    fn append(store: &ChannelStore, transactions: &str) {
        store.append(vec![commit(store, transactions)]).unwrap();
    }

    /// The next block; transactions are separated by commas, `k=v` writes and `!k` deletes.
    fn commit(store: &ChannelStore, transactions: &str) -> Commit {
        let envelopes: Vec<_> = transactions
            .split(',')
            .enumerate()
            .map(|(index, writes)| transaction(store.height(), index, writes))
            .collect();
        let previous = store.tip_hash().map(Vec::from).unwrap_or_default();
        let verdicts = vec![TxValidationCode::Valid; envelopes.len()];
        let mut block = block::next(store.height(), previous, envelopes);
        block::set_verdicts(&mut block, &verdicts);
        replay(block, &store.snapshot()).unwrap()
    }

    fn transaction(height: u64, index: usize, writes: &str) -> Vec<u8> {
        let write = |word: &str| match word.split_once('=') {
            Some((key, value)) => {
                KvWrite { key: key.into(), value: value.into(), ..KvWrite::default() }
            }
            None => KvWrite {
                key: word.trim_start_matches('!').into(),
                is_delete: true,
                ..KvWrite::default()
            },
        };
        let writes = writes.split_whitespace().map(write).collect();
        let public = KvrwSet { writes, ..KvrwSet::default() };
        let set = NamespaceSet { name: "cc".into(), public, collections: Vec::new() };
        let channel = "mychannel".parse().unwrap();
        let (proposal, _) = proposal::build(ProposalSpec {
            channel: Some(&channel),
            chaincode: "cc",
            args: vec![b"f".to_vec()],
            transient: BTreeMap::new(),
            creator: b"somebody",
            nonce: format!("{height}.{index}").as_bytes(),
            timestamp: Timestamp { seconds: 1, nanos: 0 },
        });
        endorsed(&proposal, &ReadWriteSet { namespaces: vec![set] })
    }

    fn endorsed(proposal: &fabric_protos::protos::Proposal, rwset: &ReadWriteSet) -> Vec<u8> {
        let header = Header::decode(proposal.header.as_slice()).unwrap();
        let hash = proposal::proposal_hash(
            &header.channel_header,
            &header.signature_header,
            &proposal.payload,
        );
        let response = Some(Response { status: 200, ..Response::default() });
        let chaincode =
            ChaincodeId { name: "cc".into(), version: "1".into(), ..ChaincodeId::default() };
        let action = ChaincodeAction {
            results: rwset.encode(),
            response: response.clone(),
            chaincode_id: Some(chaincode),
            ..ChaincodeAction::default()
        };
        let response = ProposalResponse {
            payload: proposal::response_payload(&hash, action.encode_to_vec()),
            response,
            endorsement: Some(Endorsement { endorser: b"peer".into(), signature: b"s".into() }),
            ..ProposalResponse::default()
        };
        let mut envelope = assemble(proposal, &[response]).unwrap();
        envelope.signature = b"signature".to_vec();
        envelope.encode_to_vec()
    }
}
