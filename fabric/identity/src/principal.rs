//! Principals: what a policy's leaf asks of a signer.

use fabric_protos::Message;
use fabric_protos::common::msp_identity_anonymity::MspIdentityAnonymityType;
use fabric_protos::common::msp_principal::Classification;
use fabric_protos::common::msp_role::MspRoleType;
use fabric_protos::common::{
    CombinedPrincipal, MspIdentityAnonymity, MspPrincipal, MspRole, OrganizationUnit,
};
use thiserror::Error;

use crate::identity::{Identity, Role};
use crate::membership::{Judged, Membership};

impl Membership {
    /// Whether the identity is one of those the principal stands for.
    ///
    /// # Errors
    /// If the principal is malformed or not supported; Fabric counts that as not satisfied.
    pub fn satisfies(
        &self,
        identity: &Identity,
        principal: &MspPrincipal,
    ) -> Result<bool, PrincipalError> {
        let Ok(judged) = self.judged(identity.serialized()) else { return Ok(false) };
        self.satisfies_within(&judged, principal, COMBINED_DEPTH_MAX)
    }

    fn satisfies_within(
        &self,
        judged: &Judged,
        principal: &MspPrincipal,
        depth: usize,
    ) -> Result<bool, PrincipalError> {
        let number = principal.principal_classification;
        let bytes = principal.principal.as_slice();
        match Classification::try_from(number) {
            Ok(Classification::Role) => self.has_role(judged, &decode(bytes)?),
            Ok(Classification::OrganizationUnit) => Ok(is_of_unit(judged, &decode(bytes)?)),
            Ok(Classification::Identity) => Ok(self.is_identity(judged, bytes)),
            Ok(Classification::Anonymity) => may_be_nominal(&decode(bytes)?),
            Ok(Classification::Combined) => self.satisfies_all(judged, &decode(bytes)?, depth),
            Err(_) => Err(PrincipalError::Unsupported { classification: number }),
        }
    }

    fn has_role(&self, judged: &Judged, wanted: &MspRole) -> Result<bool, PrincipalError> {
        let role = MspRoleType::try_from(wanted.role)
            .map_err(|_| PrincipalError::UnknownRole { number: wanted.role })?;
        let identity = &judged.identity;
        let Some(definition) = self.get(identity.msp_id()) else { return Ok(false) };
        if wanted.msp_identifier != identity.msp_id().as_str() {
            return Ok(false);
        }
        let certificate = identity.certificate();
        // Only a certificate with a chain is compared with the named administrators.
        let is_named = judged.vouching.is_ok() && definition.names_admin(certificate);
        let is_valid_as = |role| judged.verdict.is_ok() && definition.has_role(certificate, role);
        match role {
            MspRoleType::Member => Ok(judged.verdict.is_ok()),
            MspRoleType::Admin => Ok(is_named || is_valid_as(Role::Admin)),
            MspRoleType::Client => Ok(is_valid_as(Role::Client)),
            MspRoleType::Peer => Ok(is_valid_as(Role::Peer)),
            MspRoleType::Orderer => Ok(is_valid_as(Role::Orderer)),
        }
    }

    /// Whether the bytes are the same organisation's same certificate, and a valid one.
    fn is_identity(&self, judged: &Judged, serialized: &[u8]) -> bool {
        self.judged(serialized).is_ok_and(|wanted| {
            let both_known = judged.vouching.is_ok() && wanted.vouching.is_ok();
            both_known && wanted.identity == judged.identity && wanted.verdict.is_ok()
        })
    }

    fn satisfies_all(
        &self,
        judged: &Judged,
        combined: &CombinedPrincipal,
        depth: usize,
    ) -> Result<bool, PrincipalError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(PrincipalError::TooDeep { limit: COMBINED_DEPTH_MAX });
        };
        if combined.principals.is_empty() {
            return Err(PrincipalError::EmptyCombination);
        }
        for principal in &combined.principals {
            if !self.satisfies_within(judged, principal, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Why a principal cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PrincipalError {
    /// The principal's content is not what its classification says.
    #[error("the principal does not parse")]
    Malformed,
    /// A classification that is not known.
    #[error("principals of classification {classification} are not supported")]
    Unsupported {
        /// The number in `MSPPrincipal.principal_classification`.
        classification: i32,
    },
    /// A role that is not known.
    #[error("role {number} is not known")]
    UnknownRole {
        /// The number in `MSPRole.role`.
        number: i32,
    },
    /// Anonymous signers, which X.509 cannot give.
    #[error("X.509 identities cannot be anonymous")]
    Anonymous,
    /// A combination of nothing.
    #[error("a combination of no principals")]
    EmptyCombination,
    /// Combinations within combinations.
    #[error("combinations nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
}

fn is_of_unit(judged: &Judged, wanted: &OrganizationUnit) -> bool {
    let name = &wanted.organizational_unit_identifier;
    let certificate = judged.identity.certificate();
    judged.verdict.is_ok()
        && judged.vouching.is_ok_and(|vouching| vouching.as_slice() == wanted.certifiers_identifier)
        && wanted.msp_identifier == judged.identity.msp_id().as_str()
        && certificate.organizational_units().contains(name)
}

fn may_be_nominal(wanted: &MspIdentityAnonymity) -> Result<bool, PrincipalError> {
    match MspIdentityAnonymityType::try_from(wanted.anonymity_type) {
        Ok(MspIdentityAnonymityType::Nominal) => Ok(true),
        Ok(MspIdentityAnonymityType::Anonymous) => Err(PrincipalError::Anonymous),
        Err(_) => Err(PrincipalError::Malformed),
    }
}

fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, PrincipalError> {
    M::decode(bytes).map_err(|_| PrincipalError::Malformed)
}

/// Most combinations within one another.
const COMBINED_DEPTH_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use fabric_protos::Message;
    use fabric_protos::common::msp_identity_anonymity::MspIdentityAnonymityType;
    use fabric_protos::common::msp_principal::Classification;
    use fabric_protos::common::msp_role::MspRoleType;
    use fabric_protos::common::{
        CombinedPrincipal, MspIdentityAnonymity, MspPrincipal, MspRole, OrganizationUnit,
    };
    use fabric_protos::msp::FabricMspConfig;
    use sha2::{Digest as _, Sha256};

    use crate::membership::Membership;
    use crate::testing::{Authority, Member, definition, msp};

    #[test]
    fn roles_go_by_organisation_and_unit() {
        let root = Authority::root("ca.org1");
        let plain = definition("Org1MSP", &root);
        let roles = |member: &Member, expected| check_roles(&plain, member, "Org1MSP", expected);
        roles(&root.member("a", &["client"]), expect!["Member Client"]);
        roles(&root.member("a", &["peer"]), expect!["Member Peer"]);
        roles(&root.member("a", &["admin"]), expect!["Member Admin"]);
        roles(&root.member("a", &["orderer"]), expect!["Member Orderer"]);
        roles(&root.member("a", &["other"]), expect![""]);
        roles(&Authority::root("ca.org1").member("a", &["admin"]), expect![""]);
        check_roles(&plain, &root.member("a", &["admin"]), "Org2MSP", expect![""]);
    }

    /// Without units, administrators are those that are named, and nobody is client or peer.
    #[test]
    fn named_administrators() {
        let root = Authority::root("ca.org1");
        let (named, other) = (root.member("a", &["client"]), root.member("b", &["admin"]));
        let mut without = definition("Org1MSP", &root);
        without.fabric_node_ous = None;
        without.admins = vec![named.pem.clone().into_bytes()];
        check_roles(&without, &named, "Org1MSP", expect!["Member Admin"]);
        check_roles(&without, &other, "Org1MSP", expect!["Member"]);
        let mut with = definition("Org1MSP", &root);
        with.admins = without.admins;
        check_roles(&with, &named, "Org1MSP", expect!["Member Admin Client"]);
        check_roles(&with, &other, "Org1MSP", expect!["Member Admin"]);
        // As in Fabric, naming an administrator outweighs revoking it, but for no other role.
        with.revocation_list = vec![root.revoking(&[&named, &other])];
        check_roles(&with, &named, "Org1MSP", expect!["Admin"]);
        check_roles(&with, &other, "Org1MSP", expect![""]);
    }

    #[test]
    fn other_principals() {
        let root = Authority::root("ca.org1");
        let plain = definition("Org1MSP", &root);
        let (me, other) = (root.member("a", &["client", "sales"]), root.member("b", &["client"]));
        let check = |principal: MspPrincipal, expected: Expect| {
            expected.assert_eq(&answer(&plain, &me, &principal));
        };
        let identity = |bytes| principal(Classification::Identity, bytes);
        check(identity(me.serialized("Org1MSP")), expect!["Ok(true)"]);
        check(identity(other.serialized("Org1MSP")), expect!["Ok(false)"]);
        check(identity(vec![1]), expect!["Ok(false)"]);
        let vouching = Sha256::digest(crate::pem::decode(root.pem.as_bytes()).unwrap()).to_vec();
        check(unit("sales", &vouching), expect!["Ok(true)"]);
        check(unit("sales", &[]), expect!["Ok(false)"]);
        check(unit("stock", &vouching), expect!["Ok(false)"]);
        let (client, peer) =
            (role("Org1MSP", MspRoleType::Client), role("Org1MSP", MspRoleType::Peer));
        check(all(vec![client.clone(), unit("sales", &vouching)]), expect!["Ok(true)"]);
        check(all(vec![client.clone(), peer]), expect!["Ok(false)"]);
        check(all(vec![]), expect!["Err(EmptyCombination)"]);
        let nested = (0..9).fold(client.clone(), |inner, _| all(vec![inner]));
        check(nested, expect!["Err(TooDeep { limit: 8 })"]);
        let nested = (0..8).fold(client, |inner, _| all(vec![inner]));
        check(nested, expect!["Ok(true)"]);
        check(anonymity(MspIdentityAnonymityType::Nominal), expect!["Ok(true)"]);
        check(anonymity(MspIdentityAnonymityType::Anonymous), expect!["Err(Anonymous)"]);
        check(principal(Classification::Role, vec![0xff]), expect!["Err(Malformed)"]);
        let unknown = MspRole { msp_identifier: "Org1MSP".to_owned(), role: 9 };
        check(
            principal(Classification::Role, unknown.encode_to_vec()),
            expect!["Err(UnknownRole { number: 9 })"],
        );
        let unknown = MspPrincipal { principal_classification: 9, principal: vec![] };
        check(unknown, expect!["Err(Unsupported { classification: 9 })"]);
    }

    fn check_roles(definition: &FabricMspConfig, member: &Member, msp_id: &str, expected: Expect) {
        let all = [
            MspRoleType::Member,
            MspRoleType::Admin,
            MspRoleType::Client,
            MspRoleType::Peer,
            MspRoleType::Orderer,
        ];
        let has =
            |wanted: &MspRoleType| answer(definition, member, &role(msp_id, *wanted)) == "Ok(true)";
        let held: Vec<String> =
            all.into_iter().filter(has).map(|role| format!("{role:?}")).collect();
        expected.assert_eq(&held.join(" "));
    }

    fn answer(definition: &FabricMspConfig, member: &Member, principal: &MspPrincipal) -> String {
        let membership = Membership::new([msp(definition).unwrap()]);
        let identity = membership.deserialize(&member.serialized(&definition.name)).unwrap();
        format!("{:?}", membership.satisfies(&identity, principal))
    }

    fn role(msp_id: &str, role: MspRoleType) -> MspPrincipal {
        let role = MspRole { msp_identifier: msp_id.to_owned(), role: role.into() };
        principal(Classification::Role, role.encode_to_vec())
    }

    fn unit(name: &str, vouching: &[u8]) -> MspPrincipal {
        let unit = OrganizationUnit {
            msp_identifier: "Org1MSP".to_owned(),
            organizational_unit_identifier: name.to_owned(),
            certifiers_identifier: vouching.to_vec(),
        };
        principal(Classification::OrganizationUnit, unit.encode_to_vec())
    }

    fn all(principals: Vec<MspPrincipal>) -> MspPrincipal {
        principal(Classification::Combined, CombinedPrincipal { principals }.encode_to_vec())
    }

    fn anonymity(kind: MspIdentityAnonymityType) -> MspPrincipal {
        let anonymity = MspIdentityAnonymity { anonymity_type: kind.into() };
        principal(Classification::Anonymity, anonymity.encode_to_vec())
    }

    fn principal(classification: Classification, content: Vec<u8>) -> MspPrincipal {
        MspPrincipal { principal_classification: classification.into(), principal: content }
    }
}
