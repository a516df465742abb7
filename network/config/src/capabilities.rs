//! Capabilities: what every node of a channel must understand before it may take part.

use std::collections::BTreeSet;

use fabric_protos::common;
use thiserror::Error;

/// Capabilities of channels that this implementation has.
const CHANNEL: [&str; 6] = ["V1_1", "V1_3", "V1_4_2", "V1_4_3", "V2_0", "V3_0"];
/// Capabilities of the ordering service that this implementation has.
const ORDERER: [&str; 3] = ["V1_1", "V1_4_2", "V2_0"];
/// Capabilities of applications that this implementation has.
const APPLICATION: [&str; 8] = [
    "V1_1",
    "V1_2",
    "V1_3",
    "V1_4_2",
    "V2_0",
    "V2_5",
    "V1_1_PVTDATA_EXPERIMENTAL",
    "V1_1_RESOURCETREE_EXPERIMENTAL",
];

/// The capabilities that a configuration requires, all of them known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    channel: BTreeSet<String>,
    orderer: BTreeSet<String>,
    application: BTreeSet<String>,
}

impl Capabilities {
    /// Required of every node.
    #[must_use]
    pub fn channel(&self) -> &BTreeSet<String> {
        &self.channel
    }

    /// Required of orderers.
    #[must_use]
    pub fn orderer(&self) -> &BTreeSet<String> {
        &self.orderer
    }

    /// Required of peers.
    #[must_use]
    pub fn application(&self) -> &BTreeSet<String> {
        &self.application
    }

    /// Whether chaincode is defined by `_lifecycle` on this channel.
    #[must_use]
    pub fn has_new_lifecycle(&self) -> bool {
        self.application.contains("V2_0") || self.application.contains("V2_5")
    }

    /// Whether private data may be purged on this channel.
    #[must_use]
    pub fn purges_private_data(&self) -> bool {
        self.application.contains("V2_5")
    }

    /// Whether orderer addresses belong to organisations only, never to the channel.
    pub(crate) fn forbids_global_orderers(&self) -> bool {
        self.channel.contains("V3_0")
    }

    /// Whether an orderer organisation may state its own endpoints.
    pub(crate) fn allows_organization_endpoints(&self) -> bool {
        ["V1_4_2", "V1_4_3", "V2_0", "V3_0"].iter().any(|name| self.channel.contains(*name))
    }

    pub(crate) fn new(
        channel: &common::Capabilities,
        orderer: &common::Capabilities,
        application: &common::Capabilities,
    ) -> Result<Self, UnknownCapability> {
        Ok(Self {
            channel: known(&CHANNEL, "channel", channel)?,
            orderer: known(&ORDERER, "orderer", orderer)?,
            application: known(&APPLICATION, "application", application)?,
        })
    }
}

/// A configuration requires a capability that this implementation does not have, so that going on
/// would mean to disagree with the network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the {level} capability {name:?} is required but not supported")]
pub struct UnknownCapability {
    level: &'static str,
    name: String,
}

impl UnknownCapability {
    /// The capability's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

fn known(
    known: &[&str],
    level: &'static str,
    required: &common::Capabilities,
) -> Result<BTreeSet<String>, UnknownCapability> {
    let names = required.capabilities.keys();
    names
        .map(|name| match known.contains(&name.as_str()) {
            true => Ok(name.clone()),
            false => Err(UnknownCapability { level, name: name.clone() }),
        })
        .collect()
}
