//! The ledger on disk: blocks in append-only segment files, and what is derived from them.
//!
//! The block files are the store of record. Plaintexts of private data, of which the blocks hold
//! hashes only, have a file of their own beside them that nothing can build again; it is on disk
//! before its block is. State, transaction index and history live in
//! memory; a checkpoint file shortens the replay when the channel is opened again, and is
//! rebuilt from the blocks whenever it is missing, old or damaged.

mod block_file;
mod channel;
mod checkpoint;
mod codec;
mod damage;
mod format;
mod index;
mod private_file;
mod replay;
pub mod scan;
mod state;
mod syndrome;

pub use block_file::{Access, OpenBlocksError, ReadError, SEGMENT_BYTES, WriteError};
pub use channel::{
    AppendError, CHECKPOINT_BLOCKS, ChannelStore, Commit, OpenError, RECENT_BLOCKS_MAX,
};
pub use checkpoint::{CheckpointError, CheckpointFile};
pub use damage::{Damage, DamageKind};
pub use format::BLOCK_BYTES_MAX;
pub use index::TxPosition;
pub use private_file::{ForgetError, OpenPrivateError};
pub use state::{ReplayedState, StateSnapshot};
