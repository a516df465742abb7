use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use fabric_protos::Message;
use fabric_protos::common::{Envelope, Header, Payload};
use fabric_protos::gateway::{EndorseRequest, EndorseResponse, ErrorDetail};
use fabric_protos::id::MspId;
use fabric_protos::proposal::{ParsedProposal, parse_proposal};
use fabric_protos::protos::{
    ChaincodeActionPayload, ChaincodeCall, ChaincodeEndorsedAction, ChaincodeInterest, Endorsement,
    ProposalResponse, SignedProposal, Transaction, TransactionAction,
};
use futures::future::join_all;
use tonic::Code;

use super::GatewayService;
use super::failure::{Failure, Invalid, NoPlan, Stage, detail, endorsed};
use super::plan::{Layout, Plan, ask};
use crate::channel::Channel;
use crate::peer::Peer;

/// Collects the endorsements that a proposal needs and returns the transaction, unsigned.
pub(super) async fn endorse(
    gateway: &GatewayService,
    request: EndorseRequest,
) -> Result<EndorseResponse, Failure> {
    let signed = request.proposed_transaction.filter(|signed| !signed.proposal_bytes.is_empty());
    let signed = signed.ok_or(Failure::Invalid(Invalid::NoProposedTransaction))?;
    let proposal =
        parse_proposal(&signed).map_err(|source| Failure::Invalid(Invalid::Proposal(source)))?;
    let asking = Asking { gateway, signed: &signed, proposal: &proposal };
    let mut collected = Collected::default();
    let mut plan = match request.endorsing_organizations.as_slice() {
        [] => asking.plan_from_first(&mut collected).await?,
        named => Plan::of_organizations(asking.endorsers(), named)
            .map_err(|organizations| Failure::NoPlan(NoPlan::NoPeersOf { organizations }))?,
    };
    while let Some(layout) = plan.layouts.pop_front() {
        if collected.satisfies(&layout) || asking.complete(&layout, &mut plan, &mut collected).await
        {
            let endorsements = collected.of(&layout);
            let envelope = assemble(proposal, collected.payload, endorsements);
            return Ok(EndorseResponse { prepared_transaction: Some(envelope) });
        }
    }
    let details = collected.details;
    Err(Failure::Endorsers { code: Code::Aborted, stage: Stage::Collecting, details })
}

/// One proposal for which endorsements are asked.
struct Asking<'a> {
    gateway: &'a GatewayService,
    signed: &'a SignedProposal,
    proposal: &'a ParsedProposal,
}

impl Asking<'_> {
    fn channel_name(&self) -> &str {
        &self.proposal.channel_header.channel_id
    }

    /// Every peer that could endorse, the gateway's own first.
    fn endorsers(&self) -> Vec<Arc<Peer>> {
        let gateway = self.gateway;
        gateway.peers.endorsers(self.channel_name(), &self.proposal.chaincode, &gateway.local)
    }

    /// Has one peer endorse, of the gateway's organisation if it has any, and plans with what that
    /// peer says about the transaction.
    async fn plan_from_first(&self, collected: &mut Collected) -> Result<Plan, Failure> {
        let peers = self.endorsers();
        let channel = self.gateway.channels().named(self.channel_name());
        let channel = channel.ok_or_else(|| Failure::NoChannel {
            channel: self.channel_name().to_owned(),
            code: Code::FailedPrecondition,
        })?;
        let (first, answer) = self.first(&channel, peers.clone()).await?;
        let interest = answer.interest.clone().filter(|interest| !interest.chaincodes.is_empty());
        let interest = interest.unwrap_or_else(|| self.default_interest());
        let plan = self.plan(&channel, peers, interest, &first);
        collected.add(&first, answer);
        plan.map(|mut plan| {
            plan.groups
                .values_mut()
                .for_each(|peers| peers.retain(|peer| !Arc::ptr_eq(peer, &first)));
            plan
        })
    }

    async fn first(
        &self,
        channel: &Channel,
        peers: Vec<Arc<Peer>>,
    ) -> Result<(Arc<Peer>, ProposalResponse), Failure> {
        let own = self.gateway.local.organization();
        let mut candidates = peers.clone();
        candidates.retain(|peer| peer.organization() == own);
        if candidates.is_empty() {
            if !self.proposal.transient.is_empty() {
                return Err(Failure::NoPlan(NoPlan::NoTrustedEndorser));
            }
            let plan = Plan::of_interest(peers, channel, &self.default_interest(), None)
                .map_err(|reason| Failure::NoPlan(NoPlan::Unsatisfiable { reason }))?;
            let organization = plan.layouts.front().and_then(|layout| layout.keys().next());
            let group = organization.and_then(|organization| plan.groups.get(organization));
            candidates = group.into_iter().flatten().cloned().collect();
        }
        let mut details = Vec::new();
        for peer in candidates {
            match endorsed(ask(self.gateway, &peer, self.signed).await) {
                Ok(answer) => return Ok((peer, answer)),
                Err(refusal) => details.push(detail(&peer, refusal.message)),
            }
        }
        Err(Failure::Endorsers { code: Code::Aborted, stage: Stage::First, details })
    }

    fn default_interest(&self) -> ChaincodeInterest {
        let name = self.proposal.chaincode.clone();
        ChaincodeInterest { chaincodes: vec![ChaincodeCall { name, ..Default::default() }] }
    }

    /// With transient data, only organisations that own the collections involved are asked.
    fn plan(
        &self,
        channel: &Channel,
        peers: Vec<Arc<Peer>>,
        interest: ChaincodeInterest,
        first: &Peer,
    ) -> Result<Plan, Failure> {
        let mut cautious = interest.clone();
        let mut collections = Vec::new();
        if !self.proposal.transient.is_empty() {
            for call in cautious.chaincodes.iter_mut().filter(|call| call.no_private_reads) {
                call.no_private_reads = false;
                collections.extend(call.collection_names.iter().cloned());
            }
        }
        let preferred = Some(first.organization());
        let refused = match Plan::of_interest(peers.clone(), channel, &cautious, preferred) {
            Ok(plan) => return Ok(plan),
            Err(reason) => reason,
        };
        let would_do = !collections.is_empty()
            && Plan::of_interest(peers, channel, &interest, preferred).is_ok();
        Err(Failure::NoPlan(match would_do {
            true => NoPlan::OutsideCollection { collections },
            false => NoPlan::Unsatisfiable { reason: refused },
        }))
    }

    /// Asks for what a layout still lacks, each organisation's peers one after the other, all
    /// organisations at the same time. Tells whether the layout is satisfied.
    async fn complete(&self, layout: &Layout, plan: &mut Plan, collected: &mut Collected) -> bool {
        let mut asked = Vec::new();
        for (organization, quantity) in layout {
            let lacking = quantity.saturating_sub(collected.count(organization));
            let group = plan.groups.remove(organization).unwrap_or_default();
            asked.push(self.collect(organization, lacking, group, &collected.payload));
        }
        for answers in join_all(asked).await {
            for (peer, answer) in answers.endorsed {
                collected.add(&peer, answer);
            }
            collected.details.extend(answers.details);
            plan.groups.insert(answers.organization, answers.left);
        }
        collected.satisfies(layout)
    }

    async fn collect(
        &self,
        organization: &MspId,
        lacking: usize,
        mut group: VecDeque<Arc<Peer>>,
        payload: &Option<Vec<u8>>,
    ) -> Answers {
        let mut answers = Answers::new(organization);
        while answers.endorsed.len() < lacking {
            let Some(peer) = group.pop_front() else { break };
            match endorsed(ask(self.gateway, &peer, self.signed).await) {
                Ok(answer) if differs(payload, &answer) => {
                    answers.details.push(detail(&peer, MISMATCH));
                }
                Ok(answer) => answers.endorsed.push((peer, answer)),
                Err(refusal) => answers.details.push(detail(&peer, refusal.message)),
            }
        }
        answers.left = group;
        answers
    }
}

/// What one organisation's peers answered.
struct Answers {
    organization: MspId,
    endorsed: Vec<(Arc<Peer>, ProposalResponse)>,
    details: Vec<ErrorDetail>,
    /// Peers that were not asked.
    left: VecDeque<Arc<Peer>>,
}

impl Answers {
    fn new(organization: &MspId) -> Self {
        let organization = organization.clone();
        Self { organization, endorsed: Vec::new(), details: Vec::new(), left: VecDeque::new() }
    }
}

/// Endorsements of one and the same outcome, and what went wrong on the way.
#[derive(Default)]
struct Collected {
    /// What was endorsed; the first endorser decides.
    payload: Option<Vec<u8>>,
    endorsements: BTreeMap<MspId, Vec<Endorsement>>,
    details: Vec<ErrorDetail>,
}

impl Collected {
    /// Adds an endorsement, unless it is of another outcome or the endorser has endorsed before.
    fn add(&mut self, peer: &Peer, answer: ProposalResponse) {
        if differs(&self.payload, &answer) {
            self.details.push(detail(peer, MISMATCH));
            return;
        }
        self.payload = Some(answer.payload);
        let Some(endorsement) = answer.endorsement else { return };
        let endorsements = self.endorsements.entry(peer.organization().clone()).or_default();
        if !endorsements.iter().any(|known| known.endorser == endorsement.endorser) {
            endorsements.push(endorsement);
        }
    }

    fn count(&self, organization: &MspId) -> usize {
        self.endorsements.get(organization).map_or(0, Vec::len)
    }

    fn satisfies(&self, layout: &Layout) -> bool {
        layout.iter().all(|(organization, quantity)| self.count(organization) >= *quantity)
    }

    /// The endorsements of a layout's organisations, which satisfy it.
    fn of(&self, layout: &Layout) -> Vec<Endorsement> {
        let of_one = |organization| self.endorsements.get(organization).into_iter().flatten();
        layout.keys().flat_map(of_one).cloned().collect()
    }
}

fn differs(payload: &Option<Vec<u8>>, answer: &ProposalResponse) -> bool {
    payload.as_ref().is_some_and(|payload| *payload != answer.payload)
}

const MISMATCH: &str = "ProposalResponsePayloads do not match";

/// The transaction that the client signs: the proposal without transient data, what was endorsed,
/// and by whom.
fn assemble(
    proposal: ParsedProposal,
    payload: Option<Vec<u8>>,
    endorsements: Vec<Endorsement>,
) -> Envelope {
    let proposal_response_payload = payload.unwrap_or_default();
    let action = ChaincodeActionPayload {
        chaincode_proposal_payload: proposal.payload_without_transient,
        action: Some(ChaincodeEndorsedAction { proposal_response_payload, endorsements }),
    };
    let signature_header = proposal.signature_header_bytes;
    let action =
        TransactionAction { header: signature_header.clone(), payload: action.encode_to_vec() };
    let header = Header { channel_header: proposal.channel_header_bytes, signature_header };
    let data = Transaction { actions: vec![action] }.encode_to_vec();
    let payload = Payload { header: Some(header), data };
    Envelope { payload: payload.encode_to_vec(), signature: Vec::new() }
}
