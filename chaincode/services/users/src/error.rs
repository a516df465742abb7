//! Why the manager of users refuses.

use pervade_chaincode::{Fault, LedgerError, StateError};
use pervade_platform::{AccountId, BadKey, BindError, BoundError, SignerError, TallyError};

/// Why a call of the manager of users failed.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum UsersError {
    /// It cannot be bound so.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// It is not bound, or the function is for managers.
    #[error(transparent)]
    Bound(#[from] BoundError),
    /// The signer's certificate cannot be read.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The key is a user's, or was one's.
    #[error("{address} is, or was, a user's key")]
    #[fault(status = CONFLICT)]
    UserExists {
        /// The key's address.
        address: AccountId,
    },
    /// Nobody registered with the key, or it was retired.
    #[error("{account} is no user's")]
    #[fault(status = NOT_FOUND)]
    UserNotRegistered {
        /// The account, or the address of the signer's key.
        account: AccountId,
    },
    /// The new key did not sign that it is to be the user's.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// The function is for administrators of an organisation.
    #[error("the signer is no administrator of {msp}")]
    #[fault(status = FORBIDDEN, code = "PERMISSION_DENIED")]
    NotAdministrator {
        /// The organisation: the user's, or the signer's own.
        msp: String,
    },
    /// The respondent's reputation is less than the creator asks for.
    #[error("the respondent's reputation is less than {minimum}")]
    #[fault(status = FORBIDDEN)]
    LowReputation {
        /// What the creator asks for.
        minimum: u64,
    },
    /// Terms that the manager cannot run by.
    #[error("{field} is outside its bounds")]
    #[fault(status = BAD_REQUEST)]
    BadTerms {
        /// Which.
        field: &'static str,
    },
    /// More entries than a settlement may have.
    #[error("a settlement has at most {most} entries")]
    #[fault(status = BAD_REQUEST)]
    TooManyEntries {
        /// How many it may have.
        most: usize,
    },
    /// A reputation cannot be changed or told.
    #[error(transparent)]
    Reputation(#[from] TallyError),
    /// What is on the ledger cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<LedgerError> for UsersError {
    fn from(error: LedgerError) -> Self {
        StateError::from(error).into()
    }
}
