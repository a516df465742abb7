//! One configuration in force.

use fabric_protos::{
    common::{Block, Config, ConfigEnvelope, Envelope, HeaderType, SignaturePolicyEnvelope},
    id::{ChannelId, MspId},
};
use pervade_identity::{
    Identity, Membership,
    policy::{PolicyUnmet, SignedData, verified_identities},
};
use thiserror::Error;

use crate::{
    access::{self, Access},
    capabilities::{Capabilities, UnknownCapability},
    contents::{BatchRules, Consensus, ContentError, Contents, Organization, OrganizationError},
    elements::{self, ElementError, ElementPath},
    names,
    policy::{Policy, PolicyDefinitionError, PolicyGroup},
    wrapping::{self, WrappingError},
};

/// A channel's configuration, complete and checked: what it says can be relied on.
#[derive(Debug)]
pub struct ChannelConfig {
    channel: ChannelId,
    config: Config,
    contents: Contents,
    policies: PolicyGroup,
}

/// A configuration that cannot be put in force.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It is not wrapped as a configuration.
    #[error("this is not a configuration")]
    Wrapping(#[from] WrappingError),
    /// It is not a tree of named elements.
    #[error("the configuration is not well formed")]
    Elements(#[from] ElementError),
    /// A group that every channel has is absent.
    #[error("the configuration has no group {name}")]
    MissingGroup {
        /// The group.
        name: &'static str,
    },
    /// A group that no channel has is present.
    #[error("the group {name:?} is not known")]
    UnknownGroup {
        /// The group.
        name: String,
    },
    /// A value is wrong.
    #[error("{element} is wrong")]
    Value {
        /// Which one.
        element: ElementPath,
        /// Why.
        #[source]
        reason: ContentError,
    },
    /// An organisation is wrong.
    #[error("the organisation {name} is wrong")]
    Organization {
        /// The name of its group.
        name: String,
        /// Why.
        #[source]
        reason: OrganizationError,
    },
    /// A policy is wrong.
    #[error("{element} is wrong")]
    Policy {
        /// Which one.
        element: ElementPath,
        /// Why.
        #[source]
        reason: PolicyDefinitionError,
    },
    /// It asks for what this implementation cannot do.
    #[error("the configuration asks too much")]
    Capability(#[source] UnknownCapability),
}

impl ChannelConfig {
    /// Checks a configuration and puts it in force for a channel.
    ///
    /// # Errors
    /// If anything in it is wrong, unknown, or beyond the limits.
    pub fn new(channel: ChannelId, config: Config) -> Result<Self, ConfigError> {
        elements::flatten(config.channel_group.as_ref())?;
        let root = config.channel_group.as_ref();
        let root = root.ok_or(ConfigError::MissingGroup { name: names::CHANNEL })?;
        let policies = PolicyGroup::read(root)?;
        let contents = Contents::read(root)?;
        Ok(Self { channel, contents, policies, config })
    }

    /// As [`new`](Self::new), of the content of a CONFIG envelope. The envelope's content does
    /// not say which channel it is for.
    ///
    /// # Errors
    /// If there is no configuration in it, or not a good one.
    pub fn from_envelope(
        channel: ChannelId,
        content: &ConfigEnvelope,
    ) -> Result<Self, ConfigError> {
        let config = content.config.clone();
        Self::new(channel, config.ok_or(WrappingError::Missing { part: "configuration" })?)
    }

    /// As [`new`](Self::new), of the first transaction of a block.
    ///
    /// # Errors
    /// If the block is not a configuration block, or its configuration not a good one.
    pub fn from_block(block: &Block) -> Result<Self, ConfigError> {
        let transactions = block.data.iter().flat_map(|data| &data.data);
        let missing = WrappingError::Missing { part: "transaction" };
        let envelope = transactions.map(Vec::as_slice).next().ok_or(missing)?;
        let envelope: Envelope = wrapping::decode("envelope", envelope)?;
        let (channel, content) = wrapping::open(&envelope, HeaderType::Config)?;
        Self::from_envelope(channel, &content)
    }

    /// The channel.
    #[must_use]
    pub fn channel_id(&self) -> &ChannelId {
        &self.channel
    }

    /// How many updates led here; 0 in the genesis block.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.config.sequence
    }

    /// The configuration as messages carry it.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// All organisations, those that order and those that take part.
    #[must_use]
    pub fn membership(&self) -> &Membership {
        &self.contents.membership
    }

    /// The MSP identifiers of the organisations that take part, in the order of their groups'
    /// names.
    #[must_use]
    pub fn organizations(&self) -> Vec<&MspId> {
        self.contents.applications.iter().map(|organization| &organization.msp_id).collect()
    }

    /// The organisations that take part, in the order of their groups' names.
    #[must_use]
    pub fn application_organizations(&self) -> &[Organization] {
        &self.contents.applications
    }

    /// The organisations that order, in the order of their groups' names.
    #[must_use]
    pub fn orderer_organizations(&self) -> &[Organization] {
        &self.contents.orderers
    }

    /// `host:port` of every orderer: the organisations' endpoints, or the channel's own where no
    /// organisation has any.
    #[must_use]
    pub fn orderer_endpoints(&self) -> Vec<&str> {
        let organizations = self.contents.orderers.iter();
        let endpoints: Vec<_> = organizations.flat_map(|org| &org.endpoints).collect();
        let global = self.contents.global_orderers.iter().collect();
        let endpoints = if endpoints.is_empty() { global } else { endpoints };
        endpoints.into_iter().map(String::as_str).collect()
    }

    /// How blocks are cut.
    #[must_use]
    pub fn batch(&self) -> &BatchRules {
        &self.contents.batch
    }

    /// Who orders, and by which agreement.
    #[must_use]
    pub fn consensus(&self) -> &Consensus {
        &self.contents.consensus
    }

    /// What every node must understand.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.contents.capabilities
    }

    /// Who may use a resource of a peer, such as `qscc/GetChainInfo`; `None` if there is none of
    /// that name.
    #[must_use]
    pub fn access(&self, resource: &str) -> Option<Access<'_>> {
        access::rule(&self.contents.access, resource)
    }

    /// The policy at an absolute path such as `/Channel/Application/Writers`.
    #[must_use]
    pub fn policy(&self, path: &str) -> Option<&Policy> {
        self.policies.absolute(path).map(|(_, policy)| policy)
    }

    /// The policy at an absolute path as one signature policy: an implicit policy becomes the
    /// policies that it counts. `None` if it, or a policy that it counts, does not exist.
    #[must_use]
    pub fn signature_policy(&self, path: &str) -> Option<SignaturePolicyEnvelope> {
        self.policies.absolute(path).and_then(|(group, policy)| group.flatten(policy))
    }

    /// Whether signatures satisfy the policy at an absolute path. Signatures that do not verify,
    /// or whose signers are not valid members, do not count.
    ///
    /// # Errors
    /// If they do not, or there is no such policy.
    pub fn evaluate(&self, path: &str, signatures: &[SignedData<'_>]) -> Result<(), PolicyUnmet> {
        self.evaluate_identities(path, &verified_identities(self.membership(), signatures))
    }

    /// As [`evaluate`](Self::evaluate), for identities whose signatures have been verified.
    ///
    /// # Errors
    /// If they do not satisfy the policy, or there is no such policy.
    pub fn evaluate_identities(&self, path: &str, signers: &[Identity]) -> Result<(), PolicyUnmet> {
        let unknown = || PolicyUnmet::NoSuchPolicy { path: path.to_owned() };
        let (group, policy) = self.policies.absolute(path).ok_or_else(unknown)?;
        group.evaluate(policy, self.membership(), signers)
    }

    pub(crate) fn policies(&self) -> &PolicyGroup {
        &self.policies
    }
}
