//! A network's first start, and what later starts take up from it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fabric_protos::Message as _;
use fabric_protos::common::Block;
use fabric_protos::etcdraft::Consenter;
use fabric_protos::id::{ChannelId, MspId};
use pervade_channel_config::genesis::{self, OrgProfile, Profile};
use pervade_ledger::block;
use pervade_ports::{RngError, Vfs};
use pervade_registrar::RegistrarPorts;
use pervade_storage::scan::{self, Found, ScanError};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::folder::{Folder, FolderError, damaged, read, write};
use crate::organizations::{Household, OrganizationError, Plan};
use crate::topology::{ChannelSpec, PortChoice, Topology};
use crate::world::World;

/// What a network was founded with; written last, so that it exists only if all else does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Founding {
    pub(crate) topology: Topology,
    /// The port of each host.
    pub(crate) ports: BTreeMap<String, u16>,
}

/// Everything that a network needs before it can run.
pub(crate) struct Ground {
    pub(crate) households: Arc<BTreeMap<MspId, Household>>,
    pub(crate) genesis: BTreeMap<ChannelId, Block>,
}

/// Why a network could not be founded, or not be taken up again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FoundingError {
    /// The folder holds a network of another shape.
    #[error("{} holds a network of another topology", path.display())]
    OtherTopology {
        /// The folder.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FolderError),
    /// An organisation's files.
    #[error("the files of {msp_id} cannot be used")]
    Organization {
        /// The organisation.
        msp_id: MspId,
        /// Why.
        source: OrganizationError,
    },
    /// A channel's first block cannot be read.
    #[error("the first block of {channel} cannot be read")]
    FirstBlock {
        /// The channel.
        channel: ChannelId,
        /// Why.
        source: ScanError,
    },
    /// No random bytes for a genesis block.
    #[error(transparent)]
    Random(#[from] RngError),
}

pub(crate) const FOUNDING: &str = "topology.json";

impl Founding {
    /// What the folder was founded with; `None` in a new one.
    pub(crate) fn load(folder: &Folder) -> Result<Option<Self>, FoundingError> {
        Ok(folder.load(FOUNDING)?)
    }

    pub(crate) fn save(&self, folder: &Folder) -> Result<(), FoundingError> {
        Ok(folder.save(FOUNDING, self)?)
    }

    /// Refuses another topology; where nodes listen may differ.
    pub(crate) fn check(&self, topology: &Topology, folder: &Folder) -> Result<(), FoundingError> {
        let own = Topology { ports: PortChoice::Free, ..self.topology.clone() };
        if own == (Topology { ports: PortChoice::Free, ..topology.clone() }) {
            return Ok(());
        }
        Err(FoundingError::OtherTopology { path: folder.path().to_owned() })
    }
}

impl Ground {
    /// Makes every key, certificate and first block.
    pub(crate) fn found(
        folder: &Folder,
        founding: &Founding,
        world: &World,
    ) -> Result<Self, FoundingError> {
        let households = Self::households(&founding.topology, folder, world, Household::found)?;
        let mut genesis = BTreeMap::new();
        for channel in &founding.topology.channels {
            let block = first_block(channel, founding, &households, world)?;
            let path = folder.path().join(genesis_path(&channel.name));
            write(folder.vfs().as_ref(), &path, &block.encode_to_vec())?;
            genesis.insert(channel.name.clone(), block);
        }
        founding.save(folder)?;
        Ok(Self { households: Arc::new(households), genesis })
    }

    /// Reads and checks what an earlier start made.
    pub(crate) fn open(
        folder: &Folder,
        founding: &Founding,
        world: &World,
    ) -> Result<Self, FoundingError> {
        let households = Self::households(&founding.topology, folder, world, Household::open)?;
        let mut genesis = BTreeMap::new();
        for channel in &founding.topology.channels {
            genesis.insert(channel.name.clone(), stored_genesis(folder, &channel.name)?);
        }
        Ok(Self { households: Arc::new(households), genesis })
    }

    fn households(
        topology: &Topology,
        folder: &Folder,
        world: &World,
        make: MakeHousehold,
    ) -> Result<BTreeMap<MspId, Household>, FoundingError> {
        let peers = topology.organizations.iter().map(|org| (&org.msp_id, Plan::of_peers(org)));
        let orderer = (&topology.orderer.msp_id, Plan::of_orderer(&topology.orderer));
        let mut households = BTreeMap::new();
        for (msp_id, plan) in peers.chain([orderer]) {
            let household =
                make(plan, folder.path(), Arc::clone(folder.vfs()), world.registrar_ports());
            let household = household
                .map_err(|source| FoundingError::Organization { msp_id: msp_id.clone(), source })?;
            households.insert(msp_id.clone(), household);
        }
        Ok(households)
    }
}

/// Founds or opens an organisation under a folder.
type MakeHousehold =
    fn(Plan, &Path, Arc<dyn Vfs>, RegistrarPorts) -> Result<Household, OrganizationError>;

/// The folder of a channel's ledger, relative to the network's.
pub(crate) fn ledger_path(channel: &ChannelId) -> PathBuf {
    Path::new("channels").join(channel.as_str())
}

/// A channel's first block, relative to the network's folder.
pub(crate) fn genesis_path(channel: &ChannelId) -> PathBuf {
    ledger_path(channel).join("genesis.block")
}

/// Bytes of a genesis block's nonce.
const NONCE_BYTES: usize = 24;

fn first_block(
    channel: &ChannelSpec,
    founding: &Founding,
    households: &BTreeMap<MspId, Household>,
    world: &World,
) -> Result<Block, FoundingError> {
    let topology = &founding.topology;
    let orderer = &topology.orderer;
    let msp = |id: &MspId| households.get(id).map(Household::msp_config).unwrap_or_default();
    let port = founding.ports.get(&orderer.host()).copied().unwrap_or(orderer.node.port);
    let organization = |name: &str, msp_id: &MspId| OrgProfile {
        name: name.to_owned(),
        msp_id: msp_id.clone(),
        msp: msp(msp_id),
        endpoints: Vec::new(),
        anchor_peers: Vec::new(),
    };
    let mut orderer_org = organization(&orderer.name, &orderer.msp_id);
    orderer_org.endpoints = vec![format!("{LOCALHOST}:{port}")];
    let members = topology.members(channel);
    let profile = Profile {
        channel_id: channel.name.clone(),
        orderer_org,
        application_orgs: members
            .map(|org| organization(org.msp_id.as_str(), &org.msp_id))
            .collect(),
        consenters: consenters(households.get(&orderer.msp_id), port)?,
        batch: topology.batch.rules(),
    };
    let mut nonce = [0; NONCE_BYTES];
    world.rng.fill(&mut nonce)?;
    let now = world.clock.now();
    let timestamp = fabric_protos::Timestamp {
        seconds: now.seconds(),
        nanos: i32::try_from(now.nanos()).unwrap_or(0),
    };
    Ok(genesis::block(&profile, &nonce, timestamp))
}

/// Nodes listen on this machine, and their certificates name it.
pub(crate) const LOCALHOST: &str = "localhost";

fn consenters(orderer: Option<&Household>, port: u16) -> Result<Vec<Consenter>, FoundingError> {
    let Some(household) = orderer else { return Ok(Vec::new()) };
    let consenter = |node| {
        let (_, tls) = household.node_credentials(node)?;
        Ok(Consenter {
            host: LOCALHOST.to_owned(),
            port: port.into(),
            client_tls_cert: tls.certificate.clone(),
            server_tls_cert: tls.certificate,
        })
    };
    let consenters = household.nodes().iter().map(consenter).collect::<Result<_, _>>();
    consenters.map_err(|source| FoundingError::Organization {
        msp_id: household.msp_id().clone(),
        source,
    })
}

/// A channel's first block: from its ledger, which is the store of record, or from the file if
/// the ledger is empty. The file is written again if it is not as it should be.
pub(crate) fn stored_genesis(folder: &Folder, channel: &ChannelId) -> Result<Block, FoundingError> {
    let vfs = folder.vfs().as_ref();
    let path = folder.path().join(genesis_path(channel));
    let first_error = |source| FoundingError::FirstBlock { channel: channel.clone(), source };
    let ledger = folder.path().join(ledger_path(channel));
    let first = scan::records(vfs, &ledger).map_err(first_error)?.next();
    if let Some(Found::Block(record)) = first.transpose().map_err(first_error)? {
        let mut block = Block::decode(record.body.as_slice()).map_err(|_| damaged(&record.file))?;
        block::set_verdicts(&mut block, &[]);
        let bytes = block.encode_to_vec();
        if !vfs.exists(&path) || read(vfs, &path)? != bytes {
            write(vfs, &path, &bytes)?;
        }
        return Ok(block);
    }
    let block = Block::decode(read(vfs, &path)?.as_slice()).map_err(|_| damaged(&path))?;
    block::check_structure(&block, 0, &[]).map_err(|_| damaged(&path))?;
    Ok(block)
}
