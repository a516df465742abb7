//! Who may take part: strangers, members, members no more.

use std::sync::Arc;

use fabric_protos::common::{Envelope, Header, Payload, Status};
use fabric_protos::{Message as _, protos};
use futures::stream;
use pervade_identity::{EcdsaSigner, PrivateKey, Role, Signer};
use pervade_peer_client::{Definition, Start, SubmitError};
use pervade_ports::system::{SystemClock, SystemRng};
use pervade_registrar::{
    Enrollment, OrganizationProfile, Registrar, RegistrarPorts, certificate_request,
};
use pervade_rpc::atomic_broadcast::atomic_broadcast_client::AtomicBroadcastClient;

use crate::contracts::SHELF;
use crate::world::{ORG1, World, chaincode, committed, device, msp, propose, refused};

/// B-19: a certificate that no registrar of the network issued opens no door: not reading, not
/// submitting, not deploying, and not the orderer's.
#[tokio::test(flavor = "multi_thread")]
async fn an_unregistered_certificate_is_refused_everywhere() {
    let world = World::with(&[SHELF]).await;
    let height = world.height();
    let stranger = stranger();
    let network = world.connect(Arc::<EcdsaSigner>::clone(&stranger)).await;
    let shelf = network.contract(chaincode(SHELF));
    let said = refused(shelf.evaluate("get", &[b"apples"]).await);
    assert!(said.contains("access denied"), "{said}");
    let said = refused(shelf.submit("add", &[b"apples", b"1"]).await);
    assert!(said.contains("access denied"), "{said}");

    let mut blocks = network.blocks(&Start::Block(0)).await.unwrap();
    let said = blocks.next().await.expect_err("no block for strangers").to_string();
    assert!(said.contains("403"), "{said}");
    let events = network.chaincode_events(&chaincode(SHELF), &Start::Block(0)).await;
    let said = match events {
        Err(error) => error.to_string(),
        Ok(mut events) => events.next().await.expect_err("no event for strangers").to_string(),
    };
    assert!(said.contains("0 of the Readers policies are met"), "{said}");

    let definition = Definition::first(chaincode("mine"), "1.0");
    let package_id = world.install(SHELF);
    let deployed = network.lifecycle().approve(&definition, Some(&package_id)).await;
    assert!(deployed.is_err(), "a stranger deploys nothing: {deployed:?}");
    assert_eq!(broadcast(&world, stranger.as_ref()).await, Status::Forbidden);
    assert_eq!(world.height(), height, "the ledger is as before");

    let member = world.network.user(&msp(ORG1), "User1").unwrap();
    assert_eq!(broadcast(&world, &member).await, Status::Success, "a member's envelope is taken");
}

/// B-20: a member whose certificate is revoked by a change of the channel's configuration is
/// refused from then on, by endorsers and by the orderer, while what it did before stays good.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_member_is_refused_from_then_on() {
    let world = World::with(&[SHELF]).await;
    let probe = world.enrol(ORG1, "probe-7");
    let network = world.connect(Arc::<EcdsaSigner>::clone(&probe)).await;
    let shelf = network.contract(chaincode(SHELF));
    committed(shelf.submit("add", &[b"apples", b"1"]).await.unwrap());
    let proposal = shelf.proposal("add").arg("pears").arg("1").build().unwrap();
    let kept = proposal.sign().unwrap().endorse().await.unwrap().sign().unwrap();

    let height = world.height();
    world.network.revoke(&msp(ORG1), &probe.certificate().serial_hex()).await.unwrap();
    assert_eq!(world.height(), height + 1, "a revocation is one configuration block");

    let said = refused(shelf.submit("add", &[b"apples", b"1"]).await);
    assert!(said.contains("access denied"), "{said}");
    let submitted = kept.submit().await;
    let Err(SubmitError::Refused(refusal)) = submitted else { panic!("{submitted:?}") };
    assert!(refusal.to_string().contains("FORBIDDEN"), "the orderer refuses too: {refusal}");
    assert_eq!(broadcast(&world, probe.as_ref()).await, Status::Forbidden);
    assert_eq!(world.height(), height + 1, "nothing more was ordered");
    let shelf = world.contract(SHELF).await;
    assert_eq!(shelf.evaluate("get", &[b"apples"]).await.unwrap(), b"1", "its work stays");
    assert_eq!(world.verify(), world.state_digest(), "each block under the rules of its time");
}

/// Somebody with a certificate from a root that they made themselves, who claims to administer an
/// organisation of the network.
fn stranger() -> Arc<EcdsaSigner> {
    let profile = OrganizationProfile {
        msp_id: msp(ORG1),
        domain: "org1.example.com".to_owned(),
        name: "Org1".to_owned(),
    };
    let ports = RegistrarPorts { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng) };
    let registrar = Registrar::create(profile, ports).unwrap();
    let key = PrivateKey::generate().unwrap();
    let request = certificate_request("admin", &key).unwrap();
    let enrollment = Enrollment { role: Role::Admin, ..device("admin") };
    let certificate = registrar.issue(&request, &enrollment).unwrap();
    Arc::new(EcdsaSigner::new(msp(ORG1), &certificate, key).unwrap())
}

/// The orderer's own answer to an envelope that somebody signed.
async fn broadcast(world: &World, signer: &dyn Signer) -> Status {
    let proposal = propose(signer, Some(&world.channel), SHELF, &[b"add", b"apples", b"1"]);
    let proposal = protos::Proposal::decode(proposal.proposal_bytes.as_slice()).unwrap();
    let header = Header::decode(proposal.header.as_slice()).unwrap();
    let payload = Payload { header: Some(header), data: b"nothing".to_vec() }.encode_to_vec();
    let signature = signer.sign(&payload).unwrap();
    let mut orderer = AtomicBroadcastClient::new(world.dial(world.orderer()).await);
    let envelopes = stream::iter([Envelope { payload, signature }]);
    let mut answers = orderer.broadcast(envelopes).await.unwrap().into_inner();
    answers.message().await.unwrap().unwrap().status()
}
