//! Where PEM text is to be found.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Where PEM text is to be found. `Debug` shows no text.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the ways that Fabric has")]
pub enum Pem {
    /// In a file.
    File(PathBuf),
    /// In a file, written in base64 once more.
    Base64File(PathBuf),
    /// Here.
    Text(Zeroizing<Vec<u8>>),
}

/// Most bytes of a PEM file.
const PEM_BYTES_MAX: u64 = 1024 * 1024;

impl Pem {
    /// Reads the text.
    ///
    /// # Errors
    /// If its file cannot be read, is too large, or is not the base64 that it should be.
    pub fn read(&self) -> Result<Zeroizing<Vec<u8>>, PemError> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::File(path) => file(path),
            Self::Base64File(path) => {
                let text = file(path)?;
                let decoded = STANDARD.decode(text.trim_ascii());
                let not = |_problem| PemError::NotBase64 { path: path.clone() };
                Ok(Zeroizing::new(decoded.map_err(not)?))
            }
        }
    }
}

fn file(path: &Path) -> Result<Zeroizing<Vec<u8>>, PemError> {
    let unreadable = |source| PemError::Unreadable { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(unreadable)?.len() > PEM_BYTES_MAX {
        return Err(PemError::TooLarge { path: path.to_owned() });
    }
    Ok(Zeroizing::new(std::fs::read(path).map_err(unreadable)?))
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Base64File(path) => write!(f, "base64 {}", path.display()),
            Self::Text(_) => f.write_str("(text)"),
        }
    }
}

/// Why PEM text could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is larger than certificates and keys are.
    #[error("{} has more than {PEM_BYTES_MAX} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not PEM in base64.
    #[error("{} is not base64", path.display())]
    NotBase64 {
        /// The file.
        path: PathBuf,
    },
}
