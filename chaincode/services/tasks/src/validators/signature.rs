//! The device's signature over its result.

use pervade_chaincode::canonical;
use pervade_platform::{PublicKey, verify};
use sha2::{Digest, Sha256};

use crate::ResultError;
use crate::record::Statement;

/// Checks a device's signature over a statement; gives the SHA-256 of the statement as it was
/// signed, in hexadecimal.
pub(crate) fn check(
    key: &PublicKey,
    statement: &Statement,
    signature: &str,
) -> Result<String, ResultError> {
    let invalid = ResultError::ResultInvalid { what: "signature" };
    if verify(key, statement, signature).is_err() {
        return Err(invalid);
    }
    let written = canonical::to_vec(statement).map_err(|_no_json| invalid)?;
    Ok(hex::encode(Sha256::digest(written)))
}
