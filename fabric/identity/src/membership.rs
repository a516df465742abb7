//! The organisations of a channel, and what they say of an identity.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fabric_protos::id::MspId;
use fabric_protos::{Message as _, msp};
use thiserror::Error;

use crate::certificate::{Certificate, CertificateError};
use crate::identity::Identity;
use crate::msp::{ChainError, Msp};

/// All organisations' definitions of one channel configuration. Cheap to clone.
///
/// Definitions never change within a membership, so what was judged once is remembered: the same
/// bytes always get the same answer, from memory or anew.
#[derive(Clone, Debug)]
pub struct Membership {
    definitions: Arc<BTreeMap<MspId, Msp>>,
    memory: Arc<Mutex<Memory>>,
}

impl Membership {
    /// The membership of these organisations; of two with one name the later counts.
    #[must_use]
    pub fn new(definitions: impl IntoIterator<Item = Msp>) -> Self {
        let by_id = definitions.into_iter().map(|definition| (definition.id().clone(), definition));
        Self { definitions: Arc::new(by_id.collect()), memory: Arc::default() }
    }

    /// One organisation's definition.
    #[must_use]
    pub fn get(&self, id: &MspId) -> Option<&Msp> {
        self.definitions.get(id)
    }

    /// The definitions, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Msp> {
        self.definitions.values()
    }

    /// Reads the bytes of an `msp.SerializedIdentity`. Says nothing about trust.
    ///
    /// # Errors
    /// If the bytes are malformed or name an organisation outside this membership.
    pub fn deserialize(&self, serialized: &[u8]) -> Result<Identity, IdentityError> {
        self.judged(serialized).map(|judged| judged.identity.clone())
    }

    /// Checks that the identity's organisation vouches for it: a chain to a root, no revocation,
    /// exactly one role. Expiry is not looked at, as in Fabric.
    ///
    /// # Errors
    /// If the organisation does not vouch for it.
    pub fn validate(&self, identity: &Identity) -> Result<(), IdentityError> {
        self.judged(identity.serialized())?.verdict.clone()
    }

    /// What is known of an identity, judged now or before.
    pub(crate) fn judged(&self, serialized: &[u8]) -> Result<Arc<Judged>, IdentityError> {
        if let Some(known) = self.memory().recall(serialized) {
            return Ok(known);
        }
        let judged = Arc::new(self.judge(serialized)?);
        // Strangers are not remembered, so that they cannot push members out.
        if judged.vouching.is_ok() {
            self.memory().keep(serialized, &judged);
        }
        Ok(judged)
    }

    fn judge(&self, serialized: &[u8]) -> Result<Judged, IdentityError> {
        let (definition, pem) = self.read(serialized)?;
        let certificate =
            Certificate::from_pem(&pem).map_err(|source| IdentityError::Certificate { source })?;
        let judgement = definition.judge(certificate);
        Ok(Judged {
            identity: Identity::new(definition.id().clone(), judgement.certificate, serialized),
            vouching: judgement.vouching,
            verdict: judgement.verdict,
        })
    }

    fn read(&self, serialized: &[u8]) -> Result<(&Msp, Vec<u8>), IdentityError> {
        let given = msp::SerializedIdentity::decode(serialized);
        let given = given.map_err(|_| IdentityError::Malformed)?;
        let id = MspId::new(given.mspid).map_err(|_| IdentityError::Malformed)?;
        match self.definitions.get(&id) {
            Some(definition) => Ok((definition, given.id_bytes)),
            None => Err(IdentityError::UnknownOrganization { msp_id: id }),
        }
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        // Each change of the memory is complete in itself, so a poisoned lock does no harm.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why an identity is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Not an encoded `msp.SerializedIdentity`.
    #[error("not a serialized identity")]
    Malformed,
    /// The organisation is not in this membership.
    #[error("{msp_id} is not an organisation of this channel")]
    UnknownOrganization {
        /// The organisation named.
        msp_id: MspId,
    },
    /// The certificate does not parse.
    #[error("the identity's certificate does not parse")]
    Certificate {
        /// What is wrong with it.
        #[source]
        source: CertificateError,
    },
    /// The organisation's authorities do not vouch for the certificate.
    #[error("the organisation does not vouch for the certificate")]
    Untrusted {
        /// Why there is no chain to a root.
        #[source]
        source: ChainError,
    },
    /// The certificate is on a revocation list.
    #[error("certificate {serial} is revoked")]
    Revoked {
        /// The serial number in hexadecimal.
        serial: String,
    },
    /// None of the units the organisation insists on.
    #[error("no organisational unit that the organisation knows")]
    NoRequiredUnit,
    /// No unit that tells a role.
    #[error("no organisational unit that tells a client, peer, administrator or orderer")]
    NoRole,
    /// More than one unit that tells a role.
    #[error("more than one organisational unit that tells a role")]
    SeveralRoles,
    /// The unit of a role from an authority that may not grant it.
    #[error("unit {unit:?} was granted by another authority than it is tied to")]
    UnitOfOtherAuthority {
        /// The organisational unit.
        unit: String,
    },
}

/// An identity and what its organisation says of it.
pub(crate) struct Judged {
    pub(crate) identity: Identity,
    /// Digest of the authorities above the certificate, or why there are none.
    pub(crate) vouching: Result<[u8; 32], ChainError>,
    pub(crate) verdict: Result<(), IdentityError>,
}

/// Two generations of judged identities: the older is dropped when the younger is full, so at most
/// [`REMEMBERED_MAX`] are held and those in use stay.
#[derive(Default)]
struct Memory {
    young: BTreeMap<Arc<[u8]>, Arc<Judged>>,
    old: BTreeMap<Arc<[u8]>, Arc<Judged>>,
}

impl Memory {
    fn recall(&mut self, serialized: &[u8]) -> Option<Arc<Judged>> {
        if let Some(judged) = self.young.get(serialized) {
            return Some(Arc::clone(judged));
        }
        let (key, judged) = self.old.remove_entry(serialized)?;
        self.insert(key, Arc::clone(&judged));
        Some(judged)
    }

    fn keep(&mut self, serialized: &[u8], judged: &Arc<Judged>) {
        if serialized.len() <= REMEMBERED_BYTES_MAX {
            self.insert(serialized.into(), Arc::clone(judged));
        }
    }

    fn insert(&mut self, key: Arc<[u8]>, judged: Arc<Judged>) {
        if self.young.len() >= REMEMBERED_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, judged);
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} identities)", self.young.len() + self.old.len())
    }
}

/// Most identities remembered in one membership.
pub(crate) const REMEMBERED_MAX: usize = 4_096;

/// Longest identity that is remembered; longer ones are judged anew each time.
const REMEMBERED_BYTES_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::{Expect, expect};
    use fabric_protos::msp::{FabricMspConfig, FabricOuIdentifier};
    use rcgen::{BasicConstraints, CustomExtension, ExtendedKeyUsagePurpose, IsCa, date_time_ymd};

    use super::{Membership, REMEMBERED_MAX};
    use crate::testing::{Authority, Member, chain_of, definition, msp};

    /// T-9: who is accepted, who is not, and why.
    #[test]
    fn members_of_a_root() {
        let root = Authority::root("ca.org1");
        let stranger = Authority::root("ca.org1");
        let plain = definition("Org1MSP", &root);
        let check = |member: &Member, expected| check(&plain, member, expected);
        check(&root.member("a", &["client"]), expect!["valid"]);
        check(&root.member("a", &["peer"]), expect!["valid"]);
        check(&root.member("a", &["department1", "orderer"]), expect!["valid"]);
        check(
            &stranger.member("a", &["client"]),
            expect![
                "the organisation does not vouch for the certificate: no authority of the organisation signed the certificate"
            ],
        );
        check(
            &root.member("a", &[]),
            expect!["no organisational unit that tells a client, peer, administrator or orderer"],
        );
        check(
            &root.member("a", &["Client"]),
            expect!["no organisational unit that tells a client, peer, administrator or orderer"],
        );
        check(
            &root.member("a", &["client", "admin"]),
            expect!["more than one organisational unit that tells a role"],
        );
        let authority = root.member_with("a", &["client"], |params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        });
        check(
            &authority,
            expect![
                "the organisation does not vouch for the certificate: an authority's certificate cannot be a member's"
            ],
        );
        let critical = root.member_with("a", &["client"], |params| {
            let mut extension = CustomExtension::from_oid_content(&[1, 2, 3], vec![5, 0]);
            extension.set_criticality(true);
            params.custom_extensions = vec![extension];
        });
        check(
            &critical,
            expect![
                "the organisation does not vouch for the certificate: a certificate of the chain has a constraint that is not supported"
            ],
        );
    }

    #[test]
    fn keys_and_signatures_of_other_kinds() {
        let root = Authority::root("ca.org1");
        let plain = definition("Org1MSP", &root);
        let check = |algorithm, expected| {
            let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let pem = root.client_with_key(&key);
            check(&plain, &Member { pem, key: crate::PrivateKey::generate().unwrap() }, expected);
        };
        check(&rcgen::PKCS_ECDSA_P384_SHA384, expect!["valid"]);
        check(
            &rcgen::PKCS_ED25519,
            expect![
                "the organisation does not vouch for the certificate: the certificate's key or signature is of an unsupported kind"
            ],
        );
        check(
            &rcgen::PKCS_ECDSA_P521_SHA512,
            expect![
                "the organisation does not vouch for the certificate: the certificate's key or signature is of an unsupported kind"
            ],
        );
        for (algorithm, accepted) in
            [(&rcgen::PKCS_ECDSA_P384_SHA384, true), (&rcgen::PKCS_ED25519, false)]
        {
            let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let mut definition = plain.clone();
            definition.root_certs = vec![root.params.self_signed(&key).unwrap().pem().into_bytes()];
            assert_eq!(msp(&definition).is_ok(), accepted, "{algorithm:?} as a root");
        }
    }

    /// T-9: the moment of judgement is one second into the certificate's validity.
    #[test]
    fn expiry_does_not_count_but_the_begin_does() {
        let root = Authority::root("ca.org1");
        let plain = definition("Org1MSP", &root);
        let valid = |from, to| {
            root.member_with("a", &["client"], |params| {
                (params.not_before, params.not_after) = (from, to);
            })
        };
        let long_gone = valid(date_time_ymd(2026, 1, 1), date_time_ymd(2026, 1, 2));
        check(&plain, &long_gone, expect!["valid"]);
        let to_come = valid(date_time_ymd(2035, 1, 1), date_time_ymd(2099, 1, 1));
        check(&plain, &to_come, expect!["valid"]);
        let before_the_root = valid(date_time_ymd(2025, 1, 1), date_time_ymd(2035, 1, 1));
        check(
            &plain,
            &before_the_root,
            expect![
                "the organisation does not vouch for the certificate: a certificate of the chain was not valid when the judged one began to be"
            ],
        );
        let after_the_root = valid(date_time_ymd(2036, 1, 2), date_time_ymd(2037, 1, 1));
        check(
            &plain,
            &after_the_root,
            expect![
                "the organisation does not vouch for the certificate: a certificate of the chain was not valid when the judged one began to be"
            ],
        );
    }

    /// Go's verifier, which Fabric calls, asks for server authentication if usages are listed.
    #[test]
    fn listed_usages_must_include_servers() {
        let root = Authority::root("ca.org1");
        let plain = definition("Org1MSP", &root);
        let usable = |usages: &[ExtendedKeyUsagePurpose]| {
            root.member_with("a", &["peer"], |params| {
                params.extended_key_usages = usages.to_vec();
            })
        };
        let (server, client) =
            (ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth);
        check(&plain, &usable(&[server, client.clone()]), expect!["valid"]);
        check(&plain, &usable(&[ExtendedKeyUsagePurpose::Any]), expect!["valid"]);
        check(
            &plain,
            &usable(&[client]),
            expect![
                "the organisation does not vouch for the certificate: the key usages do not allow this"
            ],
        );
    }

    /// T-9: a list counts by its authority and serial number; its dates say nothing.
    #[test]
    fn revoked_members_are_refused() {
        let root = Authority::root("ca.org1");
        let (kept, revoked) = (root.member("a", &["client"]), root.member("b", &["client"]));
        let mut listed = definition("Org1MSP", &root);
        listed.revocation_list = vec![root.revoking(&[&revoked])];
        check(&listed, &kept, expect!["valid"]);
        let verdict = verdict(&listed, &revoked);
        let serial = revoked.certificate().serial_hex();
        assert_eq!(verdict, format!("certificate {serial} is revoked"));
        listed.revocation_list = vec![Authority::root("ca.org1").revoking(&[&revoked])];
        check(&listed, &revoked, expect!["valid"]);
    }

    /// The same certificate in its two encodings is one identity, T-10.
    #[test]
    fn a_high_signature_on_a_certificate_makes_no_second_identity() {
        let mut root = Authority::root("ca.org1");
        let plain = definition("Org1MSP", &root);
        root.is_high = true;
        let high = root.member("a", &["client"]);
        check(&plain, &high, expect!["valid"]);
        let low = high.certificate().with_low_s(crate::Curve::P256).unwrap();
        let low = Member { pem: low.pem(), key: high.key };
        let membership = Membership::new([msp(&plain).unwrap()]);
        let of_high =
            crate::serialize_identity(membership.iter().next().unwrap().id(), high.pem.as_bytes());
        let one = membership.deserialize(&of_high).unwrap();
        let other = membership.deserialize(&low.serialized("Org1MSP")).unwrap();
        assert_ne!(one.serialized(), other.serialized());
        assert_eq!(one.id_hash(), other.id_hash());
        assert_eq!(one, other);
    }

    #[test]
    fn intermediate_authorities_vouch_in_their_roots_stead() {
        let root = Authority::root("ca.org1");
        let middle = root.below("ica.org1", |_| {});
        let lower = middle.below("ica2.org1", |_| {});
        let mut two = definition("Org1MSP", &root);
        two.intermediate_certs = vec![middle.pem.clone().into_bytes()];
        check(&two, &middle.member("a", &["client"]), expect!["valid"]);
        check(
            &two,
            &root.member("a", &["client"]),
            expect![
                "the organisation does not vouch for the certificate: the issuer has authorities below it and vouches for no member"
            ],
        );
        check(
            &two,
            &lower.member("a", &["client"]),
            expect![
                "the organisation does not vouch for the certificate: no authority of the organisation signed the certificate"
            ],
        );
        two.intermediate_certs.push(lower.pem.clone().into_bytes());
        check(&two, &lower.member("a", &["client"]), expect!["valid"]);
        check(
            &two,
            &middle.member("a", &["client"]),
            expect![
                "the organisation does not vouch for the certificate: the issuer has authorities below it and vouches for no member"
            ],
        );
    }

    #[test]
    fn a_path_may_not_be_longer_than_its_authorities_allow() {
        let root = Authority::root_with("ca.org1", |params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        });
        let middle = root.below("ica.org1", |_| {});
        let lower = middle.below("ica2.org1", |_| {});
        let mut two = definition("Org1MSP", &root);
        two.intermediate_certs = vec![middle.pem.clone().into_bytes()];
        check(&two, &middle.member("a", &["client"]), expect!["valid"]);
        two.intermediate_certs.push(lower.pem.clone().into_bytes());
        check(
            &two,
            &lower.member("a", &["client"]),
            expect![
                "the organisation does not vouch for the certificate: the chain, or the search for it, is longer than is allowed"
            ],
        );
    }

    #[test]
    fn a_unit_tied_to_an_authority_is_that_authoritys_to_grant() {
        let (root, second) = (Authority::root("ca.org1"), Authority::root("ca2.org1"));
        let mut tied = definition("Org1MSP", &root);
        tied.root_certs.push(second.pem.clone().into_bytes());
        if let Some(units) = &mut tied.fabric_node_ous
            && let Some(peers) = &mut units.peer_ou_identifier
        {
            peers.certificate = second.pem.clone().into_bytes();
        }
        check(&tied, &second.member("a", &["peer"]), expect!["valid"]);
        check(&tied, &root.member("a", &["client"]), expect!["valid"]);
        check(
            &tied,
            &root.member("a", &["peer"]),
            expect![[r#"unit "peer" was granted by another authority than it is tied to"#]],
        );
        tied.organizational_unit_identifiers = vec![FabricOuIdentifier {
            certificate: root.pem.clone().into_bytes(),
            organizational_unit_identifier: "sales".to_owned(),
        }];
        check(&tied, &root.member("a", &["client", "sales"]), expect!["valid"]);
        check(
            &tied,
            &root.member("a", &["client"]),
            expect!["no organisational unit that the organisation knows"],
        );
        check(
            &tied,
            &second.member("a", &["client", "sales"]),
            expect!["no organisational unit that the organisation knows"],
        );
    }

    /// Certificates of openssl's making, units within one part and a root with a high signature.
    #[test]
    fn certificates_made_elsewhere_are_judged_alike() {
        let root = Authority::root("unused");
        let mut made_elsewhere = definition("Org1MSP", &root);
        made_elsewhere.root_certs = vec![include_bytes!("../testdata/root.pem").to_vec()];
        let pem = include_str!("../testdata/user1.pem").to_owned();
        let user = Member { pem, key: crate::PrivateKey::generate().unwrap() };
        check(&made_elsewhere, &user, expect!["valid"]);
    }

    #[test]
    fn bytes_that_name_nobody_are_refused() {
        let root = Authority::root("ca.org1");
        let membership = Membership::new([msp(&definition("Org1MSP", &root)).unwrap()]);
        let member = root.member("a", &["client"]);
        let reason = |bytes: &[u8]| chain_of(&membership.deserialize(bytes).unwrap_err());
        assert_eq!(
            reason(&member.serialized("Org2MSP")),
            "Org2MSP is not an organisation of this channel"
        );
        assert_eq!(reason(b"\xff"), "not a serialized identity");
        let nothing = Member { pem: String::new(), key: member.key };
        assert_eq!(
            reason(&nothing.serialized("Org1MSP")),
            "the identity's certificate does not parse: no PEM block"
        );
    }

    #[test]
    fn memory_is_bounded_and_changes_no_answer() {
        let root = Authority::root("ca.org1");
        let membership = Membership::new([msp(&definition("Org1MSP", &root)).unwrap()]);
        let serialized = root.member("a", &["client"]).serialized("Org1MSP");
        let first = membership.judged(&serialized).unwrap();
        let again = membership.judged(&serialized).unwrap();
        assert!(Arc::ptr_eq(&first, &again), "remembered");
        let stranger = Authority::root("ca.org1").member("a", &["client"]).serialized("Org1MSP");
        let held = |membership: &Membership| {
            let memory = membership.memory();
            memory.young.len() + memory.old.len()
        };
        assert!(membership.judged(&stranger).unwrap().verdict.is_err(), "a stranger");
        assert_eq!(held(&membership), 1, "strangers are not remembered");
        for index in 0..2 * REMEMBERED_MAX {
            membership.memory().keep(&index.to_be_bytes(), &first);
            assert!(membership.memory().recall(&serialized).is_some(), "in use, so still there");
        }
        assert!(held(&membership) <= REMEMBERED_MAX, "bounded");
    }

    fn check(definition: &FabricMspConfig, member: &Member, expected: Expect) {
        expected.assert_eq(&verdict(definition, member));
    }

    /// What the organisation says of a member; asked twice, since the second answer is remembered.
    fn verdict(definition: &FabricMspConfig, member: &Member) -> String {
        let definition = match msp(definition) {
            Ok(definition) => definition,
            Err(error) => return chain_of(&error),
        };
        let serialized = member.serialized(definition.id().as_str());
        let membership = Membership::new([definition]);
        let identity = membership.deserialize(&serialized).unwrap();
        let verdict = membership.validate(&identity);
        assert_eq!(membership.validate(&identity), verdict);
        verdict.map_or_else(|error| chain_of(&error), |()| "valid".to_owned())
    }
}
