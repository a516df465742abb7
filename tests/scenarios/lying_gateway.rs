//! A gateway that does not return what was proposed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fabric_protos::common::{ChannelHeader, Envelope, Payload};
use fabric_protos::gateway as wire;
use fabric_protos::id::MspId;
use fabric_protos::protos::{
    ChaincodeAction, ChaincodeActionPayload, ChaincodeHeaderExtension, ChaincodeInvocationSpec,
    ChaincodeProposalPayload, ProposalResponsePayload, Transaction,
};
use fabric_protos::{Message, protos};
use pervade_identity::{EcdsaSigner, SignError, Signer};
use pervade_peer_client::{EndorseError, EnvelopeMismatch, Gateway};
use pervade_rpc::gateway::gateway_client::GatewayClient;
use pervade_rpc::gateway::gateway_server::{self, GatewayServer};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

use crate::contracts::SHELF;
use crate::world::{ORG1, World, chaincode, msp, ports};

/// N-07: whatever a gateway changes, the client notices before it signs.
#[tokio::test(flavor = "multi_thread")]
async fn a_lying_gateway_gets_no_signature() {
    let world = World::with(&[SHELF]).await;
    let height = world.height();
    check(&world, Ok(()), |_| {}).await;
    let not_proposed = Err("NotThisProposal");
    check(&world, not_proposed, |it| it.arguments()[2] = b"1000000".to_vec()).await;
    check(&world, not_proposed, |it| it.arguments()[0] = b"put".to_vec()).await;
    check(&world, not_proposed, |it| it.channel.channel_id = "otherchannel".to_owned()).await;
    check(&world, not_proposed, |it| it.channel.timestamp = None).await;
    check(&world, not_proposed, |it| {
        let chaincode_id = Some(protos::ChaincodeId { name: "vault".to_owned(), ..it.ran() });
        it.channel.extension = ChaincodeHeaderExtension { chaincode_id }.encode_to_vec();
    })
    .await;
    check(&world, Err("Chaincode"), |it| {
        it.done.chaincode_id = Some(protos::ChaincodeId { name: "vault".to_owned(), ..it.ran() });
    })
    .await;
    check(&world, Err("ProposalHash"), |it| it.answer.proposal_hash[0] ^= 1).await;
    check(&world, Err("Endorsement"), |it| it.done.results.truncate(1)).await;
    check(&world, Err("Endorsement"), |it| {
        it.done.response.as_mut().unwrap().payload = b"1000000".to_vec();
    })
    .await;
    check(&world, Err("Endorsers"), |it| it.endorsements().clear()).await;
    check(&world, Err("Endorsers"), |it| {
        let one = it.endorsements()[0].clone();
        it.endorsements()[1] = one;
    })
    .await;
    assert_eq!(world.height(), height, "nothing was signed, so nothing was ordered");
}

/// Asks for an endorsement through a gateway that tells this lie. A lie leaves the client with one
/// signature made: the proposal's.
async fn check(world: &World, expected: Result<(), &str>, lie: fn(&mut Returned)) {
    let user = world.network.user(&msp(ORG1), "User1").unwrap();
    let signer = Arc::new(CountingSigner { signer: user, signatures: AtomicUsize::new(0) });
    let channel = serve(world, lie).await;
    let gateway = Gateway::new(channel, Arc::<CountingSigner>::clone(&signer), ports());
    let shelf = gateway.network(world.channel.clone()).contract(chaincode(SHELF));
    let proposal = shelf.proposal("add").arg("apples").arg("1").build().unwrap();
    let endorsed = proposal.sign().unwrap().endorse().await;
    assert_eq!(signer.signatures.load(Ordering::SeqCst), 1, "the proposal's signature alone");
    match (endorsed, expected) {
        (Ok(transaction), Ok(())) => drop(transaction.sign().unwrap()),
        (Err(EndorseError::NotAsProposed(found)), Err(expected)) => {
            assert_eq!(name_of(&found), expected, "{found:?}");
        }
        (endorsed, expected) => panic!("{expected:?}, not {endorsed:?}"),
    }
}

/// The variant's name.
fn name_of(mismatch: &EnvelopeMismatch) -> String {
    format!("{mismatch:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
}

/// An identity that counts what it signs.
struct CountingSigner {
    signer: EcdsaSigner,
    signatures: AtomicUsize,
}

impl Signer for CountingSigner {
    fn identity(&self) -> &[u8] {
        self.signer.identity()
    }

    fn msp_id(&self) -> &MspId {
        self.signer.msp_id()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.signatures.fetch_add(1, Ordering::SeqCst);
        self.signer.sign(message)
    }
}

/// The transaction that a gateway is about to return, taken apart.
struct Returned {
    payload: Payload,
    channel: ChannelHeader,
    transaction: Transaction,
    action: ChaincodeActionPayload,
    call: ChaincodeProposalPayload,
    input: ChaincodeInvocationSpec,
    answer: ProposalResponsePayload,
    done: ChaincodeAction,
}

impl Returned {
    fn open(envelope: &Envelope) -> Self {
        let payload: Payload = read(&envelope.payload);
        let transaction: Transaction = read(&payload.data);
        let action: ChaincodeActionPayload = read(&transaction.actions[0].payload);
        let call: ChaincodeProposalPayload = read(&action.chaincode_proposal_payload);
        let answer = &action.action.as_ref().unwrap().proposal_response_payload;
        let answer: ProposalResponsePayload = read(answer);
        Self {
            channel: read(&payload.header.as_ref().unwrap().channel_header),
            input: read(&call.input),
            done: read(&answer.extension),
            payload,
            transaction,
            action,
            call,
            answer,
        }
    }

    fn close(mut self) -> Envelope {
        self.call.input = self.input.encode_to_vec();
        self.answer.extension = self.done.encode_to_vec();
        self.action.chaincode_proposal_payload = self.call.encode_to_vec();
        let answer = self.answer.encode_to_vec();
        self.action.action.as_mut().unwrap().proposal_response_payload = answer;
        self.transaction.actions[0].payload = self.action.encode_to_vec();
        self.payload.header.as_mut().unwrap().channel_header = self.channel.encode_to_vec();
        self.payload.data = self.transaction.encode_to_vec();
        Envelope { payload: self.payload.encode_to_vec(), signature: Vec::new() }
    }

    fn arguments(&mut self) -> &mut Vec<Vec<u8>> {
        &mut self.input.chaincode_spec.as_mut().unwrap().input.as_mut().unwrap().args
    }

    fn ran(&self) -> protos::ChaincodeId {
        self.done.chaincode_id.clone().unwrap()
    }

    fn endorsements(&mut self) -> &mut Vec<protos::Endorsement> {
        &mut self.action.action.as_mut().unwrap().endorsements
    }
}

fn read<M: Message + Default>(bytes: &[u8]) -> M {
    M::decode(bytes).unwrap()
}

/// Passes everything on to an honest gateway, and changes what that one returns.
struct LyingGateway {
    honest: GatewayClient<Channel>,
    lie: fn(&mut Returned),
}

/// Serves a lying gateway at a free port, and connects to it.
async fn serve(world: &World, lie: fn(&mut Returned)) -> Channel {
    let honest = GatewayClient::new(world.dial(world.peer(ORG1)).await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().add_service(GatewayServer::new(LyingGateway { honest, lie }));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

#[tonic::async_trait]
impl gateway_server::Gateway for LyingGateway {
    async fn endorse(
        &self,
        request: Request<wire::EndorseRequest>,
    ) -> Result<Response<wire::EndorseResponse>, Status> {
        let mut answer = self.honest.clone().endorse(request).await?;
        let prepared = answer.get_mut().prepared_transaction.as_mut().unwrap();
        let mut returned = Returned::open(prepared);
        (self.lie)(&mut returned);
        *prepared = returned.close();
        Ok(answer)
    }

    async fn submit(
        &self,
        request: Request<wire::SubmitRequest>,
    ) -> Result<Response<wire::SubmitResponse>, Status> {
        self.honest.clone().submit(request).await
    }

    async fn commit_status(
        &self,
        request: Request<wire::SignedCommitStatusRequest>,
    ) -> Result<Response<wire::CommitStatusResponse>, Status> {
        self.honest.clone().commit_status(request).await
    }

    async fn evaluate(
        &self,
        request: Request<wire::EvaluateRequest>,
    ) -> Result<Response<wire::EvaluateResponse>, Status> {
        self.honest.clone().evaluate(request).await
    }

    type ChaincodeEventsStream = tonic::Streaming<wire::ChaincodeEventsResponse>;

    async fn chaincode_events(
        &self,
        request: Request<wire::SignedChaincodeEventsRequest>,
    ) -> Result<Response<Self::ChaincodeEventsStream>, Status> {
        self.honest.clone().chaincode_events(request).await
    }
}
