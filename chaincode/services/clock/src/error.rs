//! Why the clock refuses.

use pervade_chaincode::{ClientTimeError, Fault, IdentityError, LedgerError, Status};

use crate::rules::{BadTerms, Refusal};

/// Why a call of the clock failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// Nobody has bound the clock's terms.
    #[error("the clock has no terms yet")]
    NotInitialized,
    /// The terms are bound, to other values.
    #[error("the clock's terms are bound already")]
    AlreadyInitialized,
    /// The signer's certificate does not say that it may.
    #[error("{role} is not the signer's")]
    PermissionDenied {
        /// The attribute that is missing.
        role: &'static str,
    },
    /// The signer's certificate cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The terms cannot be bound.
    #[error(transparent)]
    Terms(#[from] BadTerms),
    /// There is no marker before the one asked for.
    #[error("there is no epoch {number}")]
    NoEpoch {
        /// The missing one.
        number: u64,
    },
    /// The marker does not follow.
    #[error(transparent)]
    Marker(#[from] Refusal),
    /// The ticker's time is far from an endorser's.
    #[error(transparent)]
    Time(#[from] ClientTimeError),
    /// The ticker's time is before 1970.
    #[error("the time is before 1970")]
    BeforeTime,
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Fault for ClockError {
    fn status(&self) -> Status {
        match self {
            Self::NotInitialized | Self::AlreadyInitialized => Status::CONFLICT,
            Self::PermissionDenied { .. } => Status::FORBIDDEN,
            Self::Identity(error) => error.status(),
            Self::Terms(_) | Self::BeforeTime => Status::BAD_REQUEST,
            Self::NoEpoch { .. } => Status::NOT_FOUND,
            Self::Marker(Refusal::BlockHash) => Status::BAD_REQUEST,
            Self::Marker(_) => Status::CONFLICT,
            Self::Time(error) => error.status(),
            Self::Ledger(error) => error.status(),
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::NotInitialized => "NOT_INITIALIZED",
            Self::AlreadyInitialized => "ALREADY_INITIALIZED",
            Self::PermissionDenied { .. } => "PERMISSION_DENIED",
            Self::Identity(error) => error.code(),
            Self::Terms(_) => "BAD_TERMS",
            Self::NoEpoch { .. } => "NO_EPOCH",
            Self::Marker(Refusal::TooEarly { .. }) => "TOO_EARLY",
            Self::Marker(Refusal::HeightFell { .. }) => "HEIGHT_FELL",
            Self::Marker(Refusal::BlockHash) => "BAD_BLOCK_HASH",
            Self::Marker(Refusal::Last) => "LAST_EPOCH",
            Self::Time(error) => error.code(),
            Self::BeforeTime => "BEFORE_TIME",
            Self::Ledger(error) => error.code(),
        }
    }
}
