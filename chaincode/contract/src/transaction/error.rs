//! What can go wrong between a contract and the ledger.

use fabric_protos::id::{ChaincodeName, ChannelId};

use crate::host::Outcome;
use crate::{ContractError, EventError, Fault, KeyPolicyError, Status};

/// Why a request to the ledger failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The contract asked for what no ledger has; nothing was sent.
    #[error(transparent)]
    Invalid(#[from] InvalidRequest),
    /// The peer refused; see [`LedgerError::refusal`] for why.
    #[error("the ledger refused this {request}: {reason}")]
    Refused {
        /// What was asked.
        request: &'static str,
        /// The peer's words.
        reason: String,
    },
    /// The peer answered another question.
    #[error("the ledger's reply to {request} is of another kind")]
    UnexpectedReply {
        /// What was asked.
        request: &'static str,
    },
    /// The peer answered a request for several keys with another number of values.
    #[error("{came} values came for {asked} keys")]
    ValueCount {
        /// How many keys were asked for.
        asked: usize,
        /// How many values came.
        came: usize,
    },
    /// The value is not JSON of the type asked for, or has no JSON form.
    #[error("the value of {key:?} as JSON: {source}")]
    Json {
        /// The key.
        key: String,
        /// What serde found.
        #[source]
        source: serde_json::Error,
    },
    /// The policy of a key is of a form that other libraries can write and this one cannot read.
    #[error("the policy of {key:?}: {source}")]
    Policy {
        /// The key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: KeyPolicyError,
    },
    /// The transaction cannot have this event.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The contract has made too many requests at once.
    #[error("too many requests wait for the ledger")]
    TooManyRequests,
}

impl LedgerError {
    /// Why the peer refused; `None` if it did not.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused { reason, .. } => Some(Refusal::of(reason)),
            Self::Invalid(_)
            | Self::UnexpectedReply { .. }
            | Self::ValueCount { .. }
            | Self::Json { .. }
            | Self::Policy { .. }
            | Self::Event(_)
            | Self::TooManyRequests => None,
        }
    }
}

impl Fault for LedgerError {
    fn status(&self) -> Status {
        match self.refusal() {
            Some(Refusal::AccessDenied) => Status::FORBIDDEN,
            Some(Refusal::NotAvailable) => Status::BUSY,
            _ => Status::INTERNAL,
        }
    }

    fn code(&self) -> &str {
        if let Self::Event(error) = self {
            return error.code();
        }
        self.refusal().map_or("LEDGER", Refusal::code)
    }
}

/// What the contract did wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRequest {
    /// Keys may not be empty.
    #[error("a key may not be empty")]
    EmptyKey,
    /// An empty value would delete the key.
    #[error("the value of {key:?} is empty, which would delete the key")]
    EmptyValue {
        /// The key.
        key: String,
    },
    /// A bound of a plain range lies among the composite keys.
    #[error("the bound {bound:?} lies among the composite keys")]
    CompositeBound {
        /// The bound.
        bound: String,
    },
    /// Private data lies in a collection, which has a name.
    #[error("a private collection needs a name")]
    NamelessCollection,
    /// A page of no entries leads nowhere.
    #[error("a page holds at least one entry")]
    PageSize,
    /// The bookmark lies outside the range that is read: it comes from another one.
    #[error("the bookmark {bookmark:?} is of another range")]
    Bookmark {
        /// The bookmark.
        bookmark: String,
    },
    /// A call on another channel that names this one.
    #[error("{channel} is this transaction's own channel")]
    OwnChannel {
        /// The channel.
        channel: ChannelId,
    },
    /// The overlay would not see the writes made before it.
    #[error("an overlay begins before the first write")]
    LateOverlay,
    /// The transaction has written more than an overlay remembers.
    #[error("an overlay remembers at most 64 MiB")]
    LargeOverlay,
}

/// Why a peer refused, as far as its words tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Whoever signed the proposal may not do this.
    AccessDenied,
    /// The private value exists, but has not reached this peer, or never will.
    NotAvailable,
    /// The transaction both writes and makes a query that only transactions without writes may
    /// make.
    ReadOnly,
    /// The channel or the peer's state database does not offer this.
    Unsupported,
    /// The peer has given the transaction up, or a called chaincode has not answered in time.
    TimedOut,
    /// Anything else.
    Other,
}

impl Refusal {
    /// Finds the kind by the words that Fabric's peers use, of all versions since 2.2.
    #[must_use]
    pub fn of(reason: &str) -> Self {
        let found = PHRASES.iter().find(|(phrase, _)| reason.contains(phrase));
        found.map_or(Self::Other, |(_, kind)| *kind)
    }

    fn code(self) -> &'static str {
        match self {
            Self::AccessDenied => "LEDGER_ACCESS_DENIED",
            Self::NotAvailable => "LEDGER_NOT_AVAILABLE",
            Self::ReadOnly => "LEDGER_READ_ONLY",
            Self::Unsupported => "LEDGER_UNSUPPORTED",
            Self::TimedOut => "LEDGER_TIMED_OUT",
            Self::Other => "LEDGER",
        }
    }
}

/// Phrases that tell the kinds apart.
const PHRASES: &[(&str, Refusal)] = &[
    ("does not have read access permission", Refusal::AccessDenied),
    ("does not have write access permission", Refusal::AccessDenied),
    ("failed evaluating policy on signed data", Refusal::AccessDenied),
    ("private data matching public hash version is not available", Refusal::NotAvailable),
    ("supported only in a read-only transaction", Refusal::ReadOnly),
    ("Writes are not allowed", Refusal::ReadOnly),
    ("not supported", Refusal::Unsupported),
    ("is not enabled", Refusal::Unsupported),
    ("are not allowed in chaincode Init", Refusal::Unsupported),
    ("no ledger context", Refusal::TimedOut),
    ("could not get valid transaction", Refusal::TimedOut),
    ("timeout expired while executing transaction", Refusal::TimedOut),
];

/// Why a call of another chaincode failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The called chaincode answered with a failure.
    #[error("{chaincode}: {message}")]
    Refused {
        /// The called chaincode.
        chaincode: ChaincodeName,
        /// Its status.
        status: Status,
        /// Its error's code, if it gave one.
        code: Option<String>,
        /// Its error's message, without the code.
        message: String,
    },
    /// The call did not reach the chaincode, or no answer came back.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl CallError {
    pub(super) fn refused(chaincode: &ChaincodeName, outcome: &Outcome) -> Self {
        let (code, message) = ContractError::split_text(&outcome.message);
        let status = u16::try_from(outcome.status).ok().and_then(Status::new);
        Self::Refused {
            chaincode: chaincode.clone(),
            status: status.unwrap_or(Status::INTERNAL),
            code: code.map(str::to_owned),
            message: message.to_owned(),
        }
    }
}

impl Fault for CallError {
    fn status(&self) -> Status {
        match self {
            Self::Refused { status, .. } => *status,
            Self::Ledger(error) => error.status(),
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code.as_deref().unwrap_or("CALL"),
            Self::Ledger(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LedgerError, Refusal};
    use crate::Fault;

    #[test]
    fn a_peers_words_tell_why_it_refused() {
        let cases = [
            (
                "GET_STATE failed: transaction ID: 5f: tx creator does not have read access \
                 permission on privatedata in chaincodeName:cc collectionName: c",
                Refusal::AccessDenied,
            ),
            (
                "GET_STATE failed: transaction ID: 5f: private data matching public hash version \
                 is not available. Public hash version = {1 2}, Private data version = <nil>",
                Refusal::NotAvailable,
            ),
            (
                "GET_STATE_BY_RANGE failed: transaction ID: 5f: txid [5f]: unsuppored \
                 transaction. Paginated queries are supported only in a read-only transaction",
                Refusal::ReadOnly,
            ),
            (
                "PUT_STATE failed: transaction ID: 5f: txid [5f]: unsuppored transaction. \
                 Transaction has already performed queries on pvt data. Writes are not allowed",
                Refusal::ReadOnly,
            ),
            (
                "GET_QUERY_RESULT failed: transaction ID: 5f: ExecuteQuery not supported for leveldb",
                Refusal::Unsupported,
            ),
            ("history database is not enabled", Refusal::Unsupported),
            ("GET_STATE failed: transaction ID: 5f: no ledger context", Refusal::TimedOut),
            ("execute failed: timeout expired while executing transaction", Refusal::TimedOut),
            ("PUT_STATE failed: transaction ID: 5f: invalid key", Refusal::Other),
        ];
        for (reason, kind) in cases {
            let error = LedgerError::Refused { request: "get", reason: reason.to_owned() };
            assert_eq!(error.refusal(), Some(kind), "{reason}");
            assert!(error.to_string().ends_with(reason), "the peer's words are kept");
        }
        assert_eq!(LedgerError::TooManyRequests.refusal(), None);
    }

    #[test]
    fn each_kind_has_its_status_and_code() {
        let of = |reason: &str| {
            let error = LedgerError::Refused { request: "get", reason: reason.to_owned() };
            format!("{} {}", error.status(), error.code())
        };
        assert_eq!(of("does not have write access permission"), "403 LEDGER_ACCESS_DENIED");
        assert_eq!(of("no ledger context"), "500 LEDGER_TIMED_OUT");
        assert_eq!(
            of("private data matching public hash version is not available"),
            "503 LEDGER_NOT_AVAILABLE"
        );
        assert_eq!(of("whatever"), "500 LEDGER");
    }
}
