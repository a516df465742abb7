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

#[cfg(test)]
mod tests {
    use fabric_protos::{
        Message,
        common::{
            Block, BlockDataHashingStructure, Capabilities, Config, ConfigGroup, ConfigValue,
            HashingAlgorithm, OrdererAddresses,
        },
        orderer::ConsensusType,
    };
    use proptest::prelude::*;

    use super::ChannelConfig;
    use crate::testing::{Consortium, chain, group};

    #[test]
    fn a_configuration_in_force_is_good_in_every_part() {
        let consortium = Consortium::new();
        let check = |change: &dyn Fn(&mut Config), expected: &str| {
            let mut config = consortium.config().config().clone();
            change(&mut config);
            let found = ChannelConfig::new(consortium.channel.clone(), config);
            let found = found.map_err(|error| chain(&error));
            let found = found.map(|config| format!("orderers {:?}", config.orderer_endpoints()));
            assert_eq!(found.unwrap_or_else(|error| error), expected);
        };
        check(&|_| (), r#"orderers ["orderer.example.com:7050"]"#);
        check(&|config| config.channel_group = None, "the configuration has no group Channel");
        check(&|config| drop_group(config, "Orderer"), "the configuration has no group Orderer");
        check(
            &|config| add_group(config, "", "Consortiums"),
            "the group \"Consortiums\" is not known",
        );
        check(
            &|config| add_group(config, "Application/Org1", "Inner"),
            "the organisation Org1 is wrong: it has groups of its own",
        );
        check(
            &|config| {
                let definition = Consortium::new().msp("Org1");
                set(config, "Orderer/Orderer", "MSP", &definition);
            },
            "the organisation Org1 is wrong: Org1MSP is defined twice, differently",
        );
        check(
            &|config| {
                group(config, "Application/Org1").values.remove("MSP");
            },
            "the organisation Org1 is wrong: its membership definition is not valid: \
             the definition's name cannot be used: \"\" is no MSP identifier",
        );
        check(
            &|config| {
                set(config, "", "HashingAlgorithm", &HashingAlgorithm { name: "MD5".to_owned() });
            },
            "[Value]  /Channel/HashingAlgorithm is wrong: the hash function \"MD5\" is not known",
        );
        check(
            &|config| {
                let structure = BlockDataHashingStructure { width: 4 };
                set(config, "", "BlockDataHashingStructure", &structure);
            },
            "[Value]  /Channel/BlockDataHashingStructure is wrong: \
             width is 4, which is out of range",
        );
        check(
            &|config| {
                let metadata = b"\xff".to_vec();
                let r#type = "etcdraft".to_owned();
                let consensus = ConsensusType { r#type, metadata, state: 0 };
                set(config, "Orderer", "ConsensusType", &consensus);
            },
            "[Value]  /Channel/Orderer/ConsensusType is wrong: the value cannot be decoded: \
             failed to decode Protobuf message: invalid varint",
        );
    }

    #[test]
    fn orderers_may_belong_to_the_channel_or_to_organisations() {
        let consortium = Consortium::new();
        let check = |level: &str, own: bool, expected: &str| {
            let mut config = consortium.config().config().clone();
            let capabilities = [(level.to_owned(), Default::default())].into();
            set(&mut config, "", "Capabilities", &Capabilities { capabilities });
            let addresses = vec!["shared:7050".to_owned()];
            set(&mut config, "", "OrdererAddresses", &OrdererAddresses { addresses });
            if !own {
                group(&mut config, "Orderer/Orderer").values.remove("Endpoints");
            }
            let found = ChannelConfig::new(consortium.channel.clone(), config);
            let found = found.map(|config| format!("{:?}", config.orderer_endpoints()));
            assert_eq!(found.unwrap_or_else(|error| chain(&error)), expected, "{level}");
        };
        check("V2_0", true, r#"["orderer.example.com:7050"]"#);
        check("V2_0", false, r#"["shared:7050"]"#);
        check("V1_3", false, r#"["shared:7050"]"#);
        check(
            "V1_3",
            true,
            "the organisation Orderer is wrong: the value Endpoints is wrong: \
             the channel's capabilities do not allow this",
        );
        check(
            "V3_0",
            true,
            "[Value]  /Channel/OrdererAddresses is wrong: \
             the channel's capabilities do not allow this",
        );
    }

    #[test]
    fn only_a_configuration_block_holds_a_configuration() {
        let check = |change: &dyn Fn(&mut Block), expected: &str| {
            let mut block = Consortium::new().genesis();
            change(&mut block);
            let error = ChannelConfig::from_block(&block).unwrap_err();
            assert_eq!(chain(&error), format!("this is not a configuration: {expected}"));
        };
        check(&|block| block.data = None, "there is no transaction");
        check(
            &|block| block.data.as_mut().unwrap().data = vec![b"\xff".to_vec()],
            "the envelope cannot be decoded: failed to decode Protobuf message: invalid varint",
        );
        check(
            &|block| {
                let consortium = Consortium::new();
                let update = consortium.envelope(&Default::default());
                block.data.as_mut().unwrap().data = vec![update.encode_to_vec()];
            },
            "the header's type is 2, not Config",
        );
    }

    proptest! {
        /// Bytes from outside are refused, never more.
        #[test]
        fn damaged_configurations_do_no_harm(
            place in any::<prop::sample::Index>(),
            flip in 1_u8..,
        ) {
            let block = Consortium::new().genesis();
            let mut bytes = block.encode_to_vec();
            let place = place.index(bytes.len());
            bytes[place] ^= flip;
            let Ok(block) = Block::decode(&*bytes) else { return Ok(()) };
            if let Ok(config) = ChannelConfig::from_block(&block) {
                let batch = config.batch();
                prop_assert!((1..=batch.absolute_max_bytes).contains(&batch.preferred_max_bytes));
                prop_assert!(batch.max_message_count > 0 && !batch.timeout.is_zero());
            }
        }
    }

    fn set(config: &mut Config, path: &str, name: &str, value: &impl Message) {
        let mod_policy = "Admins".to_owned();
        let value = ConfigValue { version: 0, value: value.encode_to_vec(), mod_policy };
        group(config, path).values.insert(name.to_owned(), value);
    }

    fn add_group(config: &mut Config, path: &str, name: &str) {
        group(config, path).groups.insert(name.to_owned(), ConfigGroup::default());
    }

    fn drop_group(config: &mut Config, name: &str) {
        group(config, "").groups.remove(name);
    }
}
