//! Keys that follow from names, so that a test sees the same identities in every run.
//!
//! Whoever knows the name knows the key: these are for tests alone.

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::pkcs8::{EncodePrivateKey as _, LineEnding};
use rcgen::{PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm};
use sha2::{Digest as _, Sha256};

use super::MemberError;

/// A P-256 key that follows from a name.
pub(super) struct DerivedKey {
    secret: p256::SecretKey,
    point: Vec<u8>,
}

impl DerivedKey {
    pub(super) fn new(name: &[&str]) -> Result<Self, MemberError> {
        let mut digest = Sha256::new();
        for part in name {
            digest.update(Sha256::digest(part.as_bytes()));
        }
        let digest: [u8; 32] = digest.finalize().into();
        let secret = p256::SecretKey::from_slice(&digest).map_err(MemberError::Key)?;
        let point = secret.public_key().to_sec1_point(false).as_bytes().to_vec();
        Ok(Self { secret, point })
    }

    pub(super) fn to_pem(&self) -> Result<impl std::ops::Deref<Target = String>, MemberError> {
        self.secret.to_pkcs8_pem(LineEnding::LF).map_err(MemberError::KeyText)
    }
}

impl PublicKeyData for DerivedKey {
    fn der_bytes(&self) -> &[u8] {
        &self.point
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for DerivedKey {
    /// Without randomness, by RFC 6979, and low-S.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature: Signature = SigningKey::from(&self.secret).sign(message);
        Ok(signature.normalize_s().to_der().as_bytes().to_vec())
    }
}
