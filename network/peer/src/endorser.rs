//! Endorsement: a peer checks a proposal, has the chaincode run, and signs what came of it.

mod proposal;

use std::sync::Arc;

use fabric_protos::Message;
use fabric_protos::proposal::{endorsed_bytes, response_payload};
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeAction, ChaincodeEvent, ChaincodeId, ChaincodeInput, ChaincodeInterest, Endorsement,
    ProposalResponse, Response, SignedProposal,
};
use pervade_identity::{Identity, SignError, Signer};
use thiserror::Error;
use tokio::sync::Semaphore;

pub use proposal::{HeaderError, ProposalError};

pub(crate) use proposal::expiry;

use crate::access::resource;
use crate::chaincode::{Call, CallProposal, InvokeError, NotInvokable, Support, runnable};
use crate::channel::{Channel, Channels};
use crate::limits::PROPOSALS_MAX;
use crate::simulation::{Simulation, SimulationError};
use crate::system::{self, LocalPeer};
use proposal::UnpackedProposal;

/// Statuses from here on are not endorsed.
const STATUS_NOT_ENDORSED: i32 = 400;
/// Statuses from here on are failures; what was simulated is still returned.
const STATUS_ERROR: i32 = 500;

/// Judges proposals for one peer.
pub(crate) struct Endorser {
    channels: Arc<Channels>,
    local: Arc<LocalPeer>,
    support: Arc<Support>,
    signer: Arc<dyn Signer>,
    running: Semaphore,
}

impl Endorser {
    pub(crate) fn new(
        channels: Arc<Channels>,
        local: Arc<LocalPeer>,
        support: Arc<Support>,
        signer: Arc<dyn Signer>,
    ) -> Self {
        Self { channels, local, support, signer, running: Semaphore::new(PROPOSALS_MAX) }
    }

    /// Judges one proposal. An error is a proposal that is refused before anything ran; whatever
    /// goes wrong afterwards is a response with status 500.
    pub(crate) async fn process(
        &self,
        signed: SignedProposal,
    ) -> Result<ProposalResponse, ProposalError> {
        let _permit =
            self.running.try_acquire().map_err(|_| ProposalError::Busy { limit: PROPOSALS_MAX })?;
        let proposal = proposal::unpack(signed)?;
        proposal.check_time(self.local.now())?;
        let channel = match proposal.channel() {
            "" => None,
            name => match self.channels.named(name) {
                Some(channel) => Some(channel),
                None => return Ok(failure(format!("channel '{name}' not found"))),
            },
        };
        let creator = self.check(&proposal, channel.as_deref())?;
        let endorsed = self.endorse(proposal, channel, creator).await;
        Ok(endorsed.unwrap_or_else(|error| {
            tracing::warn!(%error, "proposal failed");
            failure(error.to_string())
        }))
    }

    fn check(
        &self,
        proposal: &UnpackedProposal,
        channel: Option<&Channel>,
    ) -> Result<Identity, ProposalError> {
        let Some(channel) = channel else { return proposal.check(self.local.membership()) };
        let creator = proposal.check(channel.config().membership())?;
        let tx_id = proposal.parsed.computed_tx_id();
        if channel.transaction(&tx_id).is_some() {
            let creator = hex::encode(&proposal.parsed.signature_header.creator);
            return Err(ProposalError::Duplicate { tx_id: tx_id.to_string(), creator });
        }
        if !system::is_system(&proposal.parsed.chaincode) {
            channel
                .check_identity(resource::PROPOSE, &creator)
                .map_err(|source| ProposalError::Policy { source })?;
        }
        Ok(creator)
    }

    async fn endorse(
        &self,
        proposal: UnpackedProposal,
        channel: Option<Arc<Channel>>,
        creator: Identity,
    ) -> Result<ProposalResponse, EndorseError> {
        let UnpackedProposal { signed, parsed } = proposal;
        let (hash, tx_id) = (parsed.hash(), parsed.computed_tx_id());
        let simulation = channel
            .as_ref()
            .filter(|_| !system::is_query_only(&parsed.chaincode))
            .map(Simulation::new);
        let called = self.called(&parsed.chaincode, channel.as_deref(), simulation.as_ref())?;
        let call = Call {
            proposal: Arc::new(CallProposal {
                signed,
                chaincode: parsed.chaincode.clone(),
                creator,
                tx_id: tx_id.clone(),
            }),
            channel: channel.clone(),
            simulation: simulation.clone(),
            name: parsed.chaincode,
            depth: 0,
            is_init: false,
        };
        let (response, event) = self.run(call, parsed.input).await?;
        let mut action = ChaincodeAction {
            results: Vec::new(),
            events: event.map(|event| event.encode_to_vec()).unwrap_or_default(),
            response: Some(response),
            chaincode_id: Some(called),
        };
        let Some(channel) = channel else {
            return Ok(ProposalResponse { response: action.response, ..Default::default() });
        };
        let mut chaincodes = None;
        if let Some(simulation) = simulation {
            let results =
                simulation.finish().map_err(|source| EndorseError::Simulation { source })?;
            chaincodes = Some(results.interest.to_message(system::is_system));
            action.results = results.public;
            if action.response.as_ref().is_some_and(|it| it.status < STATUS_NOT_ENDORSED) {
                channel.keep_private(&tx_id, results.private);
            }
        }
        self.respond(&hash, action, chaincodes)
    }

    /// What goes into the endorsement about the called chaincode; refuses one without a committed
    /// definition.
    fn called(
        &self,
        name: &str,
        channel: Option<&Channel>,
        simulation: Option<&Simulation>,
    ) -> Result<ChaincodeId, EndorseError> {
        let undefined = |source| EndorseError::NotDefined {
            chaincode: name.to_owned(),
            channel: channel.map(|channel| channel.id().to_string()).unwrap_or_default(),
            source,
        };
        let version = if system::is_system(name) {
            system::VERSION.to_owned()
        } else {
            let (Some(channel), Some(simulation)) = (channel, simulation) else {
                return Err(undefined(NotInvokable::NoChannel));
            };
            runnable(&self.support, channel, simulation, name).map_err(undefined)?.version
        };
        Ok(ChaincodeId { name: name.to_owned(), version, path: String::new() })
    }

    async fn run(
        &self,
        call: Call,
        input: ChaincodeInput,
    ) -> Result<(Response, Option<ChaincodeEvent>), EndorseError> {
        let (name, tx_id) = (call.name.clone(), call.proposal.tx_id.to_string());
        let outcome = self.support.invoke(call, input).await;
        let outcome = outcome.map_err(|source| EndorseError::Invoke {
            tx_id: tx_id.clone(),
            source: Box::new(source),
        })?;
        if outcome.r#type != i32::from(Type::Completed) {
            let text = String::from_utf8_lossy(&outcome.payload).into_owned();
            return Err(EndorseError::Failed { text });
        }
        let response = Response::decode(outcome.payload.as_slice())
            .map_err(|source| EndorseError::Response { tx_id: tx_id.clone(), source })?;
        let event = outcome.chaincode_event.filter(|_| response.status < STATUS_NOT_ENDORSED);
        let event = event.map(|event| ChaincodeEvent { chaincode_id: name, tx_id, ..event });
        Ok((response, event))
    }

    fn respond(
        &self,
        hash: &[u8; 32],
        action: ChaincodeAction,
        interest: Option<ChaincodeInterest>,
    ) -> Result<ProposalResponse, EndorseError> {
        let response = action.response.clone();
        let status = response.as_ref().map_or(STATUS_ERROR, |response| response.status);
        if (STATUS_NOT_ENDORSED..STATUS_ERROR).contains(&status) {
            return Ok(ProposalResponse { response, ..Default::default() });
        }
        let payload = response_payload(hash, action.encode_to_vec());
        let mut answer = ProposalResponse { response, payload, interest, ..Default::default() };
        if status < STATUS_ERROR {
            let endorser = self.signer.identity().to_vec();
            let signature = self
                .signer
                .sign(&endorsed_bytes(&answer.payload, &endorser))
                .map_err(|source| EndorseError::Sign { source })?;
            answer.version = 1;
            answer.endorsement = Some(Endorsement { endorser, signature });
        }
        Ok(answer)
    }
}

fn failure(message: String) -> ProposalResponse {
    let response = Response { status: STATUS_ERROR, message, payload: Vec::new() };
    ProposalResponse { response: Some(response), ..Default::default() }
}

/// A proposal that was let in, but came to nothing. The texts are Fabric's.
#[derive(Debug, Error)]
enum EndorseError {
    #[error(
        "make sure the chaincode {chaincode} has been successfully defined on channel {channel} \
         and try again: {source}"
    )]
    NotDefined {
        chaincode: String,
        channel: String,
        #[source]
        source: NotInvokable,
    },
    #[error("error in simulation: failed to execute transaction {tx_id}: {source}")]
    Invoke {
        tx_id: String,
        #[source]
        source: Box<InvokeError>,
    },
    #[error("error in simulation: transaction returned with failure: {text}")]
    Failed { text: String },
    #[error("error in simulation: failed to unmarshal response for transaction {tx_id}: {source}")]
    Response {
        tx_id: String,
        #[source]
        source: prost::DecodeError,
    },
    #[error("error in simulation: {source}")]
    Simulation {
        #[source]
        source: SimulationError,
    },
    #[error("endorsing with plugin failed: {source}")]
    Sign {
        #[source]
        source: SignError,
    },
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use fabric_protos::common::Envelope;
    use fabric_protos::proposal::ProposalSpec;
    use fabric_protos::protos::{SignedProposal, TxValidationCode};
    use fabric_protos::{Message, Timestamp};
    use pervade_identity::Role;
    use pervade_ports::Clock;
    use pervade_ports::system::SystemClock;

    use crate::testing::{CHANNEL, Member, Network, Organization, commit_next, sign};

    #[tokio::test]
    async fn an_endorsement_is_over_payload_and_endorser() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let proposed = network.proposal("basic", "put k v");
        let answer = network.peer().process_proposal(proposed.signed).await.unwrap();
        let endorsement = answer.endorsement.unwrap();
        let config = network.channel.config();
        let endorser = config.membership().deserialize(&endorsement.endorser).unwrap();
        let signed = [answer.payload.as_slice(), &endorsement.endorser].concat();
        endorser.verify(&signed, &endorsement.signature).unwrap();
        assert_eq!(answer.version, 1);
    }

    #[tokio::test]
    async fn statuses_decide_what_is_endorsed() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let answer = async |words: &str| {
            let proposed = network.proposal("basic", words);
            let answer = network.peer().process_proposal(proposed.signed).await.unwrap();
            let payload = if answer.payload.is_empty() { "no payload" } else { "payload" };
            let endorsed = if answer.endorsement.is_some() { "endorsed" } else { "not endorsed" };
            format!("{payload}, {endorsed}")
        };
        assert_eq!(answer("status 399 fine").await, "payload, endorsed");
        assert_eq!(answer("status 400 bad").await, "no payload, not endorsed");
        assert_eq!(answer("status 500 worse").await, "payload, not endorsed");
        assert_eq!(answer("error fault").await, "no payload, not endorsed");
    }

    #[tokio::test]
    async fn unknown_channels_and_chaincodes_are_answered_and_not_refused() {
        let network = Network::start();
        let other = proposal(&network, &network.org1.user, |spec| spec.channel = None);
        assert!(network.peer().process_proposal(other).await.is_ok());
        let proposed = network.proposal("nothing", "get k");
        let answer = network.peer().process_proposal(proposed.signed).await.unwrap();
        assert_eq!(
            answer.response.unwrap().message,
            "make sure the chaincode nothing has been successfully defined on channel mychannel \
             and try again: chaincode nothing not found"
        );
    }

    #[tokio::test]
    async fn a_transaction_runs_once() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let proposed = network.proposal("basic", "put k v");
        let again = proposed.signed.clone();
        let tx_id = proposed.tx_id.to_string();
        network.submit_to(&network.org1.user, proposed, &[]).await.unwrap();
        let refused = network.peer().process_proposal(again).await.unwrap_err().to_string();
        assert!(refused.starts_with(&format!("duplicate transaction found [{tx_id}]. Creator [")));
    }

    #[tokio::test]
    async fn who_may_not_propose_is_told_little() {
        let network = Network::start();
        let stranger = Organization::new("StrangerMSP", 3);
        check(
            &network,
            proposal(&network, &stranger.user, |_| {}),
            expect!["error validating proposal: access denied: channel [mychannel] creator org unknown, creator is malformed"],
        )
        .await;
        let impostor = Organization::new("Org1MSP", 1);
        check(
            &network,
            proposal(&network, &impostor.user, |_| {}),
            expect!["error validating proposal: access denied: channel [mychannel] creator org [Org1MSP]"],
        )
        .await;
        let mut unsigned = proposal(&network, &network.org1.user, |_| {});
        unsigned.signature = network.org2.user.signer.sign(&unsigned.proposal_bytes).unwrap();
        check(
            &network,
            unsigned,
            expect!["error validating proposal: access denied: channel [mychannel] creator org [Org1MSP]"],
        )
        .await;
        let peer = network.org1.enroll("peer9", Role::Peer);
        check(
            &network,
            proposal(&network, &peer, |_| {}),
            expect!["Failed evaluating policy on signed data during check policy on channel [mychannel] with policy [/Channel/Application/Writers]: [0 of the Writers policies are met, but 1 are needed]"],
        )
        .await;
    }

    #[tokio::test]
    async fn a_revoked_client_is_refused_and_what_it_had_endorsed_is_void() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let user = &network.org1.user;
        let endorsed = network.endorse_by(network.proposal("basic", "put k v"), &[]).await.unwrap();
        network.revoke(user);
        check(
            &network,
            proposal(&network, user, |_| {}),
            expect!["error validating proposal: access denied: channel [mychannel] creator org [Org1MSP]"],
        )
        .await;
        let signature = user.signer.sign(&endorsed.payload).unwrap();
        let envelope = Envelope { signature, ..endorsed }.encode_to_vec();
        let verdicts = commit_next(&network.channel, vec![envelope]);
        assert_eq!(verdicts, [TxValidationCode::BadCreatorSignature]);
    }

    #[tokio::test]
    async fn a_proposal_from_another_time_is_refused() {
        let network = Network::start();
        let late = proposal(&network, &network.org1.user, |spec| {
            spec.timestamp.seconds -= 15 * 60 + 1;
        });
        let refused = network.peer().process_proposal(late).await.unwrap_err();
        assert!(refused.is_at_the_door());
        assert!(refused.to_string().starts_with("request unauthorized due to incorrect timestamp"));
        let in_time = proposal(&network, &network.org1.user, |spec| {
            spec.timestamp.seconds -= 14 * 60;
        });
        assert!(network.peer().process_proposal(in_time).await.is_ok());
    }

    async fn check(network: &Network, signed: SignedProposal, expected: Expect) {
        let refused = network.peer().process_proposal(signed).await.unwrap_err();
        expected.assert_eq(&refused.to_string());
    }

    fn proposal(
        network: &Network,
        member: &Member,
        change: impl FnOnce(&mut ProposalSpec<'_>),
    ) -> SignedProposal {
        assert_eq!(network.channel.id().as_str(), CHANNEL);
        let nonce = network.nonce();
        let timestamp = Timestamp { seconds: SystemClock.now().seconds(), nanos: 0 };
        let mut spec = ProposalSpec {
            channel: Some(network.channel.id()),
            chaincode: "basic",
            args: vec![b"get".to_vec(), b"k".to_vec()],
            transient: [].into(),
            creator: member.signer.identity(),
            nonce: &nonce,
            timestamp,
        };
        change(&mut spec);
        sign(member, spec).signed
    }
}
