//! Private keys: made, read, written and used, never shown.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::ecdsa::{Curve, PublicKey, Signature};
use crate::pem;

/// A P-256 private key. Its memory is wiped when it is dropped, and `Debug` shows the public half.
pub struct PrivateKey {
    pair: EcdsaKeyPair,
    public: PublicKey,
}

impl PrivateKey {
    /// Makes a new key from the operating system's randomness.
    ///
    /// # Errors
    /// If there is no randomness to be had.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Self::from_pair(pair.map_err(|_| KeyError::Generation)?)
    }

    /// Reads PKCS#8 or SEC 1, whichever the label claims it is.
    ///
    /// # Errors
    /// If the text holds no P-256 private key.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let der = pem::decode(text).ok_or(KeyError::NotPem)?;
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &der);
        Self::from_pair(pair.map_err(|_| KeyError::NotP256)?)
    }

    /// The key as PKCS#8 in PEM, the form `cryptogen` writes.
    ///
    /// # Errors
    /// If the key cannot be encoded.
    pub fn to_pkcs8_pem(&self) -> Result<SecretPem, KeyError> {
        Ok(SecretPem(pem::encode("PRIVATE KEY", &self.to_pkcs8_der()?)))
    }

    /// The key as PKCS#8 in DER, as TLS stacks take it.
    ///
    /// # Errors
    /// If the key cannot be encoded.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let document = self.pair.to_pkcs8v1().map_err(|_| KeyError::Encoding)?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs the SHA-256 digest of `message`: DER, low S.
    ///
    /// # Errors
    /// If there is no randomness to be had.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let fixed = self.pair.sign(&SystemRandom::new(), message).map_err(|_| KeyError::Signing)?;
        let signature = Signature::from_fixed(Curve::P256, fixed.as_ref());
        Ok(signature.ok_or(KeyError::Signing)?.into_low().to_der())
    }

    fn from_pair(pair: EcdsaKeyPair) -> Result<Self, KeyError> {
        let point = pair.public_key().as_ref();
        let public = PublicKey::from_point(Curve::P256, point).map_err(|_| KeyError::NotP256)?;
        Ok(Self { pair, public })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// A private key as PEM text: wiped when dropped, shown to nobody by accident.
#[derive(Clone)]
pub struct SecretPem(Zeroizing<String>);

impl SecretPem {
    /// The text itself. Give it only to a file that its owner alone may read.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretPem(..)")
    }
}

/// Why a private key could not be made, read, written or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No PEM block in the text.
    #[error("no PEM block")]
    NotPem,
    /// Neither PKCS#8 nor SEC 1, or not a P-256 key.
    #[error("neither a PKCS#8 nor a SEC 1 private key over P-256")]
    NotP256,
    /// No new key could be made.
    #[error("no key could be made")]
    Generation,
    /// The key could not be encoded.
    #[error("the key could not be encoded")]
    Encoding,
    /// The key could not sign.
    #[error("the key could not sign")]
    Signing,
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{
        AsBigEndian as _, AsDer as _, EcPrivateKeyBin, EcPrivateKeyRfc5915Der,
    };
    use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};

    use super::{KeyError, PrivateKey};
    use crate::ecdsa::{Curve, Signature};
    use crate::pem;

    #[test]
    fn keys_are_read_whatever_the_label_says() {
        let key = PrivateKey::generate().unwrap();
        let sec1: EcPrivateKeyRfc5915Der<'_> = key.pair.private_key().as_der().unwrap();
        let pkcs8 = key.to_pkcs8_der().unwrap();
        for (label, der) in [
            ("PRIVATE KEY", pkcs8.as_slice()),
            ("EC PRIVATE KEY", pkcs8.as_slice()),
            ("EC PRIVATE KEY", sec1.as_ref()),
            ("PRIVATE KEY", sec1.as_ref()),
        ] {
            let read = PrivateKey::from_pem(pem::encode(label, der).as_bytes()).unwrap();
            assert_eq!(read.public_key(), key.public_key(), "{label}");
        }
    }

    #[test]
    fn what_is_no_p256_key_is_refused() {
        let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
        let p384 = pem::encode("PRIVATE KEY", p384.to_pkcs8v1().unwrap().as_ref());
        for (text, expected) in [
            (p384.as_str(), KeyError::NotP256),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", KeyError::NotP256),
            ("secret", KeyError::NotPem),
        ] {
            assert_eq!(PrivateKey::from_pem(text.as_bytes()).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing_secret() {
        let key = PrivateKey::generate().unwrap();
        let pem = key.to_pkcs8_pem().unwrap();
        let secret = hex::encode(scalar(&key));
        let shown = format!("{key:?} {key:#?} {pem:?} {pem:#?}");
        assert!(!shown.contains(&secret), "the number itself");
        for line in pem.expose().lines() {
            assert!(!shown.contains(line), "the PEM text");
        }
    }

    /// Both halves of the order come up half of the time if nobody chooses.
    #[test]
    fn signatures_are_always_low() {
        let key = PrivateKey::generate().unwrap();
        for message in 0_u8..64 {
            let signature = key.sign(&[message]).unwrap();
            assert!(!Signature::parse(Curve::P256, &signature).unwrap().is_high(), "low S");
            key.public_key().verify_message(&[message], &signature).unwrap();
        }
    }

    fn scalar(key: &PrivateKey) -> Vec<u8> {
        let bytes: EcPrivateKeyBin<'_> = key.pair.private_key().as_be_bytes().unwrap();
        bytes.as_ref().to_vec()
    }
}
