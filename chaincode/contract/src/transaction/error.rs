//! What can go wrong between a contract and the ledger.

use fabric_protos::id::ChaincodeName;

use crate::host::Outcome;
use crate::{ContractError, Fault, Status};

/// Why a request to the ledger failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// Keys may not be empty.
    #[error("a key may not be empty")]
    EmptyKey,
    /// An empty value would delete the key.
    #[error("the value of {key:?} is empty, which would delete the key")]
    EmptyValue {
        /// The key.
        key: String,
    },
    /// Events are found by name.
    #[error("an event needs a name")]
    NamelessEvent,
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
    /// The peer refused.
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
    /// The contract has made too many requests at once.
    #[error("too many requests wait for the ledger")]
    TooManyRequests,
}

impl Fault for LedgerError {
    fn status(&self) -> Status {
        Status::INTERNAL
    }

    fn code(&self) -> &'static str {
        "LEDGER"
    }
}

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
