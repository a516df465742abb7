//! What passes between a contract and its host.

use std::collections::BTreeMap;
use std::fmt;

use fabric_protos::id::{ChaincodeName, ChannelId};

use crate::{Change, ContractError, Entry, EntryPage, Fault};

/// Where a call stands.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Step {
    /// The contract waits for the reply to this request.
    Ask(Request),
    /// The contract has ended.
    Done(Outcome),
}

/// Something a contract asks of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host must answer every request")]
pub enum Request {
    /// The committed value of a key. Answered by [`Reply::Value`].
    Get {
        /// The private collection; empty for public state.
        collection: String,
        /// The key.
        key: String,
    },
    /// Write a value. Answered by [`Reply::Accepted`].
    Put {
        /// The private collection; empty for public state.
        collection: String,
        /// The key.
        key: String,
        /// The value, never empty.
        value: Vec<u8>,
    },
    /// Delete a key. Answered by [`Reply::Accepted`].
    Delete {
        /// The private collection; empty for public state.
        collection: String,
        /// The key.
        key: String,
    },
    /// The first page of a range of keys. Answered by [`Reply::Page`].
    Range {
        /// The private collection; empty for public state.
        collection: String,
        /// The first key.
        start: String,
        /// The key after the last; empty for no end.
        end: String,
    },
    /// One page of a range of keys, as large as asked. Answered by [`Reply::EntryPage`].
    ///
    /// Ledgers take it in transactions that do not write.
    RangePage {
        /// The first key of the range.
        start: String,
        /// The key after the last; empty for no end.
        end: String,
        /// Most entries of the page, at least 1.
        size: u32,
        /// Where the page begins, as the page before told; empty for the start.
        bookmark: String,
    },
    /// The first changes of a key, newest first. Answered by [`Reply::Changes`].
    History {
        /// The key.
        key: String,
    },
    /// The next changes. Answered by [`Reply::Changes`].
    NextChanges {
        /// The iterator, as the last changes named it.
        iterator: String,
    },
    /// The next page. Answered by [`Reply::Page`].
    NextPage {
        /// The iterator, as the last page named it.
        iterator: String,
    },
    /// Forget an iterator. Answered by anything.
    CloseIterator {
        /// The iterator, as the last page named it.
        iterator: String,
    },
    /// The SHA-256 of a private value, which members of the channel see that are not members of
    /// the collection. Answered by [`Reply::Value`].
    Hash {
        /// The collection.
        collection: String,
        /// The key.
        key: String,
    },
    /// Delete a private key and all that peers keep of its past. Answered by
    /// [`Reply::Accepted`].
    Purge {
        /// The collection.
        collection: String,
        /// The key.
        key: String,
    },
    /// A key's metadata. Answered by [`Reply::Metadata`].
    Metadata {
        /// The private collection; empty for public state.
        collection: String,
        /// The key.
        key: String,
    },
    /// Replace a key's metadata by one entry. Answered by [`Reply::Accepted`].
    PutMetadata {
        /// The private collection; empty for public state.
        collection: String,
        /// The key.
        key: String,
        /// The entry's name.
        name: String,
        /// The entry's value.
        value: Vec<u8>,
    },
    /// The first page of what a rich query selects. Answered by [`Reply::Page`].
    ///
    /// Over a private collection, ledgers take it in transactions that do not write.
    Query {
        /// The private collection; empty for public state.
        collection: String,
        /// The query, in the state database's language.
        query: String,
    },
    /// One page of what a rich query selects from public state, as large as asked. Answered by
    /// [`Reply::EntryPage`].
    ///
    /// Ledgers take it in transactions that do not write.
    QueryPage {
        /// The query, in the state database's language.
        query: String,
        /// Most entries of the page, at least 1.
        size: u32,
        /// Where the page begins, as the page before told; empty for the start.
        bookmark: String,
    },
    /// The committed values of several keys. Answered by [`Reply::Values`], one for each key in
    /// the keys' order.
    ///
    /// Asked for only if [`Terms::get_many_max`] allows as many.
    GetMany {
        /// The private collection; empty for public state.
        collection: String,
        /// The keys, at least one.
        keys: Vec<String>,
    },
    /// Make several changes in their order. Answered by [`Reply::Accepted`].
    ///
    /// Asked for only if [`Terms::write_batch_max`] allows as many.
    Batch(
        /// The changes, at least one.
        Vec<Write>,
    ),
    /// Call another chaincode in the same transaction. Answered by [`Reply::Called`].
    Call {
        /// The chaincode.
        chaincode: ChaincodeName,
        /// Another channel, on which the called chaincode's writes are dropped; `None` for the
        /// transaction's own.
        channel: Option<ChannelId>,
        /// The function's name and its arguments.
        arguments: Vec<Vec<u8>>,
    },
}

impl Request {
    /// Whether the writes before it must have reached the peer: what a called chaincode does on
    /// this channel comes after them, and peers count them when they refuse the queries that
    /// only transactions without writes may make.
    pub(crate) fn follows_writes(&self) -> bool {
        match self {
            Self::Call { channel, .. } => channel.is_none(),
            Self::RangePage { .. } | Self::QueryPage { .. } => true,
            Self::Range { collection, .. } | Self::Query { collection, .. } => {
                !collection.is_empty()
            }
            Self::Get { .. }
            | Self::Put { .. }
            | Self::Delete { .. }
            | Self::History { .. }
            | Self::NextChanges { .. }
            | Self::NextPage { .. }
            | Self::CloseIterator { .. }
            | Self::Hash { .. }
            | Self::Purge { .. }
            | Self::Metadata { .. }
            | Self::PutMetadata { .. }
            | Self::GetMany { .. }
            | Self::Batch(_) => false,
        }
    }

    /// The request's name, for messages to people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Get { .. } => "get",
            Self::Put { .. } => "put",
            Self::Delete { .. } => "delete",
            Self::Range { .. } => "range",
            Self::RangePage { .. } => "range page",
            Self::History { .. } => "history",
            Self::NextChanges { .. } => "next changes",
            Self::NextPage { .. } => "next page",
            Self::CloseIterator { .. } => "close iterator",
            Self::Hash { .. } => "hash",
            Self::Purge { .. } => "purge",
            Self::Metadata { .. } => "metadata",
            Self::PutMetadata { .. } => "put metadata",
            Self::Query { .. } => "query",
            Self::QueryPage { .. } => "query page",
            Self::GetMany { .. } => "get many",
            Self::Batch(_) => "batch of writes",
            Self::Call { .. } => "call",
        }
    }
}

impl From<Write> for Request {
    /// The request that makes one change alone.
    fn from(Write { collection, key, change }: Write) -> Self {
        match change {
            WriteChange::Put(value) => Self::Put { collection, key, value },
            WriteChange::Delete => Self::Delete { collection, key },
            WriteChange::Purge => Self::Purge { collection, key },
            WriteChange::Metadata { name, value } => {
                Self::PutMetadata { collection, key, name, value }
            }
        }
    }
}

/// What the peer takes beside single requests, as it announced when the stream opened.
///
/// A contract cannot tell one from another: the read-write set is the same under all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Terms {
    /// Most changes of one [`Request::Batch`]; 0 if the peer takes none.
    pub write_batch_max: usize,
    /// Most keys of one [`Request::GetMany`]; 0 if the peer takes none.
    pub get_many_max: usize,
}

impl Terms {
    /// Single requests only, as peers before Fabric 3.1 take them.
    pub const SINGLE: Self = Self { write_batch_max: 0, get_many_max: 0 };
}

/// One change of a key, on its way to the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Write {
    /// The private collection; empty for public state.
    pub collection: String,
    /// The key.
    pub key: String,
    /// What becomes of it.
    pub change: WriteChange,
}

/// What becomes of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host must answer every request")]
pub enum WriteChange {
    /// It has this value, never an empty one.
    Put(Vec<u8>),
    /// It is deleted.
    Delete,
    /// It is deleted, with all that peers keep of its past; in private collections only.
    Purge,
    /// Its metadata is replaced by one entry.
    Metadata {
        /// The entry's name.
        name: String,
        /// The entry's value.
        value: Vec<u8>,
    },
}

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Reply {
    /// A key's value; `None` if the key was never written or is deleted.
    Value(Option<Vec<u8>>),
    /// The values of several keys, in their order; `None` for each that was never written or is
    /// deleted.
    Values(Vec<Option<Vec<u8>>>),
    /// The write was taken.
    Accepted,
    /// Some entries of a range or a query.
    Page(Page),
    /// A page of a range or a query, and where the next one begins.
    EntryPage(EntryPage),
    /// Some changes of a key.
    Changes(Changes),
    /// A key's metadata by name; empty if it has none.
    Metadata(BTreeMap<String, Vec<u8>>),
    /// What the called chaincode answered, success or not.
    Called(Outcome),
    /// The ledger refused.
    Refused {
        /// The ledger's words.
        reason: String,
    },
}

/// Some entries of a range, in key order, or of a query, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The iterator to ask for more; `None` if these are the last.
    pub more: Option<String>,
}

/// Some changes of a key, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Changes {
    /// The changes.
    pub changes: Vec<Change>,
    /// The iterator to ask for older ones; `None` if there are none.
    pub more: Option<String>,
}

/// The status of a success.
pub const SUCCESS: i32 = 200;

/// How a call ended.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Outcome {
    /// [`SUCCESS`], or 400 and above.
    pub status: i32,
    /// Empty, or `CODE: message`.
    pub message: String,
    /// The function's answer; empty after a failure.
    pub payload: Vec<u8>,
    /// The event that the call emits; none after a failure.
    pub event: Option<Event>,
}

impl Outcome {
    /// The outcome of a call that failed.
    #[must_use]
    pub fn failure(error: &ContractError) -> Self {
        Self {
            status: i32::from(error.status().code()),
            message: error.text(),
            payload: Vec::new(),
            event: None,
        }
    }

    /// Whether peers endorse the call: its status is below 400.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status < 400
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome")
            .field("status", &self.status)
            .field("message", &self.message)
            .field("payload", &String::from_utf8_lossy(&self.payload))
            .field("event", &self.event)
            .finish()
    }
}

/// An event that a transaction emits. Only the outermost chaincode's counts, and one each.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Event {
    /// The event's name, never empty.
    pub name: String,
    /// What it carries.
    pub payload: Vec<u8>,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, String::from_utf8_lossy(&self.payload))
    }
}
