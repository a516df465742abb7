//! Chaincode definitions: approved by each organisation, committed once enough have, as Fabric's
//! `_lifecycle` keeps them.

use std::collections::BTreeMap;

use fabric_protos::common::SignaturePolicyEnvelope;
use fabric_protos::id::{ChaincodeName, InvalidId};
use fabric_protos::protos::{ApplicationPolicy, CollectionConfigPackage, application_policy};
use fabric_protos::{DecodeError, Message, lifecycle as wire};
use pervade_identity::policy::{PolicyTextError, parse, render};
use thiserror::Error;

use crate::gateway::Network;
use crate::{CallError, Contract, EvaluateError, Outcome, ProposalBuilder, ProposeError};

/// What a channel's organisations agree on about one chaincode.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the fields are the agreement")]
pub struct Definition {
    /// The chaincode's name.
    pub name: ChaincodeName,
    /// Its version, in the organisations' own words.
    pub version: String,
    /// 1 for the first definition under this name, then one more each time.
    pub sequence: i64,
    /// Who must endorse its transactions.
    pub policy: ChaincodePolicy,
    /// Its collections of private data.
    pub collections: Option<CollectionConfigPackage>,
    /// Whether it must be called with `--isInit` first, an old habit of Fabric.
    pub init_required: bool,
}

impl Definition {
    /// The first definition of a chaincode, endorsed as the channel's default says.
    #[must_use]
    pub fn first(name: ChaincodeName, version: &str) -> Self {
        Self {
            name,
            version: version.to_owned(),
            sequence: 1,
            policy: ChaincodePolicy::default(),
            collections: None,
            init_required: false,
        }
    }
}

/// Who must endorse a chaincode's transactions.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition: protos.ApplicationPolicy")]
pub enum ChaincodePolicy {
    /// These signatures.
    Signatures(SignaturePolicyEnvelope),
    /// A policy of the channel's configuration, by its path.
    Channel(String),
}

/// The channel's `Endorsement` policy of applications.
impl Default for ChaincodePolicy {
    fn default() -> Self {
        Self::Channel(DEFAULT_POLICY.to_owned())
    }
}

const DEFAULT_POLICY: &str = "/Channel/Application/Endorsement";

impl ChaincodePolicy {
    /// Reads a policy as people write it: a path that begins with `/`, or a signature policy such
    /// as `AND('Org1MSP.peer', 'Org2MSP.peer')`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn from_text(text: &str) -> Result<Self, PolicyTextError> {
        if text.starts_with('/') {
            return Ok(Self::Channel(text.to_owned()));
        }
        parse(text).map(Self::Signatures)
    }

    /// The policy as people write it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Signatures(policy) => render(policy),
            Self::Channel(path) => path.clone(),
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let policy = match self.clone() {
            Self::Signatures(policy) => application_policy::Type::SignaturePolicy(policy),
            Self::Channel(path) => application_policy::Type::ChannelConfigPolicyReference(path),
        };
        ApplicationPolicy { r#type: Some(policy) }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(match ApplicationPolicy::decode(bytes)?.r#type {
            None => Self::default(),
            Some(application_policy::Type::SignaturePolicy(policy)) => Self::Signatures(policy),
            Some(application_policy::Type::ChannelConfigPolicyReference(path)) => {
                Self::Channel(path)
            }
        })
    }
}

/// The chaincode definitions of one channel.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    network: Network,
    contract: Contract,
}

impl Network {
    /// The channel's chaincode definitions.
    #[must_use]
    pub fn lifecycle(&self) -> Lifecycle {
        #[expect(clippy::expect_used, reason = "the name is a constant")]
        let name = ChaincodeName::new(ChaincodeName::LIFECYCLE).expect("names a chaincode");
        Lifecycle { network: self.clone(), contract: self.contract(name) }
    }
}

impl Lifecycle {
    /// Approves a definition for the caller's own organisation, which runs the installed package
    /// `package_id`, or none if it only validates. Only that organisation's peers endorse it.
    ///
    /// # Errors
    /// As for every call; a definition that cannot come next is refused by the peer.
    pub async fn approve(
        &self,
        definition: &Definition,
        package_id: Option<&str>,
    ) -> Result<Outcome, LifecycleError> {
        let own = self.network.gateway.signer.msp_id().as_str().to_owned();
        let args = approval(definition, package_id);
        let proposal = self.proposal("ApproveChaincodeDefinitionForMyOrg", &args);
        let outcome = self.contract.submit_proposal(proposal.organizations([own])).await;
        outcome.map_err(LifecycleError::Call)
    }

    /// Commits a definition that enough organisations have approved.
    ///
    /// # Errors
    /// As for every call; a definition that too few approved is refused by the peers.
    pub async fn commit(&self, definition: &Definition) -> Result<Outcome, LifecycleError> {
        let args = wire::CommitChaincodeDefinitionArgs {
            sequence: definition.sequence,
            name: definition.name.as_str().to_owned(),
            version: definition.version.clone(),
            validation_parameter: definition.policy.to_bytes(),
            collections: definition.collections.clone(),
            init_required: definition.init_required,
            ..Default::default()
        };
        let proposal = self.proposal("CommitChaincodeDefinition", &args);
        self.contract.submit_proposal(proposal).await.map_err(LifecycleError::Call)
    }

    /// Who has approved a definition.
    ///
    /// # Errors
    /// As for every call.
    pub async fn readiness(&self, definition: &Definition) -> Result<Readiness, LifecycleError> {
        let args = wire::CheckCommitReadinessArgs {
            sequence: definition.sequence,
            name: definition.name.as_str().to_owned(),
            version: definition.version.clone(),
            validation_parameter: definition.policy.to_bytes(),
            collections: definition.collections.clone(),
            init_required: definition.init_required,
            ..Default::default()
        };
        let result: wire::CheckCommitReadinessResult =
            self.query("CheckCommitReadiness", &args).await?;
        let mismatches = result.mismatches.into_iter();
        Ok(Readiness {
            approvals: result.approvals,
            mismatches: mismatches.map(|(msp_id, found)| (msp_id, found.items)).collect(),
        })
    }

    /// All committed definitions, by name.
    ///
    /// # Errors
    /// As for every call.
    pub async fn committed(&self) -> Result<Vec<Definition>, LifecycleError> {
        let args = wire::QueryChaincodeDefinitionsArgs {};
        let result: wire::QueryChaincodeDefinitionsResult =
            self.query("QueryChaincodeDefinitions", &args).await?;
        let mut definitions = result
            .chaincode_definitions
            .into_iter()
            .map(|definition| committed(definition).map_err(LifecycleError::Unreadable))
            .collect::<Result<Vec<_>, _>>()?;
        definitions.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(definitions)
    }

    /// The committed definition of one chaincode, if there is one.
    ///
    /// # Errors
    /// As for every call.
    pub async fn committed_as(
        &self,
        name: &ChaincodeName,
    ) -> Result<Option<Definition>, LifecycleError> {
        let all = self.committed().await?;
        Ok(all.into_iter().find(|definition| definition.name == *name))
    }

    /// Everything that the caller's own organisation has approved.
    ///
    /// # Errors
    /// As for every call.
    pub async fn approved(&self) -> Result<Vec<Approval>, LifecycleError> {
        let args = wire::QueryApprovedChaincodeDefinitionsArgs {};
        let result: wire::QueryApprovedChaincodeDefinitionsResult =
            self.query("QueryApprovedChaincodeDefinitions", &args).await?;
        let approvals = result.approved_chaincode_definitions.into_iter();
        approvals.map(|held| approved(held).map_err(LifecycleError::Unreadable)).collect()
    }

    fn proposal(&self, function: &str, args: &impl Message) -> ProposalBuilder {
        self.contract.proposal(function).arg(args.encode_to_vec())
    }

    /// Asks a peer of the caller's own organisation.
    async fn query<T: Message + Default>(
        &self,
        function: &str,
        args: &impl Message,
    ) -> Result<T, LifecycleError> {
        let own = self.network.gateway.signer.msp_id().as_str().to_owned();
        let proposal = self.proposal(function, args).organizations([own]);
        let signed = proposal.build().and_then(|proposal| proposal.sign());
        let answer = signed.map_err(call)?.evaluate().await.map_err(evaluation)?;
        T::decode(answer.as_slice())
            .map_err(|source| LifecycleError::Unreadable(UnreadableDefinition::Message(source)))
    }
}

/// Who has approved a definition, by MSP id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Readiness {
    /// Whether each organisation has approved exactly this definition.
    pub approvals: BTreeMap<String, bool>,
    /// In which parts an organisation approved something else.
    pub mismatches: BTreeMap<String, Vec<String>>,
}

/// What one organisation has approved.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Approval {
    /// The definition.
    pub definition: Definition,
    /// The installed package that its peers run; none if they only validate.
    pub package_id: Option<String>,
}

/// A definition could not be approved, committed or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LifecycleError {
    /// The call failed.
    #[error("the definition's call failed")]
    Call(#[source] CallError),
    /// The peer's answer is no definition.
    #[error("the peer's answer cannot be read")]
    Unreadable(#[source] UnreadableDefinition),
}

/// Why a peer's answer is no definition.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UnreadableDefinition {
    /// Not the message that was asked for.
    #[error("it is not the message asked for")]
    Message(#[source] DecodeError),
    /// Its policy is none.
    #[error("the policy of {name} cannot be read")]
    Policy {
        /// The chaincode.
        name: ChaincodeName,
        /// Why.
        source: DecodeError,
    },
    /// Its name is none.
    #[error("it names no chaincode")]
    Name(#[source] InvalidId),
}

fn call(error: ProposeError) -> LifecycleError {
    LifecycleError::Call(CallError::Propose(error))
}

fn evaluation(error: EvaluateError) -> LifecycleError {
    LifecycleError::Call(CallError::Evaluate(error))
}

fn approval(
    definition: &Definition,
    package_id: Option<&str>,
) -> wire::ApproveChaincodeDefinitionForMyOrgArgs {
    let source = match package_id {
        Some(id) => wire::chaincode_source::Type::LocalPackage(wire::chaincode_source::Local {
            package_id: id.to_owned(),
        }),
        None => wire::chaincode_source::Type::Unavailable(wire::chaincode_source::Unavailable {}),
    };
    wire::ApproveChaincodeDefinitionForMyOrgArgs {
        sequence: definition.sequence,
        name: definition.name.as_str().to_owned(),
        version: definition.version.clone(),
        validation_parameter: definition.policy.to_bytes(),
        collections: definition.collections.clone(),
        init_required: definition.init_required,
        source: Some(wire::ChaincodeSource { r#type: Some(source) }),
        ..Default::default()
    }
}

fn committed(
    definition: wire::query_chaincode_definitions_result::ChaincodeDefinition,
) -> Result<Definition, UnreadableDefinition> {
    let name = ChaincodeName::new(definition.name).map_err(UnreadableDefinition::Name)?;
    let policy = ChaincodePolicy::from_bytes(&definition.validation_parameter)
        .map_err(|source| UnreadableDefinition::Policy { name: name.clone(), source })?;
    let collections = definition.collections.filter(|package| !package.config.is_empty());
    Ok(Definition {
        name,
        version: definition.version,
        sequence: definition.sequence,
        policy,
        collections,
        init_required: definition.init_required,
    })
}

fn approved(
    held: wire::query_approved_chaincode_definitions_result::ApprovedChaincodeDefinition,
) -> Result<Approval, UnreadableDefinition> {
    let package_id = match held.source.and_then(|source| source.r#type) {
        Some(wire::chaincode_source::Type::LocalPackage(local)) => Some(local.package_id),
        Some(wire::chaincode_source::Type::Unavailable(_)) | None => None,
    };
    let definition = committed(wire::query_chaincode_definitions_result::ChaincodeDefinition {
        name: held.name,
        sequence: held.sequence,
        version: held.version,
        endorsement_plugin: held.endorsement_plugin,
        validation_plugin: held.validation_plugin,
        validation_parameter: held.validation_parameter,
        collections: held.collections,
        init_required: held.init_required,
    })?;
    Ok(Approval { definition, package_id })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use fabric_protos::id::ChaincodeName;
    use fabric_protos::lifecycle::query_chaincode_definitions_result::ChaincodeDefinition;
    use fabric_protos::{Message as _, lifecycle as wire};

    use super::{ChaincodePolicy, Definition, approval, committed};

    #[test]
    fn policies_are_written_and_read_as_people_write_them() {
        check("/Channel/Application/Endorsement", expect!["/Channel/Application/Endorsement"]);
        check("OR('A.peer', 'B.peer')", expect!["OR('A.peer', 'B.peer')"]);
        check("Org1MSP", expect!["at byte 0: neither AND, OR nor OutOf"]);
        check("", expect!["at byte 0: this cannot stand here"]);
    }

    #[test]
    fn what_was_approved_is_what_is_read_back() {
        let mut definition = Definition::first(ChaincodeName::new("recording").unwrap(), "1.0");
        definition.policy = ChaincodePolicy::from_text("AND('A.peer', 'B.peer')").unwrap();
        let sent = approval(&definition, Some("recording:00"));
        let held = ChaincodeDefinition {
            name: sent.name,
            sequence: sent.sequence,
            version: sent.version,
            endorsement_plugin: "escc".to_owned(),
            validation_plugin: "vscc".to_owned(),
            validation_parameter: sent.validation_parameter,
            collections: Some(fabric_protos::protos::CollectionConfigPackage::default()),
            init_required: sent.init_required,
        };
        assert_eq!(committed(held).unwrap(), definition);
    }

    #[test]
    fn an_organisation_without_a_package_says_so() {
        let definition = Definition::first(ChaincodeName::new("recording").unwrap(), "1.0");
        let bytes = approval(&definition, None).encode_to_vec();
        let read = wire::ApproveChaincodeDefinitionForMyOrgArgs::decode(bytes.as_slice()).unwrap();
        let source = read.source.and_then(|source| source.r#type);
        let unavailable = wire::chaincode_source::Unavailable {};
        assert_eq!(source, Some(wire::chaincode_source::Type::Unavailable(unavailable)));
    }

    #[track_caller]
    fn check(text: &str, outcome: Expect) {
        let said = ChaincodePolicy::from_text(text).map(|policy| {
            let read = ChaincodePolicy::from_bytes(&policy.to_bytes()).unwrap();
            assert_eq!(read, policy, "the policy survives its bytes");
            read.text()
        });
        outcome.assert_eq(&said.unwrap_or_else(|error| error.to_string()));
    }
}
