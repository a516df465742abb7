use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use pervade_ports::BoxFuture;
use thiserror::Error;

use crate::assembly::Refusal;
use crate::id::ContentId;

/// Keeps files by what they hold.
///
/// A store may be on another machine and need not be trusted: what it hands back is checked
/// against the identifier, block by block, before the caller sees any of it.
pub trait ContentStore: Send + Sync {
    /// Keeps a file; tells its identifier, which is [`address`](crate::address) of it, once the
    /// file is durable. To keep a file that is kept already changes nothing, and to keep one of
    /// which only some blocks are there completes it.
    fn put(&self, file: Bytes) -> BoxFuture<'_, Result<ContentId, StoreError>>;

    /// The file of that identifier, if it has at most `limit` bytes.
    fn get(&self, id: ContentId, limit: u64) -> BoxFuture<'_, Result<Vec<u8>, StoreError>>;
}

/// Why a store could not keep a file or hand one back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store does not have a block of the file.
    #[error("block {id} is not in the store")]
    Missing {
        /// The block.
        id: ContentId,
    },
    /// The store has something that is not the file, or not one that is asked for.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The disk did not do its part.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The store ended while it was at work.
    #[error("the store ended")]
    Ended,
}
