//! What the contract writes: one record a recording, as canonical JSON.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The name under which the contract is usually deployed, and so the namespace of its records.
pub const NAMESPACE: &str = "recording";

/// Version of the record's form.
pub const FORMAT: u32 = 1;

/// Length of the salt of a private recording, in bytes.
pub const SALT_LEN: usize = 32;

/// One recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition: the record's form")]
pub struct Record {
    /// What was recorded, or the promise of it.
    pub content: Content,
    /// Who recorded it.
    pub device: DeviceIdentity,
    /// [`FORMAT`].
    pub format: u32,
    /// Id of the device package that the payload was read by.
    pub package: String,
}

/// The device, as its certificate names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition: the record's form")]
pub struct DeviceIdentity {
    /// Hex SHA-256 of the device's public key: its account.
    pub address: String,
    /// Hex SHA-256 of its certificate (DER).
    pub certificate_sha256: String,
    /// Its organisation.
    pub msp: String,
}

/// What a record holds of the payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "visibility", rename_all = "lowercase", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition: the record's form")]
pub enum Content {
    /// Everybody on the channel may read it.
    Public {
        /// Hex SHA-256 of the normalised graph's canonical N-Quads.
        graph_sha256: String,
        /// The payload as it came, in base64.
        payload: String,
        /// Hex SHA-256 of the payload as it came.
        payload_sha256: String,
        /// How many quads the graph has.
        quads: u64,
    },
    /// Only members of a collection may; the ledger holds a salted digest.
    Private {
        /// The collection.
        collection: String,
        /// Hex of [`salted_digest`].
        salted_sha256: String,
    },
}

/// The key of a transaction's record.
#[must_use]
pub fn record_key(tx_id: &str) -> String {
    format!("{RECORD_PREFIX}{tx_id}")
}

/// Whether a key of the contract's namespace holds a record.
#[must_use]
pub fn is_record_key(key: &str) -> bool {
    key.starts_with(RECORD_PREFIX)
}

const RECORD_PREFIX: &str = "record/";

/// The digest of a private recording: SHA-256 over the salt, the payload's SHA-256 and the graph's.
///
/// Without the salt nobody can try out likely payloads against it.
#[must_use]
pub fn salted_digest(salt: &[u8; SALT_LEN], payload: &[u8; 32], graph: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(payload).chain_update(graph).finalize().into()
}
