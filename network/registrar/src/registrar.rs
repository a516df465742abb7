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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::{Expect, expect};
    use pervade_identity::{
        Certificate, IdentityError, Membership, Msp, PrivateKey, Role, serialize_identity,
    };
    use pervade_ports::{Rng, RngError};

    use super::{Registrar, RegistrarPorts, address_of, check_address};
    use crate::enrollment::{Enrollment, EnrollmentKind};
    use crate::request::certificate_request;
    use crate::testing::{DAY, NOON, chain_of, enrollment, ports, profile, registrar};

    #[test]
    fn members_of_every_role_are_their_organisations() {
        let (registrar, _) = registrar();
        let membership = Membership::new([Msp::from_config(&registrar.msp_config()).unwrap()]);
        for role in Role::ALL {
            let pem = issue(&registrar, &enrollment("someone", role)).unwrap();
            let serialized = serialize_identity(registrar.msp_id(), &pem);
            let identity = membership.deserialize(&serialized).unwrap();
            assert_eq!(membership.validate(&identity), Ok(()), "{role}");
            let certificate = identity.certificate();
            assert_eq!(certificate.organizational_units(), [role.as_str()]);
        }
    }

    #[test]
    fn certificates_have_the_shape_of_fabrics_own() {
        let (registrar, _) = registrar();
        let peer = issue(&registrar, &enrollment("peer0.org1.example.com", Role::Peer)).unwrap();
        let tls = Enrollment {
            hosts: vec![
                "peer0.org1.example.com".to_owned(),
                "127.0.0.1".to_owned(),
                "::1".to_owned(),
            ],
            kind: EnrollmentKind::Tls,
            ..enrollment("peer0.org1.example.com", Role::Peer)
        };
        let tls = issue(&registrar, &tls).unwrap();
        let root = registrar.identity_root().pem().into_bytes();
        let shown = [root, peer, tls].map(|pem| describe(&pem)).join("\n");
        expect![[r#"
            CN=ca.org1.example.com,O=org1.example.com,L=San Francisco,ST=California,C=US
              1785585300..2258625300
              critical KeyUsage { flags: 97 }
              critical BasicConstraints { ca: true, path_len_constraint: None }
            CN=peer0.org1.example.com,OU=peer,L=San Francisco,ST=California,C=US
              1785585300..1817121630
              critical KeyUsage { flags: 1 }
              critical BasicConstraints { ca: false, path_len_constraint: None }
              {"attrs":{"hf.Affiliation":"","hf.EnrollmentID":"peer0.org1.example.com","hf.Type":"peer","level":"3"}}
            CN=peer0.org1.example.com,L=San Francisco,ST=California,C=US
              1785585300..1817121630
              SubjectAlternativeName { general_names: [DNSName("peer0.org1.example.com"), IPAddress([127, 0, 0, 1]), IPAddress([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])] }
              critical KeyUsage { flags: 1 }
              ExtendedKeyUsage { any: false, server_auth: true, client_auth: true, code_signing: false, email_protection: false, time_stamping: false, ocsp_signing: false, other: [] }
              critical BasicConstraints { ca: false, path_len_constraint: None }"#]]
        .assert_eq(&shown);
    }

    /// T-26: whatever a request asks for, the enrolment decides.
    #[test]
    fn a_request_cannot_masquerade() {
        let (registrar, _) = registrar();
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params =
            rcgen::CertificateParams::new(["admin.org1.example.com".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "Admin@org1.example.com");
        params.distinguished_name.push(rcgen::DnType::OrganizationalUnitName, "admin");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::Any];
        let admin = br#"{"attrs":{"hf.Type":"admin","level":"99"}}"#.to_vec();
        params.custom_extensions =
            vec![rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4, 5, 6, 7, 8, 1], admin)];
        let request = params.serialize_request(&key).unwrap().pem().unwrap();
        let pem = registrar.issue(request.as_bytes(), &enrollment("device1", Role::Client));
        expect![[r#"
            CN=device1,OU=client,L=San Francisco,ST=California,C=US
              1785585300..1817121630
              critical KeyUsage { flags: 1 }
              critical BasicConstraints { ca: false, path_len_constraint: None }
              {"attrs":{"hf.Affiliation":"","hf.EnrollmentID":"device1","hf.Type":"client","level":"3"}}"#]]
        .assert_eq(&describe(&pem.unwrap()));
    }

    /// T-31: a certificate does not outlive its root, and time does not go back.
    #[test]
    fn the_clock_bounds_what_is_issued() {
        let (registrar, clock) = registrar();
        let (first, last) =
            (registrar.identity_root().not_before(), registrar.identity_root().not_after());
        let at = |now: i64| {
            clock.set(now);
            issue(&registrar, &enrollment("device1", Role::Client))
        };
        let validity = |pem: Vec<u8>| {
            let certificate = Certificate::from_pem(&pem).unwrap();
            (certificate.not_before(), certificate.not_after())
        };
        assert_eq!(validity(at(first).unwrap()), (first, first + 365 * DAY), "not before its root");
        assert_eq!(validity(at(last - 10 * DAY).unwrap()).1, last, "not after its root");
        let refused = |now| chain_of(&at(now).unwrap_err());
        let root = format!("the root, valid from {first} to {last}, cannot issue");
        assert_eq!(
            refused(last),
            format!("the identity root could not issue it: at {last} {root}")
        );
        assert_eq!(
            refused(NOON),
            format!(
                "the record of issued certificates does not allow it: the clock shows {NOON}, \
                 before the last issue at {}",
                last - 10 * DAY
            )
        );
        let (registrar, clock) = crate::testing::registrar();
        clock.set(NOON - 365 * DAY);
        let refused = issue(&registrar, &enrollment("device1", Role::Client)).unwrap_err();
        assert!(chain_of(&refused).ends_with("cannot issue"), "before its root");
    }

    #[test]
    fn enrolments_out_of_order_are_refused() {
        let (registrar, _) = registrar();
        let plain = || enrollment("device1", Role::Client);
        let attribute = |name: &str, value: String| [(name.to_owned(), value)].into();
        let check = |enrollment: Enrollment, expected: Expect| {
            expected.assert_eq(&chain_of(&issue(&registrar, &enrollment).unwrap_err()));
        };
        check(
            Enrollment { common_name: String::new(), ..plain() },
            expect![[
                r#"the enrolment is not in order: "" is no name of 1 to 64 printable characters"#
            ]],
        );
        check(
            Enrollment { common_name: "a\nb".to_owned(), ..plain() },
            expect![[
                r#"the enrolment is not in order: "a\nb" is no name of 1 to 64 printable characters"#
            ]],
        );
        assert!(issue(&registrar, &Enrollment { common_name: "ä".repeat(64), ..plain() }).is_ok());
        assert!(issue(&registrar, &Enrollment { common_name: "ä".repeat(65), ..plain() }).is_err());
        check(
            Enrollment { attributes: attribute("hf.Registrar.Roles", "*".to_owned()), ..plain() },
            expect![[
                r#"the enrolment is not in order: attribute "hf.Registrar.Roles" is reserved, empty or longer than 1024 bytes"#
            ]],
        );
        check(
            Enrollment { attributes: attribute("long", "x".repeat(1_025)), ..plain() },
            expect![[
                r#"the enrolment is not in order: attribute "long" is reserved, empty or longer than 1024 bytes"#
            ]],
        );
        check(
            Enrollment { hosts: vec!["peer0 org1".to_owned()], ..plain() },
            expect![[
                r#"the enrolment is not in order: "peer0 org1" is neither an address nor the name of a host"#
            ]],
        );
        check(
            Enrollment { hosts: vec!["localhost".to_owned(); 65], ..plain() },
            expect!["the enrolment is not in order: more than 64 attributes or 64 hosts"],
        );
    }

    /// T-9, T-31: a revoked member is refused once channels hold the new definition.
    #[test]
    fn revoked_members_are_no_members() {
        let (registrar, _) = registrar();
        let definition = |registrar: &Registrar| Msp::from_config(&registrar.msp_config()).unwrap();
        let verdict = |registrar: &Registrar, pem: &[u8]| {
            let membership = Membership::new([definition(registrar)]);
            let serialized = serialize_identity(registrar.msp_id(), pem);
            membership.validate(&membership.deserialize(&serialized).unwrap())
        };
        let [kept, lost] =
            ["a", "b"].map(|name| issue(&registrar, &enrollment(name, Role::Client)).unwrap());
        assert_eq!(registrar.crl_pem(), None);
        let serial = Certificate::from_pem(&lost).unwrap().serial_hex();
        registrar.revoke(&serial.to_uppercase()).unwrap();
        assert_eq!(verdict(&registrar, &kept), Ok(()));
        assert_eq!(
            verdict(&registrar, &lost),
            Err(IdentityError::Revoked { serial: serial.clone() })
        );
        let refused = |serial: &str| chain_of(&registrar.revoke(serial).unwrap_err());
        assert_eq!(refused(&serial), format!("certificate {serial} is revoked already"));
        assert_eq!(refused("00"), "no certificate 00 was issued here");
        let tls = Enrollment { kind: EnrollmentKind::Tls, ..enrollment("a", Role::Client) };
        let tls = Certificate::from_pem(&issue(&registrar, &tls).unwrap()).unwrap().serial_hex();
        assert!(refused(&tls).ends_with("is for TLS, where lists are not consulted"), "TLS");
        let revoked = registrar.issued().into_iter().filter(|issued| issued.revoked.is_some());
        assert_eq!(revoked.map(|issued| issued.common_name).collect::<Vec<_>>(), ["b"]);
    }

    /// T-31: a serial number is used once, even if randomness repeats itself.
    #[test]
    fn serial_numbers_do_not_repeat() {
        let (ports, _) = ports();
        let stuck = RegistrarPorts { rng: Arc::new(Stuck(Some(7))), ..ports.clone() };
        let registrar = Registrar::create(profile(), stuck).unwrap();
        issue(&registrar, &enrollment("a", Role::Client)).unwrap();
        let refused = issue(&registrar, &enrollment("a", Role::Client)).unwrap_err();
        assert_eq!(chain_of(&refused), "4 serial numbers in a row were issued before");
        let dry = RegistrarPorts { rng: Arc::new(Stuck(None)), ..ports };
        assert_eq!(
            chain_of(&Registrar::create(profile(), dry).unwrap_err()),
            "the identity root could not be made: no serial number could be drawn"
        );
    }

    #[test]
    fn a_domain_that_is_none_is_refused() {
        for domain in ["", "org1/../..", "org 1", "a..b", &"a".repeat(59)] {
            let (ports, _) = ports();
            let mut profile = profile();
            profile.domain = domain.to_owned();
            assert!(Registrar::create(profile, ports).is_err(), "{domain}");
        }
    }

    /// B-43: an account's address is derived from its key; any other is refused.
    #[test]
    fn addresses_are_checked_against_the_key() {
        let (registrar, _) = registrar();
        let key = PrivateKey::generate().unwrap();
        let request = certificate_request("device1", &key).unwrap();
        let [one, renewed] = [(); 2].map(|()| {
            let pem = registrar.issue(&request, &enrollment("device1", Role::Client)).unwrap();
            Certificate::from_pem(&pem).unwrap()
        });
        assert_ne!(one.serial_hex(), renewed.serial_hex());
        assert_eq!(address_of(&one), address_of(&renewed), "the account outlives the certificate");
        let other = issue(&registrar, &enrollment("device1", Role::Client)).unwrap();
        let other = Certificate::from_pem(&other).unwrap();
        check_address(&one, &address_of(&one)).unwrap();
        for claimed in [address_of(&other), address_of(&one).to_uppercase(), String::new()] {
            assert!(check_address(&one, &claimed).is_err(), "{claimed}");
        }
        let recorded = registrar.issued().into_iter().map(|issued| issued.address);
        assert_eq!(recorded.filter(|address| *address == address_of(&one)).count(), 2);
    }

    struct Stuck(Option<u8>);

    impl Rng for Stuck {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
            bytes.fill(self.0.ok_or(RngError)?);
            Ok(())
        }
    }

    fn issue(registrar: &Registrar, enrollment: &Enrollment) -> Result<Vec<u8>, super::IssueError> {
        let key = PrivateKey::generate().unwrap();
        registrar.issue(&certificate_request("whoever", &key).unwrap(), enrollment)
    }

    /// Subject, validity and those extensions that do not vary with the key.
    fn describe(pem: &[u8]) -> String {
        let parsed = Certificate::from_pem(pem).unwrap();
        let mut lines = vec![
            parsed.subject_text().to_owned(),
            format!("  {}..{}", parsed.not_before(), parsed.not_after()),
        ];
        let (_, certificate) = x509_parser::parse_x509_certificate(parsed.der()).unwrap();
        for extension in certificate.extensions() {
            let known = format!("{:?}", extension.parsed_extension());
            let (kind, inner) = known.split_once(['(', ' ']).unwrap();
            let shown = match kind {
                "SubjectKeyIdentifier" | "AuthorityKeyIdentifier" => continue,
                "UnsupportedExtension" => String::from_utf8(extension.value.to_vec()).unwrap(),
                _ => inner.strip_suffix(')').unwrap().to_owned(),
            };
            let critical = if extension.critical { "critical " } else { "" };
            lines.push(format!("  {critical}{shown}"));
        }
        assert!(parsed.serial_hex().len() <= 32, "128 bits");
        lines.join("\n")
    }
}
