use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use fabric_protos::Message as _;
use fabric_protos::common::{
    Block, ChannelHeader, ConfigUpdateEnvelope, Envelope, Header, HeaderType, Payload,
    SignatureHeader, Status,
};
use fabric_protos::id::{ChannelId, MspId};
use pervade_channel_config::genesis::{self, OrgProfile, Profile};
use pervade_channel_config::{BatchRules, ChannelConfig, update};
use pervade_identity::{EcdsaSigner, PrivateKey, Role, Signer};
use pervade_ledger::block;
use pervade_ports::system::{SystemClock, SystemRng, TokioSpawn};
use pervade_ports::{BoxFuture, Clock, Timestamp};
use pervade_registrar::{
    Enrollment, EnrollmentKind, OrganizationProfile, Registrar, RegistrarPorts, certificate_request,
};
use tokio::sync::Semaphore;

use super::{CommitError, Ledger, Orderer, Parts};
use crate::intake::BroadcastError;
use crate::writer::Tip;

#[tokio::test]
async fn a_block_is_signed_linked_and_names_its_configuration() {
    let place = Place::new();
    place.orderer.broadcast(place.envelope()).await.unwrap();
    place.orderer.broadcast(place.envelope()).await.unwrap();
    let blocks = place.ledger.blocks();
    let config = place.ledger.config();
    for (before, next) in blocks.iter().zip(blocks.iter().skip(1)) {
        let previous = block::header_hash(before.header.as_ref().unwrap());
        block::check_structure(next, block::number(before) + 1, &previous).unwrap();
        assert_eq!(block::last_config_index(next).unwrap(), Some(0));
        let signatures = block::orderer_signatures(next).unwrap();
        let signed: Vec<_> = signatures.iter().map(block::OrdererSignature::signed_data).collect();
        config.evaluate("/Channel/Orderer/BlockValidation", &signed).unwrap();
    }
    assert_eq!(blocks.len(), 3);
}

/// N-12: success means that the block with the envelope is stored, not that it soon will be.
#[tokio::test]
async fn success_comes_after_the_block_is_stored() {
    let place = Place::new();
    place.ledger.hold();
    let (orderer, envelope) = (Arc::clone(&place.orderer), place.envelope());
    let answer = tokio::spawn(async move { orderer.broadcast(envelope).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!answer.is_finished(), "the block is not stored yet");
    assert_eq!(place.ledger.blocks().len(), 1);
    place.ledger.release();
    answer.await.unwrap().unwrap();
    assert_eq!(place.ledger.blocks().len(), 2);
}

#[tokio::test]
async fn while_one_block_is_stored_the_next_one_fills() {
    let place = Place::new();
    place.ledger.hold();
    let mut answers = Vec::new();
    for _ in 0..9 {
        let (orderer, envelope) = (Arc::clone(&place.orderer), place.envelope());
        answers.push(tokio::spawn(async move { orderer.broadcast(envelope).await }));
        if answers.len() == 1 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    place.ledger.release();
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    let sizes: Vec<_> =
        place.ledger.blocks().iter().map(|block| block::envelopes(block).len()).collect();
    assert_eq!(sizes, [1, 1, 5, 3], "five transactions fill a block");
}

#[tokio::test]
async fn a_block_whose_time_is_over_is_cut_even_while_envelopes_wait() {
    let place = Place::at(Arc::new(HurriedClock::default()));
    place.ledger.hold();
    let answers: Vec<_> = (0..9).map(|_| place.spawn(place.envelope())).collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    place.ledger.release();
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    let sizes: Vec<_> =
        place.ledger.blocks().iter().map(|block| block::envelopes(block).len()).collect();
    assert_eq!(sizes, [1; 10], "the batch timeout passes between any two looks at the clock");
}

#[tokio::test]
async fn refused_envelopes_get_fabrics_status_and_reach_no_block() {
    let place = Place::new();
    let stranger = place.stranger();
    let mut forged = place.envelope();
    forged.signature.reverse();
    let spec = Spec::default();
    let cases = [
        (Envelope::default(), Status::BadRequest),
        (Envelope { payload: vec![1], signature: vec![1] }, Status::BadRequest),
        (forged, Status::Forbidden),
        (seal(&spec, &stranger), Status::Forbidden),
        (seal(&Spec { channel: "other", ..spec }, &place.client), Status::BadRequest),
        (seal(&Spec { data_bytes: 20_000, ..spec }, &place.client), Status::BadRequest),
        (
            seal(&Spec { kind: HeaderType::OrdererTransaction, ..spec }, &place.client),
            Status::BadRequest,
        ),
        (seal(&Spec { kind: HeaderType::Config, ..spec }, &place.client), Status::BadRequest),
        (seal(&Spec { kind: HeaderType::ConfigUpdate, ..spec }, &place.client), Status::BadRequest),
    ];
    for (index, (envelope, status)) in cases.into_iter().enumerate() {
        let error = place.orderer.broadcast(envelope).await.unwrap_err();
        assert_eq!(error.status(), status, "case {index}: {}", error.info());
    }
    assert_eq!(place.ledger.blocks().len(), 1);
}

/// Who may write to the channel may write anything: committers judge what it is worth.
#[tokio::test]
async fn age_and_meaning_of_an_envelope_are_not_the_orderers_business() {
    let place = Place::new();
    let day = 24 * 60 * 60;
    for (kind, age_seconds) in [
        (HeaderType::EndorserTransaction, day),
        (HeaderType::EndorserTransaction, -day),
        (HeaderType::Message, 0),
        (HeaderType::DeliverSeekInfo, 0),
    ] {
        let spec = Spec { kind, age_seconds, ..Spec::default() };
        place.orderer.broadcast(seal(&spec, &place.client)).await.unwrap();
    }
    assert_eq!(
        place.ledger.blocks().iter().map(|block| block::envelopes(block).len()).sum::<usize>(),
        5
    );
}

/// A revocation that is ordered before an envelope of the revoked member counts against it, even
/// if the envelope came first.
#[tokio::test]
async fn a_waiting_envelope_is_judged_by_the_configuration_before_its_block() {
    let place = Place::new();
    place.ledger.hold();
    let first = place.spawn(place.envelope());
    tokio::time::sleep(Duration::from_millis(50)).await;
    let update = place.spawn(place.revoke_client());
    tokio::time::sleep(Duration::from_millis(50)).await;
    let late = place.spawn(place.envelope());
    tokio::time::sleep(Duration::from_millis(50)).await;
    place.ledger.release();
    first.await.unwrap().unwrap();
    update.await.unwrap().unwrap();
    let error = late.await.unwrap().unwrap_err();
    assert_eq!(error.status(), Status::Forbidden, "{error:?}");
    let blocks = place.ledger.blocks();
    assert_eq!(blocks.len(), 3);
    assert!(block::is_config(&blocks[2]), "the update is alone in its block");
    assert_eq!(block::last_config_index(&blocks[2]).unwrap(), Some(2));
    assert_eq!(place.ledger.config().sequence(), 1);
}

#[tokio::test]
async fn stopping_stores_what_was_accepted_and_takes_no_more() {
    let place = Place::new();
    place.ledger.hold();
    let waiting = place.spawn(place.envelope());
    tokio::time::sleep(Duration::from_millis(50)).await;
    let orderer = Arc::clone(&place.orderer);
    let stop = tokio::spawn(async move { orderer.stop().await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let refused = place.orderer.broadcast(place.envelope()).await.unwrap_err();
    assert!(matches!(refused, BroadcastError::Stopped), "{refused:?}");
    place.ledger.release();
    waiting.await.unwrap().unwrap();
    stop.await.unwrap();
    assert_eq!(place.ledger.blocks().len(), 2);
}

#[tokio::test]
async fn a_block_that_is_not_stored_is_reported_to_its_senders() {
    let place = Place::new();
    *place.ledger.failing.lock().unwrap() = true;
    let error = place.orderer.broadcast(place.envelope()).await.unwrap_err();
    assert_eq!(error.status(), Status::ServiceUnavailable);
    *place.ledger.failing.lock().unwrap() = false;
    place.orderer.broadcast(place.envelope()).await.unwrap();
    assert_eq!(place.ledger.blocks().len(), 2);
}

/// A channel of one organisation, with an orderer of another.
struct Place {
    orderer: Arc<Orderer>,
    ledger: Arc<MemoryLedger>,
    registrar: Registrar,
    client: EcdsaSigner,
    admin: EcdsaSigner,
}

impl Place {
    fn new() -> Self {
        Self::at(Arc::new(SystemClock))
    }

    fn at(clock: Arc<dyn Clock>) -> Self {
        let (org, orderers) = (registrar("Org1MSP"), registrar("OrdererMSP"));
        let profile = Profile {
            channel_id: channel(),
            orderer_org: organization("OrdererOrg", &orderers),
            application_orgs: vec![organization("Org1MSP", &org)],
            consenters: Vec::new(),
            batch: BatchRules {
                max_message_count: 5,
                absolute_max_bytes: 20_000,
                preferred_max_bytes: 20_000,
                timeout: Duration::from_secs(1),
            },
        };
        let genesis = genesis::block(&profile, b"nonce", fabric_protos::Timestamp::default());
        let ledger = Arc::new(MemoryLedger::new(genesis));
        let parts = Parts {
            channel: channel(),
            ledger: Arc::clone(&ledger) as _,
            signer: Arc::new(enroll(&orderers, "orderer", Role::Orderer)),
            clock,
            rng: Arc::new(SystemRng),
        };
        let spawn = TokioSpawn::new(tokio::runtime::Handle::current());
        Self {
            orderer: Arc::new(Orderer::start(parts, &spawn)),
            ledger,
            client: enroll(&org, "client", Role::Client),
            admin: enroll(&org, "admin", Role::Admin),
            registrar: org,
        }
    }

    fn envelope(&self) -> Envelope {
        seal(&Spec::default(), &self.client)
    }

    fn spawn(&self, envelope: Envelope) -> tokio::task::JoinHandle<Result<(), BroadcastError>> {
        let orderer = Arc::clone(&self.orderer);
        tokio::spawn(async move { orderer.broadcast(envelope).await })
    }

    /// A member of an organisation with the same name and other roots.
    fn stranger(&self) -> EcdsaSigner {
        enroll(&registrar("Org1MSP"), "client", Role::Client)
    }

    fn revoke_client(&self) -> Envelope {
        self.registrar.revoke(&self.client.certificate().serial_hex()).unwrap();
        let config = self.ledger.config();
        let desired =
            update::with_msp(config.config(), &msp("Org1MSP"), &self.registrar.msp_config());
        let change = update::compute(config.config(), &desired.unwrap(), &channel()).unwrap();
        let config_update = change.encode_to_vec();
        let signature = update::sign(&config_update, &self.admin, b"n").unwrap();
        let content = ConfigUpdateEnvelope { config_update, signatures: vec![signature] };
        update::envelope(&channel(), &content, &self.admin, (b"n", now(0))).unwrap()
    }
}

/// A clock that goes on by two seconds whenever it is looked at.
#[derive(Default)]
struct HurriedClock(AtomicI64);

impl Clock for HurriedClock {
    fn now(&self) -> Timestamp {
        let late = self.0.fetch_add(2, Ordering::Relaxed);
        Timestamp::new(SystemClock.now().seconds() + late, 0)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}

#[derive(Clone, Copy)]
struct Spec {
    channel: &'static str,
    kind: HeaderType,
    age_seconds: i64,
    data_bytes: usize,
}

impl Default for Spec {
    fn default() -> Self {
        let kind = HeaderType::EndorserTransaction;
        Self { channel: "mychannel", kind, age_seconds: 0, data_bytes: 10 }
    }
}

fn seal(spec: &Spec, signer: &EcdsaSigner) -> Envelope {
    let channel_header = ChannelHeader {
        r#type: spec.kind.into(),
        channel_id: spec.channel.to_owned(),
        timestamp: Some(now(spec.age_seconds)),
        ..ChannelHeader::default()
    };
    let signature_header =
        SignatureHeader { creator: signer.identity().to_vec(), nonce: vec![1; 24] };
    let header = Header {
        channel_header: channel_header.encode_to_vec(),
        signature_header: signature_header.encode_to_vec(),
    };
    let payload = Payload { header: Some(header), data: vec![7; spec.data_bytes] }.encode_to_vec();
    Envelope { signature: signer.sign(&payload).unwrap(), payload }
}

fn now(age_seconds: i64) -> fabric_protos::Timestamp {
    let seconds = SystemClock.now().seconds() - age_seconds;
    fabric_protos::Timestamp { seconds, nanos: 0 }
}

fn channel() -> ChannelId {
    ChannelId::new("mychannel").unwrap()
}

fn msp(id: &str) -> MspId {
    MspId::new(id).unwrap()
}

fn registrar(id: &str) -> Registrar {
    let profile = OrganizationProfile {
        msp_id: msp(id),
        domain: format!("{}.example.com", id.to_lowercase()),
        name: id.to_owned(),
    };
    let ports = RegistrarPorts { clock: Arc::new(SystemClock), rng: Arc::new(SystemRng) };
    Registrar::create(profile, ports).unwrap()
}

fn organization(name: &str, registrar: &Registrar) -> OrgProfile {
    OrgProfile {
        name: name.to_owned(),
        msp_id: registrar.msp_id().clone(),
        msp: registrar.msp_config(),
        endpoints: vec!["localhost:7050".to_owned()],
        anchor_peers: Vec::new(),
    }
}

fn enroll(registrar: &Registrar, name: &str, role: Role) -> EcdsaSigner {
    let key = PrivateKey::generate().unwrap();
    let request = certificate_request(name, &key).unwrap();
    let enrollment = Enrollment {
        common_name: name.to_owned(),
        role,
        attributes: BTreeMap::new(),
        hosts: Vec::new(),
        kind: EnrollmentKind::Identity,
    };
    let pem = registrar.issue(&request, &enrollment).unwrap();
    EcdsaSigner::new(registrar.msp_id().clone(), &pem, key).unwrap()
}

/// A chain in memory whose commits can be held up.
struct MemoryLedger {
    blocks: Mutex<Vec<Block>>,
    config: RwLock<Arc<ChannelConfig>>,
    gate: Semaphore,
    failing: Mutex<bool>,
}

impl MemoryLedger {
    fn new(genesis: Block) -> Self {
        let config = ChannelConfig::from_block(&genesis).unwrap();
        Self {
            blocks: Mutex::new(vec![genesis]),
            config: RwLock::new(Arc::new(config)),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            failing: Mutex::new(false),
        }
    }

    fn hold(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    fn release(&self) {
        self.gate.add_permits(1_000);
    }

    fn blocks(&self) -> Vec<Block> {
        self.blocks.lock().unwrap().clone()
    }
}

impl Ledger for MemoryLedger {
    fn config(&self) -> Arc<ChannelConfig> {
        Arc::clone(&self.config.read().unwrap())
    }

    fn tip(&self) -> Tip {
        let blocks = self.blocks.lock().unwrap();
        let last = blocks.last().unwrap();
        Tip {
            height: blocks.len() as u64,
            hash: block::header_hash(last.header.as_ref().unwrap()).to_vec(),
            last_config: block::last_config_index(last).unwrap().unwrap_or_default(),
        }
    }

    fn commit(&self, block: Block) -> BoxFuture<'_, Result<(), CommitError>> {
        Box::pin(async move {
            self.gate.acquire().await.unwrap().forget();
            if *self.failing.lock().unwrap() {
                return Err(CommitError::new("the disk is full"));
            }
            if block::is_config(&block) {
                *self.config.write().unwrap() =
                    Arc::new(ChannelConfig::from_block(&block).unwrap());
            }
            self.blocks.lock().unwrap().push(block);
            Ok(())
        })
    }
}
