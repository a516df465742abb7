use std::collections::BTreeSet;
use std::time::Duration;

use fabric_protos::id::{ChannelId, MspId};
use pervade_channel_config::BatchRules;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Which organisations, nodes, users and channels a network has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "written out by whoever designs a network")]
pub struct Topology {
    /// Organisations that endorse and transact.
    pub organizations: Vec<Organization>,
    /// The organisation that orders.
    pub orderer: OrdererOrganization,
    /// Channels, each with a ledger of its own.
    pub channels: Vec<ChannelSpec>,
    /// How blocks are cut.
    pub batch: Batch,
    /// Whether nodes listen where the topology says.
    pub ports: PortChoice,
}

/// An organisation with peers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "written out by whoever designs a network")]
pub struct Organization {
    /// Its name for people and in connection profiles, for example `Org1`.
    pub name: String,
    /// Its identifier in channels, for example `Org1MSP`.
    pub msp_id: MspId,
    /// Its domain, for example `org1.example.com`.
    pub domain: String,
    /// Its peers.
    pub peers: Vec<Node>,
    /// Its users beside `Admin`, for example `User1`; each becomes `User1@<domain>`.
    pub users: Vec<String>,
}

/// The organisation that orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "written out by whoever designs a network")]
pub struct OrdererOrganization {
    /// Its name for people and in the channel's configuration, for example `OrdererOrg`.
    pub name: String,
    /// Its identifier in channels, for example `OrdererMSP`.
    pub msp_id: MspId,
    /// Its domain, for example `example.com`.
    pub domain: String,
    /// Its one orderer.
    pub node: Node,
}

/// One node that listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "written out by whoever designs a network")]
pub struct Node {
    /// Its name within the domain, for example `peer0`.
    pub name: String,
    /// Its TCP port.
    pub port: u16,
}

/// One channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "written out by whoever designs a network")]
pub struct ChannelSpec {
    /// Its name.
    pub name: ChannelId,
    /// The organisations that take part; none means all.
    pub organizations: Vec<MspId>,
}

/// How blocks are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "written out by whoever designs a network")]
pub struct Batch {
    /// Most transactions of a block.
    pub max_message_count: u32,
    /// Most bytes of a block's transactions.
    pub absolute_max_bytes: u32,
    /// Bytes above which a block is cut.
    pub preferred_max_bytes: u32,
    /// How long a transaction waits for others at most, in milliseconds.
    pub timeout_ms: u64,
}

/// Whether nodes listen where the topology says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum PortChoice {
    /// At the ports that are written down.
    Given,
    /// At ports that are free when the network starts for the first time.
    Free,
}

/// Most organisations, nodes of one organisation, users of one organisation, or channels.
pub const PARTS_MAX: usize = 100;

impl Topology {
    /// Fabric's test network: two organisations with a peer each, one orderer, `mychannel`, and
    /// its names and ports.
    #[must_use]
    pub fn test_network() -> Self {
        let organization = |number: u16, port| {
            Some(Organization {
                name: format!("Org{number}"),
                msp_id: MspId::new(format!("Org{number}MSP")).ok()?,
                domain: format!("org{number}.example.com"),
                peers: vec![Node { name: "peer0".to_owned(), port }],
                users: vec!["User1".to_owned()],
            })
        };
        let topology = || {
            Some(Self {
                organizations: vec![organization(1, 7051)?, organization(2, 9051)?],
                orderer: OrdererOrganization {
                    name: "OrdererOrg".to_owned(),
                    msp_id: MspId::new("OrdererMSP").ok()?,
                    domain: "example.com".to_owned(),
                    node: Node { name: "orderer".to_owned(), port: 7050 },
                },
                channels: vec![ChannelSpec {
                    name: ChannelId::new("mychannel").ok()?,
                    organizations: Vec::new(),
                }],
                batch: Batch::default(),
                ports: PortChoice::Given,
            })
        };
        #[expect(clippy::expect_used, reason = "the names are constants")]
        topology().expect("the test network's names are well formed")
    }

    /// The same network at ports that are free when it starts for the first time.
    #[must_use]
    pub fn with_free_ports(mut self) -> Self {
        self.ports = PortChoice::Free;
        self
    }

    /// The organisations of a channel.
    pub fn members<'a>(
        &'a self,
        channel: &'a ChannelSpec,
    ) -> impl Iterator<Item = &'a Organization> {
        let all = channel.organizations.is_empty();
        self.organizations
            .iter()
            .filter(move |org| all || channel.organizations.contains(&org.msp_id))
    }

    /// Checks what a network of this shape would stumble over.
    pub(crate) fn check(&self) -> Result<(), TopologyError> {
        let sizes = [self.organizations.len(), self.channels.len()]
            .into_iter()
            .chain(self.organizations.iter().flat_map(|org| [org.peers.len(), org.users.len()]));
        if sizes.into_iter().any(|size| size > PARTS_MAX) {
            return Err(TopologyError::TooMany);
        }
        let mut names = BTreeSet::new();
        let organizations = self.organizations.iter();
        let identifiers = organizations.clone().map(|org| org.msp_id.as_str());
        let domains = organizations.clone().map(|org| org.domain.as_str());
        let channels = self.channels.iter().map(|channel| channel.name.as_str());
        for name in identifiers
            .chain(domains)
            .chain(channels)
            .chain([self.orderer.msp_id.as_str(), &self.orderer.domain])
        {
            if !names.insert(name) {
                return Err(TopologyError::Twice { name: name.to_owned() });
            }
        }
        self.check_words()?;
        self.check_members()
    }

    /// Names of nodes and users become file names and hosts.
    fn check_words(&self) -> Result<(), TopologyError> {
        let nodes = self.organizations.iter().flat_map(|org| &org.peers);
        let names = nodes.chain([&self.orderer.node]).map(|node| &node.name);
        let domains = self.organizations.iter().map(|org| &org.domain);
        let users = self.organizations.iter().flat_map(|org| &org.users);
        let all = names.chain(users).chain(domains).chain([&self.orderer.domain]);
        for name in all {
            let word = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
            if name.is_empty() || name.starts_with('.') || !name.bytes().all(word) {
                return Err(TopologyError::Name { name: name.clone() });
            }
        }
        Ok(())
    }

    fn check_members(&self) -> Result<(), TopologyError> {
        for channel in &self.channels {
            let known = |id: &&MspId| self.organizations.iter().any(|org| org.msp_id == **id);
            if let Some(unknown) = channel.organizations.iter().find(|id| !known(id)) {
                let (channel, msp_id) = (channel.name.clone(), unknown.clone());
                return Err(TopologyError::UnknownMember { channel, msp_id });
            }
        }
        Ok(())
    }
}

impl Organization {
    /// The host name of one of its nodes.
    #[must_use]
    pub fn host(&self, node: &Node) -> String {
        format!("{}.{}", node.name, self.domain)
    }
}

impl OrdererOrganization {
    /// The host name of its orderer.
    #[must_use]
    pub fn host(&self) -> String {
        format!("{}.{}", self.node.name, self.domain)
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            max_message_count: 500,
            absolute_max_bytes: 99 * 1024 * 1024,
            preferred_max_bytes: 2 * 1024 * 1024,
            timeout_ms: 100,
        }
    }
}

impl Batch {
    pub(crate) fn rules(self) -> BatchRules {
        BatchRules {
            max_message_count: self.max_message_count,
            absolute_max_bytes: self.absolute_max_bytes,
            preferred_max_bytes: self.preferred_max_bytes,
            timeout: Duration::from_millis(self.timeout_ms),
        }
    }
}

/// Why no network can have this shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TopologyError {
    /// More than [`PARTS_MAX`] of something.
    #[error("more than {PARTS_MAX} organisations, channels, peers or users")]
    TooMany,
    /// A name that must be unique is there twice.
    #[error("{name} is there twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// A name that cannot be part of a host or file name.
    #[error("{name:?} cannot name a node, a user or a domain")]
    Name {
        /// The name.
        name: String,
    },
    /// A channel names an organisation that is not there.
    #[error("{channel} has a member {msp_id}, which is no organisation of the network")]
    UnknownMember {
        /// The channel.
        channel: ChannelId,
        /// The organisation it names.
        msp_id: MspId,
    },
}

#[cfg(test)]
mod tests {
    use super::{Topology, TopologyError};

    #[test]
    fn the_test_network_is_in_order_and_reads_back() {
        let topology = Topology::test_network();
        topology.check().unwrap();
        let json = serde_json::to_string(&topology).unwrap();
        assert_eq!(serde_json::from_str::<Topology>(&json).unwrap(), topology);
    }

    #[test]
    fn broken_shapes_are_named() {
        check(
            |topology| topology.organizations[1].domain = "org1.example.com".to_owned(),
            &TopologyError::Twice { name: "org1.example.com".to_owned() },
        );
        check(
            |topology| topology.organizations[0].users.push("../x".to_owned()),
            &TopologyError::Name { name: "../x".to_owned() },
        );
        let channel = Topology::test_network().channels[0].name.clone();
        let msp_id = Topology::test_network().orderer.msp_id;
        check(
            |topology| topology.channels[0].organizations.push(topology.orderer.msp_id.clone()),
            &TopologyError::UnknownMember { channel, msp_id },
        );
    }

    #[track_caller]
    fn check(change: impl Fn(&mut Topology), error: &TopologyError) {
        let mut topology = Topology::test_network();
        change(&mut topology);
        assert_eq!(topology.check().as_ref(), Err(error));
    }
}
