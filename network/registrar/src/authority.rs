//! One root: its certificate, its key, and what it signs.

use std::fmt;
use std::net::IpAddr;

use pervade_identity::{
    Certificate, CertificateError, Curve, IssuerError, KeyError, PrivateKey, PublicKey,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PublicKeyData, RevokedCertParams, SanType,
    SerialNumber, SignatureAlgorithm, SigningKey,
};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use time::OffsetDateTime;

use crate::enrollment::{Enrollment, EnrollmentKind};

/// A root authority. Its key never leaves it but into the registrar's own folder.
pub(crate) struct Authority {
    pub(crate) certificate: Certificate,
    pub(crate) key: PrivateKey,
}

impl Authority {
    /// Makes a self-signed root with this serial number, as of now.
    pub(crate) fn create(
        common_name: &str,
        organization: &str,
        key: PrivateKey,
        (serial, now): (&[u8], i64),
    ) -> Result<Self, AuthorityError> {
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from_slice(serial));
        let begin = back_dated(now);
        params.not_before = moment(begin)?;
        params.not_after = moment(begin.saturating_add(ROOT_SECONDS))?;
        params.distinguished_name = place();
        params.distinguished_name.push(DnType::OrganizationName, organization);
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
        ];
        let key_id = Sha256::digest(key.public_key().point()).to_vec();
        params.key_identifier_method = KeyIdMethod::PreSpecified(key_id);
        let signed = params.self_signed(&SigningHalf(&key));
        let signed = signed.map_err(|source| AuthorityError::Signing { source })?;
        Self::new(certificate(signed.der())?, key)
    }

    /// Joins a root's certificate and key, made here or elsewhere.
    pub(crate) fn new(certificate: Certificate, key: PrivateKey) -> Result<Self, AuthorityError> {
        if certificate.public_key() != Some(key.public_key()) {
            return Err(AuthorityError::KeyOfAnother);
        }
        if !certificate.is_authority() || certificate.subject_key_id().is_none() {
            return Err(AuthorityError::NotAuthority);
        }
        certificate
            .check_signed_by(&certificate)
            .map_err(|source| AuthorityError::NotOwnIssue { source })?;
        Ok(Self { certificate, key })
    }

    /// Issues one member's certificate.
    pub(crate) fn issue(&self, leaf: &Leaf<'_>) -> Result<Certificate, AuthorityError> {
        let (first, last) = (self.certificate.not_before(), self.certificate.not_after());
        if leaf.now < first || leaf.now >= last {
            return Err(AuthorityError::OutsideValidity { now: leaf.now, first, last });
        }
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from_slice(leaf.serial));
        params.not_before = moment(back_dated(leaf.now).max(first))?;
        params.not_after = moment(leaf.now.saturating_add(LEAF_SECONDS).min(last))?;
        params.use_authority_key_identifier_extension = true;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_identifier_method =
            KeyIdMethod::PreSpecified(Sha256::digest(leaf.key.point()).to_vec());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.enrollment.describe(&mut params)?;
        let signed = params.signed_by(&PublicHalf(leaf.key), &self.issuer()?);
        let issued =
            certificate(signed.map_err(|source| AuthorityError::Signing { source })?.der())?;
        // A root made elsewhere may bear a name that is not reproduced byte for byte.
        issued
            .check_signed_by(&self.certificate)
            .map_err(|source| AuthorityError::NotOwnIssue { source })?;
        Ok(issued)
    }

    /// Signs the list of revoked serial numbers with the moments of their revocation, as PEM.
    pub(crate) fn revocation_list(
        &self,
        revoked: &[(Vec<u8>, i64)],
        now: i64,
    ) -> Result<String, AuthorityError> {
        let key_id = self.certificate.subject_key_id().ok_or(AuthorityError::NotAuthority)?;
        let revoked_certs = revoked.iter().map(|(serial, at)| revocation(serial, *at));
        let list = CertificateRevocationListParams {
            this_update: moment(now)?,
            next_update: moment(now.saturating_add(LIST_SECONDS))?,
            crl_number: SerialNumber::from(revoked.len() as u64),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect::<Result<_, _>>()?,
            key_identifier_method: KeyIdMethod::PreSpecified(key_id.to_vec()),
        };
        list.signed_by(&self.issuer()?)
            .and_then(|list| list.pem())
            .map_err(|source| AuthorityError::Signing { source })
    }

    fn issuer(&self) -> Result<Issuer<'static, SigningHalf<'_>>, AuthorityError> {
        Issuer::from_ca_cert_der(&self.certificate.der().into(), SigningHalf(&self.key))
            .map_err(|source| AuthorityError::Signing { source })
    }
}

/// What a member's certificate is made from.
pub(crate) struct Leaf<'a> {
    pub(crate) enrollment: &'a Enrollment,
    pub(crate) key: &'a PublicKey,
    /// Big-endian, without leading zeros.
    pub(crate) serial: &'a [u8],
    /// Seconds since 1970-01-01T00:00:00Z.
    pub(crate) now: i64,
}

/// Why a root could not be made, read or used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// The key could not be made or read.
    #[error("the root's key cannot be used")]
    Key {
        /// Why.
        #[source]
        source: KeyError,
    },
    /// No serial number could be drawn.
    #[error("no serial number could be drawn")]
    Serial,
    /// The certificate does not parse.
    #[error("the certificate does not parse")]
    Certificate {
        /// What is wrong with it.
        #[source]
        source: CertificateError,
    },
    /// The key is not the certificate's.
    #[error("the private key is not the root certificate's")]
    KeyOfAnother,
    /// The certificate is not fit for an authority.
    #[error("the certificate is not marked as an authority's or has no subject key identifier")]
    NotAuthority,
    /// A certificate that ought to be of this root's making is not.
    #[error("the certificate is not of the root's own making")]
    NotOwnIssue {
        /// What differs.
        #[source]
        source: IssuerError,
    },
    /// The root is not valid now.
    #[error("at {now} the root, valid from {first} to {last}, cannot issue")]
    OutsideValidity {
        /// Now, in seconds since 1970-01-01T00:00:00Z.
        now: i64,
        /// The root's first second.
        first: i64,
        /// The root's last second.
        last: i64,
    },
    /// A moment after the year 9999.
    #[error("{seconds} seconds after 1970 is past what a certificate can hold")]
    Moment {
        /// The moment, in seconds since 1970-01-01T00:00:00Z.
        seconds: i64,
    },
    /// The certificate or list could not be written or signed.
    #[error("it could not be written or signed")]
    Signing {
        /// Why.
        #[source]
        source: rcgen::Error,
    },
}

impl Enrollment {
    /// Writes who the member is into the certificate to be.
    fn describe(&self, params: &mut CertificateParams) -> Result<(), AuthorityError> {
        params.distinguished_name = place();
        if self.kind == EnrollmentKind::Identity {
            let role = self.role.as_str();
            params.distinguished_name.push(DnType::OrganizationalUnitName, role);
            let content = self.attribute_json();
            params.custom_extensions =
                vec![CustomExtension::from_oid_content(&ATTRIBUTES_OID, content)];
        } else {
            params.extended_key_usages =
                vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        }
        params.distinguished_name.push(DnType::CommonName, self.common_name.as_str());
        for host in &self.hosts {
            params.subject_alt_names.push(match host.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(
                    host.as_str()
                        .try_into()
                        .map_err(|source| AuthorityError::Signing { source })?,
                ),
            });
        }
        Ok(())
    }
}

/// A root's key as the certificate writer wants it; its signatures are low-S.
pub(crate) struct SigningHalf<'a>(pub(crate) &'a PrivateKey);

impl PublicKeyData for SigningHalf<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().point()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for SigningHalf<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.0.sign(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

struct PublicHalf<'a>(&'a PublicKey);

impl PublicKeyData for PublicHalf<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.point()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        if self.0.curve() == Curve::P384 {
            &PKCS_ECDSA_P384_SHA384
        } else {
            &PKCS_ECDSA_P256_SHA256
        }
    }
}

impl fmt::Debug for SigningHalf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn certificate(der: &[u8]) -> Result<Certificate, AuthorityError> {
    Certificate::from_der(der).map_err(|source| AuthorityError::Certificate { source })
}

/// Where Fabric's tools place an organisation that says nothing else.
fn place() -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "US");
    name.push(DnType::StateOrProvinceName, "California");
    name.push(DnType::LocalityName, "San Francisco");
    name
}

/// The full minute five minutes ago: other machines' clocks may be late.
fn back_dated(now: i64) -> i64 {
    now.saturating_sub(now.rem_euclid(60)).saturating_sub(BACK_DATED_SECONDS)
}

fn revocation(serial: &[u8], at: i64) -> Result<RevokedCertParams, AuthorityError> {
    Ok(RevokedCertParams {
        serial_number: SerialNumber::from_slice(serial),
        revocation_time: moment(at)?,
        reason_code: None,
        invalidity_date: None,
    })
}

fn moment(seconds: i64) -> Result<OffsetDateTime, AuthorityError> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| AuthorityError::Moment { seconds })
}

/// Fabric's CA's extension for attributes, [`Certificate::fabric_attributes`].
const ATTRIBUTES_OID: [u64; 9] = [1, 2, 3, 4, 5, 6, 7, 8, 1];

/// How long before its issue a certificate begins.
const BACK_DATED_SECONDS: i64 = 5 * 60;

/// How long a root is valid: fifteen years.
const ROOT_SECONDS: i64 = 15 * LEAF_SECONDS;

/// How long a member's certificate is valid at most: a year.
const LEAF_SECONDS: i64 = 365 * 24 * 60 * 60;

/// When a revocation list announces the next one; Fabric does not look at it.
const LIST_SECONDS: i64 = 24 * 60 * 60;
