//! Who may use what of a peer.

use fabric_protos::Message;
use fabric_protos::common::msp_principal::Classification;
use fabric_protos::common::msp_role::MspRoleType;
use fabric_protos::common::{MspPrincipal, MspRole};
use fabric_protos::id::{ChannelId, MspId};
use pervade_identity::policy::PolicyUnmet;
use pervade_identity::{Identity, IdentityError, Membership, PrincipalError};
use thiserror::Error;

/// Names of the resources that the peer guards itself, as Fabric's `ACLs` configuration has them.
pub(crate) mod resource {
    /// Proposing a transaction to an application's chaincode.
    pub(crate) const PROPOSE: &str = "peer/Propose";
    /// Calling a chaincode from another one.
    pub(crate) const CHAINCODE_TO_CHAINCODE: &str = "peer/ChaincodeToChaincode";
    /// Following blocks, with or without private data.
    pub(crate) const BLOCK_EVENTS: &str = "event/Block";
    /// Following filtered blocks.
    pub(crate) const FILTERED_BLOCK_EVENTS: &str = "event/FilteredBlock";
    /// Asking for a transaction's verdict.
    pub(crate) const COMMIT_STATUS: &str = "gateway/CommitStatus";
    /// Following the events of a chaincode.
    pub(crate) const CHAINCODE_EVENTS: &str = "gateway/ChaincodeEvents";
}

/// Refuses who is no member of the peer's own organisation, or lacks the role there. That they
/// signed has been verified.
pub(crate) fn check_local(
    membership: &Membership,
    organization: &MspId,
    role: MspRoleType,
    who: &Identity,
) -> Result<(), AccessDenied> {
    let denied = |reason| AccessDenied::Local { role, reason };
    let identity = membership.deserialize(who.serialized());
    let identity = identity.map_err(|source| denied(LocalRefusal::Identity { source }))?;
    membership.validate(&identity).map_err(|source| denied(LocalRefusal::Identity { source }))?;
    let named = MspRole { msp_identifier: organization.to_string(), role: role.into() };
    let principal = MspPrincipal {
        principal_classification: Classification::Role.into(),
        principal: named.encode_to_vec(),
    };
    match membership.satisfies(&identity, &principal) {
        Ok(true) => Ok(()),
        Ok(false) => Err(denied(LocalRefusal::Role)),
        Err(source) => Err(denied(LocalRefusal::Principal { source })),
    }
}

/// Someone may not use something.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AccessDenied {
    /// The channel's policy is not met.
    #[error(
        "Failed evaluating policy on signed data during check policy on channel [{channel}] with \
         policy [{policy}]: [{source}]"
    )]
    Channel {
        /// The channel.
        channel: ChannelId,
        /// The policy's path.
        policy: String,
        /// What is wanting.
        #[source]
        source: PolicyUnmet,
    },
    /// The resource is for the peer's own organisation.
    #[error(
        "Failed verifying that proposal's creator satisfies local MSP principal during \
         channelless check policy with policy [{}]: [{reason}]", policy_name(*role)
    )]
    Local {
        /// The role that is needed there.
        role: MspRoleType,
        /// What is wrong.
        #[source]
        reason: LocalRefusal,
    },
    /// Nothing says who may use the resource.
    #[error("Unmapped policy for {resource}")]
    NoRule {
        /// The resource.
        resource: String,
    },
    /// The resource belongs to the peer, not to a channel, or the other way round.
    #[error("{resource} cannot be checked here")]
    Elsewhere {
        /// The resource.
        resource: String,
    },
}

/// Why someone does not pass as one of the peer's own organisation.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LocalRefusal {
    /// Not an identity of the organisation.
    #[error("{source}")]
    Identity {
        /// Why.
        #[source]
        source: IdentityError,
    },
    /// An identity without the role.
    #[error("The identity does not have the role")]
    Role,
    /// The role could not be looked at.
    #[error("{source}")]
    Principal {
        /// Why.
        #[source]
        source: PrincipalError,
    },
}

fn policy_name(role: MspRoleType) -> &'static str {
    match role {
        MspRoleType::Member => "Members",
        MspRoleType::Admin => "Admins",
        MspRoleType::Client => "Clients",
        MspRoleType::Peer => "Peers",
        MspRoleType::Orderer => "Orderers",
    }
}
