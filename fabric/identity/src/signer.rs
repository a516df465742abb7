//! Who can sign: an identity together with the use of its key.

use std::fmt;

use fabric_protos::id::MspId;
use thiserror::Error;

use crate::certificate::{Certificate, CertificateError};
use crate::identity::serialize_identity;
use crate::key::{KeyError, PrivateKey};

/// An identity that can sign. The key may lie elsewhere, for example in a hardware module.
pub trait Signer: Send + Sync {
    /// The identity as messages carry it: a serialized `msp.SerializedIdentity`.
    fn identity(&self) -> &[u8];

    /// The organisation that vouches for the identity.
    fn msp_id(&self) -> &MspId;

    /// Signs the SHA-256 digest of `message`: ECDSA, DER, low S.
    ///
    /// # Errors
    /// If the key cannot be used.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// A signer whose P-256 key is in this process.
pub struct EcdsaSigner {
    msp_id: MspId,
    certificate: Certificate,
    serialized: Vec<u8>,
    key: PrivateKey,
}

impl EcdsaSigner {
    /// Joins a certificate and its key.
    ///
    /// # Errors
    /// If either does not parse, or the key is not the certificate's.
    pub fn from_pem(
        msp_id: MspId,
        certificate_pem: &[u8],
        key_pem: &[u8],
    ) -> Result<Self, SignerError> {
        let key = PrivateKey::from_pem(key_pem).map_err(|source| SignerError::Key { source })?;
        Self::new(msp_id, certificate_pem, key)
    }

    /// Joins a certificate and its key, which was made or read already.
    ///
    /// # Errors
    /// If the certificate does not parse, or the key is not the certificate's.
    pub fn new(
        msp_id: MspId,
        certificate_pem: &[u8],
        key: PrivateKey,
    ) -> Result<Self, SignerError> {
        let certificate = Certificate::from_pem(certificate_pem)
            .map_err(|source| SignerError::Certificate { source })?;
        if certificate.public_key() != Some(key.public_key()) {
            return Err(SignerError::KeyOfAnother);
        }
        let serialized = serialize_identity(&msp_id, certificate_pem);
        Ok(Self { msp_id, certificate, serialized, key })
    }

    /// The signer's certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

impl Signer for EcdsaSigner {
    fn identity(&self) -> &[u8] {
        &self.serialized
    }

    fn msp_id(&self) -> &MspId {
        &self.msp_id
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.key.sign(message).map_err(|source| SignError::Key { source })
    }
}

impl fmt::Debug for EcdsaSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EcdsaSigner")
            .field("msp_id", &self.msp_id)
            .field("subject", &self.certificate.subject_text())
            .finish_non_exhaustive()
    }
}

/// Why a certificate and a key make no signer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The certificate does not parse.
    #[error("the signer's certificate does not parse")]
    Certificate {
        /// What is wrong with it.
        #[source]
        source: CertificateError,
    },
    /// The key does not parse.
    #[error("the signer's key does not parse")]
    Key {
        /// What is wrong with it.
        #[source]
        source: KeyError,
    },
    /// The certificate is for another key.
    #[error("the private key is not the certificate's")]
    KeyOfAnother,
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The key in this process could not sign.
    #[error("the key could not sign")]
    Key {
        /// Why.
        #[source]
        source: KeyError,
    },
    /// The holder of the key refused or did not answer.
    #[error("the holder of the key refused to sign")]
    Refused,
}

#[cfg(test)]
mod tests {
    use fabric_protos::id::MspId;

    use super::{EcdsaSigner, Signer as _, SignerError};
    use crate::testing::Authority;

    #[test]
    fn a_signers_signature_is_its_identitys() {
        let member = Authority::root("ca").member("device1", &["client"]);
        let signer = member.signer("Org1MSP");
        let signature = signer.sign(b"payload").unwrap();
        let key = signer.certificate().public_key().unwrap().clone();
        assert_eq!(key.verify_message(b"payload", &signature), Ok(()));
        assert_eq!(signer.msp_id().as_str(), "Org1MSP");
    }

    #[test]
    fn a_key_of_another_certificate_makes_no_signer() {
        let root = Authority::root("ca");
        let (one, other) = (root.member("a", &["client"]), root.member("a", &["client"]));
        let key = other.key.to_pkcs8_pem().unwrap();
        let id = MspId::new("Org1MSP").unwrap();
        let refused = EcdsaSigner::from_pem(id, one.pem.as_bytes(), key.expose().as_bytes());
        assert_eq!(refused.unwrap_err(), SignerError::KeyOfAnother);
    }

    #[test]
    fn debug_shows_no_key() {
        let signer = Authority::root("ca").member("device1", &["client"]).signer("Org1MSP");
        let shown = format!("{signer:?}");
        assert_eq!(
            shown,
            "EcdsaSigner { msp_id: MspId(\"Org1MSP\"), subject: \"CN=device1,OU=client\", .. }"
        );
    }
}
