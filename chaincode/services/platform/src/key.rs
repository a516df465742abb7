//! Keys that come as arguments, and the proof that whoever names one holds it.

use pervade_chaincode::{Argument, Fault, Status, canonical};
use pervade_identity::{Curve, PublicKey as Point};
use serde::{Deserialize, Serialize};

use crate::AccountId;
use crate::account::is_hex;

/// A public key of P-256, as the hexadecimal digits of its uncompressed point.
///
/// Invariant: the point is on the curve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(String);

impl PublicKey {
    /// The address of the account that the key controls.
    #[must_use]
    pub fn address(&self) -> AccountId {
        AccountId::of_key(&hex::decode(&self.0).unwrap_or_default())
    }

    /// The hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PublicKey {
    type Error = BadKey;

    fn try_from(text: String) -> Result<Self, BadKey> {
        point(&text)?;
        Ok(Self(text))
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.0
    }
}

fn point(text: &str) -> Result<Point, BadKey> {
    if !is_hex(text, POINT_DIGITS) {
        return Err(BadKey);
    }
    let bytes = hex::decode(text).map_err(|_| BadKey)?;
    Point::from_point(Curve::P256, &bytes).map_err(|_| BadKey)
}

/// One byte of form and two coordinates of 32 bytes.
const POINT_DIGITS: usize = 2 * 65;

/// A key, and its holder's signature over a statement that says what the key is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct KeyProof {
    /// The key.
    pub public_key: PublicKey,
    /// Its signature over the statement, in DER, in hexadecimal.
    pub signature: String,
}

impl KeyProof {
    /// Checks that the key's holder signed the statement.
    ///
    /// # Errors
    /// If not.
    pub fn check(&self, statement: &impl Serialize) -> Result<(), BadKey> {
        verify(&self.public_key, statement, &self.signature)
    }
}

/// Checks a signature over the canonical JSON of a statement: ECDSA with SHA-256, strict DER, low
/// S, in hexadecimal.
///
/// # Errors
/// If it is not the key's over this statement.
pub fn verify(key: &PublicKey, statement: &impl Serialize, signature: &str) -> Result<(), BadKey> {
    if signature.len() > SIGNATURE_DIGITS_MAX {
        return Err(BadKey);
    }
    let signature = hex::decode(signature).map_err(|_| BadKey)?;
    let message = canonical::to_vec(statement).map_err(|_| BadKey)?;
    point(&key.0)?.verify_message(&message, &signature).map_err(|_| BadKey)
}

const SIGNATURE_DIGITS_MAX: usize = 160;

/// A key that is none, or a signature that is not the key's over the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key is none of P-256, or did not sign the statement")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to tell")]
pub struct BadKey;

impl Fault for BadKey {
    fn status(&self) -> Status {
        Status::BAD_REQUEST
    }

    fn code(&self) -> &str {
        "BAD_KEY"
    }
}
