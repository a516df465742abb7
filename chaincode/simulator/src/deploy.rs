//! Deploying chaincode by the rules of `_lifecycle`: every organisation approves, one commits.

use fabric_protos::Message;
use fabric_protos::common::msp_role::MspRoleType;
use fabric_protos::id::MspId;
use fabric_protos::lifecycle::{
    ApproveChaincodeDefinitionForMyOrgArgs, CommitChaincodeDefinitionArgs,
};
use fabric_protos::protos::{
    ApplicationPolicy, CollectionConfig, CollectionConfigPackage, CollectionPolicyConfig,
    StaticCollectionConfig, application_policy, collection_config, collection_policy_config,
};
use pervade_chaincode::Chaincode;
use pervade_channel_config::policy::signed_by;
use pervade_identity::policy;
use pervade_ledger::lifecycle::{AccessError, EndorsementPolicy, LedgerAccess, NAMESPACE};
use pervade_ledger::simulate::Simulator;

use crate::ledger::State;
use crate::outcome::Fault;

/// A chaincode and what the organisations agree on about it.
///
/// Without a policy, a majority of the organisations must endorse, as the channel says.
#[derive(Debug)]
pub struct Deployment {
    pub(crate) chaincode: Chaincode,
    policy: Option<String>,
    collections: Vec<Collection>,
    init_required: bool,
}

impl From<Chaincode> for Deployment {
    fn from(chaincode: Chaincode) -> Self {
        Self { chaincode, policy: None, collections: Vec::new(), init_required: false }
    }
}

impl Deployment {
    /// A chaincode to be deployed.
    #[must_use]
    pub fn new(chaincode: Chaincode) -> Self {
        chaincode.into()
    }

    /// Who must endorse, in Fabric's words: `AND('Org1MSP.peer', 'Org2MSP.peer')`.
    #[must_use]
    pub fn policy(mut self, text: &str) -> Self {
        self.policy = Some(text.to_owned());
        self
    }

    /// A collection of private data, which only clients of its member organisations may read and
    /// write.
    #[must_use]
    pub fn collection(self, name: &str, members: &[&str]) -> Self {
        self.with_collection(Collection::new(name, members))
    }

    /// A collection of private data.
    #[must_use]
    pub fn with_collection(mut self, collection: Collection) -> Self {
        self.collections.push(collection);
        self
    }

    /// Has the chaincode called with [`Client::init`](crate::Client::init) once before all else.
    #[must_use]
    pub fn init_required(mut self) -> Self {
        self.init_required = true;
        self
    }

    pub(crate) fn is_init_required(&self) -> bool {
        self.init_required
    }

    /// What is committed.
    pub(crate) fn definition(&self) -> Result<CommitChaincodeDefinitionArgs, Fault> {
        let policy = self.policy.as_deref().map(policy::parse).transpose()?;
        let policy = policy.map(|policy| EndorsementPolicy::Signature(policy).to_bytes());
        let collections = self.collections.iter().map(Collection::config);
        let collections = collections.collect::<Result<_, _>>()?;
        Ok(CommitChaincodeDefinitionArgs {
            sequence: 1,
            name: self.chaincode.name().to_string(),
            version: VERSION.to_owned(),
            validation_parameter: policy.unwrap_or_default(),
            collections: Some(CollectionConfigPackage { config: collections }),
            init_required: self.init_required,
            ..CommitChaincodeDefinitionArgs::default()
        })
    }
}

/// The version of every chaincode.
pub(crate) const VERSION: &str = "1.0";

/// The version that peers give their own chaincode.
pub(crate) const SYSTEM_VERSION: &str = "syscc";

/// What each organisation approves.
pub(crate) fn approval(
    definition: &CommitChaincodeDefinitionArgs,
) -> ApproveChaincodeDefinitionForMyOrgArgs {
    let committed = definition.clone();
    ApproveChaincodeDefinitionForMyOrgArgs {
        sequence: committed.sequence,
        name: committed.name,
        version: committed.version,
        validation_parameter: committed.validation_parameter,
        collections: committed.collections,
        init_required: committed.init_required,
        ..ApproveChaincodeDefinitionForMyOrgArgs::default()
    }
}

/// A collection of private data, as a chaincode's definition has it.
#[derive(Clone, Debug)]
pub struct Collection {
    members: Vec<String>,
    policy: Option<String>,
    config: StaticCollectionConfig,
}

impl Collection {
    /// A collection of which these organisations are members. Only their clients may read and
    /// write, and values stay for ever, unless it is told otherwise.
    #[must_use]
    pub fn new(name: &str, members: &[&str]) -> Self {
        let config = StaticCollectionConfig {
            name: name.to_owned(),
            maximum_peer_count: 1,
            member_only_read: true,
            member_only_write: true,
            ..StaticCollectionConfig::default()
        };
        let members = members.iter().map(|member| (*member).to_owned()).collect();
        Self { members, policy: None, config }
    }

    /// Lets clients of all organisations read, where their peer has the value.
    #[must_use]
    pub fn read_by_all(mut self) -> Self {
        self.config.member_only_read = false;
        self
    }

    /// Lets clients of all organisations write.
    #[must_use]
    pub fn written_by_all(mut self) -> Self {
        self.config.member_only_write = false;
        self
    }

    /// Forgets a value when so many blocks have followed its own.
    #[must_use]
    pub fn block_to_live(mut self, blocks: u64) -> Self {
        self.config.block_to_live = blocks;
        self
    }

    /// Who must endorse what is written here, in Fabric's words, in place of the chaincode's
    /// policy.
    #[must_use]
    pub fn policy(mut self, text: &str) -> Self {
        self.policy = Some(text.to_owned());
        self
    }

    fn config(&self) -> Result<CollectionConfig, Fault> {
        let members = self.members.iter().map(MspId::new).collect::<Result<Vec<_>, _>>()?;
        let principals = members.iter().map(|member| (member, MspRoleType::Member));
        let members = collection_policy_config::Payload::SignaturePolicy(signed_by(1, principals));
        let policy = self.policy.as_deref().map(policy::parse).transpose()?;
        let policy = policy.map(application_policy::Type::SignaturePolicy);
        let config = StaticCollectionConfig {
            member_orgs_policy: Some(CollectionPolicyConfig { payload: Some(members) }),
            endorsement_policy: policy.map(|policy| ApplicationPolicy { r#type: Some(policy) }),
            ..self.config.clone()
        };
        let payload = collection_config::Payload::StaticCollectionConfig(config);
        Ok(CollectionConfig { payload: Some(payload) })
    }
}

/// A simulation as `_lifecycle` sees it.
pub(crate) struct LifecycleAccess<'a> {
    pub(crate) simulator: Simulator<&'a State>,
    /// Whose peer it is.
    pub(crate) organization: &'a MspId,
}

impl LedgerAccess for LifecycleAccess<'_> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, AccessError> {
        Ok(self.simulator.get(NAMESPACE, key)?)
    }

    fn range(
        &mut self,
        start: &str,
        end: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, AccessError> {
        let cursor = self.simulator.range(NAMESPACE, start, end)?;
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(entry) = self.simulator.next(cursor)?
        {
            found.push(entry);
        }
        Ok(found)
    }

    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), AccessError> {
        Ok(self.simulator.put(NAMESPACE, key, value)?)
    }

    fn delete(&mut self, key: &str) -> Result<(), AccessError> {
        Ok(self.simulator.delete(NAMESPACE, key)?)
    }

    fn get_private(&mut self, collection: &str, key: &str) -> Result<Option<Vec<u8>>, AccessError> {
        let place = (NAMESPACE, collection, key);
        Ok(self.simulator.get_private(self.organization, place)?)
    }

    fn get_private_hash(
        &mut self,
        collection: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, AccessError> {
        Ok(self.simulator.get_private_hash(NAMESPACE, collection, key)?)
    }

    fn range_private(
        &mut self,
        collection: &str,
        bounds: (&str, &str),
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, AccessError> {
        let place = (NAMESPACE, collection);
        let mut range = self.simulator.private_range(self.organization, place, bounds)?;
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(entry) = self.simulator.next_private(&mut range)?
        {
            found.push(entry);
        }
        Ok(found)
    }

    fn put_private(
        &mut self,
        collection: &str,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), AccessError> {
        Ok(self.simulator.put_private(NAMESPACE, collection, key, value)?)
    }

    fn delete_private(&mut self, collection: &str, key: &str) -> Result<(), AccessError> {
        Ok(self.simulator.delete_private(NAMESPACE, collection, key)?)
    }
}

/// The bytes of a lifecycle function's argument, with its name before it.
pub(crate) fn call(function: &str, argument: &impl Message) -> Vec<Vec<u8>> {
    vec![function.as_bytes().to_vec(), argument.encode_to_vec()]
}
