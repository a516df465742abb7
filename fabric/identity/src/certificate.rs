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
