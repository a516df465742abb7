//! The registrar itself: what it is asked, and what it answers.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fabric_protos::id::MspId;
use fabric_protos::{Message as _, msp};
use pervade_identity::{Certificate, PrivateKey, Role};
use pervade_ports::{Clock, Rng, RngError};
use thiserror::Error;

use crate::authority::{Authority, AuthorityError, Leaf};
use crate::book::{AuthorityKind, Book, BookError, Issued};
use crate::enrollment::{Enrollment, EnrollmentError, EnrollmentKind};
use crate::request::{self, RequestError};

/// One organisation's membership oracle.
pub struct Registrar {
    pub(crate) profile: OrganizationProfile,
    pub(crate) identity: Authority,
    pub(crate) tls: Authority,
    pub(crate) book: Mutex<Book>,
    ports: RegistrarPorts,
}

impl Registrar {
    /// Makes a new organisation: two keys and two self-signed roots, valid for fifteen years.
    ///
    /// # Errors
    /// If the domain cannot name a host, or there is no randomness to be had.
    pub fn create(
        profile: OrganizationProfile,
        ports: RegistrarPorts,
    ) -> Result<Self, CreateError> {
        profile.check()?;
        let make = |kind: AuthorityKind| {
            let key = PrivateKey::generate().map_err(|source| AuthorityError::Key { source })?;
            let serial = random_serial(&*ports.rng).map_err(|_| AuthorityError::Serial)?;
            let now = ports.clock.now().seconds();
            Authority::create(&kind.host(&profile.domain), &profile.domain, key, (&serial, now))
        };
        let made = |kind| make(kind).map_err(|source| CreateError::Authority { kind, source });
        let (identity, tls) = (made(AuthorityKind::Identity)?, made(AuthorityKind::Tls)?);
        Ok(Self::assemble(profile, (identity, tls), Book::default(), ports))
    }

    pub(crate) fn assemble(
        profile: OrganizationProfile,
        (identity, tls): (Authority, Authority),
        book: Book,
        ports: RegistrarPorts,
    ) -> Self {
        Self { profile, identity, tls, book: Mutex::new(book), ports }
    }

    /// The organisation's identifier.
    #[must_use]
    pub fn msp_id(&self) -> &MspId {
        &self.profile.msp_id
    }

    /// Who the organisation is.
    #[must_use]
    pub fn profile(&self) -> &OrganizationProfile {
        &self.profile
    }

    /// The root that vouches for identities.
    #[must_use]
    pub fn identity_root(&self) -> &Certificate {
        &self.identity.certificate
    }

    /// The root that vouches for TLS certificates.
    #[must_use]
    pub fn tls_root(&self) -> &Certificate {
        &self.tls.certificate
    }

    /// Issues a certificate in PEM to whoever proves to hold the request's key.
    ///
    /// Of the request only the key counts; subject, role, hosts and attributes are the enrolment's,
    /// whatever the request asks for. The certificate begins five minutes ago and ends in a year,
    /// or with its root.
    ///
    /// # Errors
    /// If the request proves nothing, the enrolment is not in order, the clock went back behind the
    /// last issue, or the root is not valid now.
    pub fn issue(
        &self,
        request_pem: &[u8],
        enrollment: &Enrollment,
    ) -> Result<Vec<u8>, IssueError> {
        enrollment.check().map_err(|source| IssueError::Enrollment { source })?;
        let key =
            request::proven_key(request_pem).map_err(|source| IssueError::Request { source })?;
        let kind = enrollment.kind.authority();
        let now = self.ports.clock.now().seconds();
        let mut book = self.book();
        book.check_time(now).map_err(|source| IssueError::Book { source })?;
        let serial = self.unused_serial(&book)?;
        let authority = self.authority(kind);
        let certificate = authority
            .issue(&Leaf { enrollment, key: &key, serial: &serial, now })
            .map_err(|source| IssueError::Authority { kind, source })?;
        let issued = Issued {
            serial: certificate.serial_hex(),
            authority: kind,
            common_name: enrollment.common_name.clone(),
            role: enrollment.role.as_str().to_owned(),
            address: certificate.address(),
            not_after: certificate.not_after(),
            revoked: None,
        };
        book.add(issued, now).map_err(|source| IssueError::Book { source })?;
        Ok(certificate.pem().into_bytes())
    }

    /// Revokes an identity's certificate by its serial number in hexadecimal.
    ///
    /// The revocation counts on a channel once its configuration holds
    /// [`Registrar::msp_config`]'s new list.
    ///
    /// # Errors
    /// If this registrar did not issue it for an identity, or revoked it before.
    pub fn revoke(&self, serial: &str) -> Result<(), RevokeError> {
        let now = self.ports.clock.now().seconds();
        let mut book = self.book();
        let mut changed = book.clone();
        changed.revoke(&serial.to_ascii_lowercase(), now)?;
        let list = self
            .identity
            .revocation_list(&changed.revocations(), now)
            .map_err(|source| RevokeError::Authority { source })?;
        changed.revocation_list = Some(list);
        *book = changed;
        Ok(())
    }

    /// The list of revoked identities in PEM, signed when the last one was added; `None` if there
    /// never was one.
    #[must_use]
    pub fn crl_pem(&self) -> Option<Vec<u8>> {
        self.book().revocation_list.clone().map(String::into_bytes)
    }

    /// Everything that was issued, by serial number.
    #[must_use]
    pub fn issued(&self) -> Vec<Issued> {
        self.book().issued().cloned().collect()
    }

    /// The organisation's definition as channels hold it: roots, TLS roots, revocation list, and
    /// the units that tell roles apart.
    #[must_use]
    pub fn msp_config(&self) -> msp::MspConfig {
        let root = self.identity.certificate.pem().into_bytes();
        let unit = |role: Role| {
            Some(msp::FabricOuIdentifier {
                certificate: root.clone(),
                organizational_unit_identifier: role.as_str().to_owned(),
            })
        };
        let definition = msp::FabricMspConfig {
            name: self.profile.msp_id.as_str().to_owned(),
            revocation_list: self.crl_pem().into_iter().collect(),
            crypto_config: Some(msp::FabricCryptoConfig {
                signature_hash_family: "SHA2".to_owned(),
                identity_identifier_hash_function: "SHA256".to_owned(),
            }),
            tls_root_certs: vec![self.tls.certificate.pem().into_bytes()],
            fabric_node_ous: Some(msp::FabricNodeOUs {
                enable: true,
                client_ou_identifier: unit(Role::Client),
                peer_ou_identifier: unit(Role::Peer),
                admin_ou_identifier: unit(Role::Admin),
                orderer_ou_identifier: unit(Role::Orderer),
            }),
            root_certs: vec![root],
            ..msp::FabricMspConfig::default()
        };
        msp::MspConfig { r#type: 0, config: definition.encode_to_vec() }
    }

    fn authority(&self, kind: AuthorityKind) -> &Authority {
        match kind {
            AuthorityKind::Identity => &self.identity,
            AuthorityKind::Tls => &self.tls,
        }
    }

    fn unused_serial(&self, book: &Book) -> Result<Vec<u8>, IssueError> {
        for _ in 0..SERIAL_ATTEMPTS_MAX {
            let serial = random_serial(&*self.ports.rng)
                .map_err(|source| IssueError::Randomness { source })?;
            if !book.has(&hex::encode(&serial)) {
                return Ok(serial);
            }
        }
        Err(IssueError::SerialsRepeat)
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        // The book is replaced or extended in one step, so a poisoned lock does no harm.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar").field("profile", &self.profile).finish_non_exhaustive()
    }
}

/// What a registrar needs from the world.
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct RegistrarPorts {
    /// Tells when certificates begin and end.
    pub clock: Arc<dyn Clock>,
    /// Gives serial numbers.
    pub rng: Arc<dyn Rng>,
}

impl fmt::Debug for RegistrarPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrarPorts").finish_non_exhaustive()
    }
}

/// Who an organisation is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct OrganizationProfile {
    /// Its identifier in channels, for example `Org1MSP`.
    pub msp_id: MspId,
    /// Its domain, for example `org1.example.com`: roots are named after it.
    pub domain: String,
    /// Its name for people.
    pub name: String,
}

impl OrganizationProfile {
    /// The domain ends in file names, so it must be made of what hosts are made of.
    pub(crate) fn check(&self) -> Result<(), CreateError> {
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        // "tlsca." before the domain has to fit into a common name.
        let fits = self.domain.len() <= DOMAIN_BYTES_MAX && self.domain.split('.').all(label);
        if fits { Ok(()) } else { Err(CreateError::Domain { domain: self.domain.clone() }) }
    }
}

/// Why an organisation could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The domain cannot name a host, or is too long for a common name.
    #[error("{domain:?} is no domain of at most {DOMAIN_BYTES_MAX} bytes")]
    Domain {
        /// The domain given.
        domain: String,
    },
    /// A root could not be made.
    #[error("the {kind} root could not be made")]
    Authority {
        /// Which root.
        kind: AuthorityKind,
        /// Why.
        #[source]
        source: AuthorityError,
    },
}

/// Why no certificate was issued.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The request is malformed or does not prove that its sender holds the key.
    #[error("the request does not prove possession of a key")]
    Request {
        /// What is wrong with it.
        #[source]
        source: RequestError,
    },
    /// The enrolment is not in order.
    #[error("the enrolment is not in order")]
    Enrollment {
        /// What is wrong with it.
        #[source]
        source: EnrollmentError,
    },
    /// The record of what was issued does not allow it.
    #[error("the record of issued certificates does not allow it")]
    Book {
        /// Why.
        #[source]
        source: BookError,
    },
    /// The root could not sign.
    #[error("the {kind} root could not issue it")]
    Authority {
        /// Which root.
        kind: AuthorityKind,
        /// Why.
        #[source]
        source: AuthorityError,
    },
    /// No serial number could be drawn.
    #[error("no serial number could be drawn")]
    Randomness {
        /// Why.
        #[source]
        source: RngError,
    },
    /// Every serial number drawn was issued before: the randomness is none.
    #[error("{SERIAL_ATTEMPTS_MAX} serial numbers in a row were issued before")]
    SerialsRepeat,
}

/// Why nothing was revoked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// Not issued here.
    #[error("no certificate {serial} was issued here")]
    Unknown {
        /// The serial number given.
        serial: String,
    },
    /// A TLS certificate; nobody looks those up in lists, so revoking it would do nothing.
    #[error("certificate {serial} is for TLS, where lists are not consulted")]
    Tls {
        /// The serial number given.
        serial: String,
    },
    /// Revoked before.
    #[error("certificate {serial} is revoked already")]
    Already {
        /// The serial number given.
        serial: String,
    },
    /// The list could not be signed.
    #[error("the revocation list could not be signed")]
    Authority {
        /// Why.
        #[source]
        source: AuthorityError,
    },
}

/// The address of the account that a certificate's key controls: lower-case hexadecimal SHA-256 of
/// the public key.
#[must_use]
pub fn address_of(certificate: &Certificate) -> String {
    certificate.address()
}

/// Checks that an address is that of the certificate's key.
///
/// # Errors
/// If it is another key's, or no address at all.
pub fn check_address(certificate: &Certificate, claimed: &str) -> Result<(), AddressMismatch> {
    let derived = address_of(certificate);
    if derived == claimed {
        return Ok(());
    }
    Err(AddressMismatch { claimed: claimed.chars().take(derived.len()).collect(), derived })
}

/// An address that is not derived from the certificate's key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the address {claimed:?} is not that of the certificate's key, {derived}")]
pub struct AddressMismatch {
    claimed: String,
    derived: String,
}

/// 128 random bits, without leading zero bytes.
fn random_serial(rng: &dyn Rng) -> Result<Vec<u8>, RngError> {
    let mut serial = [0; SERIAL_BYTES];
    rng.fill(&mut serial)?;
    let significant: Vec<u8> = serial.into_iter().skip_while(|&byte| byte == 0).collect();
    if significant.is_empty() { Err(RngError) } else { Ok(significant) }
}

impl EnrollmentKind {
    pub(crate) fn authority(self) -> AuthorityKind {
        match self {
            Self::Identity => AuthorityKind::Identity,
            Self::Tls => AuthorityKind::Tls,
        }
    }
}

/// Bytes of a serial number.
const SERIAL_BYTES: usize = 16;

/// How often a serial number is drawn anew if it was issued before.
const SERIAL_ATTEMPTS_MAX: usize = 4;

/// Most bytes of a domain.
const DOMAIN_BYTES_MAX: usize = 58;
