//! The contracts on an embedded network, in process.

use std::collections::BTreeMap;
use std::sync::Arc;

use fabric_protos::id::{ChaincodeName, MspId};
use libtest_mimic::Failed;
use pervade_chaincode::Chaincode;
use pervade_embedded::{EmbeddedNetwork, InProcess, Options, Package, PackageSource, Topology};
use pervade_identity::EcdsaSigner;
use pervade_peer_client::{ChaincodePolicy, Definition, Gateway, Network, Outcome, Ports};
use pervade_ports::system::{SystemClock, SystemRng};
use pervade_rpc::tls::endpoint;
use tempfile::TempDir;

use super::driver::{Access, Driver};
use super::script::{USERS, User};
use super::simulated;
use crate::ours::told;

/// A running embedded network.
pub(crate) struct Embedded {
    network: EmbeddedNetwork,
    _folder: TempDir,
}

impl Embedded {
    pub(crate) async fn start() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let mut topology = Topology::test_network().with_free_ports();
        topology.batch.timeout_ms = 20;
        let mut options = Options::new(folder.path().join("network"));
        for (chaincode, _) in simulated::chaincodes()? {
            let name = chaincode.name().to_string();
            options = options.with_chaincode(&name, in_process(chaincode));
        }
        let network = told(EmbeddedNetwork::start(topology, options).await)?;
        let started = Self { network, _folder: folder };
        for (chaincode, policy) in simulated::chaincodes()? {
            started.deploy(chaincode.name(), policy).await?;
        }
        Ok(started)
    }

    pub(crate) async fn driver(&self) -> Result<Driver, Failed> {
        let users: BTreeMap<_, _> = USERS
            .into_iter()
            .map(|user| Ok::<_, Failed>((user, self.access(user)?)))
            .collect::<Result<_, _>>()?;
        let description = self.network.description();
        let channel = description.channels.first().ok_or("no channel")?;
        Driver::start(channel.name.as_str(), users).await
    }

    pub(crate) async fn stop(self) {
        self.network.shutdown().await;
    }

    fn access(&self, user: User) -> Result<Access, Failed> {
        let name = if user.is_admin() { "Admin" } else { "User1" };
        let description = self.network.description();
        let msp_id = MspId::new(user.msp_id())?;
        let organization = description.organization(&msp_id).ok_or("no such organisation")?;
        let credential = organization.user(name).ok_or("no such user")?;
        let peer = organization.peers.first().ok_or("no peer")?;
        let data = self.network.data();
        let file = |path| pervade_embedded::NetworkDescription::locate(data, path);
        Ok(Access {
            mspid: user.msp_id().to_owned(),
            endpoint: peer.address.clone(),
            host: peer.host.clone(),
            tls_root: file(&peer.tls_root),
            cert: file(&credential.certificate),
            key: file(&credential.key),
        })
    }

    async fn deploy(&self, name: &ChaincodeName, policy: Option<&str>) -> Result<(), Failed> {
        let source = PackageSource::InProcess { name: name.to_string() };
        let package = Package { label: name.to_string(), source };
        let package_id = told(self.network.install(package))?;
        let mut definition = Definition::first(name.clone(), "1.0");
        if let Some(policy) = policy {
            definition.policy = ChaincodePolicy::from_text(policy)?;
        }
        for msp_id in ["Org1MSP", "Org2MSP"] {
            let lifecycle = self.admin(msp_id).await?.lifecycle();
            done(&told(lifecycle.approve(&definition, Some(&package_id)).await)?)?;
            if msp_id == "Org2MSP" {
                done(&told(lifecycle.commit(&definition).await)?)?;
            }
        }
        Ok(())
    }

    async fn admin(&self, msp_id: &str) -> Result<Network, Failed> {
        let msp_id = MspId::new(msp_id)?;
        let signer: EcdsaSigner = told(self.network.user(&msp_id, "Admin"))?;
        let description = self.network.description();
        let organization = description.organization(&msp_id).ok_or("no such organisation")?;
        let peer = organization.peers.first().ok_or("no peer")?;
        let data = self.network.data();
        let root = pervade_embedded::NetworkDescription::locate(data, &peer.tls_root);
        let roots = std::fs::read(root)?;
        let endpoint = endpoint(&peer.address, &roots, Some(&peer.host))?;
        let ports = Ports { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng) };
        let gateway = Gateway::new(told(endpoint.connect().await)?, Arc::new(signer), ports);
        let channel = description.channels.first().ok_or("no channel")?;
        Ok(gateway.network(channel.name.clone()))
    }
}

fn in_process(chaincode: Chaincode) -> InProcess {
    InProcess { version: "1".to_owned(), chaincode: Arc::new(chaincode) }
}

fn done(outcome: &Outcome) -> Result<(), Failed> {
    match outcome {
        Outcome::Committed { .. } => Ok(()),
        Outcome::Rejected { .. } | Outcome::Unknown { .. } => {
            Err(format!("not committed: {outcome:?}").into())
        }
    }
}
