//! What the endorsements of a transaction must satisfy, as far as a simulation tells.

use fabric_protos::id::MspId;
use fabric_protos::protos::{ChaincodeCall, ChaincodeInterest, StaticCollectionConfig};
use pervade_channel_config::ChannelConfig;
use pervade_identity::Identity;
use pervade_ledger::collection;
use pervade_ledger::lifecycle::{
    self, EndorsementPolicy, EndorsementPolicyError, NoSuchCollection, RecordError,
};
use pervade_storage::StateSnapshot;
use thiserror::Error;

use crate::channel::Channel;

/// One policy that the endorsers must satisfy together, or one collection that each of them must
/// hold.
pub(crate) enum Requirement {
    /// Enough endorsers.
    Policy(EndorsementPolicy),
    /// Only endorsers that hold the collection, because its values are read.
    Members(StaticCollectionConfig),
}

/// The requirements of a transaction that calls these chaincodes.
pub(crate) fn of(
    channel: &Channel,
    interest: &ChaincodeInterest,
) -> Result<Vec<Requirement>, RequirementError> {
    let (config, state) = (channel.config(), channel.snapshot());
    let mut requirements = Vec::new();
    for call in &interest.chaincodes {
        if call.name == lifecycle::NAMESPACE {
            requirements.push(Requirement::Policy(lifecycle::lifecycle_policy(&config)));
        } else {
            requirements.extend(of_call(&config, &state, call)?);
        }
    }
    Ok(requirements)
}

fn of_call(
    config: &ChannelConfig,
    state: &StateSnapshot,
    call: &ChaincodeCall,
) -> Result<Vec<Requirement>, RequirementError> {
    let definition = lifecycle::definition(state, &call.name)
        .map_err(|source| RequirementError::Definition { source })?
        .ok_or_else(|| RequirementError::NotDefined { chaincode: call.name.clone() })?;
    let mut requirements: Vec<_> = call
        .key_policies
        .iter()
        .map(|policy| Requirement::Policy(EndorsementPolicy::Signature(policy.clone())))
        .collect();
    if call.collection_names.is_empty() && !call.disregard_namespace_policy {
        let policy = definition.endorsement_policy();
        let policy = policy.map_err(|source| RequirementError::Policy { source })?;
        requirements.push(Requirement::Policy(policy));
    }
    for name in &call.collection_names {
        let policy = definition
            .collection_policy(config, name)
            .map_err(|source| RequirementError::Collection { source })?;
        let policy = EndorsementPolicy::from_bytes(&policy);
        let policy = policy.map_err(|source| RequirementError::Policy { source })?;
        requirements.push(Requirement::Policy(policy));
        if !call.no_private_reads {
            let members = collection::find(&definition, name);
            requirements.extend(members.map(Requirement::Members));
        }
    }
    Ok(requirements)
}

impl Requirement {
    /// Whether an organisation's peers may endorse at all.
    pub(crate) fn admits(&self, organization: &MspId) -> bool {
        match self {
            Self::Policy(_) => true,
            Self::Members(members) => collection::has_member(members, organization),
        }
    }

    /// Whether these endorsers are enough.
    pub(crate) fn is_met(&self, config: &ChannelConfig, endorsers: &[Identity]) -> bool {
        match self {
            Self::Policy(policy) => policy.evaluate(config, endorsers).is_ok(),
            Self::Members(_) => true,
        }
    }
}

/// Why it is not known what the endorsements must satisfy.
#[derive(Debug, Error)]
pub(crate) enum RequirementError {
    #[error("no metadata was found for chaincode {chaincode}")]
    NotDefined { chaincode: String },
    #[error("{source}")]
    Definition {
        #[source]
        source: RecordError,
    },
    #[error("{source}")]
    Policy {
        #[source]
        source: EndorsementPolicyError,
    },
    #[error("{source}")]
    Collection {
        #[source]
        source: NoSuchCollection,
    },
}
