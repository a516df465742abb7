mod start;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fabric_protos::id::{ChannelId, MspId};
use pervade_identity::Role;
use pervade_peer::{Channel, Channels, Peers};
use pervade_registrar::{Enrollment, EnrollmentKind};
use tokio::sync::watch;

pub use start::StartError;

use crate::administration::AdministrationError;
use crate::control::{self, Answer, ChannelStatus, Command, Enroll, NetworkStatus, Obey};
use crate::denials::DenialLogs;
use crate::description::{
    ChannelDescription, NetworkDescription, NodeDescription, OrganizationDescription,
};
use crate::export::{ExportError, export};
use crate::folder::Folder;
use crate::founding::{Founding, LOCALHOST, genesis_path, ledger_path};
use crate::organizations::Household;
use crate::packages::{InProcess, InstallError, PACKAGES_MAX, Package};
use crate::serving::Orderers;
use crate::topology::Organization;
use crate::world::World;

/// A whole permissioned network in this process.
///
/// Each organisation has its own roots, each logical peer and the orderer its own TLS listener;
/// all share one ledger per channel, kept in one folder that this process alone may change.
/// Dropping it ends nothing in an orderly way: call [`EmbeddedNetwork::shutdown`].
pub struct EmbeddedNetwork {
    shared: Arc<Shared>,
    founding: Founding,
    households: Arc<BTreeMap<MspId, Household>>,
    orderers: Orderers,
    stopping: watch::Sender<bool>,
}

/// What the control socket needs too.
struct Shared {
    folder: Folder,
    world: World,
    channels: Channels,
    households: Arc<BTreeMap<MspId, Household>>,
    peers: Arc<Peers>,
    in_process: BTreeMap<String, InProcess>,
    packages: Mutex<Vec<Package>>,
    denials: Arc<DenialLogs>,
    down: watch::Sender<bool>,
}

/// How a network is started.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Options {
    /// The folder that holds everything; made if need be.
    pub data: PathBuf,
    /// Clock, randomness, files and tasks.
    pub world: World,
    /// The address that nodes listen at.
    pub listen: IpAddr,
    /// Chaincodes that may run in this process, by name.
    pub in_process: BTreeMap<String, InProcess>,
}

impl Options {
    /// This machine's clock, files and runtime, and its own address only.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        let listen = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self { data: data.into(), world: World::system(), listen, in_process: BTreeMap::new() }
    }

    /// Also runs this chaincode in the network's process.
    #[must_use]
    pub fn with_chaincode(mut self, name: impl Into<String>, chaincode: InProcess) -> Self {
        self.in_process.insert(name.into(), chaincode);
        self
    }
}

/// Installed packages, in the network's folder.
pub(crate) const PACKAGES: &str = "packages.json";

impl EmbeddedNetwork {
    /// Where everything of the network is; also in `network.json`.
    #[must_use]
    pub fn description(&self) -> NetworkDescription {
        let topology = &self.founding.topology;
        let organizations = topology.organizations.iter();
        let (orderer, orderer_msp_id) = (topology.orderer.host(), topology.orderer.msp_id.clone());
        NetworkDescription {
            format: NetworkDescription::FORMAT,
            process: std::process::id(),
            control_socket: PathBuf::from(control::SOCKET),
            channels: topology
                .channels
                .iter()
                .map(|channel| ChannelDescription {
                    name: channel.name.clone(),
                    organizations: topology
                        .members(channel)
                        .map(|org| org.msp_id.clone())
                        .collect(),
                    ledger: ledger_path(&channel.name),
                    genesis_block: genesis_path(&channel.name),
                })
                .collect(),
            organizations: organizations.map(|org| self.describe(org)).collect(),
            orderer: self.describe_node(&orderer_msp_id, &orderer),
            orderer_msp_id,
        }
    }

    /// The network's folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.shared.folder.path()
    }

    /// How the network is.
    #[must_use]
    pub fn status(&self) -> NetworkStatus {
        self.shared.status()
    }

    /// Installs a chaincode package on every peer, now and at every later start. A package that
    /// is installed already stays as it is. Returns the package's id.
    ///
    /// # Errors
    /// If the package cannot be, or there are too many.
    pub fn install(&self, package: Package) -> Result<String, InstallError> {
        self.shared.install(package)
    }

    /// One channel's ledger.
    ///
    /// # Errors
    /// If there is no such channel.
    pub fn channel(&self, name: &ChannelId) -> Result<Arc<Channel>, AdministrationError> {
        let channel = self.shared.channels.get(name);
        channel.ok_or_else(|| AdministrationError::NoChannel { channel: name.clone() })
    }

    /// Copies the organisations' files to `target/organizations`; see [`export`].
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn export(&self, target: &Path) -> Result<(), ExportError> {
        export(self.data(), target)
    }

    /// Waits until the control socket is told to stop the network.
    pub async fn told_to_stop(&self) {
        let mut down = self.shared.down.subscribe();
        if down.wait_for(|down| *down).await.is_err() {
            tracing::debug!("nobody can tell the network to stop");
        }
    }

    /// Stops the network: takes nothing new, stores what was accepted, ends every stream, writes
    /// checkpoints, and gives up the folder.
    pub async fn shutdown(self) {
        self.stopping.send_replace(true);
        for orderer in self.orderers.all() {
            orderer.stop().await;
        }
        for peer in self.shared.peers.all() {
            peer.shut_down();
        }
        let channels = self.shared.channels.all();
        let work = tokio::task::spawn_blocking(move || {
            for channel in channels {
                if let Err(error) = channel.store().checkpoint() {
                    tracing::warn!(channel = %channel.id(), %error, "no checkpoint was written");
                }
            }
        });
        if let Err(error) = work.await {
            tracing::warn!(%error, "checkpoints were interrupted");
        }
        self.shared.denials.close();
        self.shared.folder.give_up();
    }

    pub(crate) fn channel_names(&self) -> Vec<ChannelId> {
        self.shared.channels.all().iter().map(|channel| channel.id().clone()).collect()
    }

    pub(crate) fn orderers(&self) -> &Orderers {
        &self.orderers
    }

    pub(crate) fn world(&self) -> &World {
        &self.shared.world
    }

    pub(crate) fn find_household(&self, msp_id: &MspId) -> Option<&Household> {
        self.households.get(msp_id)
    }
}

impl EmbeddedNetwork {
    /// The channels that an organisation takes part in, or all.
    fn channels_of(&self, msp_id: Option<&MspId>) -> Arc<Channels> {
        let channels = Channels::default();
        let topology = &self.founding.topology;
        for spec in &topology.channels {
            let takes_part =
                msp_id.is_none_or(|id| topology.members(spec).any(|org| org.msp_id == *id));
            if let Some(channel) = self.shared.channels.get(&spec.name).filter(|_| takes_part) {
                channels.add(channel);
            }
        }
        Arc::new(channels)
    }

    fn port(&self, host: &str) -> u16 {
        self.founding.ports.get(host).copied().unwrap_or_default()
    }

    fn address(&self, host: &str) -> String {
        format!("{LOCALHOST}:{}", self.port(host))
    }

    fn describe(&self, organization: &Organization) -> OrganizationDescription {
        let hosts = organization.peers.iter().map(|peer| organization.host(peer));
        let household = self.households.get(&organization.msp_id);
        OrganizationDescription {
            name: organization.name.clone(),
            msp_id: organization.msp_id.clone(),
            domain: organization.domain.clone(),
            peers: hosts.map(|host| self.describe_node(&organization.msp_id, &host)).collect(),
            users: household.map(Household::describe_users).unwrap_or_default(),
        }
    }

    fn describe_node(&self, msp_id: &MspId, host: &str) -> NodeDescription {
        let household = self.households.get(msp_id);
        let node = household.and_then(|household| household.node(host));
        NodeDescription {
            host: host.to_owned(),
            address: self.address(host),
            tls_root: node.map(Household::tls_root_of).unwrap_or_default(),
        }
    }
}

impl Shared {
    fn enroll(&self, enroll: Enroll) -> Result<String, AdministrationError> {
        let Enroll { attributes, is_admin, name, organization, request } = enroll;
        let household = self.households.get(&organization);
        let household = household
            .ok_or_else(|| AdministrationError::NoOrganization { msp_id: organization.clone() })?;
        let role = if is_admin { Role::Admin } else { Role::Client };
        let kind = EnrollmentKind::Identity;
        let enrollment =
            Enrollment { attributes, common_name: name, hosts: Vec::new(), kind, role };
        let certificate = household.enroll(request.as_bytes(), &enrollment)?;
        Ok(String::from_utf8_lossy(&certificate).into_owned())
    }

    fn install(&self, package: Package) -> Result<String, InstallError> {
        let package_id = package.id(&self.in_process)?;
        let mut packages = self.packages();
        if packages.contains(&package) {
            return Ok(package_id);
        }
        if packages.len() >= PACKAGES_MAX {
            return Err(InstallError::TooMany);
        }
        self.install_on_peers(&package)?;
        packages.push(package);
        if let Err(error) = self.folder.save(PACKAGES, &*packages) {
            packages.pop();
            return Err(error.into());
        }
        Ok(package_id)
    }

    fn install_on_peers(&self, package: &Package) -> Result<(), InstallError> {
        let package_id = package.id(&self.in_process)?;
        for peer in self.peers.all() {
            let around = (&self.world.spawn, &self.denials);
            let launcher = package.launcher(&package_id, &self.in_process, around)?;
            peer.install(&package_id, &package.label, launcher)?;
        }
        Ok(())
    }

    fn status(&self) -> NetworkStatus {
        let channel = |channel: &Arc<Channel>| ChannelStatus {
            name: channel.id().clone(),
            height: channel.height(),
            tip_hash: channel.store().tip_hash().map(hex::encode).unwrap_or_default(),
        };
        let packages = self.packages();
        NetworkStatus {
            process: std::process::id(),
            channels: self.channels.all().iter().map(channel).collect(),
            packages: packages.iter().filter_map(|one| one.id(&self.in_process).ok()).collect(),
        }
    }

    fn packages(&self) -> MutexGuard<'_, Vec<Package>> {
        self.packages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Obey for Shared {
    fn obey(&self, command: Command) -> Answer {
        match command {
            Command::Status => Answer::Status(self.status()),
            Command::Install { package } => match self.install(package) {
                Ok(package_id) => Answer::Installed { package_id },
                Err(error) => Answer::Refused { reason: control::reason(&error) },
            },
            Command::Enroll(enroll) => match self.enroll(enroll) {
                Ok(certificate) => Answer::Enrolled { certificate },
                Err(error) => Answer::Refused { reason: control::reason(&error) },
            },
            Command::Down => {
                self.down.send_replace(true);
                Answer::Stopping
            }
        }
    }
}

impl fmt::Debug for EmbeddedNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedNetwork")
            .field("data", &self.data())
            .field("ports", &self.founding.ports)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
