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
