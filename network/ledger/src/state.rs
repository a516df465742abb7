//! What a ledger remembers: versioned values, how they are read, and how a block changes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

/// Which transaction wrote a value: its block, and its place in that block from 0.
///
/// Versions order as the ledger does: first by block, then by transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Number of the block.
    pub block: u64,
    /// Index of the transaction in the block, from 0.
    pub transaction: u64,
}

/// A committed value with everything that validation asks about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The value; for a key of a private collection the SHA-256 of the value. Never empty in
    /// the public state: writing an empty value deletes the key.
    pub value: Vec<u8>,
    /// The key's metadata as it is stored: a serialised `KVMetadataWrite` with entries only;
    /// `None` where the key has none.
    pub metadata: Option<Vec<u8>>,
    /// Who wrote the value or its metadata last.
    pub version: Version,
}

/// Committed state as it was after one block; a snapshot that never changes under its reader.
///
/// Keys order by their UTF-8 bytes. Implementations never block on a network.
pub trait StateView: Send + Sync {
    /// The value of a public key; `None` if never written or deleted.
    fn get(&self, namespace: &str, key: &str) -> Result<Option<Versioned>, StateError>;

    /// At most `limit` entries of a namespace with `start <= key < end`, in key order; an empty
    /// `end` means no upper bound, an empty `start` the first key.
    fn range(
        &self,
        namespace: &str,
        start: &str,
        end: &str,
        limit: usize,
    ) -> Result<Vec<(String, Versioned)>, StateError>;

    /// What the ledger knows of a private key of which only the SHA-256 (`key_hash`) is given.
    fn get_hashed(
        &self,
        namespace: &str,
        collection: &str,
        key_hash: &[u8],
    ) -> Result<Option<Versioned>, StateError>;

    /// How many blocks this state holds: the number of the last block plus one, 0 when empty.
    fn height(&self) -> u64;
}

impl<T: StateView + ?Sized> StateView for &T {
    fn get(&self, namespace: &str, key: &str) -> Result<Option<Versioned>, StateError> {
        (**self).get(namespace, key)
    }

    fn range(
        &self,
        namespace: &str,
        start: &str,
        end: &str,
        limit: usize,
    ) -> Result<Vec<(String, Versioned)>, StateError> {
        (**self).range(namespace, start, end, limit)
    }

    fn get_hashed(
        &self,
        namespace: &str,
        collection: &str,
        key_hash: &[u8],
    ) -> Result<Option<Versioned>, StateError> {
        (**self).get_hashed(namespace, collection, key_hash)
    }

    fn height(&self) -> u64 {
        (**self).height()
    }
}

impl<T: StateView + ?Sized> StateView for Arc<T> {
    fn get(&self, namespace: &str, key: &str) -> Result<Option<Versioned>, StateError> {
        (**self).get(namespace, key)
    }

    fn range(
        &self,
        namespace: &str,
        start: &str,
        end: &str,
        limit: usize,
    ) -> Result<Vec<(String, Versioned)>, StateError> {
        (**self).range(namespace, start, end, limit)
    }

    fn get_hashed(
        &self,
        namespace: &str,
        collection: &str,
        key_hash: &[u8],
    ) -> Result<Option<Versioned>, StateError> {
        (**self).get_hashed(namespace, collection, key_hash)
    }

    fn height(&self) -> u64 {
        (**self).height()
    }
}

/// Plaintexts of private values, as they were when a [`StateView`] was taken.
///
/// Whoever asks sees to it that only members get what is here, and that a value has the hash that
/// is on the ledger.
pub trait PrivateView: Send + Sync {
    /// The value that is kept of a private key; `None` if there is none.
    fn private(
        &self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StateError>;

    /// At most `limit` entries of a collection with `start <= key < end`, in key order; an empty
    /// `end` means no upper bound.
    fn private_range(
        &self,
        place: (&str, &str),
        bounds: (&str, &str),
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StateError>;
}

impl<T: PrivateView + ?Sized> PrivateView for &T {
    fn private(
        &self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StateError> {
        (**self).private(namespace, collection, key)
    }

    fn private_range(
        &self,
        place: (&str, &str),
        bounds: (&str, &str),
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        (**self).private_range(place, bounds, limit)
    }
}

impl<T: PrivateView + ?Sized> PrivateView for Arc<T> {
    fn private(
        &self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StateError> {
        (**self).private(namespace, collection, key)
    }

    fn private_range(
        &self,
        place: (&str, &str),
        bounds: (&str, &str),
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        (**self).private_range(place, bounds, limit)
    }
}

/// The state could not be read: a fault of this machine, never of a transaction.
#[derive(Debug, Error)]
#[error("the state cannot be read")]
pub struct StateError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl StateError {
    /// Wraps the store's own error.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// Namespace and key of a public value.
pub type PublicKey = (String, String);

/// Namespace, collection and SHA-256 of the key of a private value.
pub type HashedKey = (String, String, Vec<u8>);

/// Namespace, collection and plaintext key of a private value.
pub type PrivateKey = (String, String, String);

/// What one block changes in the state: at most one update per key, the last one.
///
/// To apply a batch, a store puts or removes each key and, in the same atomic step, sets its
/// height to the block's number plus one. Every update carries the version that the key has
/// afterwards; a deletion's version says who deleted, for the history, and is not kept in the
/// state. Applying the batch of a block twice leaves the same state as once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpdateBatch {
    /// Changes of public keys.
    pub public: BTreeMap<PublicKey, Update>,
    /// Changes of private keys, of which the ledger holds hashes only.
    pub hashed: BTreeMap<HashedKey, Update>,
}

impl UpdateBatch {
    /// Whether the block leaves the state as it was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.public.is_empty() && self.hashed.is_empty()
    }
}

/// The last word of a block about one key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Update {
    /// The key has this value from now on.
    Put {
        /// The new value, as in [`Versioned::value`].
        value: Vec<u8>,
        /// The new metadata, as in [`Versioned::metadata`].
        metadata: Option<Vec<u8>>,
        /// Who wrote it.
        version: Version,
    },
    /// The key is gone.
    Delete {
        /// Who deleted it.
        version: Version,
    },
}

impl Update {
    /// The transaction that this update comes from.
    #[must_use]
    pub fn version(&self) -> Version {
        match self {
            Self::Put { version, .. } | Self::Delete { version } => *version,
        }
    }

    /// The value that the key has afterwards, if any.
    #[must_use]
    pub fn to_versioned(&self) -> Option<Versioned> {
        match self {
            Self::Put { value, metadata, version } => Some(Versioned {
                value: value.clone(),
                metadata: metadata.clone(),
                version: *version,
            }),
            Self::Delete { .. } => None,
        }
    }
}
