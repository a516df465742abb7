//! What a chaincode's definition says.

use fabric_protos::{
    Message,
    common::msp_role::MspRoleType,
    id::{ChaincodeName, InvalidId, MspId},
    lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, ChaincodeEndorsementInfo, ChaincodeValidationInfo,
        CheckCommitReadinessArgs, CommitChaincodeDefinitionArgs, state_data,
    },
    protos::{
        ApplicationPolicy, CollectionConfigPackage, CollectionPolicyConfig, StaticCollectionConfig,
        application_policy, collection_config, collection_policy_config,
    },
};
use pervade_channel_config::{ChannelConfig, policy::signed_by};
use thiserror::Error;

use super::{
    LifecycleError, NAMESPACE,
    record::{self, NAMESPACES, Read, Record, RecordError},
};
use crate::state::StateView;

/// How a chaincode is to be called, endorsed and validated on a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct ChaincodeDefinition {
    /// The chaincode's name, which is its namespace.
    pub name: ChaincodeName,
    /// How many definitions of this name there have been, this one included; from 1.
    pub sequence: i64,
    /// A version in the organisations' own words.
    pub version: String,
    /// Who endorses; `escc` by default.
    pub endorsement_plugin: String,
    /// Who validates; `vscc` by default.
    pub validation_plugin: String,
    /// Which endorsements are enough: a serialised `ApplicationPolicy`.
    pub policy: Vec<u8>,
    /// The private collections.
    pub collections: CollectionConfigPackage,
    /// Whether the chaincode must be initialised before it can be called.
    pub init_required: bool,
}

/// A parameter that differs from the one committed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParameterMismatch {
    /// A parameter that has a text form.
    #[error("expected {parameter} '{expected}' does not match passed {parameter} '{passed}'")]
    Parameter {
        /// Which one.
        parameter: &'static str,
        /// What is committed.
        expected: String,
        /// What was passed.
        passed: String,
    },
    /// The collections.
    #[error("Collections do not match")]
    Collections,
}

const SEQUENCE: &str = "Sequence";
const ENDORSEMENT_INFO: &str = "EndorsementInfo";
const VALIDATION_INFO: &str = "ValidationInfo";
const COLLECTIONS: &str = "Collections";

/// The type under which a committed definition is stored.
const DEFINITION_TYPE: &str = "ChaincodeDefinition";
/// The type under which an approved definition is stored.
pub(super) const PARAMETERS_TYPE: &str = "ChaincodeParameters";

/// The policy of a definition that names none.
pub(super) const DEFAULT_POLICY: &str = "/Channel/Application/Endorsement";
const DEFAULT_ENDORSEMENT_PLUGIN: &str = "escc";
const DEFAULT_VALIDATION_PLUGIN: &str = "vscc";

/// What precedes the organisation in the name of its implicit collection.
const IMPLICIT_COLLECTION: &str = "_implicit_org_";

/// The definition of a chaincode as committed; `None` if it has none, or its name cannot be one.
///
/// # Errors
/// If the state cannot be read, or what is there is no definition.
pub fn definition(
    state: &dyn StateView,
    name: &str,
) -> Result<Option<ChaincodeDefinition>, RecordError> {
    let mut read = |key: &str| match state.get(NAMESPACE, key) {
        Ok(found) => Ok(found.map(|found| found.value)),
        Err(error) => Err(error.into()),
    };
    ChaincodeDefinition::read(&mut read, name)
}

/// The chaincode that is defined anew when this public key is written.
#[must_use]
pub fn defined_chaincode(key: &str) -> Option<&str> {
    let name = key.strip_prefix("namespaces/fields/")?.strip_suffix("/Sequence")?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// The collection of which one organisation is the only member, in every chaincode.
#[must_use]
pub fn implicit_collection(organization: &MspId) -> String {
    format!("{IMPLICIT_COLLECTION}{organization}")
}

/// Whose implicit collection this is; `None` if it is an ordinary one.
#[must_use]
pub fn implicit_collection_owner(collection: &str) -> Option<Result<MspId, InvalidId>> {
    collection.strip_prefix(IMPLICIT_COLLECTION).map(MspId::new)
}

/// An organisation's implicit collection as if it had been defined: kept for ever, members only by
/// policy, no peer needed.
#[must_use]
pub fn implicit_collection_config(organization: &MspId) -> StaticCollectionConfig {
    let members = signed_by(1, [(organization, MspRoleType::Member)]);
    StaticCollectionConfig {
        name: implicit_collection(organization),
        member_orgs_policy: Some(CollectionPolicyConfig {
            payload: Some(collection_policy_config::Payload::SignaturePolicy(members)),
        }),
        ..StaticCollectionConfig::default()
    }
}

impl ChaincodeDefinition {
    /// An explicit collection of this chaincode.
    #[must_use]
    pub fn collection(&self, name: &str) -> Option<&StaticCollectionConfig> {
        let configs = self.collections.config.iter();
        configs
            .filter_map(|config| config.payload.as_ref())
            .map(|collection_config::Payload::StaticCollectionConfig(collection)| collection)
            .find(|collection| collection.name == name)
    }

    /// Reads a committed definition.
    pub(crate) fn read(read: Read<'_>, name: &str) -> Result<Option<Self>, RecordError> {
        let Ok(checked) = ChaincodeName::new(name) else { return Ok(None) };
        let Some(metadata) = record::metadata(read, NAMESPACES, name)? else { return Ok(None) };
        record::expect_type(&metadata, DEFINITION_TYPE)?;
        let sequence = record::integer(read, NAMESPACES, name, SEQUENCE)?;
        Self::read_parameters(read, checked, name, sequence).map(Some)
    }

    /// Reads everything but the sequence, which is stored in different places; `record` is the
    /// name under which the rest is stored.
    pub(super) fn read_parameters(
        read: Read<'_>,
        name: ChaincodeName,
        record: &str,
        sequence: i64,
    ) -> Result<Self, RecordError> {
        let endorsement: ChaincodeEndorsementInfo =
            record::message(read, NAMESPACES, record, ENDORSEMENT_INFO)?;
        let validation: ChaincodeValidationInfo =
            record::message(read, NAMESPACES, record, VALIDATION_INFO)?;
        Ok(Self {
            name,
            sequence,
            version: endorsement.version,
            endorsement_plugin: endorsement.endorsement_plugin,
            validation_plugin: validation.validation_plugin,
            policy: validation.validation_parameter,
            collections: record::message(read, NAMESPACES, record, COLLECTIONS)?,
            init_required: endorsement.init_required,
        })
    }

    /// How a commit stores it.
    pub(super) fn committed_record(&self) -> Record {
        let mut fields = vec![(SEQUENCE, state_data::Type::Int64(self.sequence))];
        fields.extend(self.parameters());
        Record { datatype: DEFINITION_TYPE, fields }
    }

    /// How an approval stores it, under [`private_name`](Self::private_name).
    pub(super) fn approved_record(&self) -> Record {
        Record { datatype: PARAMETERS_TYPE, fields: self.parameters() }
    }

    /// The name of an approval's records.
    pub(super) fn private_name(&self) -> String {
        private_name(self.name.as_str(), self.sequence)
    }

    fn parameters(&self) -> Vec<(&'static str, state_data::Type)> {
        let endorsement = ChaincodeEndorsementInfo {
            version: self.version.clone(),
            init_required: self.init_required,
            endorsement_plugin: self.endorsement_plugin.clone(),
        };
        let validation = ChaincodeValidationInfo {
            validation_plugin: self.validation_plugin.clone(),
            validation_parameter: self.policy.clone(),
        };
        vec![
            (ENDORSEMENT_INFO, state_data::Type::Bytes(endorsement.encode_to_vec())),
            (VALIDATION_INFO, state_data::Type::Bytes(validation.encode_to_vec())),
            (COLLECTIONS, state_data::Type::Bytes(self.collections.encode_to_vec())),
        ]
    }

    /// The first parameter in which another definition differs from this one.
    pub(super) fn mismatch(&self, passed: &Self) -> Option<ParameterMismatch> {
        let parameters = [
            ("Version", self.version.clone(), passed.version.clone()),
            (
                "EndorsementPlugin",
                self.endorsement_plugin.clone(),
                passed.endorsement_plugin.clone(),
            ),
            ("InitRequired", self.init_required.to_string(), passed.init_required.to_string()),
            ("ValidationPlugin", self.validation_plugin.clone(), passed.validation_plugin.clone()),
            ("ValidationParameter", hex::encode(&self.policy), hex::encode(&passed.policy)),
        ];
        for (parameter, expected, passed) in parameters {
            if expected != passed {
                return Some(ParameterMismatch::Parameter { parameter, expected, passed });
            }
        }
        (self.collections != passed.collections).then_some(ParameterMismatch::Collections)
    }

    /// Fills in what the caller left open.
    pub(super) fn with_defaults(mut self, config: &ChannelConfig) -> Result<Self, LifecycleError> {
        if self.endorsement_plugin.is_empty() {
            DEFAULT_ENDORSEMENT_PLUGIN.clone_into(&mut self.endorsement_plugin);
        }
        if self.validation_plugin.is_empty() {
            DEFAULT_VALIDATION_PLUGIN.clone_into(&mut self.validation_plugin);
        }
        if !self.policy.is_empty() {
            return Ok(self);
        }
        if config.policy(DEFAULT_POLICY).is_none() {
            let channel = config.channel_id().clone();
            return Err(LifecycleError::DefaultPolicy { channel, policy: DEFAULT_POLICY });
        }
        let reference = DEFAULT_POLICY.to_owned();
        let policy = application_policy::Type::ChannelConfigPolicyReference(reference);
        self.policy = ApplicationPolicy { r#type: Some(policy) }.encode_to_vec();
        Ok(self)
    }
}

/// The name under which an organisation stores its approval of one sequence.
pub(super) fn private_name(name: &str, sequence: i64) -> String {
    format!("{name}#{sequence}")
}

/// Name and sequence of an approval.
pub(super) fn split_private_name(private: &str) -> Result<(ChaincodeName, i64), RecordError> {
    let invalid = || RecordError::Name { name: private.to_owned() };
    let (name, sequence) = private.split_once('#').ok_or_else(invalid)?;
    let name = ChaincodeName::new(name).map_err(|_| invalid())?;
    Ok((name, sequence.parse().map_err(|_| invalid())?))
}

macro_rules! from_arguments {
    ($($arguments:ty),*) => {$(
        impl TryFrom<&$arguments> for ChaincodeDefinition {
            type Error = InvalidId;

            fn try_from(arguments: &$arguments) -> Result<Self, InvalidId> {
                Ok(Self {
                    name: ChaincodeName::new(arguments.name.as_str())?,
                    sequence: arguments.sequence,
                    version: arguments.version.clone(),
                    endorsement_plugin: arguments.endorsement_plugin.clone(),
                    validation_plugin: arguments.validation_plugin.clone(),
                    policy: arguments.validation_parameter.clone(),
                    collections: arguments.collections.clone().unwrap_or_default(),
                    init_required: arguments.init_required,
                })
            }
        }
    )*};
}

from_arguments!(
    ApproveChaincodeDefinitionForMyOrgArgs,
    CommitChaincodeDefinitionArgs,
    CheckCommitReadinessArgs
);
