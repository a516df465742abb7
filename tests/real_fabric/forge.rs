//! Transactions that no chaincode would make, endorsed and signed by real members.
//!
//! Endorsers sign whatever they are told to here, so that the committers' rules are tried alone:
//! versions that are stale, ranges that changed, policies on single keys, hashes of private data,
//! and transactions that are broken in every place where a committer looks.

mod content;
mod twist;

use std::{collections::BTreeMap, sync::Arc};

use fabric_protos::{
    Message, Timestamp,
    common::{Envelope, Status},
    proposal::{self, ProposalSpec},
    protos::{ChaincodeAction, ChaincodeId, Endorsement, Proposal, ProposalResponse, Response},
};
use libtest_mimic::Failed;
use pervade_identity::{EcdsaSigner, Role, Signer};
use pervade_ledger::{rwset::ReadWriteSet, transaction};
use pervade_ports::{Clock, system::SystemClock};
use pervade_rpc::atomic_broadcast::atomic_broadcast_client::AtomicBroadcastClient;
use pervade_tests::random::Random;
use tonic::transport::Channel;

use self::twist::Twist;
use crate::ours::{Ours, told};

/// Bursts of transactions, each sent before the verdicts on it are known.
const BURSTS: usize = 60;

/// Transactions of one burst at most.
const BURST_MAX: usize = 16;

/// Makes transactions from a seed and has them ordered.
pub(crate) struct Forge<'a> {
    ours: &'a Ours,
    random: Random,
    /// One peer of each organisation.
    peers: [EcdsaSigner; 2],
    /// A peer that its organisation has revoked.
    revoked: EcdsaSigner,
    client: Arc<EcdsaSigner>,
    orderer: AtomicBroadcastClient<Channel>,
    /// Envelope → what is peculiar about it.
    made: BTreeMap<Vec<u8>, String>,
}

impl<'a> Forge<'a> {
    pub(crate) async fn open(ours: &'a Ours, seed: u64) -> Result<Self, Failed> {
        let revoked = ours.member(&ours.org1, "a revoked peer", Role::Peer)?;
        ours.revoke(&revoked).await?;
        Ok(Self {
            ours,
            revoked,
            random: Random::new(seed),
            peers: [
                ours.member(&ours.org1, "a peer", Role::Peer)?,
                ours.member(&ours.org2, "a peer", Role::Peer)?,
            ],
            client: Arc::new(ours.user("User1")?),
            orderer: AtomicBroadcastClient::new(ours.orderer().await?),
            made: BTreeMap::new(),
        })
    }

    /// Has many transactions ordered, half of them under another configuration, and returns what
    /// each envelope is.
    pub(crate) async fn flood(mut self) -> Result<BTreeMap<Vec<u8>, String>, Failed> {
        for number in 0..BURSTS {
            if number == BURSTS / 2 {
                self.ours.let_one_organization_endorse().await?;
            }
            let mut burst = Vec::new();
            for _ in 0..=self.random.below(BURST_MAX) {
                let twist = Twist::any(&mut self.random);
                let envelope = self.transaction(twist)?;
                if twist.is_alone() {
                    self.order(vec![envelope]).await?;
                } else {
                    burst.push(envelope);
                }
            }
            if self.random.happens(20) {
                burst.extend(burst.first().cloned());
            }
            self.order(burst).await?;
        }
        Ok(self.made)
    }

    async fn order(&mut self, burst: Vec<Envelope>) -> Result<(), Failed> {
        let answers = self.orderer.broadcast(futures::stream::iter(burst)).await;
        let mut answers = told(answers)?.into_inner();
        while let Some(answer) = told(answers.message().await)? {
            if answer.status != i32::from(Status::Success) {
                return Err(format!("the orderer says {}: {}", answer.status, answer.info).into());
            }
        }
        Ok(())
    }

    fn transaction(&mut self, twist: Twist) -> Result<Envelope, Failed> {
        let chaincode = if self.random.happens(50) { "registry" } else { "recording" };
        let channel = told(self.ours.network.channel(&self.ours.channel))?;
        let state = channel.snapshot();
        let called = (chaincode, twist == Twist::Straight);
        let rwset = if twist == Twist::Unguarded {
            content::unguarded(&mut self.random, &state)?
        } else if twist.is_unguarded() {
            ReadWriteSet::default()
        } else {
            content::any(&mut self.random, called, &state)?
        };
        let now = SystemClock.now();
        let creator = Arc::clone(&self.client);
        let (mut proposal, _) = proposal::build(ProposalSpec {
            channel: Some(&self.ours.channel),
            chaincode,
            args: vec![b"forged".to_vec()],
            transient: BTreeMap::new(),
            creator: creator.identity(),
            nonce: &self.random.bytes(24),
            timestamp: Timestamp { seconds: now.seconds(), nanos: 0 },
        });
        twist.proposal(&mut proposal)?;
        let id = Some(ChaincodeId {
            name: chaincode.to_owned(),
            version: "1".to_owned(),
            ..ChaincodeId::default()
        });
        let mut action = ChaincodeAction {
            results: rwset.encode(),
            events: Vec::new(),
            response: Some(Response { status: 200, ..Response::default() }),
            chaincode_id: id,
        };
        twist.action(&mut action)?;
        let responses = self.endorse(&proposal, &action, twist)?;
        let mut envelope = told(transaction::assemble(&proposal, &responses))?;
        twist.envelope(&mut envelope)?;
        envelope.signature = creator.sign(&envelope.payload)?;
        let endorsers = responses.len();
        let what = format!("{chaincode}, {endorsers} endorsers, {twist:?}, {rwset:?}");
        self.made.insert(envelope.encode_to_vec(), what);
        Ok(envelope)
    }

    fn endorse(
        &mut self,
        proposal: &Proposal,
        action: &ChaincodeAction,
        twist: Twist,
    ) -> Result<Vec<ProposalResponse>, Failed> {
        let header = fabric_protos::common::Header::decode(proposal.header.as_slice())?;
        let call = proposal::without_transient(&proposal.payload)?;
        let hash = proposal::proposal_hash(&header.channel_header, &header.signature_header, &call);
        let payload = twist.response(proposal::response_payload(&hash, action.encode_to_vec()))?;
        let endorsers: &[&dyn Signer] = match self.random.below(16) {
            _ if twist.is_unguarded() => &[&self.peers[0], &self.peers[1]],
            0 => &[&self.peers[0]],
            1 => &[&self.peers[1]],
            2 => &[&*self.client],
            3 => &[&self.peers[1], &self.peers[0]],
            4 => &[&self.revoked, &self.peers[1]],
            5 => &[&self.revoked, &self.peers[0], &self.peers[1]],
            _ => &[&self.peers[0], &self.peers[1]],
        };
        let mut responses = Vec::new();
        for endorser in endorsers {
            let identity = endorser.identity();
            let signature = endorser.sign(&proposal::endorsed_bytes(&payload, identity))?;
            let mut endorsement = Endorsement { endorser: identity.to_vec(), signature };
            twist.endorsement(&mut endorsement);
            responses.push(ProposalResponse {
                response: Some(Response { status: 200, ..Response::default() }),
                payload: payload.clone(),
                endorsement: Some(endorsement),
                ..ProposalResponse::default()
            });
        }
        Ok(responses)
    }
}
