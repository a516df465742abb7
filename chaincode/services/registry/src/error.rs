//! Why the registry refuses.

use std::error::Error;
use std::fmt::Display;

use pervade_chaincode::{Fault, IdentityError, LedgerError, MspId, StateError, Status};
use pervade_package::{Break, ContextError, FormatError, NormaliseError, Problem};

use crate::record::DeviceType;

/// Why a call of the registry failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The text is not a package in canonical form.
    #[error("the text is {}", chain(.0))]
    PackageMalformed(#[source] FormatError),
    /// The package's own check failed.
    #[error("{}", listed(problems))]
    PackageRefused {
        /// Everything that is wrong, in the order of the documents.
        problems: Vec<Problem>,
    },
    /// Another package speaks for this version of the device type.
    #[error("{device_type} is described by package {by} already")]
    DeviceTypeTaken {
        /// The device type.
        device_type: DeviceType,
        /// The other package's id.
        by: String,
    },
    /// No such package.
    #[error("there is no package {id:?}")]
    UnknownPackage {
        /// The id, as asked for.
        id: String,
    },
    /// No such device type.
    #[error("there is no device type {device_type}")]
    UnknownDeviceType {
        /// The device type, as asked for.
        device_type: DeviceType,
    },
    /// The vendor is not the signer's to publish for.
    #[error(transparent)]
    Vendor(#[from] VendorError),
    /// The version breaks what it may not.
    #[error("{}", refused_version(device_type, breaks))]
    Incompatible {
        /// The device type.
        device_type: DeviceType,
        /// Everything that it breaks.
        breaks: Vec<Break>,
    },
    /// Something is longer than it may be, or there are more of them.
    #[error("{what} {limit}")]
    Limit {
        /// What has the limit, such as "the bytes of a reason are 1 to".
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The recording's names cannot stand in IRIs.
    #[error("the recording's names: {0}")]
    Recording(#[source] ContextError),
    /// The payload is not one of the device type's, or cannot be mapped.
    #[error("{}", chain(.0))]
    Payload(#[source] NormaliseError),
    /// A value of the registry's own could not be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Why the signer may not publish for a vendor.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum VendorError {
    /// The signer's certificate cannot be read.
    #[error("the signer's certificate: {0}")]
    #[fault(status = BAD_REQUEST)]
    Identity(#[source] IdentityError),
    /// Publishing is for administrators.
    #[error("the signer is no administrator of {msp}")]
    #[fault(status = FORBIDDEN)]
    NotAdministrator {
        /// The signer's organisation.
        msp: MspId,
    },
    /// Another organisation speaks for the vendor.
    #[error("{by} speaks for the vendor {vendor}")]
    #[fault(status = FORBIDDEN)]
    VendorTaken {
        /// The vendor.
        vendor: String,
        /// The other organisation.
        by: String,
    },
    /// Nobody has published for the vendor.
    #[error("nobody has published for the vendor {vendor:?}")]
    #[fault(status = NOT_FOUND)]
    UnknownVendor {
        /// The vendor, as asked for.
        vendor: String,
    },
    /// Not the name of an organisation.
    #[error("{name:?} names no organisation")]
    #[fault(status = BAD_REQUEST)]
    Organisation {
        /// The name, as given.
        name: String,
    },
}

impl Fault for RegistryError {
    fn status(&self) -> Status {
        match self {
            Self::PackageMalformed(_) | Self::Recording(_) | Self::Limit { .. } => {
                Status::BAD_REQUEST
            }
            Self::PackageRefused { .. } | Self::Payload(_) => Status::UNPROCESSABLE,
            Self::DeviceTypeTaken { .. } | Self::Incompatible { .. } => Status::CONFLICT,
            Self::UnknownPackage { .. } | Self::UnknownDeviceType { .. } => Status::NOT_FOUND,
            Self::Vendor(error) => error.status(),
            Self::State(error) => error.status(),
            Self::Ledger(error) => error.status(),
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::PackageMalformed(_) => "PACKAGE_MALFORMED",
            Self::PackageRefused { .. } => "PACKAGE_REFUSED",
            Self::DeviceTypeTaken { .. } => "DEVICE_TYPE_TAKEN",
            Self::UnknownPackage { .. } => "UNKNOWN_PACKAGE",
            Self::UnknownDeviceType { .. } => "UNKNOWN_DEVICE_TYPE",
            Self::Incompatible { .. } => "INCOMPATIBLE",
            Self::Limit { .. } => "LIMIT",
            Self::Recording(_) => "RECORDING_NAMES",
            Self::Payload(_) => "PAYLOAD_INVALID",
            Self::Vendor(error) => error.code(),
            Self::State(error) => error.code(),
            Self::Ledger(error) => error.code(),
        }
    }
}

/// Bytes of entries that one message lists; the rest is counted. Below the limit of an error's
/// message, so that the count is never what is cut off.
const LISTED_BYTES_MAX: usize = 1_800;

fn listed(problems: &[Problem]) -> String {
    let count = problems.len();
    lines(format!("{count} problem{}", if count == 1 { "" } else { "s" }), problems)
}

fn refused_version(device_type: &DeviceType, breaks: &[Break]) -> String {
    let first = format!(
        "{device_type} breaks what the version before it serves; as a new line (2.0.0 after \
         1.9.0, 0.2.0 after 0.1.9) it may"
    );
    lines(first, breaks)
}

/// A first line and an entry each, as many as fit.
fn lines<T: Display>(mut text: String, entries: &[T]) -> String {
    for (index, entry) in entries.iter().enumerate() {
        let entry = format!("\n{entry}");
        if text.len().saturating_add(entry.len()) > LISTED_BYTES_MAX {
            let rest = entries.len().saturating_sub(index);
            text.push_str(&format!("\nand {rest} more"));
            return text;
        }
        text.push_str(&entry);
    }
    text
}

/// An error with its causes.
fn chain(error: &(dyn Error + 'static)) -> String {
    const CAUSES_MAX: usize = 8;
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let texts: Vec<String> = causes.take(CAUSES_MAX).map(ToString::to_string).collect();
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use pervade_chaincode::ContractError;
    use pervade_package::{Problem, ProblemCode};

    use super::RegistryError;

    #[test]
    fn every_problem_is_listed() {
        let text = refused(3);
        assert_eq!(text.lines().next(), Some("3 problems"));
        assert_eq!(text.lines().nth(2), Some("mapping.ttl:2:1: a mistake [quad-extra]"));
        assert_eq!(text.lines().count(), 4);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let text = refused(1_000);
        let listed = text.lines().count() - 2;
        assert_eq!(text.lines().last().unwrap(), format!("and {} more", 1_000 - listed));
        assert!(text.len() < ContractError::MESSAGE_BYTES_MAX);
    }

    fn refused(count: u64) -> String {
        let problem = |line| Problem {
            document: "mapping.ttl".to_owned(),
            line,
            column: 1,
            code: ProblemCode::QuadExtra,
            message: "a mistake".to_owned(),
        };
        let problems = (1..=count).map(problem).collect();
        RegistryError::PackageRefused { problems }.to_string()
    }
}
