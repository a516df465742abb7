//! Read-write sets: what a simulated transaction read, and what it wants to write.
//!
//! The messages inside are Fabric's; this module knows how they nest and in which order endorsers
//! write them, as endorsers sign the bytes.

mod display;
mod range_reads;

use std::collections::BTreeMap;

use fabric_protos::Message;
use fabric_protos::kvrwset::{
    self, HashedRwSet, KvMetadataEntry, KvMetadataWrite, KvWrite, KvWriteHash, KvrwSet,
};
use fabric_protos::rwset::{CollectionHashedReadWriteSet, NsReadWriteSet, TxReadWriteSet};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::state::Version;

pub use range_reads::{MERKLE_DEGREE, MerkleDegreeError, RangeReads};

/// Name of the metadata entry that holds a key's own endorsement policy.
pub const VALIDATION_PARAMETER: &str = "VALIDATION_PARAMETER";

/// The public read-write set of one transaction; private data appears in it as hashes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadWriteSet {
    /// One entry per namespace; endorsers sort them by name.
    pub namespaces: Vec<NamespaceSet>,
}

/// What a transaction read and writes in one namespace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NamespaceSet {
    /// The namespace: a chaincode's name.
    pub name: String,
    /// Public reads and writes.
    pub public: KvrwSet,
    /// Private reads and writes as hashes; endorsers sort them by name.
    pub collections: Vec<CollectionSet>,
}

/// What a transaction read and writes in one private collection, as hashes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CollectionSet {
    /// The collection's name.
    pub name: String,
    /// Hashed reads and writes.
    pub hashed: HashedRwSet,
    /// SHA-256 of the private write set in plaintext; empty if there is none.
    pub private_hash: Vec<u8>,
}

impl ReadWriteSet {
    /// Reads the bytes in a `ChaincodeAction`'s results, in the order in which they stand there.
    ///
    /// # Errors
    /// If the message, or one nested in it, cannot be read.
    pub fn decode(bytes: &[u8]) -> Result<Self, RwsetError> {
        let message = TxReadWriteSet::decode(bytes)?;
        let namespaces = message.ns_rwset.into_iter().map(NamespaceSet::from_message);
        Ok(Self { namespaces: namespaces.collect::<Result<_, _>>()? })
    }

    /// The bytes that endorsers sign. Order is the caller's business.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let ns_rwset = self.namespaces.iter().map(NamespaceSet::to_message).collect();
        TxReadWriteSet { ns_rwset, ..TxReadWriteSet::default() }.encode_to_vec()
    }
}

impl NamespaceSet {
    /// Whether the transaction writes a value, a private value or metadata here.
    #[must_use]
    pub fn writes(&self) -> bool {
        let private = |collection: &CollectionSet| {
            !collection.hashed.hashed_writes.is_empty()
                || !collection.hashed.metadata_writes.is_empty()
        };
        !self.public.writes.is_empty()
            || !self.public.metadata_writes.is_empty()
            || self.collections.iter().any(private)
    }

    fn from_message(message: NsReadWriteSet) -> Result<Self, RwsetError> {
        let collection = |collection: CollectionHashedReadWriteSet| {
            Ok::<_, RwsetError>(CollectionSet {
                name: collection.collection_name,
                hashed: HashedRwSet::decode(collection.hashed_rwset.as_slice())?,
                private_hash: collection.pvt_rwset_hash,
            })
        };
        Ok(Self {
            name: message.namespace,
            public: KvrwSet::decode(message.rwset.as_slice())?,
            collections: message
                .collection_hashed_rwset
                .into_iter()
                .map(collection)
                .collect::<Result<_, _>>()?,
        })
    }

    fn to_message(&self) -> NsReadWriteSet {
        let collection = |collection: &CollectionSet| CollectionHashedReadWriteSet {
            collection_name: collection.name.clone(),
            hashed_rwset: collection.hashed.encode_to_vec(),
            pvt_rwset_hash: collection.private_hash.clone(),
        };
        NsReadWriteSet {
            namespace: self.name.clone(),
            rwset: self.public.encode_to_vec(),
            collection_hashed_rwset: self.collections.iter().map(collection).collect(),
        }
    }
}

/// A read-write set, or a message nested in it, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the read-write set cannot be read")]
pub struct RwsetError(#[from] fabric_protos::DecodeError);

/// Whether a public write deletes its key: an empty value does.
#[must_use]
pub fn deletes(write: &KvWrite) -> bool {
    write.is_delete || write.value.is_empty()
}

/// Whether a private write deletes its key: so does the hash of an empty value.
#[must_use]
pub fn deletes_hashed(write: &KvWriteHash) -> bool {
    write.is_delete || write.value_hash.is_empty() || write.value_hash == sha256(&[])
}

/// Metadata in the form in which the state stores it. Entries keep their order.
#[must_use]
pub fn encode_metadata(entries: &[KvMetadataEntry]) -> Vec<u8> {
    KvMetadataWrite { key: String::new(), entries: entries.to_vec() }.encode_to_vec()
}

/// Metadata by name, from the form in which the state stores it.
///
/// # Errors
/// If the bytes are no stored metadata.
pub fn decode_metadata(stored: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, RwsetError> {
    let entries = KvMetadataWrite::decode(stored)?.entries;
    Ok(entries.into_iter().map(|entry| (entry.name, entry.value)).collect())
}

/// Hash of a private key or value, as the public read-write set holds it.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

impl From<Version> for kvrwset::Version {
    fn from(version: Version) -> Self {
        Self { block_num: version.block, tx_num: version.transaction }
    }
}

impl From<kvrwset::Version> for Version {
    fn from(version: kvrwset::Version) -> Self {
        Self { block: version.block_num, transaction: version.tx_num }
    }
}
