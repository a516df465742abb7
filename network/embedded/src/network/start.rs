//! From a folder to a network whose every node listens.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use fabric_protos::common::Block;
use fabric_protos::id::{ChannelId, MspId};
use pervade_identity::{Msp, MspError, Signer};
use pervade_ordering::{Orderer, Parts};
use pervade_peer::deliver::{BlockForm, Guard, Source};
use pervade_peer::{
    Channel, Channels, DeliverService, EndorserService, GatewayService, OpenChannelError, Peer,
    PeerSettings,
};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinError;

use super::{EmbeddedNetwork, Options, PACKAGES, Shared};
use crate::control::{self, Obey};
use crate::denials::DenialLogs;
use crate::description::NetworkDescription;
use crate::folder::{Folder, FolderError};
use crate::founding::{Founding, FoundingError, Ground, ledger_path};
use crate::ledger::ChannelLedger;
use crate::organizations::{Household, OrganizationError, TlsCredentials, connection_profile};
use crate::packages::InstallError;
use crate::serving::{self, Orderers, PeerServices, Rim, TlsError};
use crate::topology::{Organization, PortChoice, Topology, TopologyError};
use crate::world::World;

/// Why a network did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// No network can have this shape.
    #[error("no network can have this topology")]
    Topology(#[from] TopologyError),
    /// The folder or a file in it.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Keys, certificates and first blocks.
    #[error(transparent)]
    Founding(#[from] FoundingError),
    /// A port is not free.
    #[error("{host} cannot listen at port {port}")]
    Port {
        /// The node.
        host: String,
        /// The port.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
    /// A channel's ledger cannot be opened.
    #[error("the ledger of {channel} cannot be opened")]
    Channel {
        /// The channel.
        channel: ChannelId,
        /// Why.
        source: Box<OpenChannelError>,
    },
    /// A node's identity.
    #[error("the identity of {host} cannot be used")]
    Identity {
        /// The node.
        host: String,
        /// Why.
        source: OrganizationError,
    },
    /// An organisation's own definition.
    #[error("the definition of {msp_id} cannot be used")]
    Definition {
        /// The organisation.
        msp_id: MspId,
        /// Why.
        source: MspError,
    },
    /// A node's TLS certificate.
    #[error("the TLS certificate of {host} cannot be used")]
    Tls {
        /// The node.
        host: String,
        /// Why.
        source: TlsError,
    },
    /// A package that was installed before cannot be installed again.
    #[error("the package {label} cannot be installed again")]
    Package {
        /// Its label.
        label: String,
        /// Why.
        source: InstallError,
    },
    /// The control socket cannot be opened.
    #[error("the control socket in {} cannot be opened", path.display())]
    Control {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The thread that read the disk ended early.
    #[error("reading the folder was interrupted")]
    Interrupted(#[from] JoinError),
}

impl EmbeddedNetwork {
    /// Starts the network in a folder: founds it there the first time, and takes it up again
    /// afterwards. Returns once every node listens.
    ///
    /// # Errors
    /// If another process has the folder, it holds a network of another shape, anything in it is
    /// damaged, or a port is not free.
    pub async fn start(topology: Topology, options: Options) -> Result<Self, StartError> {
        topology.check()?;
        let Options { data, world, listen, in_process } = options;
        let folder = Folder::take(&data, Arc::clone(&world.vfs))?;
        let earlier = Founding::load(&folder)?;
        if let Some(earlier) = &earlier {
            earlier.check(&topology, &folder)?;
        }
        let listeners = bind(&topology, earlier.as_ref(), listen).await?;
        let founding = Founding { ports: ports(&listeners), topology };
        let (opened, world) = {
            let (founding, world) = (founding.clone(), world);
            let work =
                move || (open(&folder, &founding, earlier.as_ref(), &world), (folder, world));
            let (opened, (folder, world)) = tokio::task::spawn_blocking(work).await?;
            (opened.map(|opened| (folder, opened)), world)
        };
        let (folder, (ground, channels)) = opened?;
        let packages = folder.load(PACKAGES)?.unwrap_or_default();
        let (vfs, clock) = (Arc::clone(&world.vfs), Arc::clone(&world.clock));
        let denials = Arc::new(DenialLogs::new(folder.path(), vfs, clock));
        let shared = Arc::new(Shared {
            folder,
            world,
            denials,
            channels,
            households: Arc::clone(&ground.households),
            peers: Arc::default(),
            in_process,
            packages: Mutex::new(packages),
            down: watch::Sender::new(false),
        });
        let network = Self {
            orderers: orderers(&ground, &founding, &shared)?,
            shared,
            founding,
            households: ground.households,
            stopping: watch::Sender::new(false),
        };
        network.serve(listeners)?;
        Ok(network)
    }

    /// Starts every node and the control socket, and writes down where they are.
    fn serve(&self, listeners: BTreeMap<String, TcpListener>) -> Result<(), StartError> {
        let World { clock, spawn, .. } = &self.shared.world;
        let rim = Rim {
            clock: Arc::clone(clock),
            spawn: Arc::clone(spawn),
            stopping: self.stopping.subscribe(),
        };
        let mut listeners = listeners;
        let topology = &self.founding.topology;
        for organization in &topology.organizations {
            self.serve_peers(organization, &mut listeners, &rim)?;
        }
        self.reinstall()?;
        let host = topology.orderer.host();
        let (_, tls) = self.credentials(&topology.orderer.msp_id, &host)?;
        if let Some(listener) = listeners.remove(&host) {
            let source = Source {
                channels: self.channels_of(None),
                guard: Guard::Policy("/Channel/Readers"),
                form: BlockForm::Ordered,
                clock: Arc::clone(clock),
            };
            serving::serve_orderer((self.orderers.clone(), source), listener, &tls, &rim)
                .map_err(|source| StartError::Tls { host, source })?;
        }
        self.write_down()?;
        let obey: Arc<dyn Obey> = Arc::clone(&self.shared) as _;
        control::serve(self.data(), obey, &rim)
            .map_err(|source| StartError::Control { path: self.data().to_owned(), source })
    }

    fn serve_peers(
        &self,
        organization: &Organization,
        listeners: &mut BTreeMap<String, TcpListener>,
        rim: &Rim,
    ) -> Result<(), StartError> {
        let msp_id = &organization.msp_id;
        let channels = self.channels_of(Some(msp_id));
        for node in &organization.peers {
            let host = organization.host(node);
            let Some(listener) = listeners.remove(&host) else { continue };
            let (signer, tls) = self.credentials(msp_id, &host)?;
            let peer = Peer::new(PeerSettings {
                address: format!("{host}:{}", self.port(&host)),
                signer,
                organization: self.definition(msp_id)?,
                channels: Arc::clone(&channels),
                clock: Arc::clone(&rim.clock),
                spawn: Arc::clone(&rim.spawn),
            });
            self.shared.peers.add(Arc::clone(&peer));
            let broadcast = Arc::new(self.orderers.clone());
            let services = PeerServices {
                gateway: GatewayService::new(
                    Arc::clone(&peer),
                    Arc::clone(&self.shared.peers),
                    broadcast,
                ),
                endorser: EndorserService::new(peer),
                deliver: DeliverService::new(
                    Arc::clone(&channels),
                    msp_id.clone(),
                    Arc::clone(&rim.clock),
                ),
            };
            serving::serve_peer(services, listener, &tls, rim)
                .map_err(|source| StartError::Tls { host, source })?;
        }
        Ok(())
    }

    /// Installs what earlier runs installed.
    fn reinstall(&self) -> Result<(), StartError> {
        for package in self.shared.packages().iter() {
            let installed = self.shared.install_on_peers(package);
            installed
                .map_err(|source| StartError::Package { label: package.label.clone(), source })?;
        }
        Ok(())
    }

    fn credentials(
        &self,
        msp_id: &MspId,
        host: &str,
    ) -> Result<(Arc<dyn Signer>, TlsCredentials), StartError> {
        node_credentials(&self.households, msp_id, host)
    }

    fn definition(&self, msp_id: &MspId) -> Result<Msp, StartError> {
        let config = self.households.get(msp_id).map(Household::msp_config).unwrap_or_default();
        Msp::from_config(&config)
            .map_err(|source| StartError::Definition { msp_id: msp_id.clone(), source })
    }

    /// Writes `network.json` and the connection profiles.
    fn write_down(&self) -> Result<(), StartError> {
        let folder = &self.shared.folder;
        let text = serde_json::to_vec_pretty(&self.description()).unwrap_or_default();
        folder.write(Path::new(NetworkDescription::FILE_NAME), &text)?;
        for organization in &self.founding.topology.organizations {
            let Some(household) = self.households.get(&organization.msp_id) else { continue };
            let hosts = organization.peers.iter().map(|peer| organization.host(peer));
            let addresses: Vec<String> = hosts.map(|host| self.address(&host)).collect();
            let root = household.registrar().tls_root().pem();
            let (json, yaml) = connection_profile(organization, &addresses, &root);
            let stem = format!("connection-{}", organization.name.to_lowercase());
            let place = household.folder();
            folder.write(&place.join(format!("{stem}.json")), json.as_bytes())?;
            folder.write(&place.join(format!("{stem}.yaml")), yaml.as_bytes())?;
        }
        Ok(())
    }
}

/// Binds every node's port.
async fn bind(
    topology: &Topology,
    earlier: Option<&Founding>,
    address: IpAddr,
) -> Result<BTreeMap<String, TcpListener>, StartError> {
    let peers = topology
        .organizations
        .iter()
        .flat_map(|org| org.peers.iter().map(|peer| (org.host(peer), peer.port)));
    let orderer = (topology.orderer.host(), topology.orderer.node.port);
    let mut listeners = BTreeMap::new();
    for (host, given) in peers.chain([orderer]) {
        let listener = match topology.ports {
            PortChoice::Given => {
                let bound = serving::bind(address, Some(given)).await;
                bound.map_err(|source| StartError::Port { host: host.clone(), port: given, source })
            }
            PortChoice::Free => {
                let last = earlier.and_then(|earlier| earlier.ports.get(&host).copied());
                bind_free(address, last).await.map_err(|source| StartError::Port {
                    host: host.clone(),
                    port: last.unwrap_or(0),
                    source,
                })
            }
        };
        listeners.insert(host, listener?);
    }
    Ok(listeners)
}

/// Binds the port of the last run if it is free, or any.
async fn bind_free(address: IpAddr, last: Option<u16>) -> std::io::Result<TcpListener> {
    if let Some(port) = last
        && let Ok(listener) = serving::bind(address, Some(port)).await
    {
        return Ok(listener);
    }
    serving::bind(address, None).await
}

fn ports(listeners: &BTreeMap<String, TcpListener>) -> BTreeMap<String, u16> {
    let port = |listener: &TcpListener| listener.local_addr().map_or(0, |address| address.port());
    listeners.iter().map(|(host, listener)| (host.clone(), port(listener))).collect()
}

/// Founds the network or reads it, and opens every ledger. Blocks on the disk.
fn open(
    folder: &Folder,
    founding: &Founding,
    earlier: Option<&Founding>,
    world: &World,
) -> Result<(Ground, Channels), StartError> {
    let ground = match earlier {
        None => Ground::found(folder, founding, world)?,
        Some(earlier) => {
            let ground = Ground::open(folder, founding, world)?;
            if earlier != founding {
                founding.save(folder)?;
            }
            ground
        }
    };
    let channels = Channels::default();
    for (name, genesis) in &ground.genesis {
        channels.add(Arc::new(open_channel(folder, name, genesis)?));
    }
    Ok((ground, channels))
}

fn open_channel(folder: &Folder, name: &ChannelId, genesis: &Block) -> Result<Channel, StartError> {
    let place = folder.path().join(ledger_path(name));
    Channel::open(Arc::clone(folder.vfs()), &place, genesis)
        .map_err(|source| StartError::Channel { channel: name.clone(), source: Box::new(source) })
}

fn orderers(ground: &Ground, founding: &Founding, shared: &Shared) -> Result<Orderers, StartError> {
    let orderer = &founding.topology.orderer;
    let (signer, _) = node_credentials(&ground.households, &orderer.msp_id, &orderer.host())?;
    let World { clock, rng, spawn, .. } = &shared.world;
    let start = |channel: Arc<Channel>| {
        let name = channel.id().clone();
        let parts = Parts {
            channel: name.clone(),
            ledger: Arc::new(ChannelLedger::new(channel)),
            signer: Arc::clone(&signer),
            clock: Arc::clone(clock),
            rng: Arc::clone(rng),
        };
        (name, Arc::new(Orderer::start(parts, spawn.as_ref())))
    };
    Ok(Orderers::new(shared.channels.all().into_iter().map(start).collect()))
}

fn node_credentials(
    households: &BTreeMap<MspId, Household>,
    msp_id: &MspId,
    host: &str,
) -> Result<(Arc<dyn Signer>, TlsCredentials), StartError> {
    let found = households
        .get(msp_id)
        .and_then(|household| household.node(host).map(|node| household.node_credentials(node)));
    let credentials = found.unwrap_or_else(|| Err(OrganizationError::NoNode));
    let (signer, tls) =
        credentials.map_err(|source| StartError::Identity { host: host.to_owned(), source })?;
    Ok((Arc::new(signer), tls))
}
