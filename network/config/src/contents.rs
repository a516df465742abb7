//! What the values of a configuration say.
//!
//! Each group may hold certain values and no others; a value that is absent counts as empty. What
//! is read here is what Fabric's nodes read, and what they refuse is refused.

use std::{collections::BTreeMap, time::Duration};

use fabric_protos::{
    Message,
    common::{self, BlockDataHashingStructure, ConfigGroup, HashingAlgorithm, OrdererAddresses},
    etcdraft,
    id::MspId,
    msp::MspConfig,
    orderer::{BatchSize, BatchTimeout, ConsensusType},
    protos::{AcLs, AnchorPeers},
};
use pervade_identity::{Membership, Msp, MspError};
use thiserror::Error;

use crate::{
    access,
    capabilities::Capabilities,
    channel::ConfigError,
    duration::{self, DurationError},
    elements::{ElementKind, ElementPath},
    names,
};

/// How transactions become blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRules {
    /// Most transactions of a block; never 0.
    pub max_message_count: u32,
    /// Most bytes of the transactions of a block; a larger transaction is refused. Never 0.
    pub absolute_max_bytes: u32,
    /// Bytes of transactions above which a block is cut, except for a single larger transaction.
    /// Never 0, never above `absolute_max_bytes`.
    pub preferred_max_bytes: u32,
    /// How long the first transaction of a block waits for others; never zero.
    pub timeout: Duration,
}

/// Who orders, and by which agreement.
#[derive(Debug, Clone, PartialEq)]
pub struct Consensus {
    /// The kind: `etcdraft`, or another that this implementation does not look into.
    pub kind: String,
    /// The orderers that take part, if the kind is `etcdraft`; certificates are PEM.
    pub consenters: Vec<etcdraft::Consenter>,
}

/// An organisation of the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The name of its group.
    pub name: String,
    /// The identifier of its membership definition.
    pub msp_id: MspId,
    /// `host:port` of its orderers; empty for an application organisation.
    pub endpoints: Vec<String>,
    /// The peers by which other organisations find it; empty for an orderer organisation.
    pub anchor_peers: Vec<AnchorPeer>,
}

/// Where a peer can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorPeer {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// A value that does not say what it must.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ContentError {
    /// No such value belongs in this group.
    #[error("no such value is known")]
    Unknown,
    /// The bytes are not the message that the value's name asks for.
    #[error("the value cannot be decoded")]
    Malformed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A number is out of its range.
    #[error("{field} is {found}, which is out of range")]
    OutOfRange {
        /// The number's name.
        field: &'static str,
        /// What it is.
        found: u64,
    },
    /// The hash function is not known.
    #[error("the hash function {name:?} is not known")]
    Hashing {
        /// Its name.
        name: String,
    },
    /// The batch timeout is no duration.
    #[error("the batch timeout is no duration")]
    Timeout(#[source] DurationError),
    /// The value may not be set at this level of capabilities, or must be and is not.
    #[error("the channel's capabilities do not allow this")]
    Capability,
}

/// An organisation whose group cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OrganizationError {
    /// Its group has groups of its own.
    #[error("it has groups of its own")]
    Nested,
    /// Its membership definition is not valid.
    #[error("its membership definition is not valid")]
    Msp(#[source] MspError),
    /// Another organisation has the same MSP identifier with another definition.
    #[error("{msp} is defined twice, differently")]
    DefinedTwice {
        /// The identifier.
        msp: MspId,
    },
    /// A value of its is wrong.
    #[error("the value {name} is wrong")]
    Value {
        /// The value's name.
        name: String,
        /// Why.
        #[source]
        source: ContentError,
    },
}

/// Everything that the values of a configuration say.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) capabilities: Capabilities,
    pub(crate) batch: BatchRules,
    pub(crate) consensus: Consensus,
    pub(crate) global_orderers: Vec<String>,
    pub(crate) orderers: Vec<Organization>,
    pub(crate) applications: Vec<Organization>,
    pub(crate) access: BTreeMap<String, String>,
    pub(crate) membership: Membership,
}

impl Contents {
    pub(crate) fn read(root: &ConfigGroup) -> Result<Self, ConfigError> {
        let channel = Values::of(&[names::CHANNEL], root, &CHANNEL_VALUES)?;
        let orderer_group = inner(root, names::ORDERER)?;
        let orderer =
            Values::of(&[names::CHANNEL, names::ORDERER], orderer_group, &ORDERER_VALUES)?;
        let application_group = inner(root, names::APPLICATION)?;
        let application = Values::of(
            &[names::CHANNEL, names::APPLICATION],
            application_group,
            &APPLICATION_VALUES,
        )?;
        if let Some(name) = root.groups.keys().find(|name| !GROUPS.contains(&name.as_str())) {
            return Err(ConfigError::UnknownGroup { name: name.clone() });
        }
        let capabilities = capabilities(&channel, &orderer, &application)?;
        hashing(&channel)?;
        let global: OrdererAddresses = channel.get(names::ORDERER_ADDRESSES)?;
        let global_orderers = global.addresses;
        if capabilities.forbids_global_orderers() && !global_orderers.is_empty() {
            return Err(channel.wrong(names::ORDERER_ADDRESSES, ContentError::Capability));
        }
        let mut organizations = Organizations::default();
        let orderers = organizations.read(names::ORDERER, orderer_group, &ORDERER_ORG_VALUES)?;
        let applications =
            organizations.read(names::APPLICATION, application_group, &APPLICATION_ORG_VALUES)?;
        endpoints_agree(&capabilities, &orderers)?;
        Ok(Self {
            batch: batch(&orderer)?,
            consensus: consensus(&orderer)?,
            access: access::overrides(application.get::<AcLs>(names::ACLS)?),
            membership: organizations.membership(),
            capabilities,
            global_orderers,
            orderers,
            applications,
        })
    }
}

const GROUPS: [&str; 2] = [names::ORDERER, names::APPLICATION];
const CHANNEL_VALUES: [&str; 6] = [
    names::HASHING_ALGORITHM,
    names::BLOCK_DATA_HASHING_STRUCTURE,
    names::ORDERER_ADDRESSES,
    names::ORDERERS,
    names::CONSORTIUM,
    names::CAPABILITIES,
];
const ORDERER_VALUES: [&str; 7] = [
    names::CONSENSUS_TYPE,
    names::BATCH_SIZE,
    names::BATCH_TIMEOUT,
    names::KAFKA_BROKERS,
    names::CHANNEL_RESTRICTIONS,
    names::ORDERERS,
    names::CAPABILITIES,
];
const APPLICATION_VALUES: [&str; 2] = [names::ACLS, names::CAPABILITIES];
const ORDERER_ORG_VALUES: [&str; 2] = [names::MSP, names::ENDPOINTS];
const APPLICATION_ORG_VALUES: [&str; 2] = [names::MSP, names::ANCHOR_PEERS];

fn inner<'a>(root: &'a ConfigGroup, name: &'static str) -> Result<&'a ConfigGroup, ConfigError> {
    root.groups.get(name).ok_or(ConfigError::MissingGroup { name })
}

/// The values of one group, each of a known name.
struct Values<'a> {
    group: Vec<String>,
    values: &'a BTreeMap<String, common::ConfigValue>,
}

impl<'a> Values<'a> {
    fn of(path: &[&str], group: &'a ConfigGroup, known: &[&str]) -> Result<Self, ConfigError> {
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        let values = Self { group: path, values: &group.values };
        match group.values.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(values.wrong(name, ContentError::Unknown)),
            None => Ok(values),
        }
    }

    /// What a value says; an absent one says nothing.
    fn get<M: Message + Default>(&self, name: &str) -> Result<M, ConfigError> {
        decode(self.values, name).map_err(|reason| self.wrong(name, reason))
    }

    fn wrong(&self, name: &str, reason: ContentError) -> ConfigError {
        let element = ElementPath::new(ElementKind::Value, &self.group, name);
        ConfigError::Value { element, reason }
    }
}

fn decode<M: Message + Default>(
    values: &BTreeMap<String, common::ConfigValue>,
    name: &str,
) -> Result<M, ContentError> {
    let bytes = values.get(name).map(|value| value.value.as_slice()).unwrap_or_default();
    M::decode(bytes).map_err(|source| ContentError::Malformed(source.into()))
}

fn capabilities(
    channel: &Values<'_>,
    orderer: &Values<'_>,
    application: &Values<'_>,
) -> Result<Capabilities, ConfigError> {
    // An orderer without capabilities could not follow the others.
    if !orderer.values.contains_key(names::CAPABILITIES) {
        for values in [channel, application] {
            if values.values.contains_key(names::CAPABILITIES) {
                return Err(values.wrong(names::CAPABILITIES, ContentError::Capability));
            }
        }
    }
    Capabilities::new(
        &channel.get(names::CAPABILITIES)?,
        &orderer.get(names::CAPABILITIES)?,
        &application.get(names::CAPABILITIES)?,
    )
    .map_err(ConfigError::Capability)
}

fn hashing(channel: &Values<'_>) -> Result<(), ConfigError> {
    let algorithm: HashingAlgorithm = channel.get(names::HASHING_ALGORITHM)?;
    if !names::HASHING_ALGORITHMS.contains(&algorithm.name.as_str()) {
        let reason = ContentError::Hashing { name: algorithm.name };
        return Err(channel.wrong(names::HASHING_ALGORITHM, reason));
    }
    let structure: BlockDataHashingStructure = channel.get(names::BLOCK_DATA_HASHING_STRUCTURE)?;
    if structure.width != names::HASHING_WIDTH {
        let found = structure.width.into();
        let reason = ContentError::OutOfRange { field: "width", found };
        return Err(channel.wrong(names::BLOCK_DATA_HASHING_STRUCTURE, reason));
    }
    Ok(())
}

fn batch(orderer: &Values<'_>) -> Result<BatchRules, ConfigError> {
    let size: BatchSize = orderer.get(names::BATCH_SIZE)?;
    let out_of_range = |field, found: u32| {
        let reason = ContentError::OutOfRange { field, found: found.into() };
        Err(orderer.wrong(names::BATCH_SIZE, reason))
    };
    if size.max_message_count == 0 {
        return out_of_range("max_message_count", 0);
    }
    if size.absolute_max_bytes == 0 {
        return out_of_range("absolute_max_bytes", 0);
    }
    if size.preferred_max_bytes == 0 || size.preferred_max_bytes > size.absolute_max_bytes {
        return out_of_range("preferred_max_bytes", size.preferred_max_bytes);
    }
    let timeout: BatchTimeout = orderer.get(names::BATCH_TIMEOUT)?;
    let timeout = duration::parse(&timeout.timeout)
        .map_err(|source| orderer.wrong(names::BATCH_TIMEOUT, ContentError::Timeout(source)))?;
    if timeout.is_zero() {
        let reason = ContentError::OutOfRange { field: "timeout", found: 0 };
        return Err(orderer.wrong(names::BATCH_TIMEOUT, reason));
    }
    Ok(BatchRules {
        max_message_count: size.max_message_count,
        absolute_max_bytes: size.absolute_max_bytes,
        preferred_max_bytes: size.preferred_max_bytes,
        timeout,
    })
}

fn consensus(orderer: &Values<'_>) -> Result<Consensus, ConfigError> {
    let consensus: ConsensusType = orderer.get(names::CONSENSUS_TYPE)?;
    let mut consenters = Vec::new();
    if consensus.r#type == names::ETCDRAFT {
        let metadata = etcdraft::ConfigMetadata::decode(consensus.metadata.as_slice());
        let malformed = |source| ContentError::Malformed(Box::new(source));
        consenters = metadata
            .map_err(|source| orderer.wrong(names::CONSENSUS_TYPE, malformed(source)))?
            .consenters;
    }
    Ok(Consensus { kind: consensus.r#type, consenters })
}

/// Endpoints of organisations came with a capability, and a later one insists on them.
fn endpoints_agree(
    capabilities: &Capabilities,
    orderers: &[Organization],
) -> Result<(), ConfigError> {
    let wrong = |organization: &Organization| {
        let present = !organization.endpoints.is_empty();
        (present && !capabilities.allows_organization_endpoints())
            || (!present && capabilities.forbids_global_orderers())
    };
    let Some(organization) = orderers.iter().find(|organization| wrong(organization)) else {
        return Ok(());
    };
    let name = names::ENDPOINTS.to_owned();
    let reason = OrganizationError::Value { name, source: ContentError::Capability };
    Err(ConfigError::Organization { name: organization.name.clone(), reason })
}

/// The organisations read so far, with their membership definitions.
#[derive(Default)]
struct Organizations {
    definitions: BTreeMap<MspId, (MspConfig, Msp)>,
}

impl Organizations {
    fn read(
        &mut self,
        parent: &str,
        group: &ConfigGroup,
        known: &[&str],
    ) -> Result<Vec<Organization>, ConfigError> {
        let mut organizations = Vec::new();
        for (name, group) in &group.groups {
            Values::of(&[names::CHANNEL, parent, name], group, known)?;
            let organization = self
                .read_one(name, group)
                .map_err(|reason| ConfigError::Organization { name: name.clone(), reason })?;
            organizations.push(organization);
        }
        Ok(organizations)
    }

    fn read_one(
        &mut self,
        name: &str,
        group: &ConfigGroup,
    ) -> Result<Organization, OrganizationError> {
        if !group.groups.is_empty() {
            return Err(OrganizationError::Nested);
        }
        let value = |name: &str, source| OrganizationError::Value { name: name.to_owned(), source };
        let definition: MspConfig =
            decode(&group.values, names::MSP).map_err(|source| value(names::MSP, source))?;
        let endpoints: OrdererAddresses = decode(&group.values, names::ENDPOINTS)
            .map_err(|source| value(names::ENDPOINTS, source))?;
        let anchors: AnchorPeers = decode(&group.values, names::ANCHOR_PEERS)
            .map_err(|source| value(names::ANCHOR_PEERS, source))?;
        let anchor_peers = anchors.anchor_peers.into_iter().map(|peer| {
            let found = u64::try_from(peer.port).unwrap_or_default();
            let port = u16::try_from(peer.port);
            port.map(|port| AnchorPeer { host: peer.host, port })
                .map_err(|_| ContentError::OutOfRange { field: "port", found })
        });
        Ok(Organization {
            name: name.to_owned(),
            msp_id: self.define(definition)?,
            endpoints: endpoints.addresses,
            anchor_peers: anchor_peers
                .collect::<Result<_, _>>()
                .map_err(|source| value(names::ANCHOR_PEERS, source))?,
        })
    }

    /// One organisation may order and take part, but has one definition only.
    fn define(&mut self, definition: MspConfig) -> Result<MspId, OrganizationError> {
        let msp = Msp::from_config(&definition).map_err(OrganizationError::Msp)?;
        let id = msp.id().clone();
        match self.definitions.get(&id) {
            Some((known, _)) if *known != definition => {
                Err(OrganizationError::DefinedTwice { msp: id })
            }
            Some(_) => Ok(id),
            None => {
                self.definitions.insert(id.clone(), (definition, msp));
                Ok(id)
            }
        }
    }

    fn membership(self) -> Membership {
        Membership::new(self.definitions.into_values().map(|(_, msp)| msp))
    }
}
