//! A network of two organisations with everything that the scenarios call.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use fabric_protos::common::Block;
use fabric_protos::id::{ChaincodeName, ChannelId, MspId, TxId};
use fabric_protos::kvrwset::KvrwSet;
use fabric_protos::proposal::{ProposalSpec, build};
use fabric_protos::protos::{
    ChaincodeAction, ProposalResponse, ProposalResponsePayload, SignedProposal,
};
use fabric_protos::{Message as _, Timestamp};
use pervade_audit::Graph;
use pervade_embedded::{
    ChannelSpec, EmbeddedNetwork, InProcess, NetworkDescription, NodeDescription, Options, Package,
    PackageSource, StartError, Topology,
};
use pervade_identity::{EcdsaSigner, PrivateKey, Role, Signer};
use pervade_interop_ledger::Replay;
use pervade_ledger::rwset::ReadWriteSet;
use pervade_peer_client::{CallError, Contract, Definition, Gateway, Network, Outcome, Ports};
use pervade_ports::system::{SystemClock, SystemRng};
use pervade_ports::{Clock as _, Rng as _};
use pervade_registrar::{Enrollment, EnrollmentKind, certificate_request};
use pervade_rpc::endorser::endorser_client::EndorserClient;
use pervade_rpc::tls::endpoint;
use pervade_storage::ReplayedState;
use tempfile::TempDir;
use tonic::transport::Channel;

use crate::{contracts, platform};

pub(crate) const ORG1: &str = "Org1MSP";
pub(crate) const ORG2: &str = "Org2MSP";
pub(crate) const ORG3: &str = "Org3MSP";
/// The organisations of most networks.
pub(crate) const BOTH: [&str; 2] = [ORG1, ORG2];

pub(crate) const REGISTRY: &str = "registry";
pub(crate) const RECORDING: &str = "recording";

/// A running network, and where it lives.
pub(crate) struct World {
    pub(crate) network: EmbeddedNetwork,
    pub(crate) channel: ChannelId,
    description: NetworkDescription,
    _folder: Option<TempDir>,
}

impl World {
    /// A new network in a folder that goes away with it; nothing is deployed.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Self::start_in(folder.path()).await;
        Self { _folder: Some(folder), ..world }
    }

    /// The network of a folder, founded there if there is none.
    pub(crate) async fn start_in(folder: &Path) -> Self {
        Self::try_start_in(folder).await.unwrap()
    }

    /// As [`Self::start_in`], where it may fail.
    pub(crate) async fn try_start_in(folder: &Path) -> Result<Self, StartError> {
        Self::try_start_as(Topology::test_network(), folder).await
    }

    /// A new network with a third organisation, in a folder that goes away with it.
    pub(crate) async fn of_three() -> Self {
        let mut topology = Topology::test_network();
        let mut third = topology.organizations[1].clone();
        third.name = "Org3".to_owned();
        third.msp_id = msp(ORG3);
        third.domain = "org3.example.com".to_owned();
        topology.organizations.push(third);
        let folder = tempfile::tempdir().unwrap();
        let world = Self::try_start_as(topology, folder.path()).await.unwrap();
        Self { _folder: Some(folder), ..world }
    }

    /// A new network with a second channel, which calls go to after [`Self::turn_to`].
    pub(crate) async fn of_two_channels(second: &str) -> Self {
        let mut topology = Topology::test_network();
        let name = ChannelId::new(second).unwrap();
        topology.channels.push(ChannelSpec { name, organizations: Vec::new() });
        let folder = tempfile::tempdir().unwrap();
        let world = Self::try_start_as(topology, folder.path()).await.unwrap();
        Self { _folder: Some(folder), ..world }
    }

    /// Has further calls go to another channel; the one before is returned.
    pub(crate) fn turn_to(&mut self, channel: &str) -> ChannelId {
        std::mem::replace(&mut self.channel, ChannelId::new(channel).unwrap())
    }

    async fn try_start_as(topology: Topology, folder: &Path) -> Result<Self, StartError> {
        let mut topology = topology.with_free_ports();
        topology.batch.timeout_ms = 20;
        let options = in_process()
            .into_iter()
            .fold(Options::new(folder), |options, (name, code)| options.with_chaincode(name, code));
        let network = EmbeddedNetwork::start(topology, options).await?;
        let description = network.description();
        let channel = description.channels[0].name.clone();
        Ok(Self { network, channel, description, _folder: None })
    }

    /// As [`Self::start`], with contracts deployed.
    pub(crate) async fn with(contracts: &[&str]) -> Self {
        let world = Self::start().await;
        for contract in contracts {
            world.deploy(contract).await;
        }
        world
    }

    /// Deploys a contract of this process by both organisations; returns its package id.
    pub(crate) async fn deploy(&self, name: &str) -> String {
        let package_id = self.install(name);
        self.define(name, [&package_id, &package_id]).await;
        package_id
    }

    /// Installs code of this process on every peer; returns its package id.
    pub(crate) fn install(&self, code: &str) -> String {
        let source = PackageSource::InProcess { name: code.to_owned() };
        self.network.install(Package { label: code.to_owned(), source }).unwrap()
    }

    /// Has each organisation approve a definition with a package of its own, and commits it.
    pub(crate) async fn define(&self, name: &str, packages: [&str; 2]) {
        let definition = Definition::first(chaincode(name), "1.0");
        for (org, package_id) in BOTH.into_iter().zip(packages) {
            self.approve(org, name, package_id).await;
        }
        let lifecycle = self.admin(ORG1).await.lifecycle();
        committed(lifecycle.commit(&definition).await.unwrap());
    }

    /// Has an organisation approve a contract's definition with a package.
    pub(crate) async fn approve(&self, org: &str, name: &str, package_id: &str) {
        let definition = Definition::first(chaincode(name), "1.0");
        let lifecycle = self.admin(org).await.lifecycle();
        committed(lifecycle.approve(&definition, Some(package_id)).await.unwrap());
    }

    /// An organisation's administrator on the channel.
    pub(crate) async fn admin(&self, org: &str) -> Network {
        self.connect(Arc::new(self.network.user(&msp(org), "Admin").unwrap())).await
    }

    /// An organisation's ordinary user on the channel.
    pub(crate) async fn user(&self, org: &str) -> Network {
        self.connect(Arc::new(self.network.user(&msp(org), "User1").unwrap())).await
    }

    /// A contract as the first organisation's ordinary user calls it.
    pub(crate) async fn contract(&self, name: &str) -> Contract {
        self.user(ORG1).await.contract(chaincode(name))
    }

    /// Whoever signs, on the channel, through the first peer of the organisation it names.
    pub(crate) async fn connect(&self, signer: Arc<dyn Signer>) -> Network {
        let gateway = self.dial(self.peer(signer.msp_id().as_str())).await;
        Gateway::new(gateway, signer, ports()).network(self.channel.clone())
    }

    /// A connection to a node.
    pub(crate) async fn dial(&self, node: &NodeDescription) -> Channel {
        let root = fs::read(self.network.data().join(&node.tls_root)).unwrap();
        endpoint(&node.address, &root, Some(&node.host)).unwrap().connect().await.unwrap()
    }

    pub(crate) fn peer(&self, org: &str) -> &NodeDescription {
        &self.description.organization(&msp(org)).unwrap().peers[0]
    }

    pub(crate) fn orderer(&self) -> &NodeDescription {
        &self.description.orderer
    }

    /// A member with a new key, whose certificate its organisation's registrar has issued.
    pub(crate) fn enrol(&self, org: &str, name: &str) -> Arc<EcdsaSigner> {
        let key = PrivateKey::generate().unwrap();
        let request = certificate_request(name, &key).unwrap();
        let certificate = self.network.enroll(&msp(org), &request, &device(name)).unwrap();
        Arc::new(EcdsaSigner::new(msp(org), &certificate, key).unwrap())
    }

    /// One peer's own answer to a proposal; no channel for questions about the peer itself.
    pub(crate) async fn ask_peer(&self, org: &str, signed: &SignedProposal) -> ProposalResponse {
        let mut endorser = EndorserClient::new(self.dial(self.peer(org)).await);
        endorser.process_proposal(signed.clone()).await.unwrap().into_inner()
    }

    /// How many blocks the channel has.
    pub(crate) fn height(&self) -> u64 {
        self.network.channel(&self.channel).unwrap().height()
    }

    /// A block, once it is there.
    pub(crate) async fn block(&self, number: u64) -> Arc<Block> {
        let channel = self.network.channel(&self.channel).unwrap();
        channel.committed(number).await;
        channel.block(number).unwrap()
    }

    /// Every block so far.
    pub(crate) fn blocks(&self) -> Vec<Arc<Block>> {
        let channel = self.network.channel(&self.channel).unwrap();
        (0..channel.height()).map(|number| channel.block(number).unwrap()).collect()
    }

    /// SHA-256 of the channel's state.
    pub(crate) fn state_digest(&self) -> [u8; 32] {
        self.network.channel(&self.channel).unwrap().store().state_digest()
    }

    /// The graph of all blocks so far.
    pub(crate) fn graph(&self) -> Graph {
        let mut graph = Graph::new(self.channel.clone()).unwrap();
        for block in self.blocks() {
            let block: &Block = &block;
            graph.apply(block).unwrap();
        }
        graph
    }

    /// Repeats every judgement from the blocks alone; returns the digest of the state.
    pub(crate) fn verify(&self) -> [u8; 32] {
        let (mut replay, mut state) = (Replay::new(), ReplayedState::new());
        for block in self.blocks() {
            let replayed = replay.check(&block, &state.snapshot()).unwrap();
            state.apply(replayed.number, replayed.batch);
        }
        state.digest()
    }
}

/// The code that every network of these tests is given.
fn in_process() -> Vec<(&'static str, InProcess)> {
    let registry = pervade_registry::chaincode(chaincode(REGISTRY));
    let recording = pervade_recording::chaincode(chaincode(RECORDING), chaincode(REGISTRY));
    let services = [
        (REGISTRY, pervade_registry::CODE_SHA256, registry),
        (RECORDING, pervade_recording::CODE_SHA256, recording),
    ];
    let services = services.map(|(name, code, service)| {
        (name, InProcess { version: code.to_owned(), chaincode: Arc::new(service) })
    });
    let services = services.into_iter().chain(platform::in_process());
    contracts::in_process().into_iter().chain(services).collect()
}

pub(crate) fn ports() -> Ports {
    Ports { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng) }
}

pub(crate) fn msp(id: &str) -> MspId {
    MspId::new(id).unwrap()
}

pub(crate) fn chaincode(name: &str) -> ChaincodeName {
    ChaincodeName::new(name).unwrap()
}

/// What an organisation decides about a device.
pub(crate) fn device(name: &str) -> Enrollment {
    Enrollment {
        common_name: name.to_owned(),
        role: Role::Client,
        attributes: BTreeMap::new(),
        hosts: Vec::new(),
        kind: EnrollmentKind::Identity,
    }
}

/// A signed proposal as any client would make it.
pub(crate) fn propose(
    signer: &dyn Signer,
    channel: Option<&ChannelId>,
    name: &str,
    args: &[&[u8]],
) -> SignedProposal {
    let mut nonce = [0; 24];
    SystemRng.fill(&mut nonce).unwrap();
    let (proposal, _) = build(ProposalSpec {
        channel,
        chaincode: name,
        args: args.iter().map(|arg| arg.to_vec()).collect(),
        transient: BTreeMap::new(),
        creator: signer.identity(),
        nonce: &nonce,
        timestamp: Timestamp { seconds: SystemClock.now().seconds(), nanos: 0 },
    });
    let proposal_bytes = proposal.encode_to_vec();
    let signature = signer.sign(&proposal_bytes).unwrap();
    SignedProposal { proposal_bytes, signature }
}

/// What an endorser signed: the function's payload and the read-write set, by namespace.
pub(crate) fn endorsed(response: &ProposalResponse) -> (Vec<u8>, BTreeMap<String, KvrwSet>) {
    let payload = ProposalResponsePayload::decode(response.payload.as_slice()).unwrap();
    let action = ChaincodeAction::decode(payload.extension.as_slice()).unwrap();
    let answer = action.response.unwrap().payload;
    (answer, namespaces(ReadWriteSet::decode(&action.results).unwrap()))
}

/// The public part of a read-write set, by namespace.
pub(crate) fn namespaces(rwset: ReadWriteSet) -> BTreeMap<String, KvrwSet> {
    rwset.namespaces.into_iter().map(|namespace| (namespace.name, namespace.public)).collect()
}

/// A transaction that took effect: its id, its block, and what it returned.
#[track_caller]
pub(crate) fn committed(outcome: Outcome) -> (TxId, u64, Vec<u8>) {
    match outcome {
        Outcome::Committed { tx_id, block, result } => (tx_id, block, result),
        other @ (Outcome::Rejected { .. } | Outcome::Unknown { .. }) => {
            panic!("not committed: {other:?}")
        }
    }
}

/// Why a call was refused, in the words of whoever refused.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(outcome: Result<T, CallError>) -> String {
    outcome.expect_err("it must be refused").to_string()
}
