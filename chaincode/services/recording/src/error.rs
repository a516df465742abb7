//! Why the recording contract refuses.

use pervade_chaincode::{CallError, ClientError, Fault, LedgerError, Status};
use pervade_identity::CertificateError;
use pervade_registry::record::DeviceType;

/// Why a call of the recording contract failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The signer's certificate cannot be read.
    #[error("the signer's certificate: {0}")]
    Certificate(#[source] CertificateError),
    /// The signer is not enrolled, or was enrolled for another organisation.
    #[error("{msp} has no device {address}")]
    DeviceUnknown {
        /// The signer's organisation.
        msp: String,
        /// The signer's address.
        address: String,
    },
    /// The package is of another device type than the device.
    #[error("the device is a {enrolled}, the package is of {package}")]
    DeviceTypeMismatch {
        /// What the device is.
        enrolled: Box<DeviceType>,
        /// What the package describes.
        package: Box<DeviceType>,
    },
    /// Enrolling is for administrators.
    #[error("the signer is no administrator of {msp}")]
    NotAdministrator {
        /// The signer's organisation.
        msp: String,
    },
    /// Another organisation has enrolled the device.
    #[error("the device is enrolled by {msp}")]
    DeviceTaken {
        /// The other organisation.
        msp: String,
    },
    /// An argument or a piece of transient data is missing, too long or malformed.
    #[error("{name} must be {expected}")]
    Input {
        /// Its name.
        name: &'static str,
        /// What is asked for.
        expected: &'static str,
    },
    /// No such record or device.
    #[error("there is no {key}")]
    NotFound {
        /// The key.
        key: String,
    },
    /// The registry refused; its status and code are passed on.
    #[error(transparent)]
    Registry(CallError),
    /// The registry's answer is none of its own.
    #[error("the registry's answer cannot be read: {0}")]
    RegistryAnswer(#[source] Box<ClientError<CallError>>),
    /// The registry's digest is not the SHA-256 of anything.
    #[error("the registry's answer has no digest")]
    RegistryDigest,
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<ClientError<CallError>> for RecordingError {
    fn from(error: ClientError<CallError>) -> Self {
        if let ClientError::Call(error) = error {
            return Self::Registry(error);
        }
        Self::RegistryAnswer(Box::new(error))
    }
}

impl Fault for RecordingError {
    fn status(&self) -> Status {
        match self {
            Self::Certificate(_) | Self::Input { .. } => Status::BAD_REQUEST,
            Self::DeviceUnknown { .. } | Self::NotAdministrator { .. } => Status::FORBIDDEN,
            Self::DeviceTypeMismatch { .. } => Status::UNPROCESSABLE,
            Self::DeviceTaken { .. } => Status::CONFLICT,
            Self::NotFound { .. } => Status::NOT_FOUND,
            Self::Registry(error) => error.status(),
            Self::RegistryAnswer(_) | Self::RegistryDigest => Status::INTERNAL,
            Self::Ledger(error) => error.status(),
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Certificate(_) => "CERTIFICATE",
            Self::DeviceUnknown { .. } => "DEVICE_UNKNOWN",
            Self::DeviceTypeMismatch { .. } => "DEVICE_TYPE_MISMATCH",
            Self::NotAdministrator { .. } => "NOT_ADMINISTRATOR",
            Self::DeviceTaken { .. } => "DEVICE_TAKEN",
            Self::Input { .. } => "INPUT",
            Self::NotFound { .. } => "NOT_FOUND",
            Self::Registry(error) => error.code(),
            Self::RegistryAnswer(_) | Self::RegistryDigest => "REGISTRY_ANSWER",
            Self::Ledger(error) => error.code(),
        }
    }
}
