//! Why the manager of devices refuses.

use pervade_chaincode::{CallError, ClientError, Fault, LedgerError, StateError};
use pervade_platform::{AmountError, BadKey, BindError, BoundError, SignerError};

use crate::record::DeviceId;

/// Why a call of the manager of devices failed.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum DeviceError {
    /// It cannot be bound so.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A term is outside its bounds.
    #[error("{name} is outside its bounds")]
    #[fault(status = BAD_REQUEST)]
    BadTerms {
        /// The term.
        name: &'static str,
    },
    /// It is not bound, or the caller is no manager.
    #[error(transparent)]
    Bound(#[from] BoundError),
    /// The signer cannot be read.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// Another of the platform's chaincodes refused.
    #[error(transparent)]
    Called(#[from] ClientError<CallError>),
    /// The key is none, or its holder did not sign.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// An amount that cannot be.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The device may not, or is not.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The ledger failed.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<LedgerError> for DeviceError {
    fn from(error: LedgerError) -> Self {
        Self::State(error.into())
    }
}

/// Why a device does not get, do or become something.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum Refusal {
    /// Somebody has or had a device of this name.
    #[error("{device} is taken")]
    #[fault(status = CONFLICT)]
    DeviceIdTaken {
        /// The name.
        device: DeviceId,
    },
    /// The key is or was a device's, or is a user's.
    #[error("the key is another's")]
    #[fault(status = CONFLICT)]
    DeviceKeyTaken,
    /// There is no such device.
    #[error("there is no device {device}")]
    #[fault(status = NOT_FOUND)]
    DeviceUnknown {
        /// The name, or the address, that was asked for.
        device: String,
    },
    /// The device is another's.
    #[error("{device} belongs to somebody else")]
    #[fault(status = FORBIDDEN)]
    NotDeviceOwner {
        /// The device.
        device: DeviceId,
    },
    /// Its owner gives it no tasks.
    #[error("{device} is not active")]
    #[fault(status = CONFLICT)]
    DeviceInactive {
        /// The device.
        device: DeviceId,
    },
    /// It gave too many results that cannot be.
    #[error("{device} is suspect")]
    #[fault(status = CONFLICT)]
    DeviceSuspect {
        /// The device.
        device: DeviceId,
    },
    /// Its owner's key was replaced after it was installed.
    #[error("{device} was installed under a key that is no longer its owner's")]
    #[fault(status = CONFLICT)]
    DeviceKeyStale {
        /// The device.
        device: DeviceId,
    },
    /// It has as many tasks as it may have.
    #[error("the backlog of {device} is full")]
    #[fault(status = CONFLICT)]
    BacklogFull {
        /// The device.
        device: DeviceId,
    },
    /// It has tasks.
    #[error("{device} has tasks")]
    #[fault(status = CONFLICT)]
    DeviceBusy {
        /// The device.
        device: DeviceId,
    },
    /// Too many attributes, or one that is no word.
    #[error("attributes are at most 16 words of small letters, digits, '.', '_', ':' and '-'")]
    #[fault(status = BAD_REQUEST)]
    BadAttribute,
    /// The name or its salt is too short or too long.
    #[error("a name has 1 to 64 bytes and a salt 16 to 64")]
    #[fault(status = BAD_REQUEST)]
    BadName,
}
