use std::path::{Path, PathBuf};

use fabric_protos::id::{ChannelId, MspId};
use serde::{Deserialize, Serialize};

/// Where everything of a running network is: the content of `network.json`.
///
/// Paths are relative to the network's folder, so that the folder may move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the fields are the format")]
pub struct NetworkDescription {
    /// The layout of this file; [`NetworkDescription::FORMAT`].
    pub format: u32,
    /// The process that runs the network.
    pub process: u32,
    /// The socket for commands, relative to the folder.
    pub control_socket: PathBuf,
    /// The channels.
    pub channels: Vec<ChannelDescription>,
    /// The organisations with peers.
    pub organizations: Vec<OrganizationDescription>,
    /// The organisation that orders.
    pub orderer: NodeDescription,
    /// The orderer's organisation.
    pub orderer_msp_id: MspId,
}

/// A channel of a running network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the fields are the format")]
pub struct ChannelDescription {
    /// Its name.
    pub name: ChannelId,
    /// The organisations that take part.
    pub organizations: Vec<MspId>,
    /// The folder of its ledger, relative.
    pub ledger: PathBuf,
    /// Its first block, a serialised `common.Block`, relative.
    pub genesis_block: PathBuf,
}

/// An organisation of a running network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the fields are the format")]
pub struct OrganizationDescription {
    /// Its name for people.
    pub name: String,
    /// Its identifier.
    pub msp_id: MspId,
    /// Its domain.
    pub domain: String,
    /// Its peers.
    pub peers: Vec<NodeDescription>,
    /// Its users, `Admin` first.
    pub users: Vec<UserDescription>,
}

/// A node of a running network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the fields are the format")]
pub struct NodeDescription {
    /// Its host name, which its TLS certificate names beside `localhost` and `127.0.0.1`.
    pub host: String,
    /// Where it listens, for example `localhost:7051`.
    pub address: String,
    /// The TLS root to trust it by, in PEM, relative.
    pub tls_root: PathBuf,
}

/// A user of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the fields are the format")]
pub struct UserDescription {
    /// The name without the domain, for example `User1`.
    pub name: String,
    /// The certificate in PEM, relative.
    pub certificate: PathBuf,
    /// The private key in PEM, relative.
    pub key: PathBuf,
}

impl NetworkDescription {
    /// The only layout so far.
    pub const FORMAT: u32 = 1;

    /// The file's name in the network's folder.
    pub const FILE_NAME: &str = "network.json";

    /// The organisation with this identifier.
    #[must_use]
    pub fn organization(&self, msp_id: &MspId) -> Option<&OrganizationDescription> {
        self.organizations.iter().find(|org| org.msp_id == *msp_id)
    }

    /// Where a relative path of this description is, for a network in `folder`.
    #[must_use]
    pub fn locate(folder: &Path, relative: &Path) -> PathBuf {
        folder.join(relative)
    }
}

impl OrganizationDescription {
    /// The user with this name.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&UserDescription> {
        self.users.iter().find(|user| user.name == name)
    }
}
