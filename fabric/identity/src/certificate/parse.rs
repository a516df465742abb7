//! From DER to the fields that are kept, refusing what Go's parser refuses.

use std::collections::{BTreeMap, BTreeSet};

use x509_parser::certificate::{TbsCertificate, X509Certificate};
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::certificate::name::Name;
use crate::certificate::{BasicConstraints, CertificateError, Extensions, Fields, SubjectKey};
use crate::der;
use crate::ecdsa::{Curve, PublicKey, SignatureAlgorithm};

pub(super) fn fields(bytes: &[u8]) -> Result<Fields, CertificateError> {
    let Ok((rest, certificate)) = X509Certificate::from_der(bytes) else {
        return Err(CertificateError::Malformed);
    };
    if !rest.is_empty() {
        return Err(CertificateError::TrailingBytes);
    }
    let body = &certificate.tbs_certificate;
    if body.signature != certificate.signature_algorithm {
        return Err(CertificateError::AlgorithmsDiffer);
    }
    let algorithm = certificate.signature_algorithm.algorithm.to_id_string();
    let signed_part = signed_part(bytes, body)?;
    check_frame(bytes, &signed_part, &certificate.signature_value.data)?;
    Ok(Fields {
        der: bytes.to_vec(),
        signed_part,
        subject: Name::new(&body.subject),
        issuer: Name::new(&body.issuer),
        serial: serial(body)?,
        not_before: body.validity.not_before.timestamp(),
        not_after: body.validity.not_after.timestamp(),
        key: subject_key(&body.subject_pki)?,
        signature_algorithm: SignatureAlgorithm::from_oid(&algorithm),
        signature: certificate.signature_value.data.to_vec(),
        extensions: extensions(body.extensions())?,
    })
}

fn signed_part(
    bytes: &[u8],
    body: &TbsCertificate<'_>,
) -> Result<std::ops::Range<usize>, CertificateError> {
    let signed: &[u8] = body.as_ref();
    let (whole, _) = der::element(bytes).ok_or(CertificateError::Malformed)?;
    let start = whole.whole.len().saturating_sub(whole.content.len());
    let part = start..start.saturating_add(signed.len());
    if bytes.get(part.clone()) != Some(signed) {
        return Err(CertificateError::Malformed);
    }
    Ok(part)
}

/// Around the signed part there is one way to write a certificate: the same algorithm once more, and
/// the signature as whole bytes. Nobody signs this frame, so no other writing of it is taken.
fn check_frame(
    bytes: &[u8],
    signed_part: &std::ops::Range<usize>,
    signature: &[u8],
) -> Result<(), CertificateError> {
    let malformed = CertificateError::Malformed;
    let signed = bytes.get(signed_part.clone()).ok_or(malformed.clone())?;
    let rest = bytes.get(signed_part.end..).ok_or(malformed.clone())?;
    let (algorithm, _) = der::element(rest).ok_or(malformed.clone())?;
    let algorithm = algorithm.whole;
    if !signed.windows(algorithm.len().max(1)).any(|within| within == algorithm) {
        return Err(CertificateError::AlgorithmsDiffer);
    }
    let whole_bytes = der::encode(der::BIT_STRING, &[&[0], signature].concat());
    let frame = [signed, algorithm, &whole_bytes].concat();
    if der::encode(der::SEQUENCE, &frame) == bytes { Ok(()) } else { Err(malformed) }
}

fn serial(body: &TbsCertificate<'_>) -> Result<Vec<u8>, CertificateError> {
    if body.raw_serial().first().is_none_or(|&first| first >= 0x80) {
        return Err(CertificateError::NegativeSerial);
    }
    Ok(body.raw_serial().iter().copied().skip_while(|&byte| byte == 0).collect())
}

fn subject_key(key: &SubjectPublicKeyInfo<'_>) -> Result<SubjectKey, CertificateError> {
    let bytes = &key.subject_public_key.data;
    let is_ec = key.algorithm.algorithm.to_id_string() == EC_PUBLIC_KEY;
    let parameters = key.algorithm.parameters.as_ref();
    let curve = parameters
        .filter(|_| is_ec)
        .and_then(|parameters| parameters.as_oid().ok())
        .and_then(|oid| Curve::from_oid(&oid.to_id_string()));
    let Some(curve) = curve else {
        return Ok(SubjectKey::Other { bytes: bytes.to_vec() });
    };
    PublicKey::from_point(curve, bytes)
        .map(SubjectKey::Ecdsa)
        .map_err(|_| CertificateError::PublicKey)
}

fn extensions(list: &[X509Extension<'_>]) -> Result<Extensions, CertificateError> {
    let mut read = Extensions::default();
    let mut seen = BTreeSet::new();
    for extension in list {
        let oid = extension.oid.to_id_string();
        let malformed = extension.parsed_extension().error().is_some();
        if malformed || !seen.insert(oid.clone()) {
            return Err(CertificateError::Extension { oid });
        }
        note(&mut read, &oid, extension);
    }
    Ok(read)
}

fn note(read: &mut Extensions, oid: &str, extension: &X509Extension<'_>) {
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are told apart by identifier")]
    match extension.parsed_extension() {
        ParsedExtension::BasicConstraints(constraints) => {
            read.basic_constraints = Some(BasicConstraints {
                is_authority: constraints.ca,
                path_length: constraints.path_len_constraint,
            });
        }
        ParsedExtension::KeyUsage(usage) => {
            read.may_sign_certificates = Some(usage.key_cert_sign());
        }
        ParsedExtension::ExtendedKeyUsage(usage) => {
            read.may_serve_tls = Some(usage.any || usage.server_auth);
        }
        ParsedExtension::SubjectKeyIdentifier(id) => read.subject_key_id = Some(id.0.to_vec()),
        ParsedExtension::AuthorityKeyIdentifier(id) => {
            read.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
        }
        ParsedExtension::NameConstraints(_) => read.has_name_constraints = true,
        ParsedExtension::SubjectAlternativeName(_) | ParsedExtension::CertificatePolicies(_) => {}
        _ if oid == FABRIC_ATTRIBUTES => read.attributes = attributes(extension.value),
        _ => read.has_unread_critical |= extension.critical,
    }
}

fn attributes(value: &[u8]) -> BTreeMap<String, String> {
    let parsed: Option<serde_json::Value> = serde_json::from_slice(value).ok();
    let list =
        parsed.as_ref().and_then(|value| value.get("attrs")).and_then(|list| list.as_object());
    list.into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// `id-ecPublicKey`, [RFC 5480](https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1).
const EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";

/// Where Fabric's CA puts an identity's attributes: `{"attrs":{"name":"value"}}`.
const FABRIC_ATTRIBUTES: &str = "1.2.3.4.5.6.7.8.1";
