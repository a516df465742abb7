//! What is known of a refused call.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

/// Whoever wants to hear of refused calls.
pub trait Denials: Debug + Send + Sync {
    /// Hears of one. Returns at once: calls wait for it.
    fn denied(&self, denied: Denied);
}

/// A call that its chaincode refused. What is not known is left empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Denied {
    /// The address of the key that signed the proposal.
    pub address: String,
    /// The chaincode that refused.
    pub chaincode: String,
    /// The channel.
    pub channel: String,
    /// What programs know the refusal by.
    pub code: String,
    /// The function's name, without arguments.
    pub function: String,
    /// The organisation whose certificate signed.
    pub msp: String,
    /// The status that the call was answered with.
    pub status: i32,
    /// The proposal's transaction, which never came to be.
    pub tx_id: String,
}

/// A line of the log.
///
/// The fields stand in the order of their names and all text is printable ASCII, so that what serde
/// writes is canonical JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Entry {
    /// The address of the key that signed the proposal.
    pub address: String,
    /// The chaincode that refused.
    pub chaincode: String,
    /// The channel.
    pub channel: String,
    /// What programs know the refusal by.
    pub code: String,
    /// Refusals since the entry before that no entry tells of.
    pub dropped: u64,
    /// The function's name, without arguments.
    pub function: String,
    /// The organisation whose certificate signed.
    pub msp: String,
    /// Which entry it is, from 1.
    pub number: u64,
    /// Hexadecimal SHA-256 of the line before; zeros in the first.
    pub previous: String,
    /// The status that the call was answered with.
    pub status: i32,
    /// When the host wrote it down: milliseconds since 1970.
    pub time_ms: u64,
    /// The proposal's transaction, which never came to be.
    pub tx_id: String,
}

/// Most characters of any text in an entry.
const TEXT_MAX: usize = 256;

impl Entry {
    /// The entry of a refusal, whose text is [cut](cut) to what a line may hold.
    pub(crate) fn new(denied: &Denied, number: u64, previous: &str) -> Self {
        let text = |text: &str| cut(text.as_bytes(), TEXT_MAX);
        Self {
            address: text(&denied.address),
            chaincode: text(&denied.chaincode),
            channel: text(&denied.channel),
            code: text(&denied.code),
            dropped: 0,
            function: text(&denied.function),
            msp: text(&denied.msp),
            number,
            previous: previous.to_owned(),
            status: denied.status,
            time_ms: 0,
            tx_id: text(&denied.tx_id),
        }
    }
}

/// At most so many characters of a text that anybody may have written, those that cannot be printed
/// as `?`: a reader's terminal is not to obey it.
#[must_use]
pub fn cut(bytes: &[u8], most: usize) -> String {
    let printable = |byte: &u8| if byte.is_ascii_graphic() { char::from(*byte) } else { '?' };
    bytes.iter().take(most).map(printable).collect()
}
