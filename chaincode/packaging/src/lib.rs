//! Chaincode packages as peers install them, the same bytes every time.
//!
//! A package is a compressed archive of `metadata.json`, which names its type and its label, and
//! `code.tar.gz`. There are two types: [`SERVICE`], whose code is the `connection.json` by which a
//! peer dials a chaincode, and [`EXECUTABLE`], whose code is a program that a peer launches by the
//! scripts in [`builder`].
//!
//! A package's id is its label and the SHA-256 of its bytes, and organisations that approve a
//! definition name the id. So nothing goes into the bytes that differs from one machine or day to
//! another: no times, no owners, no order but that of the format.
//!
//! ```
//! use pervade_packaging::{Connection, Package};
//!
//! let connection = Connection::plain("localhost:9999");
//! let package = Package::service("basic_1.0".parse()?, &connection)?;
//! let again = Package::service("basic_1.0".parse()?, &connection)?;
//! assert_eq!(package.id(), again.id());
//! assert_eq!(Package::read(package.bytes())?.id(), package.id());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
pub mod builder;
mod connection;
mod label;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use archive::ArchiveError;
pub use connection::Connection;
pub use label::{Label, LabelError};

/// The type of a package whose chaincode is a service. Fabric's own builder knows it.
pub const SERVICE: &str = "ccaas";

/// The type of a package whose code is a program for peers to launch.
pub const EXECUTABLE: &str = "pervade";

/// A package: its bytes, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    label: Label,
    code: Code,
    bytes: Vec<u8>,
}

/// What a package's code is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two types of packages")]
pub enum Code {
    /// How to dial the chaincode.
    Service(Connection),
    /// A program.
    Executable(Vec<u8>),
}

/// `metadata.json`.
#[derive(Deserialize, Serialize)]
struct Metadata {
    r#type: String,
    label: Label,
}

const METADATA: &str = "metadata.json";
const CODE: &str = "code.tar.gz";
const CONNECTION: &str = "connection.json";
const PROGRAM: &str = "chaincode";

/// An entry's permissions: everybody reads.
const READABLE: u32 = 0o644;
/// And runs.
const RUNNABLE: u32 = 0o755;

impl Package {
    /// The package of a chaincode that is a service.
    ///
    /// # Errors
    /// If it cannot be archived: it is too large.
    pub fn service(label: Label, connection: &Connection) -> Result<Self, PackageError> {
        Self::make(label, Code::Service(connection.clone()))
    }

    /// The package of a program that peers launch.
    ///
    /// # Errors
    /// If it cannot be archived: it is too large.
    pub fn executable(label: Label, program: Vec<u8>) -> Result<Self, PackageError> {
        Self::make(label, Code::Executable(program))
    }

    /// Reads a package of one of the two types.
    ///
    /// # Errors
    /// If the bytes are no such package.
    pub fn read(bytes: &[u8]) -> Result<Self, PackageError> {
        let files = archive::read(bytes)?;
        let find =
            |name: &'static str| files.get(name).ok_or(PackageError::Incomplete { missing: name });
        let metadata: Metadata = json(METADATA, find(METADATA)?)?;
        let code = archive::read(find(CODE)?)?;
        let find =
            |name: &'static str| code.get(name).ok_or(PackageError::Incomplete { missing: name });
        let code = match metadata.r#type.as_str() {
            SERVICE => Code::Service(json(CONNECTION, find(CONNECTION)?)?),
            EXECUTABLE => Code::Executable(find(PROGRAM)?.clone()),
            other => {
                return Err(PackageError::OtherType { kind: other.chars().take(64).collect() });
            }
        };
        Ok(Self { label: metadata.label, code, bytes: bytes.to_vec() })
    }

    /// What peers know it by: the label and the SHA-256 of the bytes.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}:{}", self.label, hex::encode(Sha256::digest(&self.bytes)))
    }

    /// The label.
    #[must_use]
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// What its code is.
    #[must_use]
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// The file that peers install.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn make(label: Label, code: Code) -> Result<Self, PackageError> {
        let (kind, inner) = match &code {
            Code::Service(connection) => {
                let connection = text(CONNECTION, connection)?;
                (SERVICE, archive::write(&[(CONNECTION, READABLE, &connection)])?)
            }
            Code::Executable(program) => {
                (EXECUTABLE, archive::write(&[(PROGRAM, RUNNABLE, program)])?)
            }
        };
        let metadata = Metadata { r#type: kind.to_owned(), label: label.clone() };
        let metadata = text(METADATA, &metadata)?;
        let bytes = archive::write(&[(METADATA, READABLE, &metadata), (CODE, READABLE, &inner)])?;
        Ok(Self { label, code, bytes })
    }
}

fn text(file: &'static str, value: &impl Serialize) -> Result<Vec<u8>, PackageError> {
    serde_json::to_vec(value).map_err(|source| PackageError::Json { file, source })
}

fn json<T: for<'a> Deserialize<'a>>(file: &'static str, bytes: &[u8]) -> Result<T, PackageError> {
    serde_json::from_slice(bytes).map_err(|source| PackageError::Json { file, source })
}

/// Why there is no package.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// An archive cannot be written or read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A file that packages have is missing.
    #[error("the package has no {missing}")]
    Incomplete {
        /// The file.
        missing: &'static str,
    },
    /// A file is not the JSON that it should be.
    #[error("{file} is not what it should be")]
    Json {
        /// The file.
        file: &'static str,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// A package for another builder.
    #[error("packages of type {kind:?} are for other builders than ours")]
    OtherType {
        /// Its type.
        kind: String,
    },
}

#[cfg(test)]
mod tests {
    use super::{Code, Connection, Package};

    #[test]
    fn equal_content_makes_equal_bytes() {
        let service = || Package::service(label("basic_1.0"), &Connection::plain("a:1")).unwrap();
        assert_eq!(service().bytes(), service().bytes());
        let other = Package::service(label("basic_1.0"), &Connection::plain("a:2")).unwrap();
        assert_ne!(service().id(), other.id());
        let program = || Package::executable(label("basic_1.0"), vec![7; 100_000]).unwrap();
        assert_eq!(program().bytes(), program().bytes());
    }

    /// The ids of these packages are on ledgers: a change of a library may not change them.
    #[test]
    fn ids_stay_what_they_are() {
        let service = Package::service(label("basic_1.0"), &Connection::plain("localhost:9999"));
        let program = Package::executable(label("basic_1.0"), b"#!/bin/sh\n".to_vec());
        let ids = [service, program].map(|package| package.unwrap().id());
        assert_eq!(ids, [SERVICE_ID, PROGRAM_ID]);
    }

    const SERVICE_ID: &str =
        "basic_1.0:17a6daaf13c999e3cb2df4a85d251478c1fa16950ef9e9fe7caced48942bc489";
    const PROGRAM_ID: &str =
        "basic_1.0:a7925e4d75859c772801d879c4e2e11b5ddbd9b88eeaef815360866b75747c54";

    #[test]
    fn what_was_written_is_read() {
        let connection = Connection::plain("a:1").with_tls("ROOT".to_owned());
        let connection = connection.showing("CERT".to_owned(), "KEY".to_owned());
        let package = Package::service(label("basic_1.0"), &connection).unwrap();
        assert_eq!(Package::read(package.bytes()).unwrap(), package);
        let package = Package::executable(label("x"), vec![1, 2, 3]).unwrap();
        assert_eq!(
            Package::read(package.bytes()).unwrap().code(),
            &Code::Executable(vec![1, 2, 3])
        );
    }

    #[test]
    fn what_is_no_package_is_refused() {
        let package = Package::executable(label("x"), vec![7; 1_000]).unwrap();
        let bytes = package.bytes();
        for broken in [&b""[..], b"no archive", &bytes[..bytes.len() / 2]] {
            assert!(Package::read(broken).is_err(), "{} bytes", broken.len());
        }
    }

    fn label(text: &str) -> super::Label {
        text.parse().unwrap()
    }
}
