//! Many vendors, one graph.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fabric_protos::id::TxId;
use fabric_protos::kvrwset::KvrwSet;
use pervade_ledger::block;
use pervade_ledger::transaction::{Unpacked, unpack};
use pervade_package::DevicePackage;
use pervade_recording::record::Content;
use pervade_registry::record::{Listed, Normalisation, Recording};
use sha2::{Digest as _, Sha256};

use crate::contracts::RELAY;
use crate::fleet::Fleet;
use crate::world::{
    ORG1, RECORDING, REGISTRY, World, chaincode, committed, endorsed, msp, namespaces, propose,
    refused,
};

/// T-69, T-71, T-16: payloads of many dialects answer one question, in one unit and order, and each
/// row leads back to the payload as its device sent it, and to who signed it.
#[tokio::test(flavor = "multi_thread")]
async fn one_question_spans_every_vendor() {
    let fleet = Fleet::start().await;
    let mut sent = BTreeMap::new();
    for device in &fleet.devices {
        for example in &device.package.examples {
            let payload = example.payload_bytes(&device.package.manifest).unwrap();
            let (tx_id, _) = device.record(&fleet.world, &payload).await;
            sent.insert(tx_id, (device, payload));
        }
    }
    let warm = fleet.ask("warm");
    assert_eq!(warm.height, fleet.world.height());
    let mut vendors = BTreeSet::new();
    for row in 0..warm.rows.len() {
        let value: f64 = warm.text(row, "value").parse().unwrap();
        assert!(value > 20.0, "{value} is in degrees Celsius, whatever the device said");
        let tx_id = warm.text(row, "transaction").rsplit_once(':').unwrap().1;
        let tx_id = TxId::new(tx_id).unwrap();
        let (device, payload) = &sent[&tx_id];
        assert_eq!(warm.text(row, "vendor"), device.package.manifest.vendor);
        assert_eq!(warm.text(row, "organisation"), device.org);
        let record = fleet.record(&tx_id).await;
        assert_eq!(record.device.address, device.signer.certificate().address());
        let Content::Public { payload: kept, .. } = record.content else { panic!("public") };
        assert_eq!(&BASE64.decode(kept).unwrap(), payload, "the original, byte for byte");
        vendors.insert(device.package.manifest.vendor.clone());
    }
    assert!(vendors.len() >= 3, "{vendors:?}");
    let recorded = fleet.ask("endorsers").rows.len();
    assert_eq!(recorded, sent.len(), "every recording is traced to its signer and endorsers");
}

/// T-68: semantic mapping is a contract of its own, callable by any other, and writes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn mapping_writes_nothing() {
    let fleet = Fleet::start().await;
    let (world, device) = (&fleet.world, fleet.device("shelly"));
    let user = world.network.user(&msp(ORG1), "User1").unwrap();
    let arguments = normalise_arguments(&fleet, &device.package, device.payload());
    let arguments: Vec<&[u8]> = arguments.iter().map(String::as_bytes).collect();
    let args = [&[b"normalise".as_slice()], arguments.as_slice()].concat();
    let answer = world.ask_peer(ORG1, &propose(&user, Some(&world.channel), REGISTRY, &args)).await;
    let (result, sets) = endorsed(&answer);
    let normalised: Normalisation = serde_json::from_slice(&result).unwrap();
    assert!(normalised.quads > 0 && normalised.nquads.contains("sosa"), "{normalised:?}");
    assert!(sets[REGISTRY].writes.is_empty(), "called by a client: {:?}", sets[REGISTRY]);

    let (_, number) = device.record(world, device.payload()).await;
    let sets = sets_of_first(world, number).await;
    assert!(!sets[REGISTRY].reads.is_empty(), "the recording contract asked the mapping contract");
    assert!(sets[REGISTRY].writes.is_empty(), "which wrote nothing: {:?}", sets[REGISTRY]);
    assert_eq!(sets[RECORDING].writes.len(), 1);
}

/// T-70, T-72: packages are listed by vendor and version, two contracts use the same one, and what
/// an older version said stays as it was.
#[tokio::test(flavor = "multi_thread")]
async fn packages_are_shared_versioned_and_found() {
    let fleet = Fleet::start().await;
    let (world, device) = (&fleet.world, fleet.device("tasmota"));
    let registry = world.admin(device.org).await.contract(chaincode(REGISTRY));
    let mut next = device.package.clone();
    next.manifest.version = "99.0.0".to_owned();
    committed(registry.submit("publish", &[next.canonical().as_bytes()]).await.unwrap());

    let listed = registry.evaluate("list", &[b"tasmota"]).await.unwrap();
    let listed: Vec<Listed> = serde_json::from_slice(&listed).unwrap();
    let of_model = |one: &Listed| one.device_type.model == device.package.manifest.model;
    let ids: BTreeSet<String> =
        listed.into_iter().filter(of_model).map(|one| one.package).collect();
    let both = [device.package.id(), next.id()].map(|id| id.as_str().to_owned());
    assert_eq!(ids, BTreeSet::from(both), "both versions are found");

    let (tx_id, _) = device.record(world, device.payload()).await;
    let record = fleet.record(&tx_id).await;
    assert_eq!(record.package, device.package_id(), "a record names the version it was read by");
    let said = refused_with(&fleet, &next).await;
    assert!(said.contains("DEVICE_TYPE_MISMATCH"), "a device keeps to its own version: {said}");

    let relay = world.contract(RELAY).await;
    let arguments = normalise_arguments(&fleet, &device.package, device.payload());
    let arguments = serde_json::to_string(&arguments).unwrap();
    let call = [REGISTRY.as_bytes(), b"normalise", arguments.as_bytes()];
    let (_, _, answer) = committed(relay.submit("call", &call).await.unwrap());
    let normalised: Normalisation = serde_json::from_slice(&answer).unwrap();
    assert_eq!(normalised.device_type.vendor, "tasmota", "another contract uses the same package");
}

/// B-43, T-10: a device signs with its own key and records through the client alone; its account is
/// derived from that key and from nothing it could say.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_the_address_of_its_key() {
    let fleet = Fleet::start().await;
    let (world, device) = (&fleet.world, fleet.device("senml"));
    let (tx_id, _) = device.record(world, device.payload()).await;
    let record = fleet.record(&tx_id).await;
    let certificate = device.signer.certificate();
    let key = Sha256::digest(certificate.public_key_point());
    assert_eq!(record.device.address, hex::encode(key), "SHA-256 of the public key");
    assert_eq!(record.device.certificate_sha256, hex::encode(certificate.sha256()));
    assert_eq!(record.device.msp, device.org);

    let addresses: BTreeSet<String> =
        fleet.devices.iter().map(|device| device.signer.certificate().address()).collect();
    assert_eq!(addresses.len(), fleet.devices.len(), "no two devices share an account");

    let impostor = world.enrol(device.org, "impostor");
    let recording = world.connect(impostor).await.contract(chaincode(RECORDING));
    let id = device.package_id();
    let said = refused(recording.submit("record", &[id.as_bytes(), device.payload()]).await);
    assert!(said.contains("DEVICE_UNKNOWN"), "another key is another account: {said}");
    let address = record.device.address;
    let args = [id.as_bytes(), device.payload(), address.as_bytes()];
    let said = refused(recording.submit("record", &args).await);
    assert!(said.contains("ARGUMENT_COUNT"), "no argument names an account: {said}");
}

async fn refused_with(fleet: &Fleet, package: &DevicePackage) -> String {
    let device = fleet.device("tasmota");
    let recording = device.recording(&fleet.world).await;
    let id = package.id();
    refused(recording.submit("record", &[id.as_str().as_bytes(), device.payload()]).await)
}

/// The arguments of `normalise`, as any caller gives them.
fn normalise_arguments(fleet: &Fleet, package: &DevicePackage, payload: &[u8]) -> Vec<String> {
    let names = Recording {
        channel: fleet.world.channel.as_str().to_owned(),
        device: "somebody".to_owned(),
        tx_id: "some-transaction".to_owned(),
    };
    vec![
        package.id().as_str().to_owned(),
        String::from_utf8(payload.to_vec()).unwrap(),
        serde_json::to_string(&names).unwrap(),
    ]
}

/// The read-write sets of a block's first transaction, by namespace.
async fn sets_of_first(world: &World, number: u64) -> BTreeMap<String, KvrwSet> {
    let block = world.block(number).await;
    match unpack(&block::envelopes(&block)[0]) {
        Ok(Unpacked::Endorser(transaction)) => namespaces(transaction.rwset),
        other => panic!("{other:?}"),
    }
}
