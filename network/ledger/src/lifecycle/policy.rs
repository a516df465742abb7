//! Which policy decides on endorsements: a chaincode's own, a collection's, or the channel's.

use fabric_protos::{
    Message,
    common::{SignaturePolicyEnvelope, msp_role::MspRoleType},
    id::MspId,
    protos::{ApplicationPolicy, application_policy},
};
use pervade_channel_config::{
    ChannelConfig,
    policy::{PolicyDefinitionError, check, signed_by},
};
use pervade_identity::{
    Identity,
    policy::{PolicyUnmet, evaluate},
};
use thiserror::Error;

use super::definition::{ChaincodeDefinition, implicit_collection_owner};

/// The channel's policy for `_lifecycle` itself.
const LIFECYCLE_POLICY: &str = "/Channel/Application/LifecycleEndorsement";

/// What an `ApplicationPolicy` says.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum EndorsementPolicy {
    /// A policy of its own.
    Signature(SignaturePolicyEnvelope),
    /// The channel's policy at this path, as it is when an endorsement is judged.
    Channel(String),
}

/// A policy that cannot be used, or is not met.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EndorsementPolicyError {
    /// It is no `ApplicationPolicy`.
    #[error("the policy cannot be decoded")]
    Malformed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It says nothing.
    #[error("the policy is empty")]
    Empty,
    /// It is a signature policy that cannot be evaluated.
    #[error("the policy cannot be evaluated")]
    Definition(#[source] PolicyDefinitionError),
    /// The endorsements do not satisfy it.
    #[error("the endorsements do not satisfy the policy")]
    Unmet(#[source] PolicyUnmet),
}

impl EndorsementPolicy {
    /// Reads a serialised `ApplicationPolicy`.
    ///
    /// # Errors
    /// If it is none, or one that can never be evaluated.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EndorsementPolicyError> {
        let policy = ApplicationPolicy::decode(bytes)
            .map_err(|source| EndorsementPolicyError::Malformed(source.into()))?;
        Self::from_application_policy(policy)
    }

    /// Reads an `ApplicationPolicy`.
    ///
    /// # Errors
    /// If it is empty, or can never be evaluated.
    pub fn from_application_policy(
        policy: ApplicationPolicy,
    ) -> Result<Self, EndorsementPolicyError> {
        match policy.r#type.ok_or(EndorsementPolicyError::Empty)? {
            application_policy::Type::SignaturePolicy(policy) => {
                check(&policy).map_err(EndorsementPolicyError::Definition)?;
                Ok(Self::Signature(policy))
            }
            application_policy::Type::ChannelConfigPolicyReference(path) => Ok(Self::Channel(path)),
        }
    }

    /// Whether endorsers whose signatures have been verified are enough.
    ///
    /// # Errors
    /// If they are not.
    pub fn evaluate(
        &self,
        config: &ChannelConfig,
        endorsers: &[Identity],
    ) -> Result<(), EndorsementPolicyError> {
        match self {
            Self::Signature(policy) => evaluate(config.membership(), policy, endorsers),
            Self::Channel(path) => config.evaluate_identities(path, endorsers),
        }
        .map_err(EndorsementPolicyError::Unmet)
    }

    /// The signatures it asks for, for those who plan whom to ask; `None` if it refers to a
    /// policy that the channel does not have.
    #[must_use]
    pub fn signature_policy(&self, config: &ChannelConfig) -> Option<SignaturePolicyEnvelope> {
        match self {
            Self::Signature(policy) => Some(policy.clone()),
            Self::Channel(path) => config.signature_policy(path),
        }
    }

    /// As a chaincode's definition carries it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let policy = match self.clone() {
            Self::Signature(policy) => application_policy::Type::SignaturePolicy(policy),
            Self::Channel(path) => application_policy::Type::ChannelConfigPolicyReference(path),
        };
        ApplicationPolicy { r#type: Some(policy) }.encode_to_vec()
    }
}

/// The policy for writes of `_lifecycle`: the channel's `LifecycleEndorsement`, or a member each
/// of a majority of the organisations where the channel has none.
#[must_use]
pub fn lifecycle_policy(config: &ChannelConfig) -> EndorsementPolicy {
    if config.policy(LIFECYCLE_POLICY).is_some() {
        return EndorsementPolicy::Channel(LIFECYCLE_POLICY.to_owned());
    }
    let mut organizations = config.organizations();
    organizations.sort();
    let majority = organizations.len() / 2 + 1;
    let members = organizations.into_iter().map(|msp| (msp, MspRoleType::Member));
    EndorsementPolicy::Signature(signed_by(majority, members))
}

/// A collection that a chaincode does not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no such collection '{collection}'")]
pub struct NoSuchCollection {
    /// Its name.
    pub collection: String,
}

/// The policy for writes to an implicit collection, as a serialised `ApplicationPolicy`; `None` if
/// the name is no implicit collection's of this channel.
pub(crate) fn implicit_collection_policy(config: &ChannelConfig, name: &str) -> Option<Vec<u8>> {
    let owner = implicit_collection_owner(name)?.ok()?;
    organization_policy(config, &owner).map(|policy| policy.to_bytes())
}

/// The policy for writes to an organisation's implicit collection: its own `Endorsement`, or any
/// member of it where it has none.
fn organization_policy(config: &ChannelConfig, owner: &MspId) -> Option<EndorsementPolicy> {
    let mut organizations = config.application_organizations().iter();
    let organization = organizations.find(|organization| organization.msp_id == *owner)?;
    let path = format!("/Channel/Application/{}/Endorsement", organization.name);
    if config.policy(&path).is_some() {
        return Some(EndorsementPolicy::Channel(path));
    }
    Some(EndorsementPolicy::Signature(signed_by(1, [(owner, MspRoleType::Member)])))
}

impl ChaincodeDefinition {
    /// The chaincode's own policy.
    ///
    /// # Errors
    /// If the definition's policy cannot be used.
    pub fn endorsement_policy(&self) -> Result<EndorsementPolicy, EndorsementPolicyError> {
        EndorsementPolicy::from_bytes(&self.policy)
    }

    /// The policy for writes to a collection, explicit or implicit, as a serialised
    /// `ApplicationPolicy`: the collection's own, or the chaincode's where it has none.
    ///
    /// # Errors
    /// If there is no such collection.
    pub fn collection_policy(
        &self,
        config: &ChannelConfig,
        collection: &str,
    ) -> Result<Vec<u8>, NoSuchCollection> {
        let missing = || NoSuchCollection { collection: collection.to_owned() };
        if implicit_collection_owner(collection).is_some() {
            return implicit_collection_policy(config, collection).ok_or_else(missing);
        }
        let collection = self.collection(collection).ok_or_else(missing)?;
        let own = collection.endorsement_policy.as_ref().map(Message::encode_to_vec);
        Ok(own.unwrap_or_else(|| self.policy.clone()))
    }
}
