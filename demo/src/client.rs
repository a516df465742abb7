//! Connections of the story's people and devices to the network's gateways.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fabric_protos::id::{ChaincodeName, ChannelId, MspId};
use pervade_embedded::{NetworkDescription, NodeDescription};
use pervade_identity::{EcdsaSigner, Signer};
use pervade_peer_client::{Contract, Gateway, Network, Outcome, Ports};
use pervade_ports::Clock;
use pervade_ports::system::{SystemClock, SystemRng};
use pervade_rpc::tls::endpoint;

use crate::error::{DemoError, While as _};

/// Where the network is, for everyone in the story.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) folder: Arc<Path>,
    pub(crate) network: Arc<NetworkDescription>,
    pub(crate) channel: ChannelId,
}

impl Place {
    /// The channel through the first peer of the signer's own organisation.
    pub(crate) async fn connect(&self, signer: Arc<dyn Signer>) -> Result<Network, DemoError> {
        self.connect_by(signer, Arc::new(SystemClock)).await
    }

    /// The same, for somebody who goes by another clock.
    pub(crate) async fn connect_by(
        &self,
        signer: Arc<dyn Signer>,
        clock: Arc<dyn Clock>,
    ) -> Result<Network, DemoError> {
        let msp_id = signer.msp_id().clone();
        self.connect_through(&msp_id, signer, clock).await
    }

    /// The channel through the first peer of any organisation.
    pub(crate) async fn connect_through(
        &self,
        msp_id: &MspId,
        signer: Arc<dyn Signer>,
        clock: Arc<dyn Clock>,
    ) -> Result<Network, DemoError> {
        let peer = self.peer(msp_id)?;
        let roots = NetworkDescription::locate(&self.folder, &peer.tls_root);
        let roots = std::fs::read(roots).doing("read the TLS root")?;
        let channel = endpoint(&peer.address, &roots, Some(&peer.host))
            .doing("name the gateway")?
            .connect()
            .await
            .doing("connect to the gateway")?;
        let ports = Ports { clock, rng: Arc::new(SystemRng) };
        Ok(Gateway::new(channel, signer, ports).network(self.channel.clone()))
    }

    /// The identity of one of an organisation's users, from the network's folder.
    pub(crate) fn user(&self, msp_id: &MspId, name: &str) -> Result<EcdsaSigner, DemoError> {
        let organization = self.network.organization(msp_id);
        let user = organization.and_then(|organization| {
            let full = format!("{name}@{}", organization.domain);
            organization.user(&full).or_else(|| organization.user(name))
        });
        let Some(user) = user else {
            return Err(DemoError::unexpected(format!("{msp_id} has no user {name}")));
        };
        let read = |path| std::fs::read(NetworkDescription::locate(&self.folder, path));
        let certificate = read(&user.certificate).doing("read a user's certificate")?;
        let key = read(&user.key).doing("read a user's key")?;
        EcdsaSigner::from_pem(msp_id.clone(), &certificate, &key).doing("read a user's identity")
    }

    fn peer(&self, msp_id: &MspId) -> Result<&NodeDescription, DemoError> {
        let organization = self.network.organization(msp_id);
        organization
            .and_then(|organization| organization.peers.first())
            .ok_or_else(|| DemoError::unexpected(format!("{msp_id} has no peer")))
    }
}

/// A contract by its name, which is a constant of ours.
pub(crate) fn contract(network: &Network, name: &str) -> Result<Contract, DemoError> {
    Ok(network.contract(ChaincodeName::new(name).doing("name a contract")?))
}

/// What a transaction gave, and how long it took from proposal to verdict.
#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) tx_id: String,
    pub(crate) block: u64,
    pub(crate) result: Vec<u8>,
    pub(crate) took: Duration,
}

/// Submits, and takes nothing but a commit.
pub(crate) async fn submit(
    contract: &Contract,
    function: &str,
    args: &[&[u8]],
) -> Result<Committed, DemoError> {
    let began = crate::account::now();
    let outcome = contract.submit(function, args).await;
    match outcome.doing(&format!("submit {function}"))? {
        Outcome::Committed { tx_id, block, result } => {
            Ok(Committed { tx_id: tx_id.as_str().to_owned(), block, result, took: began.elapsed() })
        }
        Outcome::Rejected { code, .. } => {
            Err(DemoError::unexpected(format!("{function} ended as {}", code.as_str_name())))
        }
        Outcome::Unknown { refusal, .. } => {
            Err(DemoError::unexpected(format!("nobody knows how {function} ended: {refusal}")))
        }
    }
}
