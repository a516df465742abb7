//! The network that the official programs run against.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fabric_protos::id::{ChaincodeName, MspId};
use pervade_embedded::{
    EmbeddedNetwork, InProcess, NetworkDescription, Node, Options, Package, PackageSource, Topology,
};
use pervade_identity::EcdsaSigner;
use pervade_peer_client::{Definition, Gateway, Network, Outcome, Ports};
use pervade_ports::system::{SystemClock, SystemRng};
use pervade_rpc::tls::endpoint;
use tempfile::TempDir;

use crate::assets::{self, ASSETS};
use crate::node;

/// The name of the registry of device packages.
pub(crate) const REGISTRY: &str = "registry";

/// Whatever goes wrong in a test.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Fabric's test network with a second peer of Org1, at free ports, with the assets contract.
pub(crate) struct TestNetwork {
    network: EmbeddedNetwork,
    description: NetworkDescription,
    folder: TempDir,
}

impl TestNetwork {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let mut topology = Topology::test_network().with_free_ports();
        if let Some(org1) = topology.organizations.first_mut() {
            org1.peers.push(Node { name: "peer1".to_owned(), port: 8051 });
        }
        let chaincode = Arc::new(assets::chaincode(ChaincodeName::new(ASSETS)?));
        let assets = InProcess { version: "1".to_owned(), chaincode };
        let registry = Arc::new(pervade_registry::chaincode(ChaincodeName::new(REGISTRY)?));
        let registry = InProcess { version: "1".to_owned(), chaincode: registry };
        let options = Options::new(folder.path().join("data"))
            .with_chaincode(ASSETS, assets)
            .with_chaincode(REGISTRY, registry);
        let network = EmbeddedNetwork::start(topology, options).await?;
        network.export(folder.path())?;
        let started = Self { description: network.description(), network, folder };
        for name in [ASSETS, REGISTRY] {
            let source = PackageSource::InProcess { name: name.to_owned() };
            let package_id = started.install(name, source)?;
            started.define(name, &package_id).await?;
        }
        Ok(started)
    }

    pub(crate) async fn stop(self) {
        self.network.shutdown().await;
    }

    pub(crate) fn install(&self, label: &str, source: PackageSource) -> Result<String, Failure> {
        Ok(self.network.install(Package { label: label.to_owned(), source })?)
    }

    /// Has every organisation approve a chaincode, and commits it.
    pub(crate) async fn define(&self, name: &str, package_id: &str) -> Result<(), Failure> {
        let definition = Definition::first(ChaincodeName::new(name)?, "1.0");
        let mut admin = Err(Failure::from("no organisation"));
        for organization in &self.description.organizations {
            let lifecycle = self.user(&organization.msp_id, "Admin").await?.lifecycle();
            committed(lifecycle.approve(&definition, Some(package_id)).await?)?;
            admin = Ok(lifecycle);
        }
        committed(admin?.commit(&definition).await?)?;
        Ok(())
    }

    /// The channel as one of an organisation's users has it, through its first peer.
    pub(crate) async fn user(&self, msp_id: &MspId, name: &str) -> Result<Network, Failure> {
        let organization = self.description.organization(msp_id).ok_or("no such organisation")?;
        let user = organization.user(name).ok_or("no such user")?;
        let peer = organization.peers.first().ok_or("no peer")?;
        let signer = EcdsaSigner::from_pem(
            msp_id.clone(),
            &self.file(&user.certificate)?,
            &self.file(&user.key)?,
        )?;
        let roots = self.file(&peer.tls_root)?;
        let channel = endpoint(&peer.address, &roots, Some(&peer.host))?.connect().await?;
        let ports = Ports { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng) };
        let name = self.description.channels.first().ok_or("no channel")?.name.clone();
        Ok(Gateway::new(channel, Arc::new(signer), ports).network(name))
    }

    /// The exported folder, laid out as Fabric's test network has it.
    pub(crate) fn organizations(&self) -> PathBuf {
        self.folder.path().join("organizations")
    }

    /// Runs a script for the network's users, and gives what it wrote.
    pub(crate) async fn answer(&self, script: &'static str) -> Result<Vec<u8>, Failure> {
        let channel = self.description.channels.first().ok_or("no channel")?;
        let place = serde_json::json!({
            "organizations": self.organizations(),
            "channel": channel.name,
        });
        let run = move || node::answer(script, place.to_string().as_bytes());
        Ok(tokio::task::spawn_blocking(run).await??)
    }

    fn file(&self, relative: &Path) -> Result<Vec<u8>, Failure> {
        let path = NetworkDescription::locate(self.network.data(), relative);
        Ok(fs::read(path)?)
    }
}

/// What a committed transaction returned.
///
/// # Errors
/// If it was not committed.
pub(crate) fn committed(outcome: Outcome) -> Result<Vec<u8>, Failure> {
    match outcome {
        Outcome::Committed { result, .. } => Ok(result),
        Outcome::Rejected { code, .. } => Err(format!("ended as {}", code.as_str_name()).into()),
        Outcome::Unknown { refusal, .. } => Err(format!("no verdict: {refusal}").into()),
    }
}
