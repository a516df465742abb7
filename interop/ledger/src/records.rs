//! What the two contracts wrote, read back from a transaction's write set.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fabric_protos::Message as _;
use fabric_protos::kvrwset::KvrwSet;
use fabric_protos::rwset::TxPvtReadWriteSet;
use pervade_ledger::rwset::sha256;
use pervade_ledger::transaction::EndorserTransaction;
use pervade_package::{DevicePackage, FormatError};
use pervade_recording::record::{self, Content, FORMAT, PrivatePayload, Record, SALT_LEN};
use pervade_registry::record as registry;
use thiserror::Error;

/// Who may see what a transaction recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Visibility {
    /// Everybody on the channel.
    Public,
    /// Members of a collection.
    Private {
        /// The collection.
        collection: String,
    },
}

/// One record.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) package: String,
    pub(crate) address: String,
    pub(crate) visibility: Visibility,
    /// Hex digest of the graph; salted for a private record.
    pub(crate) digest: String,
    pub(crate) payload_sha256: Option<String>,
    pub(crate) payload: Option<Vec<u8>>,
    /// What a private record's digest was salted with, where it is known.
    pub(crate) salt: Option<[u8; SALT_LEN]>,
}

impl Recorded {
    fn new(key: &str, record: Record) -> Result<Self, RecordError> {
        if record.format != FORMAT {
            return Err(RecordError::Format { key: key.to_owned(), found: record.format });
        }
        let (package, address) = (record.package, record.device.address);
        match record.content {
            Content::Public { graph_sha256, payload, payload_sha256, .. } => {
                let payload = BASE64.decode(payload);
                let payload = payload.map_err(|_| RecordError::Payload { key: key.to_owned() })?;
                Ok(Self {
                    package,
                    address,
                    visibility: Visibility::Public,
                    digest: graph_sha256,
                    payload_sha256: Some(payload_sha256),
                    payload: Some(payload),
                    salt: None,
                })
            }
            Content::Private { collection, salted_sha256 } => Ok(Self {
                package,
                address,
                visibility: Visibility::Private { collection },
                digest: salted_sha256,
                payload_sha256: None,
                payload: None,
                salt: None,
            }),
        }
    }
}

/// The records a transaction wrote, with the payloads of private ones as far as they are given.
pub(crate) fn recordings_with(
    transaction: &EndorserTransaction,
    private: Option<&TxPvtReadWriteSet>,
) -> Result<Vec<Recorded>, RecordError> {
    let mut recorded = recordings(transaction)?;
    for record in &mut recorded {
        let Visibility::Private { collection } = &record.visibility else { continue };
        let key = record::record_key(transaction.tx_id.as_str());
        let Some(held) = private.and_then(|private| plaintext(private, collection, &key)) else {
            continue;
        };
        if !is_committed(transaction, (collection, &key), &held) {
            return Err(RecordError::NotCommitted { key, collection: collection.clone() });
        }
        let held: PrivatePayload = serde_json::from_slice(&held)
            .map_err(|source| RecordError::Json { key: key.clone(), source })?;
        let (payload, salt) = held.open().ok_or(RecordError::Payload { key })?;
        record.payload = Some(payload);
        record.salt = Some(salt);
    }
    Ok(recorded)
}

/// A value that a transaction wrote to a collection.
fn plaintext(private: &TxPvtReadWriteSet, collection: &str, key: &str) -> Option<Vec<u8>> {
    let sets = private.ns_pvt_rwset.iter().filter(|set| set.namespace == record::NAMESPACE);
    let mut sets = sets.flat_map(|set| &set.collection_pvt_rwset);
    let set = sets.find(|set| set.collection_name == collection)?;
    let writes = KvrwSet::decode(set.rwset.as_slice()).ok()?.writes;
    writes.into_iter().find(|write| write.key == key).map(|write| write.value)
}

/// Whether the transaction names the value's hash.
fn is_committed(
    transaction: &EndorserTransaction,
    (collection, key): (&str, &str),
    value: &[u8],
) -> bool {
    let sets = transaction.rwset.namespaces.iter().filter(|set| set.name == record::NAMESPACE);
    let sets = sets.flat_map(|set| &set.collections).filter(|set| set.name == collection);
    let mut writes = sets.flat_map(|set| &set.hashed.hashed_writes);
    writes
        .any(|write| write.key_hash == sha256(key.as_bytes()) && write.value_hash == sha256(value))
}

/// The records a transaction wrote.
pub(crate) fn recordings(transaction: &EndorserTransaction) -> Result<Vec<Recorded>, RecordError> {
    written(transaction, record::NAMESPACE)
        .filter(|(key, _)| record::is_record_key(key))
        .map(|(key, value)| {
            let record = serde_json::from_slice(value)
                .map_err(|source| RecordError::Json { key: key.to_owned(), source })?;
            Recorded::new(key, record)
        })
        .collect()
}

/// The packages a transaction published.
pub(crate) fn packages(
    transaction: &EndorserTransaction,
) -> Result<Vec<DevicePackage>, RecordError> {
    written(transaction, registry::NAMESPACE)
        .filter(|(key, _)| registry::is_package_key(key))
        .map(|(key, value)| {
            let text =
                str::from_utf8(value).map_err(|_| RecordError::Payload { key: key.to_owned() })?;
            DevicePackage::from_canonical(text)
                .map_err(|source| RecordError::Package { key: key.to_owned(), source })
        })
        .collect()
}

fn written<'a>(
    transaction: &'a EndorserTransaction,
    namespace: &'a str,
) -> impl Iterator<Item = (&'a str, &'a [u8])> {
    let sets = transaction.rwset.namespaces.iter().filter(move |set| set.name == namespace);
    sets.flat_map(|set| &set.public.writes)
        .filter(|write| !write.is_delete && !write.value.is_empty())
        .map(|write| (write.key.as_str(), write.value.as_slice()))
}

/// What a contract wrote cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A record is no JSON of the known form.
    #[error("{key} is no record")]
    Json {
        /// Its key.
        key: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A record's form is newer than this code.
    #[error("{key} has format {found}, which this version does not know")]
    Format {
        /// Its key.
        key: String,
        /// The form's version.
        found: u32,
    },
    /// A record's bytes are not what its form says.
    #[error("{key} holds bytes that cannot be read")]
    Payload {
        /// Its key.
        key: String,
    },
    /// A private payload is not the one that the transaction names.
    #[error("what was given for {key} in {collection} is not what was committed")]
    NotCommitted {
        /// Its key.
        key: String,
        /// The collection.
        collection: String,
    },
    /// A package is not in canonical form.
    #[error("{key} is no package")]
    Package {
        /// Its key.
        key: String,
        /// Why.
        #[source]
        source: FormatError,
    },
}
