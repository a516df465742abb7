//! The gateway: one peer speaks for a client to all peers and to the orderer.
//!
//! Codes, texts and details are Fabric's, because clients show them and test for them.

mod endorse;
mod evaluate;
mod events;
mod failure;
mod plan;
mod status;
mod submit;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use fabric_protos::common::{Envelope, Status};
use fabric_protos::gateway::{
    ChaincodeEventsResponse, CommitStatusResponse, EndorseRequest, EndorseResponse,
    EvaluateRequest, EvaluateResponse, SignedChaincodeEventsRequest, SignedCommitStatusRequest,
    SubmitRequest, SubmitResponse,
};
use futures::Stream;
use pervade_ports::{BoxFuture, Clock};
use pervade_rpc::gateway::gateway_server::Gateway;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Request, Response};

use crate::channel::Channels;
use crate::limits::GATEWAY_CALLS_MAX;
use crate::peer::{Peer, Peers};
use failure::Failure;

/// The way to the orderer.
pub trait Broadcast: Send + Sync {
    /// Has an envelope ordered; returns once the orderer answers for it.
    fn broadcast(&self, envelope: Envelope) -> BoxFuture<'_, Result<(), NotOrdered>>;
}

/// The orderer did not take an envelope.
#[derive(Debug, Error)]
#[error("received unsuccessful response from orderer: status={}, info={info}", status.as_str_name())]
#[expect(clippy::exhaustive_structs, reason = "complete by definition of the answer")]
pub struct NotOrdered {
    /// Whose fault it is.
    pub status: Status,
    /// Why.
    pub info: String,
}

/// The gateway of one peer.
#[derive(Clone)]
pub struct GatewayService {
    local: Arc<Peer>,
    peers: Arc<Peers>,
    broadcast: Arc<dyn Broadcast>,
    calls: Arc<Semaphore>,
}

impl GatewayService {
    /// The gateway of `local`, which prefers it, knows all of `peers`, and sends what is endorsed
    /// to `broadcast`.
    #[must_use]
    pub fn new(local: Arc<Peer>, peers: Arc<Peers>, broadcast: Arc<dyn Broadcast>) -> Self {
        Self { local, peers, broadcast, calls: Arc::new(Semaphore::new(GATEWAY_CALLS_MAX)) }
    }

    fn channels(&self) -> &Channels {
        self.local.channels()
    }

    fn clock(&self) -> &dyn Clock {
        self.local.clock()
    }

    fn admit(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let permit = Arc::clone(&self.calls).try_acquire_owned();
        permit.map_err(|_| Failure::Busy { limit: GATEWAY_CALLS_MAX })
    }
}

impl fmt::Debug for GatewayService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayService").field("local", &self.local).finish_non_exhaustive()
    }
}

#[tonic::async_trait]
impl Gateway for GatewayService {
    async fn endorse(
        &self,
        request: Request<EndorseRequest>,
    ) -> Result<Response<EndorseResponse>, tonic::Status> {
        let _permit = self.admit()?;
        Ok(Response::new(endorse::endorse(self, request.into_inner()).await?))
    }

    async fn submit(
        &self,
        request: Request<SubmitRequest>,
    ) -> Result<Response<SubmitResponse>, tonic::Status> {
        let _permit = self.admit()?;
        Ok(Response::new(submit::submit(self, request.into_inner()).await?))
    }

    async fn commit_status(
        &self,
        request: Request<SignedCommitStatusRequest>,
    ) -> Result<Response<CommitStatusResponse>, tonic::Status> {
        let _permit = self.admit()?;
        Ok(Response::new(status::commit_status(self, request.into_inner()).await?))
    }

    async fn evaluate(
        &self,
        request: Request<EvaluateRequest>,
    ) -> Result<Response<EvaluateResponse>, tonic::Status> {
        let _permit = self.admit()?;
        Ok(Response::new(evaluate::evaluate(self, request.into_inner()).await?))
    }

    type ChaincodeEventsStream =
        Pin<Box<dyn Stream<Item = Result<ChaincodeEventsResponse, tonic::Status>> + Send>>;

    async fn chaincode_events(
        &self,
        request: Request<SignedChaincodeEventsRequest>,
    ) -> Result<Response<Self::ChaincodeEventsStream>, tonic::Status> {
        let permit = self.admit()?;
        let events = events::follow(self, request.into_inner(), permit)?;
        Ok(Response::new(Box::pin(events)))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use fabric_protos::Message;
    use fabric_protos::gateway::{ChaincodeEventsRequest, SignedChaincodeEventsRequest};
    use fabric_protos::orderer::seek_position::Type;
    use fabric_protos::orderer::{SeekNextCommit, SeekOldest, SeekPosition, SeekSpecified};
    use fabric_protos::protos::TxValidationCode;
    use futures::StreamExt;
    use pervade_rpc::gateway::gateway_server::Gateway as _;
    use tonic::{Request, Status};

    use crate::testing::{CHANNEL, Network, details};

    #[tokio::test]
    async fn what_both_organisations_endorse_is_committed() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let done = network.submit("basic", "put k v").await.unwrap();
        assert_eq!(done.status.result(), TxValidationCode::Valid);
        assert_eq!(done.status.block_number, network.channel.height() - 1);
        assert_eq!(network.evaluate("basic", "get k").await.unwrap(), "v");
        assert_eq!(network.evaluate("basic", "get other").await.unwrap(), "");
    }

    #[tokio::test]
    async fn too_few_endorsements_are_told_as_a_verdict() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let proposed = network.proposal("basic", "put k v");
        let done = network.submit_to(&network.org1.user, proposed, &["Org1MSP"]).await.unwrap();
        assert_eq!(done.status.result(), TxValidationCode::EndorsementPolicyFailure);
        assert_eq!(network.evaluate("basic", "get k").await.unwrap(), "");
    }

    #[tokio::test]
    async fn one_organisation_is_enough_where_the_policy_says_so() {
        let network = Network::start();
        network.deploy("basic", "OR('Org1MSP.peer', 'Org2MSP.peer')").await;
        network.peers.remove("peer.Org2MSP:9051");
        let done = network.submit("basic", "put k v").await.unwrap();
        assert_eq!(done.status.result(), TxValidationCode::Valid);
    }

    #[tokio::test]
    async fn two_peers_of_one_organisation_are_asked_where_the_policy_needs_them() {
        let network = Network::start();
        network.deploy("basic", "OutOf(2, 'Org1MSP.peer', 'Org1MSP.peer')").await;
        let done = network.submit("basic", "put k v").await.unwrap();
        assert_eq!(done.status.result(), TxValidationCode::Valid);
    }

    #[tokio::test]
    async fn evaluation_fails_with_the_codes_and_texts_of_fabric() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let evaluate = async |words: &str| network.evaluate("basic", words).await.unwrap_err();
        check(
            &evaluate("status 500 no").await,
            expect![[r#"
                Unknown error: evaluate call to endorser returned error: chaincode response 500, no
                peer.Org1MSP:7051: chaincode response 500, no
            "#]],
        );
        check(
            &evaluate("status 404 gone").await,
            expect![[r#"
                Unknown error: evaluate call to endorser returned error: chaincode response 404, gone
                peer.Org1MSP:7051: chaincode response 404, gone
            "#]],
        );
        check(
            &evaluate("error fault").await,
            expect![[r#"
                The operation was aborted: failed to evaluate transaction, see attached details for more info
                peer.Org1MSP:7051: error in simulation: transaction returned with failure: fault
                peer.Org1MSP:8051: error in simulation: transaction returned with failure: fault
                peer.Org2MSP:9051: error in simulation: transaction returned with failure: fault
            "#]],
        );
        check(
            &network.evaluate("nothing", "get k").await.unwrap_err(),
            expect![[r#"
                The system is not in a state required for the operation's execution: no peers available to evaluate chaincode nothing in channel mychannel
            "#]],
        );
    }

    #[tokio::test]
    async fn endorsement_fails_with_the_codes_and_texts_of_fabric() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let submit = async |words: &str| network.submit("basic", words).await.unwrap_err();
        check(
            &submit("status 500 no").await,
            expect![[r#"
                The operation was aborted: failed to endorse transaction, see attached details for more info
                peer.Org1MSP:7051: chaincode response 500, no
                peer.Org1MSP:8051: chaincode response 500, no
            "#]],
        );
        check(
            &submit("where").await,
            expect![[r#"
                The operation was aborted: failed to collect enough transaction endorsements, see attached details for more info
                peer.Org2MSP:9051: ProposalResponsePayloads do not match
            "#]],
        );
        let named = network.endorse_by(network.proposal("basic", "put k v"), &["Org3MSP"]).await;
        check(
            &named.unwrap_err(),
            expect![[r#"
                The service is currently unavailable: failed to find any endorsing peers for org(s): Org3MSP
            "#]],
        );
        network.peers.remove("peer.Org2MSP:9051");
        check(
            &submit("put k v").await,
            expect![[r#"
                The system is not in a state required for the operation's execution: no combination of peers can be derived which satisfy the endorsement policy: no peer combination can satisfy the endorsement policy
            "#]],
        );
    }

    #[tokio::test]
    async fn transient_data_stays_with_the_gateways_organisation() {
        let network = Network::with_chaincodes(&["basic"]).await;
        for address in ["peer.Org1MSP:7051", "peer.Org1MSP:8051"] {
            network.peers.remove(address);
        }
        let propose = || {
            let args = [b"get".to_vec(), b"k".to_vec()];
            let transient = [("secret".to_owned(), b"s".to_vec())].into();
            network.propose_with(&network.org1.user, "basic", &args, transient)
        };
        check(
            &network.evaluate_at(propose(), &[]).await.unwrap_err(),
            expect![[r#"
                The system is not in a state required for the operation's execution: no endorsers found in the gateway's organization; retry specifying target organization(s) to protect transient data: no peers available to evaluate chaincode basic in channel mychannel
            "#]],
        );
        check(
            &network.endorse_by(propose(), &[]).await.unwrap_err(),
            expect![[r#"
                The system is not in a state required for the operation's execution: no endorsers found in the gateway's organization; retry specifying endorsing organization(s) to protect transient data
            "#]],
        );
        assert_eq!(network.evaluate_at(propose(), &["Org2MSP"]).await.unwrap(), "");
    }

    #[tokio::test]
    async fn only_readers_may_ask_for_a_status() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let done = network.submit("basic", "put k v").await.unwrap();
        let stranger = crate::testing::Organization::new("StrangerMSP", 3);
        let refused = network.status(&stranger.user, &done.tx_id).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::PermissionDenied);
    }

    #[tokio::test]
    async fn events_come_from_valid_transactions_with_the_peers_names() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let first = network.submit("basic", "event made one").await.unwrap();
        network.submit("basic", "put k v").await.unwrap();
        let unendorsed = network.proposal("basic", "event made unendorsed");
        network.submit_to(&network.org1.user, unendorsed, &["Org1MSP"]).await.unwrap();
        let second = network.submit("basic", "event made two").await.unwrap();
        let from = |number| Type::Specified(SeekSpecified { number });

        let seen = follow(&network, from(0), "", 2).await.unwrap();
        let expected = [(&first, "one"), (&second, "two")].map(|(done, payload)| {
            let (block, tx_id) = (done.status.block_number, &done.tx_id);
            format!("{block} basic made {payload} {tx_id}")
        });
        assert_eq!(seen, expected);
        let after = follow(&network, from(0), first.tx_id.as_str(), 1).await.unwrap();
        assert_eq!(after, expected[1..]);
        let oldest = follow(&network, Type::Oldest(SeekOldest {}), "", 1).await.unwrap_err();
        assert_eq!(oldest.code(), tonic::Code::InvalidArgument);
        let (next, third) = tokio::join!(
            follow(&network, Type::NextCommit(SeekNextCommit {}), "", 1),
            network.submit("basic", "event made three"),
        );
        let third = third.unwrap();
        let expected = format!("{} basic made three {}", third.status.block_number, third.tx_id);
        assert_eq!(next.unwrap(), [expected]);
    }

    /// The first `count` messages of the chaincode's events, in which each has one event.
    async fn follow(
        network: &Network,
        start: Type,
        after: &str,
        count: usize,
    ) -> Result<Vec<String>, Status> {
        let user = &network.org1.user.signer;
        let request = ChaincodeEventsRequest {
            channel_id: CHANNEL.to_owned(),
            chaincode_id: "basic".to_owned(),
            identity: user.identity().to_vec(),
            start_position: Some(SeekPosition { r#type: Some(start) }),
            after_transaction_id: after.to_owned(),
        }
        .encode_to_vec();
        let signature = user.sign(&request).unwrap();
        let signed = SignedChaincodeEventsRequest { request, signature };
        let stream = network.gateway.chaincode_events(Request::new(signed)).await?.into_inner();
        let messages: Vec<_> = stream.take(count).collect().await;
        Ok(messages
            .into_iter()
            .map(|message| {
                let message = message.unwrap();
                let [event] = message.events.as_slice() else { panic!("not one event") };
                let payload = String::from_utf8_lossy(&event.payload);
                let (block, name) = (message.block_number, &event.event_name);
                format!("{block} {} {name} {payload} {}", event.chaincode_id, event.tx_id)
            })
            .collect())
    }

    #[track_caller]
    fn check(status: &Status, expected: Expect) {
        let (code, message) = (status.code(), status.message());
        expected.assert_eq(&format!("{code}: {message}\n{}", details(status)));
    }
}
