//! Logs off the ledger, held fast by what stands on it.

use pervade_chaincode::{Argument, KeyPart, State};
use serde::{Deserialize, Serialize};

/// What a log off the ledger is at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Anchor {
    /// How many entries it has.
    pub entries: u64,
    /// Which of the organisation's logs it is.
    pub log: LogName,
    /// The digest of the last of these entries, into which all before it went.
    pub sha256: EntryDigest,
}

/// An [`Anchor`] of an organisation's log, for ever: nothing that the log said up to there can be
/// changed any more without a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "anchor", key(msp, log, entries))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Anchored {
    /// The organisation whose administrator anchored it.
    pub msp: String,
    /// Which of its logs it is.
    pub log: LogName,
    /// How many entries it had.
    pub entries: u64,
    /// The digest of the last of these entries.
    pub sha256: EntryDigest,
    /// The transaction.
    pub tx_id: String,
}

/// The name of a log, as chaincodes are named.
///
/// Invariant: 1 to [`LENGTH_MAX`](Self::LENGTH_MAX) letters, digits, dots, hyphens and underscores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(try_from = "String", into = "String")]
pub struct LogName(String);

impl LogName {
    /// The most characters.
    pub const LENGTH_MAX: usize = 64;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LogName {
    type Error = BadLogName;

    fn try_from(text: String) -> Result<Self, BadLogName> {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let is_long = text.len() > Self::LENGTH_MAX;
        if text.is_empty() || is_long || !text.bytes().all(is_allowed) {
            return Err(BadLogName);
        }
        Ok(Self(text))
    }
}

impl From<LogName> for String {
    fn from(name: LogName) -> Self {
        name.0
    }
}

impl KeyPart for LogName {
    fn part(&self) -> String {
        self.0.clone()
    }
}

/// Not the name of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a log's name is 1 to 64 letters, digits, dots, hyphens and underscores")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to tell")]
pub struct BadLogName;

/// SHA-256 of an entry of a log.
///
/// Invariant: [`DIGITS`](Self::DIGITS) lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(try_from = "String", into = "String")]
pub struct EntryDigest(String);

impl EntryDigest {
    /// How many digits.
    pub const DIGITS: usize = 64;

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EntryDigest {
    type Error = BadEntryDigest;

    fn try_from(text: String) -> Result<Self, BadEntryDigest> {
        let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == Self::DIGITS && text.bytes().all(is_digit) {
            Ok(Self(text))
        } else {
            Err(BadEntryDigest)
        }
    }
}

impl From<EntryDigest> for String {
    fn from(digest: EntryDigest) -> Self {
        digest.0
    }
}

/// Not the digest of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 lower-case hexadecimal digits")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to tell")]
pub struct BadEntryDigest;
