//! X.509 certificates ([RFC 5280](https://www.rfc-editor.org/rfc/rfc5280)), parsed once and shared.

mod name;
mod parse;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::certificate::name::Name;
use crate::ecdsa::{Curve, PublicKey, Signature, SignatureAlgorithm, SignatureError};
use crate::{der, pem};

/// A parsed certificate. Cheap to clone; parsing says nothing about trust.
#[derive(Clone)]
pub struct Certificate(Arc<Fields>);

impl Certificate {
    /// Reads the first PEM block, whatever its label.
    ///
    /// # Errors
    /// If there is no block, or what it holds is no certificate.
    pub fn from_pem(text: &[u8]) -> Result<Self, CertificateError> {
        if text.len() > CERTIFICATE_BYTES_MAX * 2 {
            return Err(CertificateError::TooLarge { limit: CERTIFICATE_BYTES_MAX });
        }
        Self::from_der(&pem::decode(text).ok_or(CertificateError::NotPem)?)
    }

    /// Reads one certificate and nothing after it.
    ///
    /// # Errors
    /// If the bytes are no certificate, or one that would be read differently by others.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::TooLarge { limit: CERTIFICATE_BYTES_MAX });
        }
        parse::fields(bytes).map(|fields| Self(Arc::new(fields)))
    }

    /// The whole certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The whole certificate as PEM, lines of 64 characters.
    #[must_use]
    pub fn pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.0.der).to_string()
    }

    /// The subject as text, [RFC 4514](https://www.rfc-editor.org/rfc/rfc4514): `CN=…,OU=…,C=…`.
    #[must_use]
    pub fn subject_text(&self) -> &str {
        &self.0.subject.text
    }

    /// The issuer as text, in the form of [`Certificate::subject_text`].
    #[must_use]
    pub fn issuer_text(&self) -> &str {
        &self.0.issuer.text
    }

    /// The subject's last common name.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.0.subject.common_name.as_deref()
    }

    /// The subject's organisational units in order, those within multi-valued parts included.
    #[must_use]
    pub fn organizational_units(&self) -> &[String] {
        &self.0.subject.units
    }

    /// The serial number in lower-case hexadecimal, without leading zero bytes.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        hex::encode(&self.0.serial)
    }

    /// First second of validity, since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn not_before(&self) -> i64 {
        self.0.not_before
    }

    /// Last second of validity, since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        self.0.not_after
    }

    /// What Fabric's CA wrote into extension 1.2.3.4.5.6.7.8.1; empty if absent or malformed.
    #[must_use]
    pub fn fabric_attributes(&self) -> &BTreeMap<String, String> {
        &self.0.extensions.attributes
    }

    /// The public key; `None` if it is neither P-256 nor P-384.
    #[must_use]
    pub fn public_key(&self) -> Option<&PublicKey> {
        match &self.0.key {
            SubjectKey::Ecdsa(key) => Some(key),
            SubjectKey::Other { .. } => None,
        }
    }

    /// The bytes of the public key: for ECDSA the uncompressed point `04 | x | y`.
    #[must_use]
    pub fn public_key_point(&self) -> &[u8] {
        match &self.0.key {
            SubjectKey::Ecdsa(key) => key.point(),
            SubjectKey::Other { bytes } => bytes,
        }
    }

    /// SHA-256 of the whole certificate.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.0.der).into()
    }

    /// The address of the account the key controls: lower-case hexadecimal SHA-256 of the public
    /// key's bytes. It outlives the certificate, and two keys cannot share one.
    #[must_use]
    pub fn address(&self) -> String {
        hex::encode(Sha256::digest(self.public_key_point()))
    }

    /// The subject key identifier.
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.0.extensions.subject_key_id.as_deref()
    }

    /// The key identifier within the authority key identifier.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.0.extensions.authority_key_id.as_deref()
    }

    /// Whether the basic constraints make this an authority's certificate.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.0.extensions.basic_constraints.is_some_and(|constraints| constraints.is_authority)
    }

    /// Checks that `issuer` bears the issuer's name and made this certificate's signature.
    ///
    /// # Errors
    /// If the names differ, the kind of signature is not supported, or it is another key's.
    pub fn check_signed_by(&self, issuer: &Self) -> Result<(), IssuerError> {
        if self.0.issuer.der != issuer.0.subject.der {
            return Err(IssuerError::OtherName);
        }
        let algorithm = self.0.signature_algorithm.ok_or(IssuerError::UnsupportedAlgorithm)?;
        let key = issuer.public_key().ok_or(IssuerError::UnsupportedAlgorithm)?;
        let signed = self.0.der.get(self.0.signed_part.clone()).unwrap_or_default();
        key.verify_document(algorithm, signed, &self.0.signature)
            .map_err(|source| IssuerError::Signature { source })
    }

    /// The same certificate with the low-S form of its signature, made by a key of `curve`.
    ///
    /// Both forms verify; Fabric takes the low one before it compares or hashes a certificate.
    pub(crate) fn with_low_s(&self, curve: Curve) -> Result<Self, CertificateError> {
        let Some(signature) = Signature::parse(curve, &self.0.signature) else {
            return Err(CertificateError::Malformed);
        };
        if !signature.is_high() {
            return Ok(self.clone());
        }
        let (whole, _) = der::element(&self.0.der).ok_or(CertificateError::Malformed)?;
        let (body, rest) = der::element(whole.content).ok_or(CertificateError::Malformed)?;
        let (algorithm, _) = der::element(rest).ok_or(CertificateError::Malformed)?;
        let bits = [&[NO_UNUSED_BITS], signature.into_low().to_der().as_slice()].concat();
        let bits = der::encode(der::BIT_STRING, &bits);
        let content = [body.whole, algorithm.whole, &bits].concat();
        Self::from_der(&der::encode(der::SEQUENCE, &content))
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.0
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject_text())
            .field("issuer", &self.issuer_text())
            .field("serial", &self.serial_hex())
            .finish_non_exhaustive()
    }
}

/// What is kept of a certificate.
pub(crate) struct Fields {
    pub(crate) der: Vec<u8>,
    /// Where in `der` the part lies that the issuer signed.
    signed_part: Range<usize>,
    pub(crate) subject: Name,
    pub(crate) issuer: Name,
    /// Big-endian, without leading zeros.
    pub(crate) serial: Vec<u8>,
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    key: SubjectKey,
    signature_algorithm: Option<SignatureAlgorithm>,
    signature: Vec<u8>,
    pub(crate) extensions: Extensions,
}

/// What is kept of a certificate's extensions.
#[derive(Default)]
pub(crate) struct Extensions {
    pub(crate) basic_constraints: Option<BasicConstraints>,
    /// Whether keyCertSign is among the key usages; `None` without that extension.
    pub(crate) may_sign_certificates: Option<bool>,
    /// Whether a TLS server is among the extended key usages; `None` without that extension.
    pub(crate) may_serve_tls: Option<bool>,
    pub(crate) subject_key_id: Option<Vec<u8>>,
    pub(crate) authority_key_id: Option<Vec<u8>>,
    pub(crate) has_name_constraints: bool,
    /// A critical extension that nobody here reads.
    pub(crate) has_unread_critical: bool,
    pub(crate) attributes: BTreeMap<String, String>,
}

#[derive(Clone, Copy)]
pub(crate) struct BasicConstraints {
    pub(crate) is_authority: bool,
    /// Most intermediate authorities below this one.
    pub(crate) path_length: Option<u32>,
}

enum SubjectKey {
    Ecdsa(PublicKey),
    Other { bytes: Vec<u8> },
}

/// Why bytes are no certificate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// No PEM block in the text.
    #[error("no PEM block")]
    NotPem,
    /// Longer than any certificate is taken to be.
    #[error("longer than {limit} bytes")]
    TooLarge {
        /// [`CERTIFICATE_BYTES_MAX`].
        limit: usize,
    },
    /// Not the DER form of a certificate.
    #[error("not a certificate in DER")]
    Malformed,
    /// Bytes after the certificate.
    #[error("bytes follow the certificate")]
    TrailingBytes,
    /// The signature's algorithm outside the signed part is not the one within.
    #[error("the two signature algorithms differ")]
    AlgorithmsDiffer,
    /// An extension that does not parse, or one that is there twice.
    #[error("extension {oid} is malformed or repeated")]
    Extension {
        /// The extension's identifier.
        oid: String,
    },
    /// A negative serial number.
    #[error("the serial number is negative")]
    NegativeSerial,
    /// A public key off its curve, or in compressed form.
    #[error("the public key is not an uncompressed point of its curve")]
    PublicKey,
}

/// Why a certificate is not another's issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// It names another issuer.
    #[error("the certificate names another issuer")]
    OtherName,
    /// Neither ECDSA over P-256 nor over P-384 with SHA-256, SHA-384 or SHA-512.
    #[error("the signature is of an unsupported kind")]
    UnsupportedAlgorithm,
    /// The signature is not the issuer's.
    #[error("the signature is not the issuer's")]
    Signature {
        /// What is wrong with it.
        #[source]
        source: SignatureError,
    },
}

/// Most bytes of a certificate in DER.
pub const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;

/// First byte of a BIT STRING of whole bytes.
const NO_UNUSED_BITS: u8 = 0;

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::{Certificate, CertificateError};
    use crate::ecdsa::{Curve, SignatureError};
    use crate::testing::Authority;
    use crate::{IssuerError, pem};

    /// Made by openssl: units in one multi-valued part, Fabric's attributes, a high-S root.
    const ROOT: &[u8] = include_bytes!("../testdata/root.pem");
    const USER1: &[u8] = include_bytes!("../testdata/user1.pem");

    #[test]
    fn no_bit_of_a_certificate_may_change() {
        let user = Certificate::from_pem(USER1).unwrap();
        let root = Certificate::from_pem(ROOT).unwrap();
        user.check_signed_by(&root).unwrap();
        for bit in 0..user.der().len() * 8 {
            let mut der = user.der().to_vec();
            der[bit / 8] ^= 1 << (bit % 8);
            let taken = Certificate::from_der(&der)
                .is_ok_and(|changed| changed.check_signed_by(&root).is_ok());
            assert!(!taken, "bit {bit}");
        }
    }

    #[test]
    fn everything_is_read_from_a_certificate_made_elsewhere() {
        let user = Certificate::from_pem(USER1).unwrap();
        let shown = format!(
            "{}\n{}\n{:?} {:?}\nserial {} valid {}..{}\nauthority {} key {}\n{:?}\n{user:?}",
            user.subject_text(),
            user.issuer_text(),
            user.common_name(),
            user.organizational_units(),
            user.serial_hex(),
            user.not_before(),
            user.not_after(),
            user.is_authority(),
            hex::encode(user.subject_key_id().unwrap()),
            user.fabric_attributes(),
        );
        expect![[r#"
            CN=user1\, the first,OU=org1+OU=client+OU=department1,O=Hyperledger,ST=North Carolina,C=US
            CN=ca.org1.example.com,O=org1.example.com,C=US
            Some("user1, the first") ["org1", "client", "department1"]
            serial 0a0b0c valid 1795242837..1795329237
            authority false key 7e19c18bfc5530c2b4747102bfe8b7f3dffa55f5
            {"hf.EnrollmentID": "user1", "level": "3"}
            Certificate { subject: "CN=user1\\, the first,OU=org1+OU=client+OU=department1,O=Hyperledger,ST=North Carolina,C=US", issuer: "CN=ca.org1.example.com,O=org1.example.com,C=US", serial: "0a0b0c", .. }"#]]
        .assert_eq(&shown);
        let root = Certificate::from_pem(ROOT).unwrap();
        assert_eq!(user.authority_key_id(), root.subject_key_id());
        assert_eq!(user.pem().as_bytes(), USER1, "PEM is written as it was read");
        assert_eq!(user.public_key_point().len(), 65);
    }

    /// B-43: the address is the key's, so a new certificate for the key keeps it.
    #[test]
    fn the_address_is_the_keys() {
        let root = Authority::root("ca");
        let (one, other) = (root.member("a", &["client"]), root.member("a", &["client"]));
        let address = one.certificate().address();
        assert_eq!(address.len(), 64);
        assert_ne!(address, other.certificate().address());
    }

    #[test]
    fn the_low_form_of_a_certificate_is_another_encoding_of_it() {
        let root = Certificate::from_pem(ROOT).unwrap();
        let low = root.with_low_s(Curve::P256).unwrap();
        assert_ne!(low, root, "openssl made a high signature");
        assert_eq!(low.with_low_s(Curve::P256).unwrap(), low);
        assert_eq!(low.check_signed_by(&root), Ok(()));
        assert_eq!(low.subject_text(), root.subject_text());
    }

    #[test]
    fn a_certificate_is_its_issuers_alone() {
        let (root, user) =
            (Certificate::from_pem(ROOT).unwrap(), Certificate::from_pem(USER1).unwrap());
        assert_eq!(user.check_signed_by(&root), Ok(()));
        assert_eq!(user.check_signed_by(&user), Err(IssuerError::OtherName));
        let mut changed = user.der().to_vec();
        let at = changed.windows(6).position(|bytes| bytes == b"client").unwrap();
        changed[at..at + 6].copy_from_slice(b"orders");
        let changed = Certificate::from_der(&changed).unwrap();
        let mismatch = IssuerError::Signature { source: SignatureError::Mismatch };
        assert_eq!(changed.check_signed_by(&root), Err(mismatch));
    }

    #[test]
    fn bytes_that_are_no_certificate_are_refused() {
        let der = pem::decode(USER1).unwrap();
        let followed = [der.as_slice(), &[0]].concat();
        let huge = vec![b'A'; 200_000];
        for (what, refusal, expected) in [
            ("followed", Certificate::from_der(&followed), CertificateError::TrailingBytes),
            ("cut", Certificate::from_der(&der[..600]), CertificateError::Malformed),
            ("text", Certificate::from_pem(b"certificate"), CertificateError::NotPem),
            ("huge", Certificate::from_pem(&huge), CertificateError::TooLarge { limit: 65_536 }),
        ] {
            assert_eq!(refusal.unwrap_err(), expected, "{what}");
        }
    }

    #[test]
    fn an_extension_may_not_repeat() {
        let root = Authority::root("ca");
        let twice = root.member_with("a", &["client"], |params| {
            let extension = rcgen::CustomExtension::from_oid_content(&[1, 2, 3], vec![4, 0]);
            params.custom_extensions = vec![extension.clone(), extension];
        });
        let refusal = Certificate::from_pem(twice.pem.as_bytes()).unwrap_err();
        assert_eq!(refusal, CertificateError::Extension { oid: "1.2.3".to_owned() });
    }

    proptest! {
        #[test]
        fn no_change_of_a_byte_upsets_the_parser(at in 0_usize..600, byte in any::<u8>()) {
            let mut der = pem::decode(USER1).unwrap().to_vec();
            der[at] = byte;
            if let Ok(certificate) = Certificate::from_der(&der) {
                prop_assert_eq!(certificate.der(), der);
            }
        }
    }
}
