//! A network in a temporary folder: two organisations with a peer each (the first with a second
//! one), an orderer that makes a block of every envelope, and a scripted chaincode.

mod chaincode;
mod member;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fabric_protos::common::{Block, ConfigUpdateEnvelope, Envelope, Metadata};
use fabric_protos::etcdraft;
use fabric_protos::gateway::{
    CommitStatusRequest, CommitStatusResponse, EndorseRequest, EvaluateRequest,
    SignedCommitStatusRequest, SubmitRequest,
};
use fabric_protos::id::{ChannelId, TxId};
use fabric_protos::lifecycle::chaincode_source::{Local, Type as Source};
use fabric_protos::lifecycle::{
    ApproveChaincodeDefinitionForMyOrgArgs, ChaincodeSource, CommitChaincodeDefinitionArgs,
};
use fabric_protos::proposal::{self, ProposalSpec};
use fabric_protos::protos::{SignedProposal, TxValidationCode};
use fabric_protos::{Message, Timestamp};
use pervade_channel_config::genesis::{self, Profile};
use pervade_channel_config::{BatchRules, update};
use pervade_identity::Role;
use pervade_identity::policy as text;
use pervade_ledger::block;
use pervade_ledger::lifecycle::EndorsementPolicy;
use pervade_ports::system::{SystemClock, SystemFiles, TokioSpawn};
use pervade_ports::{BoxFuture, Clock};
use pervade_rpc::gateway::gateway_server::Gateway as _;
use tempfile::TempDir;
use tonic::{Request, Status};

pub(crate) use chaincode::Scripted;
pub(crate) use member::{Member, Organization};

use crate::{Broadcast, Channel, Channels, GatewayService, NotOrdered, Peer, PeerSettings, Peers};

pub(crate) const CHANNEL: &str = "mychannel";

/// The whole network.
pub(crate) struct Network {
    pub(crate) folder: TempDir,
    pub(crate) genesis: Block,
    pub(crate) channel: Arc<Channel>,
    pub(crate) channels: Arc<Channels>,
    pub(crate) peers: Arc<Peers>,
    pub(crate) org1: Organization,
    pub(crate) org2: Organization,
    orderer: Member,
    pub(crate) gateway: GatewayService,
    nonces: Mutex<u64>,
}

/// One signed proposal and its transaction.
pub(crate) struct Proposed {
    pub(crate) signed: SignedProposal,
    pub(crate) tx_id: TxId,
}

/// How a transaction ended for its client.
#[derive(Debug)]
pub(crate) struct Submitted {
    pub(crate) tx_id: TxId,
    pub(crate) status: CommitStatusResponse,
}

impl Network {
    /// Starts with peers that have no chaincode.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [org1, org2] = [Organization::new("Org1MSP", 1), Organization::new("Org2MSP", 2)];
        let orderer = Organization::new("OrdererMSP", 0);
        let profile = Profile {
            channel_id: ChannelId::new(CHANNEL).unwrap(),
            orderer_org: orderer.profile(&["orderer.example.com:7050"]),
            application_orgs: vec![org1.profile(&[]), org2.profile(&[])],
            consenters: vec![etcdraft::Consenter {
                host: "orderer.example.com".to_owned(),
                port: 7050,
                ..Default::default()
            }],
            batch: BatchRules::test_network(),
        };
        let genesis = genesis::block(&profile, b"the only one", Timestamp::default());
        let channel = Channel::open(Arc::new(SystemFiles), folder.path(), &genesis).unwrap();
        let channel = Arc::new(channel);
        let channels = Arc::new(Channels::default());
        channels.add(Arc::clone(&channel));
        let peers = Arc::new(Peers::default());
        for (organization, port) in [(&org1, 7051), (&org1, 8051), (&org2, 9051)] {
            peers.add(peer(organization, port, &channels));
        }
        let broadcast = Arc::new(BlockPerEnvelope(Arc::clone(&channel)));
        let gateway = GatewayService::new(peers.all()[0].clone(), Arc::clone(&peers), broadcast);
        let orderer = orderer.enroll("orderer", Role::Orderer);
        let nonces = Mutex::new(0);
        Self { folder, genesis, channel, channels, peers, org1, org2, orderer, gateway, nonces }
    }

    /// Starts with scripted chaincodes on every peer, each endorsed by both organisations.
    pub(crate) async fn with_chaincodes(names: &[&str]) -> Self {
        let network = Self::start();
        for name in names {
            network.deploy(name, "AND('Org1MSP.peer', 'Org2MSP.peer')").await;
        }
        network
    }

    /// Installs a scripted chaincode everywhere, and has it approved and committed.
    pub(crate) async fn deploy(&self, name: &str, policy: &str) {
        let package_id = format!("{name}:{}", "0".repeat(64));
        for peer in self.peers.all() {
            let launcher = Arc::new(Scripted::new(&package_id, peer.address()));
            peer.install(&package_id, name, launcher).unwrap();
        }
        let policy = EndorsementPolicy::Signature(text::parse(policy).unwrap()).to_bytes();
        let approval = ApproveChaincodeDefinitionForMyOrgArgs {
            name: name.to_owned(),
            version: "1.0".to_owned(),
            sequence: 1,
            validation_parameter: policy.clone(),
            source: Some(ChaincodeSource {
                r#type: Some(Source::LocalPackage(Local { package_id })),
            }),
            ..Default::default()
        };
        for organization in [&self.org1, &self.org2] {
            let args = [b"ApproveChaincodeDefinitionForMyOrg".to_vec(), approval.encode_to_vec()];
            let proposed = self.propose(&organization.admin, "_lifecycle", &args);
            self.commit_endorsed(&organization.admin, proposed, &[organization.msp_id()]).await;
        }
        let definition = CommitChaincodeDefinitionArgs {
            name: name.to_owned(),
            version: "1.0".to_owned(),
            sequence: 1,
            validation_parameter: policy,
            ..Default::default()
        };
        let args = [b"CommitChaincodeDefinition".to_vec(), definition.encode_to_vec()];
        let proposed = self.propose(&self.org1.admin, "_lifecycle", &args);
        self.commit_endorsed(&self.org1.admin, proposed, &["Org1MSP", "Org2MSP"]).await;
    }

    async fn commit_endorsed(&self, member: &Member, proposed: Proposed, organizations: &[&str]) {
        let done = self.submit_to(member, proposed, organizations).await.unwrap();
        assert_eq!(done.status.result(), TxValidationCode::Valid);
    }

    /// A proposal of the first organisation's user; words become arguments.
    pub(crate) fn proposal(&self, chaincode: &str, words: &str) -> Proposed {
        let args: Vec<_> = words.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        self.propose(&self.org1.user, chaincode, &args)
    }

    pub(crate) fn propose(&self, member: &Member, chaincode: &str, args: &[Vec<u8>]) -> Proposed {
        self.propose_with(member, chaincode, args, BTreeMap::new())
    }

    pub(crate) fn propose_with(
        &self,
        member: &Member,
        chaincode: &str,
        args: &[Vec<u8>],
        transient: BTreeMap<String, Vec<u8>>,
    ) -> Proposed {
        let now = SystemClock.now();
        let nanos = i32::try_from(now.nanos()).unwrap();
        let spec = ProposalSpec {
            channel: Some(self.channel.id()),
            chaincode,
            args: args.to_vec(),
            transient,
            creator: member.signer.identity(),
            nonce: &self.nonce(),
            timestamp: Timestamp { seconds: now.seconds(), nanos },
        };
        sign(member, spec)
    }

    pub(crate) fn nonce(&self) -> [u8; 24] {
        let mut used = self.nonces.lock().unwrap();
        *used += 1;
        let mut nonce = [0; 24];
        nonce[16..].copy_from_slice(&used.to_be_bytes());
        nonce
    }

    /// Endorses, signs, submits and waits, as the first organisation's user.
    pub(crate) async fn submit(&self, chaincode: &str, words: &str) -> Result<Submitted, Status> {
        self.submit_to(&self.org1.user, self.proposal(chaincode, words), &[]).await
    }

    pub(crate) async fn submit_to(
        &self,
        member: &Member,
        proposed: Proposed,
        organizations: &[&str],
    ) -> Result<Submitted, Status> {
        let tx_id = proposed.tx_id.clone();
        let envelope = self.endorse_by(proposed, organizations).await?;
        self.order(member, envelope).await?;
        let status = self.status(member, &tx_id).await?;
        Ok(Submitted { tx_id, status })
    }

    pub(crate) async fn endorse_by(
        &self,
        proposed: Proposed,
        organizations: &[&str],
    ) -> Result<Envelope, Status> {
        let request = EndorseRequest {
            transaction_id: proposed.tx_id.to_string(),
            channel_id: CHANNEL.to_owned(),
            proposed_transaction: Some(proposed.signed),
            endorsing_organizations: organizations.iter().map(ToString::to_string).collect(),
        };
        let endorsed = self.gateway.endorse(Request::new(request)).await?.into_inner();
        Ok(endorsed.prepared_transaction.unwrap())
    }

    pub(crate) async fn order(
        &self,
        member: &Member,
        mut envelope: Envelope,
    ) -> Result<(), Status> {
        envelope.signature = member.signer.sign(&envelope.payload).unwrap();
        let request = SubmitRequest {
            channel_id: CHANNEL.to_owned(),
            prepared_transaction: Some(envelope),
            ..Default::default()
        };
        self.gateway.submit(Request::new(request)).await.map(|_| ())
    }

    pub(crate) async fn status(
        &self,
        member: &Member,
        tx_id: &TxId,
    ) -> Result<CommitStatusResponse, Status> {
        let request = CommitStatusRequest {
            transaction_id: tx_id.to_string(),
            channel_id: CHANNEL.to_owned(),
            identity: member.signer.identity().to_vec(),
        }
        .encode_to_vec();
        let signature = member.signer.sign(&request).unwrap();
        let signed = SignedCommitStatusRequest { request, signature };
        Ok(self.gateway.commit_status(Request::new(signed)).await?.into_inner())
    }

    /// Evaluates as the first organisation's user, and returns the answer as text.
    pub(crate) async fn evaluate(&self, chaincode: &str, words: &str) -> Result<String, Status> {
        self.evaluate_at(self.proposal(chaincode, words), &[]).await
    }

    pub(crate) async fn evaluate_at(
        &self,
        proposed: Proposed,
        organizations: &[&str],
    ) -> Result<String, Status> {
        let request = EvaluateRequest {
            proposed_transaction: Some(proposed.signed),
            channel_id: CHANNEL.to_owned(),
            target_organizations: organizations.iter().map(ToString::to_string).collect(),
            ..Default::default()
        };
        let answer = self.gateway.evaluate(Request::new(request)).await?.into_inner();
        Ok(String::from_utf8(answer.result.unwrap().payload).unwrap())
    }

    /// Revokes a certificate of the first organisation, for the whole channel.
    pub(crate) fn revoke(&self, member: &Member) {
        self.org1.registrar.revoke(&member.serial).unwrap();
        let (config, admin) = (self.channel.config(), self.org1.admin.signer.as_ref());
        let definition = self.org1.registrar.msp_config();
        let organization = self.org1.registrar.msp_id();
        let desired = update::with_msp(config.config(), organization, &definition).unwrap();
        let change = update::compute(config.config(), &desired, self.channel.id()).unwrap();
        let config_update = change.encode_to_vec();
        let signatures = vec![update::sign(&config_update, admin, &self.nonce()).unwrap()];
        let change = ConfigUpdateEnvelope { config_update, signatures };
        let (channel, time) = (self.channel.id(), Timestamp::default());
        let envelope = update::envelope(channel, &change, admin, (&self.nonce(), time)).unwrap();
        let next = config.propose_update(&envelope).unwrap();
        let orderer = self.orderer.signer.as_ref();
        let nonce = self.nonce();
        let envelope = update::config_envelope(channel, &next, orderer, (&nonce, time)).unwrap();
        let verdicts = commit_next(&self.channel, vec![envelope.encode_to_vec()]);
        assert_eq!(verdicts, [TxValidationCode::Valid]);
    }

    /// The first organisation's first peer.
    pub(crate) fn peer(&self) -> Arc<Peer> {
        self.peers.all()[0].clone()
    }
}

pub(crate) fn sign(member: &Member, spec: ProposalSpec<'_>) -> Proposed {
    let (proposal, tx_id) = proposal::build(spec);
    let proposal_bytes = proposal.encode_to_vec();
    let signature = member.signer.sign(&proposal_bytes).unwrap();
    Proposed { signed: SignedProposal { proposal_bytes, signature }, tx_id }
}

fn peer(organization: &Organization, port: u16, channels: &Arc<Channels>) -> Arc<Peer> {
    let name = format!("peer.{}", organization.msp_id());
    Peer::new(PeerSettings {
        address: format!("{name}:{port}"),
        signer: Arc::clone(&organization.enroll(&name, Role::Peer).signer),
        organization: organization.msp(),
        channels: Arc::clone(channels),
        clock: Arc::new(SystemClock),
        spawn: Arc::new(TokioSpawn::new(tokio::runtime::Handle::current())),
    })
}

/// An orderer that signs nothing and waits for nobody.
struct BlockPerEnvelope(Arc<Channel>);

impl Broadcast for BlockPerEnvelope {
    fn broadcast(&self, envelope: Envelope) -> BoxFuture<'_, Result<(), NotOrdered>> {
        Box::pin(async move {
            commit_next(&self.0, vec![envelope.encode_to_vec()]);
            Ok(())
        })
    }
}

/// Commits the next block with these envelopes.
pub(crate) fn commit_next(channel: &Channel, envelopes: Vec<Vec<u8>>) -> Vec<TxValidationCode> {
    let last = channel.block(channel.height() - 1).unwrap();
    let hash = block::header_hash(last.header.as_ref().unwrap()).to_vec();
    let mut next = block::next(channel.height(), hash, envelopes);
    let last_config = block::last_config_index(&last).unwrap().unwrap();
    let last_config = if block::is_config(&next) { channel.height() } else { last_config };
    let value = block::orderer_metadata(last_config, Vec::new());
    block::set_orderer_metadata(&mut next, &Metadata { value, signatures: Vec::new() }).unwrap();
    channel.commit(next).unwrap()
}

/// The details that a failed gateway call carries, as `address: message` lines in order.
pub(crate) fn details(status: &Status) -> String {
    let decoded = fabric_protos::google_rpc::Status::decode(status.details()).unwrap();
    let lines = decoded.details.iter().map(|any| {
        let detail = fabric_protos::gateway::ErrorDetail::decode(any.value.as_slice()).unwrap();
        format!("{}: {}\n", detail.address, detail.message)
    });
    lines.collect()
}
