//! The network of the story, and what is deployed on it.

use std::path::Path;
use std::sync::Arc;

use fabric_protos::Message as _;
use fabric_protos::common::Block;
use fabric_protos::id::{ChaincodeName, MspId};
use pervade_embedded::{
    EmbeddedNetwork, InProcess, NetworkDescription, Options, Package, PackageSource, Topology,
};
use pervade_identity::Signer;
use pervade_peer_client::{Definition, Network, Outcome};

use crate::account::{Teller, milliseconds, now};
use crate::client::Place;
use crate::error::{DemoError, While as _};

/// The registry contract's name.
pub(crate) const REGISTRY: &str = "registry";

/// The recording contract's name.
pub(crate) const RECORDING: &str = "recording";

/// The running network, and where it is.
pub(crate) struct World {
    pub(crate) network: EmbeddedNetwork,
    pub(crate) place: Place,
}

impl World {
    /// Starts the network, or takes it up again, and deploys the two contracts.
    pub(crate) async fn start(folder: &Path, teller: &mut Teller<'_>) -> Result<Self, DemoError> {
        let began = now();
        let options = in_process(Options::new(folder))?;
        let topology = Topology::test_network().with_free_ports();
        let network = EmbeddedNetwork::start(topology, options).await.doing("start the network")?;
        let took = milliseconds(began.elapsed());
        let description = network.description();
        let Some(channel) = description.channels.first().map(|channel| channel.name.clone()) else {
            return Err(DemoError::unexpected("the network has no channel"));
        };
        let place =
            Place { folder: network.data().into(), network: Arc::new(description), channel };
        let world = Self { network, place };
        world.introduce(took, teller)?;
        world.deploy(teller).await?;
        Ok(world)
    }

    /// How many blocks the channel has.
    pub(crate) fn height(&self) -> Result<u64, DemoError> {
        let channel = self.network.channel(&self.place.channel).doing("find the channel")?;
        Ok(channel.height())
    }

    /// The channel's genesis block, from its file.
    pub(crate) fn genesis(&self) -> Result<Block, DemoError> {
        let Some(channel) = self.place.network.channels.first() else {
            return Err(DemoError::unexpected("the network has no channel"));
        };
        let path = NetworkDescription::locate(&self.place.folder, &channel.genesis_block);
        let bytes = std::fs::read(path).doing("read the genesis block")?;
        Block::decode(bytes.as_slice()).doing("read the genesis block")
    }

    /// The identity of the auditor: a user of the first organisation.
    pub(crate) fn auditor(&self) -> Result<Arc<dyn Signer>, DemoError> {
        let (first, _) = self.organizations()?;
        Ok(Arc::new(self.place.user(&first, "User1")?))
    }

    /// An organisation's administrator on the channel.
    pub(crate) async fn admin(&self, msp_id: &MspId) -> Result<Network, DemoError> {
        let admin = self.place.user(msp_id, "Admin")?;
        self.place.connect(Arc::new(admin)).await
    }

    /// The two organisations of the story.
    pub(crate) fn organizations(&self) -> Result<(MspId, MspId), DemoError> {
        let mut ids = self.place.network.organizations.iter().map(|org| org.msp_id.clone());
        match (ids.next(), ids.next()) {
            (Some(first), Some(second)) => Ok((first, second)),
            _ => Err(DemoError::unexpected("the story needs two organisations")),
        }
    }

    /// Shuts the network down, leaving it on disk.
    pub(crate) async fn stop(self, teller: &mut Teller<'_>) -> Result<(), DemoError> {
        let folder = Arc::clone(&self.place.folder);
        self.network.shutdown().await;
        teller.say(format!(
            "the network is down; its ledger stays in {}: run the demo again to go on from it",
            folder.display()
        ));
        Ok(())
    }

    fn introduce(&self, took: u64, teller: &mut Teller<'_>) -> Result<(), DemoError> {
        for organization in &self.place.network.organizations {
            let peers: Vec<String> = organization
                .peers
                .iter()
                .map(|peer| format!("{} at {}", peer.host, peer.address))
                .collect();
            let msp_id = &organization.msp_id;
            teller.say(format!(
                "{msp_id}: its own registrar and root of trust; {}",
                peers.join(", ")
            ));
        }
        let (orderer, msp_id) = (&self.place.network.orderer, &self.place.network.orderer_msp_id);
        teller.say(format!("{msp_id}: {} at {}", orderer.host, orderer.address));
        let height = self.height()?;
        let state = if height > 1 { "taken up again" } else { "new" };
        teller.say(format!(
            "channel {} ({state}, {height} blocks) in {}; TLS on; up after {took} ms",
            self.place.channel,
            self.place.folder.display()
        ));
        teller.figure("network_start_ms", took);
        teller.figure("blocks_found", height);
        Ok(())
    }

    async fn deploy(&self, teller: &mut Teller<'_>) -> Result<(), DemoError> {
        for name in [REGISTRY, RECORDING] {
            let package = Package {
                label: name.to_owned(),
                source: PackageSource::InProcess { name: name.to_owned() },
            };
            let package_id = self.network.install(package).doing("install a contract")?;
            let name = ChaincodeName::new(name).doing("name a contract")?;
            let definition = Definition::first(name.clone(), VERSION);
            let (first, second) = self.organizations()?;
            let both = [first.clone(), second];
            let approvals = approve(&self.place, &both, &definition, &package_id).await?;
            let lifecycle = self.admin(&first).await?.lifecycle();
            if lifecycle.committed_as(&name).await.doing("ask what is deployed")?.is_some() {
                let said = if approvals > 0 { "there with other code, now" } else { "there," };
                teller.say(format!("contract {name} is {said} as {package_id}"));
                continue;
            }
            committed(&lifecycle.commit(&definition).await.doing("commit a contract")?)?;
            teller.say(format!("contract {name}: approved by both, committed, as {package_id}"));
        }
        Ok(())
    }
}

/// Has each organisation approve the package, unless it has; says how many did just now. A
/// ledger may have been written by another release, whose contracts were other code.
pub(crate) async fn approve(
    place: &Place,
    organizations: &[MspId],
    definition: &Definition,
    package_id: &str,
) -> Result<u32, DemoError> {
    let mut approvals = 0;
    for msp_id in organizations {
        let admin = place.connect(Arc::new(place.user(msp_id, "Admin")?)).await?;
        let lifecycle = admin.lifecycle();
        let held = lifecycle.approved().await.doing("ask what is approved")?;
        let is_held = held.iter().any(|held| {
            held.definition == *definition && held.package_id.as_deref() == Some(package_id)
        });
        if !is_held {
            let approved = lifecycle.approve(definition, Some(package_id)).await;
            committed(&approved.doing("approve a contract")?)?;
            approvals += 1;
        }
    }
    Ok(approvals)
}

/// Version of the contracts' definitions.
const VERSION: &str = "1.0";

/// The contracts that may run in the network's own process.
pub(crate) fn in_process(options: Options) -> Result<Options, DemoError> {
    let name = |name| ChaincodeName::new(name).doing("name a contract");
    let (registry, recording) = (name(REGISTRY)?, name(RECORDING)?);
    let release = |code: &str, chaincode| InProcess {
        version: code.to_owned(),
        chaincode: Arc::new(chaincode),
    };
    let publishing = pervade_registry::chaincode(registry.clone());
    let publishing = release(pervade_registry::CODE_SHA256, publishing);
    let recorder = pervade_recording::chaincode(recording, registry);
    let recorder = release(pervade_recording::CODE_SHA256, recorder);
    Ok(options.with_chaincode(REGISTRY, publishing).with_chaincode(RECORDING, recorder))
}

/// A deployment accepts nothing but a commit.
pub(crate) fn committed(outcome: &Outcome) -> Result<(), DemoError> {
    match outcome {
        Outcome::Committed { .. } => Ok(()),
        Outcome::Rejected { code, .. } => {
            Err(DemoError::unexpected(format!("a deployment ended as {}", code.as_str_name())))
        }
        Outcome::Unknown { refusal, .. } => {
            Err(DemoError::unexpected(format!("nobody knows how a deployment ended: {refusal}")))
        }
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("place", &self.place).finish_non_exhaustive()
    }
}
