//! What a registrar has issued and revoked.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::registrar::RevokeError;

/// Which of an organisation's two roots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum AuthorityKind {
    /// The one that vouches for identities.
    Identity,
    /// The one that vouches for TLS certificates.
    Tls,
}

impl AuthorityKind {
    /// The folder its files lie in.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Identity => "ca",
            Self::Tls => "tlsca",
        }
    }

    /// Its common name.
    pub(crate) fn host(self, domain: &str) -> String {
        format!("{}.{domain}", self.folder())
    }
}

impl fmt::Display for AuthorityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity",
            Self::Tls => "TLS",
        })
    }
}

/// One certificate that was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Issued {
    /// The serial number in hexadecimal.
    pub serial: String,
    /// The root that signed it.
    pub authority: AuthorityKind,
    /// Whose it is.
    pub common_name: String,
    /// `client`, `peer`, `admin` or `orderer`.
    pub role: String,
    /// The address of the account its key controls.
    pub address: String,
    /// Its last second, since 1970-01-01T00:00:00Z.
    pub not_after: i64,
    /// When it was revoked, in seconds since 1970-01-01T00:00:00Z.
    pub revoked: Option<i64>,
}

/// The record of all issues: serial numbers are unique, time does not go back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Book {
    by_serial: BTreeMap<String, Issued>,
    last_issue: Option<i64>,
    /// PEM of the list signed at the last revocation.
    pub(crate) revocation_list: Option<String>,
}

impl Book {
    pub(crate) fn has(&self, serial: &str) -> bool {
        self.by_serial.contains_key(serial)
    }

    pub(crate) fn issued(&self) -> impl Iterator<Item = &Issued> {
        self.by_serial.values()
    }

    /// Refuses to issue before what was issued last.
    pub(crate) fn check_time(&self, now: i64) -> Result<(), BookError> {
        match self.last_issue {
            Some(last) if now < last => Err(BookError::ClockWentBack { now, last }),
            _ => Ok(()),
        }
    }

    pub(crate) fn add(&mut self, issued: Issued, now: i64) -> Result<(), BookError> {
        if self.by_serial.len() >= ISSUED_MAX {
            return Err(BookError::Full { limit: ISSUED_MAX });
        }
        self.last_issue = Some(now);
        self.by_serial.insert(issued.serial.clone(), issued);
        Ok(())
    }

    pub(crate) fn revoke(&mut self, serial: &str, now: i64) -> Result<(), RevokeError> {
        let serial = serial.to_owned();
        match self.by_serial.get_mut(&serial) {
            None => Err(RevokeError::Unknown { serial }),
            Some(Issued { authority: AuthorityKind::Tls, .. }) => Err(RevokeError::Tls { serial }),
            Some(Issued { revoked: Some(_), .. }) => Err(RevokeError::Already { serial }),
            Some(issued) => {
                issued.revoked = Some(now);
                Ok(())
            }
        }
    }

    /// Serial numbers and moments of all revocations.
    pub(crate) fn revocations(&self) -> Vec<(Vec<u8>, i64)> {
        self.issued()
            .filter_map(|issued| Some((hex::decode(&issued.serial).ok()?, issued.revoked?)))
            .collect()
    }

    pub(crate) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut written = Written {
            format: FORMAT,
            last_issue: self.last_issue,
            certificates: self.issued().cloned().collect(),
            revocation_list: self.revocation_list.clone(),
            sha256: String::new(),
        };
        written.sha256 = written.digest()?;
        let mut bytes = serde_json::to_vec_pretty(&written)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, BookError> {
        let malformed = |source| BookError::Malformed { source };
        let mut written: Written = serde_json::from_slice(bytes).map_err(malformed)?;
        if written.format != FORMAT {
            return Err(BookError::Format { format: written.format });
        }
        let sealed = std::mem::take(&mut written.sha256);
        if sealed != written.digest().map_err(malformed)? {
            return Err(BookError::Altered);
        }
        let mut book = Self {
            by_serial: BTreeMap::new(),
            last_issue: written.last_issue,
            revocation_list: written.revocation_list,
        };
        for issued in written.certificates {
            if book.has(&issued.serial) {
                return Err(BookError::Repeated { serial: issued.serial });
            }
            book.by_serial.insert(issued.serial.clone(), issued);
        }
        Ok(book)
    }
}

/// Why the record does not allow an issue, or cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BookError {
    /// The clock is behind the last issue.
    #[error("the clock shows {now}, before the last issue at {last}")]
    ClockWentBack {
        /// What the clock shows, in seconds since 1970-01-01T00:00:00Z.
        now: i64,
        /// When the last certificate was issued.
        last: i64,
    },
    /// No room for more.
    #[error("{limit} certificates have been issued; no more are")]
    Full {
        /// The limit.
        limit: usize,
    },
    /// Not the record's JSON.
    #[error("the record does not parse")]
    Malformed {
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A later format of the record.
    #[error("format {format} of the record is not known")]
    Format {
        /// The format given.
        format: u32,
    },
    /// Something else than what was once written.
    #[error("the record is not as it was written")]
    Altered,
    /// One serial number twice.
    #[error("serial number {serial} is recorded twice")]
    Repeated {
        /// The serial number.
        serial: String,
    },
}

/// The record as a file.
#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    last_issue: Option<i64>,
    certificates: Vec<Issued>,
    revocation_list: Option<String>,
    /// SHA-256 in hexadecimal of this record in compact JSON, with an empty text here.
    #[serde(default)]
    sha256: String,
}

impl Written {
    fn digest(&self) -> Result<String, serde_json::Error> {
        Ok(hex::encode(Sha256::digest(serde_json::to_vec(self)?)))
    }
}

/// The record's format, which readers must know.
const FORMAT: u32 = 1;

/// Most certificates one registrar issues.
const ISSUED_MAX: usize = 1_000_000;
