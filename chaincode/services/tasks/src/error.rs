//! Why the manager of tasks refuses.

use pervade_chaincode::{CallError, ClientError, Fault, IdentityError, LedgerError, StateError};
use pervade_platform::{AmountError, BindError, BoundError, EpochError, SignerError};

/// Why a call of the manager of tasks failed.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum TaskError {
    /// It is not bound.
    #[error(transparent)]
    Bound(#[from] BoundError),
    /// It cannot be bound so, or a type cannot be.
    #[error(transparent)]
    Define(#[from] DefineError),
    /// The task cannot be created so.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// The device cannot have the task.
    #[error(transparent)]
    Device(#[from] pervade_devices::Refusal),
    /// The task is not in a state for it, or not the signer's.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The result is not valid.
    #[error(transparent)]
    Result(#[from] ResultError),
    /// The vote does not count.
    #[error(transparent)]
    Vote(#[from] VoteError),
    /// A deadline cannot be judged.
    #[error(transparent)]
    Epoch(#[from] EpochError),
    /// Another of the platform's chaincodes refused.
    #[error(transparent)]
    Called(#[from] ClientError<CallError>),
    /// The signer cannot be read.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// There cannot be so many tokens.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The ledger failed.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<LedgerError> for TaskError {
    fn from(error: LedgerError) -> Self {
        Self::State(error.into())
    }
}

/// Why the manager cannot be bound so, or a type of task cannot be.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum DefineError {
    /// It cannot be bound so.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Somebody has defined the type already.
    #[error("the type is defined already")]
    #[fault(status = CONFLICT)]
    TypeExists,
    /// A term is outside its bounds.
    #[error("{term} is outside its bounds")]
    #[fault(status = BAD_REQUEST)]
    BadTerms {
        /// The term.
        term: &'static str,
    },
    /// Something about the type is outside its bounds.
    #[error("the type's {what} cannot be")]
    #[fault(status = BAD_REQUEST)]
    BadType {
        /// What.
        what: &'static str,
    },
    /// The signer's certificate does not say that it may.
    #[error("{role} is not the signer's")]
    #[fault(status = FORBIDDEN)]
    PermissionDenied {
        /// The attribute that is missing.
        role: &'static str,
    },
    /// The signer's certificate cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// Why a task cannot be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum CreateError {
    /// Nobody has defined the type.
    #[error("there is no such type of task")]
    #[fault(status = NOT_FOUND)]
    TypeUnknown,
    /// Not a key.
    #[error("the encryption key is no key of X25519")]
    #[fault(status = BAD_REQUEST)]
    BadKey,
    /// It would last too short or too long.
    #[error("a task lasts {least} to {most} epochs")]
    #[fault(status = BAD_REQUEST)]
    BadTimeLimit {
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// The parameters are too long.
    #[error("parameters have at most {most} bytes")]
    #[fault(status = BAD_REQUEST)]
    BadParameters {
        /// The most.
        most: usize,
    },
    /// A public task names a respondent or a device, or another does not name both.
    #[error("a task for anyone names nobody, and any other names respondent and device")]
    #[fault(status = BAD_REQUEST)]
    BadDesignation,
    /// The reward is too small, or not the device's price.
    #[error("the reward is less than the least, or not the device's price")]
    #[fault(status = BAD_REQUEST)]
    BadReward,
}

/// Why a task is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such task, or it has ended.
    #[error("there is no such task, or it has ended")]
    #[fault(status = NOT_FOUND)]
    TaskUnknown,
    /// Somebody has accepted it.
    #[error("the task is accepted already")]
    #[fault(status = CONFLICT)]
    TaskLocked,
    /// It is too late for it.
    #[error("epoch {deadline} is over")]
    #[fault(status = CONFLICT)]
    TaskExpired {
        /// The last epoch in which it could have been done.
        deadline: u64,
    },
    /// It may still be performed.
    #[error("the task lasts until the end of epoch {expires}")]
    #[fault(status = CONFLICT)]
    TaskNotExpired {
        /// The last epoch in which a result may come.
        expires: u64,
    },
    /// A result of it is being judged.
    #[error("a result is being judged")]
    #[fault(status = CONFLICT)]
    TaskPending,
    /// No result of it is being judged, or not in this way.
    #[error("no result is being judged so")]
    #[fault(status = CONFLICT)]
    TaskNotPending,
    /// It is for somebody else.
    #[error("the task is for another respondent or device")]
    #[fault(status = FORBIDDEN)]
    NotDesignated,
    /// Only its device brings its result.
    #[error("only the device that has the task brings its result")]
    #[fault(status = FORBIDDEN)]
    NotDeliverer,
    /// It is somebody else's.
    #[error("only the task's creator may do this")]
    #[fault(status = FORBIDDEN)]
    NotCreator,
    /// Somebody else has accepted it, or nobody.
    #[error("only the task's respondent may do this")]
    #[fault(status = FORBIDDEN)]
    NotRespondent,
    /// The time for it has passed.
    #[error("the time for it ended with epoch {deadline}")]
    #[fault(status = CONFLICT)]
    TooLate {
        /// The last epoch in which it could have been done.
        deadline: u64,
    },
    /// The time for it has not come.
    #[error("the time for it begins after epoch {closes}")]
    #[fault(status = CONFLICT)]
    TooEarly {
        /// The epoch that must be over.
        closes: u64,
    },
}

/// Why a result is refused before it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum ResultError {
    /// The content identifier is none, or not the file's.
    #[error("the content identifier is not of version 1, base32 and SHA-256, or not the file's")]
    #[fault(status = BAD_REQUEST)]
    BadCid,
    /// The device's key for the task is none, or the creator's.
    #[error("the task key is no key of X25519 of its own")]
    #[fault(status = BAD_REQUEST)]
    BadKey,
    /// Something else about it cannot be.
    #[error("the result's {what} cannot be")]
    #[fault(status = BAD_REQUEST)]
    ResultInvalid {
        /// What.
        what: &'static str,
    },
}

/// Why a vote does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum VoteError {
    /// The signer is no oracle of the task's type.
    #[error("the signer is no oracle of the task's type")]
    #[fault(status = FORBIDDEN)]
    NotOracle,
    /// The vote is on another result than the one that is being judged.
    #[error("another result is being judged")]
    #[fault(status = CONFLICT)]
    OtherResult,
    /// The oracle has voted on this result.
    #[error("the oracle has voted on this result")]
    #[fault(status = CONFLICT)]
    AlreadyVoted,
}
