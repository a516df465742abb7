//! Certificate requests ([RFC 2986](https://www.rfc-editor.org/rfc/rfc2986)): a key, and the proof
//! that whoever sent it holds the private half.

use pervade_identity::{
    Curve, NotOnCurve, PrivateKey, PublicKey, SignatureAlgorithm, SignatureError,
};
use rcgen::{CertificateParams, DistinguishedName, DnType};
use thiserror::Error;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

use crate::authority::SigningHalf;

/// Makes a request in PEM. The name is for people; the registrar writes its own.
///
/// # Errors
/// If the key cannot sign.
pub fn certificate_request(common_name: &str, key: &PrivateKey) -> Result<Vec<u8>, RequestError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
        .serialize_request(&SigningHalf(key))
        .and_then(|request| request.pem())
        .map(String::into_bytes)
        .map_err(|source| RequestError::Signing { source })
}

/// The key of a request whose signature proves possession. All else in the request is passed over.
pub(crate) fn proven_key(request_pem: &[u8]) -> Result<PublicKey, RequestError> {
    if request_pem.len() > REQUEST_BYTES_MAX {
        return Err(RequestError::TooLarge { limit: REQUEST_BYTES_MAX });
    }
    let block = pem::parse(request_pem).map_err(|_| RequestError::NotPem)?;
    if !LABELS.contains(&block.tag()) {
        return Err(RequestError::NotPem);
    }
    let Ok(([], request)) = X509CertificationRequest::from_der(block.contents()) else {
        return Err(RequestError::Malformed);
    };
    let info = &request.certification_request_info;
    let parameters = info.subject_pki.algorithm.parameters.as_ref();
    let curve = parameters
        .and_then(|parameters| parameters.as_oid().ok())
        .and_then(|oid| Curve::from_oid(&oid.to_id_string()))
        .ok_or(RequestError::UnsupportedKey)?;
    let key = PublicKey::from_point(curve, &info.subject_pki.subject_public_key.data)
        .map_err(|source| RequestError::Key { source })?;
    let algorithm =
        SignatureAlgorithm::from_oid(&request.signature_algorithm.algorithm.to_id_string())
            .ok_or(RequestError::UnsupportedKey)?;
    key.verify_document(algorithm, info.raw, &request.signature_value.data)
        .map_err(|source| RequestError::NotProven { source })?;
    Ok(key)
}

/// Why a request does not do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Longer than any request is taken to be.
    #[error("longer than {limit} bytes")]
    TooLarge {
        /// [`REQUEST_BYTES_MAX`].
        limit: usize,
    },
    /// No PEM block of a certificate request.
    #[error("no PEM block of a certificate request")]
    NotPem,
    /// Not the DER form of a request.
    #[error("not a certificate request in DER")]
    Malformed,
    /// A key or signature that is neither over P-256 nor over P-384.
    #[error("the key or signature is of an unsupported kind")]
    UnsupportedKey,
    /// The key does not lie on its curve.
    #[error("the key is none")]
    Key {
        /// Why.
        #[source]
        source: NotOnCurve,
    },
    /// The signature is not that of the key: its sender may not hold the private half.
    #[error("the request's signature is not its key's")]
    NotProven {
        /// What is wrong with it.
        #[source]
        source: SignatureError,
    },
    /// The request could not be signed.
    #[error("the request could not be signed")]
    Signing {
        /// Why.
        #[source]
        source: rcgen::Error,
    },
}

/// Most bytes of a request in PEM.
pub const REQUEST_BYTES_MAX: usize = 64 * 1024;

const LABELS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use pervade_identity::PrivateKey;

    use super::{certificate_request, proven_key};
    use crate::testing::chain_of;

    #[test]
    fn a_request_proves_possession_of_its_key() {
        let key = PrivateKey::generate().unwrap();
        let request = certificate_request("device1", &key).unwrap();
        assert_eq!(&proven_key(&request).unwrap(), key.public_key());
        let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let point = p384.public_key_raw().to_vec();
        assert_eq!(proven_key(request_of(&p384).as_bytes()).unwrap().point(), point);
    }

    /// T-26: no proof, no certificate.
    #[test]
    fn requests_without_proof_are_refused() {
        let key = PrivateKey::generate().unwrap();
        let request = certificate_request("device1", &key).unwrap();
        let spoilt = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut der = pem::parse(&request).unwrap().into_contents();
            change(&mut der);
            pem::encode(&pem::Pem::new("CERTIFICATE REQUEST", der))
        };
        // The public key's point stands where the name ends; the signature stands at the end.
        let other = PrivateKey::generate().unwrap();
        let swapped = spoilt(&|der| {
            let point = key.public_key().point();
            let at = der.windows(point.len()).position(|bytes| bytes == point).unwrap();
            der[at..at + point.len()].copy_from_slice(other.public_key().point());
        });
        check(
            &swapped,
            expect![
                "the request's signature is not its key's: the signature is not this key's over this message"
            ],
        );
        let renamed = spoilt(&|der| {
            let at = der.windows(7).position(|bytes| bytes == b"device1").unwrap();
            der[at..at + 7].copy_from_slice(b"device2");
        });
        check(
            &renamed,
            expect![
                "the request's signature is not its key's: the signature is not this key's over this message"
            ],
        );
        let off_curve = spoilt(&|der| {
            let point = key.public_key().point();
            let at = der.windows(point.len()).position(|bytes| bytes == point).unwrap();
            der[at + 64] ^= 1;
        });
        check(&off_curve, expect!["the key is none: no uncompressed point of P256"]);
        check(&spoilt(&|der| der.push(0)), expect!["not a certificate request in DER"]);
        let ed25519 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        check(&request_of(&ed25519), expect!["the key or signature is of an unsupported kind"]);
        let relabelled = String::from_utf8(request.clone()).unwrap().replace(" REQUEST", "");
        check(&relabelled, expect!["no PEM block of a certificate request"]);
        check("", expect!["no PEM block of a certificate request"]);
        check(&"x".repeat(65_537), expect!["longer than 65536 bytes"]);
    }

    fn request_of(key: &rcgen::KeyPair) -> String {
        rcgen::CertificateParams::default().serialize_request(key).unwrap().pem().unwrap()
    }

    fn check(request: &str, expected: Expect) {
        expected.assert_eq(&chain_of(&proven_key(request.as_bytes()).unwrap_err()));
    }
}
