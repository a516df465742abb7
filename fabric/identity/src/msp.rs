//! One organisation's definition: its authorities, revocations and ways to tell roles apart.

mod chain;
mod revocation;
mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fabric_protos::id::{InvalidId, MspId};
use fabric_protos::{Message as _, msp};
use thiserror::Error;

use crate::certificate::{Certificate, CertificateError};
use crate::identity::Role;
use crate::membership::IdentityError;
use crate::msp::chain::Authorities;
use crate::msp::revocation::Revocations;
use crate::msp::units::NodeUnits;

pub use chain::ChainError;
pub use revocation::RevocationListError;

/// An organisation's membership rules, as `msp.MSPConfig` of Fabric's 1.4.3 and later defines them.
pub struct Msp {
    id: MspId,
    authorities: Authorities,
    revocations: Revocations,
    /// Units an identity must have one of, each with the authorities that vouch for it.
    required_units: BTreeMap<String, BTreeSet<[u8; 32]>>,
    node_units: Option<NodeUnits>,
    /// DER of those named administrators one by one.
    admins: BTreeSet<Vec<u8>>,
    tls_roots: Vec<Vec<u8>>,
    tls_intermediates: Vec<Vec<u8>>,
}

impl Msp {
    /// Reads and checks a definition.
    ///
    /// Besides what Fabric checks, every revocation list must be signed by the authority it names,
    /// if that authority is one of this definition's.
    ///
    /// # Errors
    /// If the definition is not a Fabric one, or any certificate or list in it is not in order.
    pub fn from_config(config: &msp::MspConfig) -> Result<Self, MspError> {
        if config.r#type != FABRIC_TYPE {
            return Err(MspError::UnsupportedType { number: config.r#type });
        }
        let config = msp::FabricMspConfig::decode(config.config.as_slice());
        let config = config.map_err(|_| MspError::Malformed)?;
        check_digests(config.crypto_config.as_ref())?;
        let id = MspId::new(config.name.as_str()).map_err(|source| MspError::Name { source })?;
        let authorities = Authorities::new(&config.root_certs, &config.intermediate_certs)?;
        let tls = Authorities::for_tls(&config.tls_root_certs, &config.tls_intermediate_certs)?;
        let revocations = Revocations::new(&config.revocation_list, &[&authorities, &tls])?;
        authorities.check_none_revoked(&revocations)?;
        tls.check_none_revoked(&revocations)?;
        let node_units = config.fabric_node_ous.as_ref();
        let mut definition = Self {
            id,
            required_units: units::required(&config.organizational_unit_identifiers, &authorities)?,
            node_units: node_units.map(|units| NodeUnits::new(units, &authorities)).transpose()?,
            authorities,
            revocations,
            admins: BTreeSet::new(),
            tls_roots: config.tls_root_certs,
            tls_intermediates: config.tls_intermediate_certs,
        };
        definition.node_units = definition.node_units.take().filter(NodeUnits::is_enforced);
        definition.set_admins(&config.admins)?;
        Ok(definition)
    }

    /// The organisation's identifier.
    #[must_use]
    pub fn id(&self) -> &MspId {
        &self.id
    }

    /// PEM of the roots that vouch for the organisation's TLS certificates.
    #[must_use]
    pub fn tls_roots(&self) -> &[Vec<u8>] {
        &self.tls_roots
    }

    /// PEM of the intermediate authorities for TLS.
    #[must_use]
    pub fn tls_intermediates(&self) -> &[Vec<u8>] {
        &self.tls_intermediates
    }

    /// Follows a certificate to a root and judges it by every rule of the definition.
    pub(crate) fn judge(&self, certificate: Certificate) -> Judgement {
        let (certificate, chain) = match self.authorities.chain_of_member(&certificate) {
            Ok((canonical, chain)) => (canonical, Ok(chain)),
            Err(error) => (certificate, Err(error)),
        };
        let units = certificate.organizational_units();
        let verdict = match &chain {
            Ok(chain) => self.check_revocation(&certificate, chain.first()).and_then(|()| {
                let vouching = chain::digest(chain);
                self.check_required_units(units, vouching)?;
                self.node_units.as_ref().map_or(Ok(()), |nodes| nodes.check(units, vouching))
            }),
            Err(source) => Err(IdentityError::Untrusted { source: *source }),
        };
        Judgement { vouching: chain.map(|chain| chain::digest(&chain)), certificate, verdict }
    }

    /// Whether the definition names exactly this certificate as an administrator's.
    pub(crate) fn names_admin(&self, certificate: &Certificate) -> bool {
        self.admins.contains(certificate.der())
    }

    /// Whether the certificate has the unit of a role; false if roles are not told apart.
    pub(crate) fn has_role(&self, certificate: &Certificate, role: Role) -> bool {
        let name = self.node_units.as_ref().and_then(|nodes| nodes.name_of(role));
        name.is_some_and(|name| certificate.organizational_units().iter().any(|unit| unit == name))
    }

    fn check_revocation(
        &self,
        certificate: &Certificate,
        issuer: Option<&Certificate>,
    ) -> Result<(), IdentityError> {
        if issuer.is_some_and(|issuer| self.revocations.revokes(issuer, certificate)) {
            return Err(IdentityError::Revoked { serial: certificate.serial_hex() });
        }
        Ok(())
    }

    fn check_required_units(
        &self,
        units: &[String],
        vouching: [u8; 32],
    ) -> Result<(), IdentityError> {
        let known = |unit: &String| {
            self.required_units.get(unit).is_some_and(|vouchers| vouchers.contains(&vouching))
        };
        if self.required_units.is_empty() || units.iter().any(known) {
            return Ok(());
        }
        Err(IdentityError::NoRequiredUnit)
    }

    fn set_admins(&mut self, admins: &[Vec<u8>]) -> Result<(), MspError> {
        let units_name_admins =
            self.node_units.as_ref().is_some_and(|units| units.name_of(Role::Admin).is_some());
        if admins.is_empty() && !units_name_admins {
            return Err(MspError::NoAdmins);
        }
        for (index, pem) in admins.iter().enumerate() {
            let certificate = Certificate::from_pem(pem)
                .map_err(|source| MspError::Certificate { list: "admins", index, source })?;
            let judged = self.judge(certificate);
            let may_administer = match (&judged.verdict, &judged.vouching) {
                (_, Err(_)) => false,
                (verdict, Ok(_)) if self.node_units.is_none() => verdict.is_ok(),
                _ => [Role::Client, Role::Admin]
                    .into_iter()
                    .any(|role| self.has_role(&judged.certificate, role)),
            };
            if !may_administer {
                return Err(MspError::Admin { index });
            }
            self.admins.insert(judged.certificate.der().to_vec());
        }
        Ok(())
    }
}

impl fmt::Debug for Msp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Msp").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a definition says of one certificate.
pub(crate) struct Judgement {
    /// The certificate, its signature in low-S form if the issuer is known.
    pub(crate) certificate: Certificate,
    /// Digest of the authorities above the certificate, or why there are none.
    pub(crate) vouching: Result<[u8; 32], ChainError>,
    pub(crate) verdict: Result<(), IdentityError>,
}

/// Why a definition is not in order.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MspError {
    /// Not a Fabric definition, for example an Idemix one.
    #[error("MSP type {number} is not supported")]
    UnsupportedType {
        /// The number in `msp.MSPConfig.type`.
        number: i32,
    },
    /// Not a `msp.FabricMSPConfig`.
    #[error("not an encoded FabricMSPConfig")]
    Malformed,
    /// Digests other than SHA-256.
    #[error("only SHA-256 digests are supported")]
    UnsupportedDigest,
    /// The name cannot be an MSP's.
    #[error("the definition's name cannot be used")]
    Name {
        /// Why.
        #[source]
        source: InvalidId,
    },
    /// A certificate does not parse.
    #[error("certificate {index} of {list} does not parse")]
    Certificate {
        /// The field it stands in.
        list: &'static str,
        /// Its place there, from 0.
        index: usize,
        /// What is wrong.
        #[source]
        source: CertificateError,
    },
    /// No root authority at all.
    #[error("no root authority")]
    NoRoot,
    /// A certificate that is not fit to be an authority's.
    #[error("certificate {index} of {list} is not fit for an authority")]
    Authority {
        /// The field it stands in.
        list: &'static str,
        /// Its place there, from 0.
        index: usize,
        /// What is wrong.
        #[source]
        source: ChainError,
    },
    /// A unit names a certificate that is not among the authorities.
    #[error("unit {unit:?} is tied to a certificate that is no leaf authority of the definition")]
    UnitVoucher {
        /// The organisational unit.
        unit: String,
    },
    /// A revocation list is not in order.
    #[error("revocation list {index} is not in order")]
    RevocationList {
        /// Its place, from 0.
        index: usize,
        /// What is wrong.
        #[source]
        source: RevocationListError,
    },
    /// Neither named administrators nor a unit for them.
    #[error("neither administrators nor a unit that tells them")]
    NoAdmins,
    /// A named administrator is no member, or by its unit neither client nor administrator.
    #[error("administrator {index} is no valid member")]
    Admin {
        /// Its place, from 0.
        index: usize,
    },
}

fn check_digests(config: Option<&msp::FabricCryptoConfig>) -> Result<(), MspError> {
    let usual = config.is_none_or(|config| {
        matches!(config.signature_hash_family.as_str(), "" | "SHA2")
            && matches!(config.identity_identifier_hash_function.as_str(), "" | "SHA256")
    });
    if usual { Ok(()) } else { Err(MspError::UnsupportedDigest) }
}

/// `FABRIC` in Fabric's provider types.
const FABRIC_TYPE: i32 = 0;

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use fabric_protos::msp::{FabricCryptoConfig, FabricMspConfig, MspConfig};
    use rcgen::KeyUsagePurpose;

    use super::Msp;
    use crate::testing::{Authority, chain_of, definition, msp};

    #[test]
    fn definitions_out_of_order_are_refused() {
        let root = Authority::root("ca.org1");
        let plain = || definition("Org1MSP", &root);
        check(plain(), expect!["accepted"]);
        check(
            FabricMspConfig { name: "Org 1".to_owned(), ..plain() },
            expect![[r#"the definition's name cannot be used: "Org 1" is no MSP identifier"#]],
        );
        check(
            FabricMspConfig { fabric_node_ous: None, ..plain() },
            expect!["neither administrators nor a unit that tells them"],
        );
        let sha3 = FabricCryptoConfig {
            signature_hash_family: "SHA3".to_owned(),
            identity_identifier_hash_function: String::new(),
        };
        check(
            FabricMspConfig { crypto_config: Some(sha3), ..plain() },
            expect!["only SHA-256 digests are supported"],
        );
        let peer = vec![root.member("peer0", &["peer"]).pem.into_bytes()];
        check(
            FabricMspConfig { admins: peer, ..plain() },
            expect!["administrator 0 is no valid member"],
        );
        let client = vec![root.member("user", &["client"]).pem.into_bytes()];
        check(FabricMspConfig { admins: client, ..plain() }, expect!["accepted"]);
        let idemix = MspConfig { r#type: 1, config: vec![] };
        assert!(Msp::from_config(&idemix).is_err(), "Idemix is another kind");
    }

    #[test]
    fn certificates_unfit_for_authorities_are_refused() {
        let root = Authority::root("ca.org1");
        let plain = || definition("Org1MSP", &root);
        let roots = |pem: &str, expected| {
            let root_certs = vec![pem.as_bytes().to_vec()];
            check(FabricMspConfig { root_certs, ..plain() }, expected);
        };
        check(FabricMspConfig { root_certs: vec![], ..plain() }, expect!["no root authority"]);
        roots("root", expect!["certificate 0 of root_certs does not parse: no PEM block"]);
        let member = root.member("a", &["client"]).pem;
        roots(
            &member,
            expect![
                "certificate 0 of root_certs is not fit for an authority: not marked as an authority's certificate"
            ],
        );
        let idle = Authority::root_with("ca", |params| {
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        });
        roots(
            &idle.pem,
            expect![
                "certificate 0 of root_certs is not fit for an authority: the key usages do not allow this"
            ],
        );
        roots(
            &root.below("ica", |_| {}).pem,
            expect![
                "certificate 0 of root_certs is not fit for an authority: no authority of the organisation signed the certificate"
            ],
        );
        for stranger in [Authority::root("other").below("ica", |_| {}), Authority::root("ica")] {
            let intermediate_certs = vec![stranger.pem.into_bytes()];
            check(
                FabricMspConfig { intermediate_certs, ..plain() },
                expect![
                    "certificate 0 of intermediate_certs is not fit for an authority: no authority of the organisation signed the certificate"
                ],
            );
        }
        check(
            FabricMspConfig { tls_root_certs: vec![member.into_bytes()], ..plain() },
            expect![
                "certificate 0 of tls_root_certs is not fit for an authority: not marked as an authority's certificate"
            ],
        );
    }

    /// T-9: a list's signature is checked when the definition is read.
    #[test]
    fn revocation_lists_out_of_order_are_refused() {
        let root = Authority::root("ca.org1");
        let member = root.member("a", &["client"]);
        let mut impostor = Authority::root("ca.org1");
        impostor.params.key_identifier_method = root.params.key_identifier_method.clone();
        let lists = |list: Vec<u8>, expected| {
            let revocation_list = vec![list];
            let plain = definition("Org1MSP", &root);
            check(FabricMspConfig { revocation_list, ..plain }, expected);
        };
        lists(root.revoking(&[&member]), expect!["accepted"]);
        lists(
            b"list".to_vec(),
            expect!["revocation list 0 is not in order: not a revocation list"],
        );
        lists(
            impostor.revoking(&[&member]),
            expect![
                "revocation list 0 is not in order: the authority the list names did not sign it"
            ],
        );
    }

    /// An intermediate authority that its root revoked spoils the whole definition, as in Fabric.
    #[test]
    fn a_revoked_authority_is_refused() {
        let root = Authority::root("ca.org1");
        let middle = root.below("ica", |_| {});
        let as_member = crate::testing::Member { pem: middle.pem.clone(), key: middle.key };
        let mut revoked = definition("Org1MSP", &root);
        revoked.intermediate_certs = vec![middle.pem.into_bytes()];
        check(revoked.clone(), expect!["accepted"]);
        revoked.revocation_list = vec![root.revoking(&[&as_member])];
        check(
            revoked,
            expect![
                "certificate 0 of intermediate_certs is not fit for an authority: the authority above has revoked the certificate"
            ],
        );
    }

    fn check(definition: FabricMspConfig, expected: Expect) {
        let outcome = msp(&definition).map(|_| "accepted".to_owned());
        expected.assert_eq(&outcome.unwrap_or_else(|error| chain_of(&error)));
    }
}
