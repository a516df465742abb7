//! What the recording contract writes.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pervade_chaincode::Argument;
use pervade_registry::record::DeviceType;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A payload on the ledger.
///
/// Written as canonical JSON: `{"device":{…},"format":1,"graph_sha256":"…","kind":"public",
/// "package":"…","payload":"…","payload_sha256":"…","quads":7}`, or for a private one
/// `{"device":{…},"format":1,"kind":{"private":"…"},"package":"…","salted_sha256":"…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(try_from = "Written", into = "Written")]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Record {
    /// Who signed it.
    pub device: DeviceIdentity,
    /// [`FORMAT`].
    pub format: u32,
    /// The id of the package that says what the payload means.
    pub package: String,
    /// The payload, or what stands for it.
    pub content: Content,
}

/// The device that signed a payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct DeviceIdentity {
    /// Its account: hexadecimal SHA-256 of the public key.
    pub address: String,
    /// Hexadecimal SHA-256 of the certificate it signed with, in DER.
    pub certificate_sha256: String,
    /// Its organisation.
    pub msp: String,
}

/// What a record tells of the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a record format")]
pub enum Content {
    /// Everything.
    Public {
        /// Hexadecimal SHA-256 of the quads' canonical N-Quads.
        graph_sha256: String,
        /// The payload as the device sent it, in base64.
        payload: String,
        /// Hexadecimal SHA-256 of the payload as the device sent it.
        payload_sha256: String,
        /// How many quads it gives.
        quads: u64,
    },
    /// Nothing but that it exists.
    Private {
        /// The collection of private data.
        collection: String,
        /// Hexadecimal [`salted_digest`].
        salted_sha256: String,
    },
}

impl Content {
    /// A payload in full.
    #[must_use]
    pub fn public(payload: &[u8], graph_sha256: String, quads: u64) -> Self {
        Self::Public {
            graph_sha256,
            payload: STANDARD.encode(payload),
            payload_sha256: hex::encode(Sha256::digest(payload)),
            quads,
        }
    }
}

/// Bytes of a private record's salt.
pub const SALT_LEN: usize = 32;

/// What binds a private record to its payload and quads: SHA-256 over the salt, the payload's
/// SHA-256 and the graph's. Without the salt nobody can try likely payloads against it.
#[must_use]
pub fn salted_digest(salt: &[u8; SALT_LEN], payload: &[u8; 32], graph: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(payload).chain_update(graph).finalize().into()
}

/// What the members of a collection hold of a private record, under the record's key.
///
/// Written as canonical JSON: `{"format":1,"graph":"…","payload":"…","salt":"…"}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct PrivatePayload {
    /// [`FORMAT`].
    pub format: u32,
    /// The quads: canonical N-Quads, sorted, one each line.
    pub graph: String,
    /// The payload as the device sent it, in base64.
    pub payload: String,
    /// The salt, in hexadecimal. Whoever has it can try likely payloads against the record.
    pub salt: String,
}

/// Shows nothing of it.
impl fmt::Debug for PrivatePayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivatePayload").finish_non_exhaustive()
    }
}

impl PrivatePayload {
    /// A payload with its quads.
    #[must_use]
    pub fn new(payload: &[u8], salt: &[u8; SALT_LEN], graph: String) -> Self {
        let (payload, salt) = (STANDARD.encode(payload), hex::encode(salt));
        Self { format: FORMAT, graph, payload, salt }
    }

    /// The payload and the salt; `None` if they are not in their form.
    #[must_use]
    pub fn open(&self) -> Option<(Vec<u8>, [u8; SALT_LEN])> {
        let mut salt = [0; SALT_LEN];
        hex::decode_to_slice(&self.salt, &mut salt).ok()?;
        Some((STANDARD.decode(&self.payload).ok()?, salt))
    }
}

/// A device that may record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Enrolled {
    /// What it is.
    pub device_type: DeviceType,
    /// Its organisation, which is its administrator's.
    pub msp: String,
}

/// The event of a record, as canonical JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "an event format")]
pub struct Recorded {
    /// The digest in a public record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph_sha256: Option<String>,
    /// The package's id.
    pub package: String,
    /// The record's key.
    pub record: String,
    /// The digest in a private record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salted_sha256: Option<String>,
}

impl Recorded {
    /// The event of a record under its key.
    #[must_use]
    pub fn of(key: String, record: &Record) -> Self {
        let (graph_sha256, salted_sha256) = match &record.content {
            Content::Public { graph_sha256, .. } => (Some(graph_sha256.clone()), None),
            Content::Private { salted_sha256, .. } => (None, Some(salted_sha256.clone())),
        };
        Self { graph_sha256, package: record.package.clone(), record: key, salted_sha256 }
    }
}

/// The name under which the contract is usually deployed, and so the namespace of its records.
pub const NAMESPACE: &str = "recording";

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

/// The key of an enrolled device.
#[must_use]
pub fn device_key(address: &str) -> String {
    format!("device/{address}")
}

/// The number of the record format that this crate writes and reads.
pub const FORMAT: u32 = 1;

/// Why a JSON text is no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnreadableRecord {
    /// A later format.
    #[error("record format {format} is not known")]
    Format {
        /// The number found.
        format: u32,
    },
    /// Fields of both kinds, or too few of one.
    #[error("the fields are not those of a record of its kind")]
    Fields,
}

/// A record as it is written: every field that either kind has.
#[derive(Clone, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields, rename = "Record")]
struct Written {
    device: DeviceIdentity,
    format: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    graph_sha256: Option<String>,
    kind: Kind,
    package: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload_sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quads: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salted_sha256: Option<String>,
}

#[derive(Clone, Serialize, Deserialize, Argument)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Public,
    Private(String),
}

impl From<Record> for Written {
    fn from(record: Record) -> Self {
        let Record { device, format, package, content } = record;
        let bare = |kind| Self {
            device,
            format,
            graph_sha256: None,
            kind,
            package,
            payload: None,
            payload_sha256: None,
            quads: None,
            salted_sha256: None,
        };
        match content {
            Content::Public { graph_sha256, payload, payload_sha256, quads } => Self {
                graph_sha256: Some(graph_sha256),
                payload: Some(payload),
                payload_sha256: Some(payload_sha256),
                quads: Some(quads),
                ..bare(Kind::Public)
            },
            Content::Private { collection, salted_sha256 } => {
                Self { salted_sha256: Some(salted_sha256), ..bare(Kind::Private(collection)) }
            }
        }
    }
}

impl TryFrom<Written> for Record {
    type Error = UnreadableRecord;

    fn try_from(written: Written) -> Result<Self, UnreadableRecord> {
        if written.format != FORMAT {
            return Err(UnreadableRecord::Format { format: written.format });
        }
        let Written { graph_sha256, payload, payload_sha256, quads, salted_sha256, .. } = written;
        let fields = (graph_sha256, payload, payload_sha256, quads, salted_sha256);
        let content = match (written.kind, fields) {
            (
                Kind::Public,
                (Some(graph_sha256), Some(payload), Some(payload_sha256), Some(quads), None),
            ) => Content::Public { graph_sha256, payload, payload_sha256, quads },
            (Kind::Private(collection), (None, None, None, None, Some(salted_sha256))) => {
                Content::Private { collection, salted_sha256 }
            }
            _ => return Err(UnreadableRecord::Fields),
        };
        let Written { device, format, package, .. } = written;
        Ok(Self { device, format, package, content })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use pervade_chaincode::canonical;

    use super::{Content, DeviceIdentity, FORMAT, Record, salted_digest};

    #[test]
    fn a_public_record_holds_its_payload() {
        check(
            &Content::public(b"{}", "aa".into(), 3),
            expect![[
                r#"{"device":{"address":"a","certificate_sha256":"c","msp":"m"},"format":1,"graph_sha256":"aa","kind":"public","package":"p","payload":"e30=","payload_sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","quads":3}"#
            ]],
        );
    }

    #[test]
    fn a_private_record_tells_nothing_of_its_payload() {
        check(
            &Content::Private { collection: "soil".into(), salted_sha256: "bb".into() },
            expect![[
                r#"{"device":{"address":"a","certificate_sha256":"c","msp":"m"},"format":1,"kind":{"private":"soil"},"package":"p","salted_sha256":"bb"}"#
            ]],
        );
    }

    #[test]
    fn other_texts_are_no_records() {
        let device = r#""device":{"address":"a","certificate_sha256":"c","msp":"m"},"package":"p""#;
        let cases = [
            r#""format":2,"kind":{"private":"c"},"salted_sha256":"s""#,
            r#""format":1,"kind":"public","salted_sha256":"s""#,
            r#""format":1,"kind":{"private":"c"},"salted_sha256":"s","quads":1"#,
            r#""format":1,"kind":"public","graph_sha256":"g","payload":"e30=","quads":1"#,
            r#""format":1,"kind":{"private":"c"},"salted_sha256":"s","more":1"#,
        ];
        for case in cases {
            let read = serde_json::from_str::<Record>(&format!("{{{device},{case}}}"));
            assert!(read.is_err(), "{case}");
        }
    }

    #[test]
    fn the_salted_digest_depends_on_all_it_binds() {
        let digest = salted_digest(&[0; 32], &[0; 32], &[0; 32]);
        assert_ne!(digest, salted_digest(&[1; 32], &[0; 32], &[0; 32]));
        assert_ne!(digest, salted_digest(&[0; 32], &[1; 32], &[0; 32]));
        assert_ne!(digest, salted_digest(&[0; 32], &[0; 32], &[1; 32]));
    }

    #[track_caller]
    fn check(content: &Content, written: Expect) {
        let record = Record {
            device: DeviceIdentity {
                address: "a".into(),
                certificate_sha256: "c".into(),
                msp: "m".into(),
            },
            format: FORMAT,
            package: "p".into(),
            content: content.clone(),
        };
        let text = canonical::to_string(&record).unwrap();
        written.assert_eq(&text);
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
}
