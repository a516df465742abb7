//! Which policies a namespace is guarded by, from the state's chaincode definitions and the
//! channel's configuration.

use fabric_protos::Message;
use fabric_protos::common::SignaturePolicyEnvelope;
use fabric_protos::id::ChaincodeName;
use fabric_protos::lifecycle::{ChaincodeValidationInfo, StateData, StateMetadata, state_data};
use fabric_protos::protos::{
    ApplicationPolicy, CollectionConfigPackage, StaticCollectionConfig, application_policy,
    collection_config,
};
use pervade_channel_config::ChannelConfig;
use pervade_identity::policy;

use super::{BlockRules, PolicyFault, Rejection, Stop};

/// A policy that endorsers must meet.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Policy {
    /// Counts signatures.
    Signature(SignaturePolicyEnvelope),
    /// Is found in the channel's configuration.
    Channel(String),
}

/// What guards one namespace.
#[derive(Debug)]
pub(super) struct Definition {
    /// The chaincode's policy, or why there is none.
    policy: Result<Policy, ()>,
    collections: Vec<StaticCollectionConfig>,
}

impl Definition {
    /// Reads the definition of a namespace as it is before the block.
    pub(super) fn read(rules: &BlockRules<'_>, namespace: &str) -> Result<Self, Stop> {
        if namespace == ChaincodeName::LIFECYCLE {
            let policy = lifecycle_policy(rules.config).map_err(|_| ());
            return Ok(Self { policy, collections: Vec::new() });
        }
        let no_chaincode = || Rejection::NoChaincode { namespace: namespace.to_owned() };
        let reader = FieldReader { rules, namespace };
        if !reader.is_chaincode()? {
            return Err(no_chaincode().into());
        }
        let validation = reader.field::<ChaincodeValidationInfo>("ValidationInfo")?;
        let validation = validation.ok_or_else(no_chaincode)?;
        if validation.validation_plugin.is_empty() || validation.validation_parameter.is_empty() {
            return Err(no_chaincode().into());
        }
        if validation.validation_plugin != BUILT_IN_PLUGIN {
            let namespace = namespace.to_owned();
            let plugin = validation.validation_plugin;
            return Err(Rejection::UnknownPlugin { namespace, plugin }.into());
        }
        let collections = reader.field::<CollectionConfigPackage>("Collections")?;
        Ok(Self {
            policy: read_policy(&validation.validation_parameter),
            collections: collections.map(static_collections).unwrap_or_default(),
        })
    }

    /// The chaincode's own policy.
    pub(super) fn policy(&self) -> Result<Policy, PolicyFault> {
        self.policy.clone().map_err(|()| PolicyFault::Unreadable)
    }

    /// The policy of a collection: its own or else the chaincode's. `None` if there is no such
    /// collection.
    pub(super) fn collection_policy(
        &self,
        config: &ChannelConfig,
        name: &str,
    ) -> Option<Result<Policy, PolicyFault>> {
        if let Some(organization) = name.strip_prefix(IMPLICIT_COLLECTION_PREFIX) {
            return organization_policy(config, organization);
        }
        let collection = self.collections.iter().find(|collection| collection.name == name)?;
        match &collection.endorsement_policy {
            Some(policy) => Some(to_policy(policy.clone()).map_err(|()| PolicyFault::Unreadable)),
            None => Some(self.policy()),
        }
    }
}

/// The one way of validation there is.
const BUILT_IN_PLUGIN: &str = "vscc";

/// Every organisation has a collection of its own: this, then its MSP identifier.
const IMPLICIT_COLLECTION_PREFIX: &str = "_implicit_org_";

/// Who must endorse changes of definitions: the channel's policy for it or, on channels that have
/// none, members of more than half of the organisations.
fn lifecycle_policy(config: &ChannelConfig) -> Result<Policy, PolicyFault> {
    let path = "/Channel/Application/LifecycleEndorsement";
    if config.policy(path).is_some() {
        return Ok(Policy::Channel(path.to_owned()));
    }
    let organizations = config.organizations();
    let members: Vec<_> = organizations.iter().map(|id| format!("'{id}.member'")).collect();
    let majority = organizations.len() / 2 + 1;
    let text = format!("OutOf({majority}, {})", members.join(", "));
    policy::parse(&text).map(Policy::Signature).map_err(|_| PolicyFault::Unreadable)
}

/// Who must endorse writes to an organisation's own collection: the organisation's endorsement
/// policy or, if it has none, any of its members. `None` if it takes no part in the channel.
fn organization_policy(
    config: &ChannelConfig,
    msp_id: &str,
) -> Option<Result<Policy, PolicyFault>> {
    let organizations = config.application_organizations();
    let organization = organizations.iter().find(|known| known.msp_id.as_str() == msp_id)?;
    let path = format!("/Channel/Application/{}/Endorsement", organization.name);
    if config.policy(&path).is_some() {
        return Some(Ok(Policy::Channel(path)));
    }
    let any_member = policy::parse(&format!("OR('{msp_id}.member')"));
    Some(any_member.map(Policy::Signature).map_err(|_| PolicyFault::Unreadable))
}

fn read_policy(bytes: &[u8]) -> Result<Policy, ()> {
    to_policy(ApplicationPolicy::decode(bytes).map_err(|_| ())?)
}

fn to_policy(policy: ApplicationPolicy) -> Result<Policy, ()> {
    match policy.r#type {
        Some(application_policy::Type::SignaturePolicy(policy)) => Ok(Policy::Signature(policy)),
        Some(application_policy::Type::ChannelConfigPolicyReference(path)) => {
            Ok(Policy::Channel(path))
        }
        None => Err(()),
    }
}

fn static_collections(package: CollectionConfigPackage) -> Vec<StaticCollectionConfig> {
    let payloads = package.config.into_iter().filter_map(|collection| collection.payload);
    payloads
        .map(|collection_config::Payload::StaticCollectionConfig(collection)| collection)
        .collect()
}

/// Reads the fields in which the state keeps a definition.
struct FieldReader<'a> {
    rules: &'a BlockRules<'a>,
    namespace: &'a str,
}

impl FieldReader<'_> {
    fn is_chaincode(&self) -> Result<bool, Stop> {
        let metadata = self.get(&format!("namespaces/metadata/{}", self.namespace))?;
        let metadata = metadata.and_then(|bytes| StateMetadata::decode(bytes.as_slice()).ok());
        Ok(metadata.is_some_and(|metadata| metadata.datatype == "ChaincodeDefinition"))
    }

    /// A message kept in a field; `None` if it is missing or unreadable.
    fn field<M: Message + Default>(&self, field: &str) -> Result<Option<M>, Stop> {
        let stored = self.get(&format!("namespaces/fields/{}/{field}", self.namespace))?;
        let data = stored.and_then(|bytes| StateData::decode(bytes.as_slice()).ok());
        let Some(state_data::Type::Bytes(bytes)) = data.and_then(|data| data.r#type) else {
            return Ok(None);
        };
        Ok(M::decode(bytes.as_slice()).ok())
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Stop> {
        let found = self.rules.state.get(ChaincodeName::LIFECYCLE, key).map_err(Stop::State)?;
        Ok(found.map(|versioned| versioned.value))
    }
}
