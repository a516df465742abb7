//! Accounts, and who signed.

use std::fmt;

use pervade_chaincode::{Argument, Fault, KeyPart, ReadTransaction, Status};
use pervade_identity::{Certificate, CertificateError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// An account, or the address of a key: hexadecimal SHA-256 of a public key's bytes.
///
/// A user's account is named after the key that it was registered with and keeps this name when
/// the key is replaced. Invariant: 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Argument)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

impl AccountId {
    /// The address of a public key, given as its bytes.
    #[must_use]
    pub(crate) fn of_key(bytes: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(bytes)))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AccountId {
    type Error = BadAccount;

    fn try_from(text: String) -> Result<Self, BadAccount> {
        if is_hex(&text, 64) { Ok(Self(text)) } else { Err(BadAccount) }
    }
}

impl std::str::FromStr for AccountId {
    type Err = BadAccount;

    fn from_str(text: &str) -> Result<Self, BadAccount> {
        Self::try_from(text.to_owned())
    }
}

impl From<AccountId> for String {
    fn from(account: AccountId) -> Self {
        account.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KeyPart for AccountId {
    fn part(&self) -> String {
        self.0.clone()
    }
}

/// Whether a text is so many lower-case hexadecimal digits.
pub(crate) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Not an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an account is 64 lower-case hexadecimal digits")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to tell")]
pub struct BadAccount;

/// Who signed the proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signer {
    /// The address of the signer's key.
    pub address: AccountId,
    /// Whether the certificate says that it is an administrator's.
    pub is_admin: bool,
    /// The organisation that vouches for the signer.
    pub msp: String,
}

/// Who signed the proposal, from the certificate in it.
///
/// # Errors
/// If the certificate cannot be read.
pub fn signer(tx: &ReadTransaction) -> Result<Signer, SignerError> {
    let certificate = Certificate::from_pem(tx.creator().certificate_pem())?;
    Ok(Signer {
        address: AccountId(certificate.address()),
        is_admin: certificate.organizational_units().iter().any(|unit| unit == ADMIN),
        msp: tx.creator().msp_id().as_str().to_owned(),
    })
}

/// The organisational unit by which Fabric marks administrators.
const ADMIN: &str = "admin";

/// The signer's certificate cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the signer's certificate: {0}")]
pub struct SignerError(#[from] CertificateError);

impl Fault for SignerError {
    fn status(&self) -> Status {
        Status::BAD_REQUEST
    }

    fn code(&self) -> &str {
        "CERTIFICATE"
    }
}
