//! The recording contract with the registry beside it, on the in-memory ledger.

#![expect(
    clippy::expect_used,
    clippy::missing_assert_message,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

use expect_test::{Expect, expect};
use pervade_chaincode::Argument;
use pervade_chaincode::host::Outcome;
use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_identity::Certificate;
use pervade_package::{Context, DevicePackage, check as check_package, shipped};
use pervade_recording::EVENT;
use pervade_recording::record::{
    Content, PrivatePayload, Record, Recorded, device_key, record_key, salted_digest,
};
use rcgen::{CertificateParams, DnType, KeyPair};
use sha2::{Digest, Sha256};

const SALT: [u8; 32] = [7; 32];

/// T-06, T-68: the registry's function, called on the ledger, decides what the record says.
#[test]
fn a_public_payload_is_recorded_with_its_graph() {
    let mut world = World::new();
    for package in shipped() {
        let device = world.device(&package);
        for example in &package.examples {
            let payload = example.payload_bytes(&package.manifest).unwrap();
            let call = record(&device, &package, &payload);
            let outcome = world.ledger.submit(&call);
            let key = record_key(&call.tx_id());
            assert_eq!(render(&outcome), format!("200 {key}"));
            let checked = check_package(&package).unwrap();
            let context = Context::new("mychannel", &call.tx_id(), &device.address()).unwrap();
            let own = checked.normalise(&payload, &context).unwrap();
            let graph = hex::encode(own.digest);
            let written = world.written(&key);
            assert_eq!(written.device.address, device.address());
            assert_eq!(written.device.certificate_sha256, hex::encode(device.parsed().sha256()));
            assert_eq!(
                written.content,
                Content::public(&payload, graph.clone(), own.quads.len() as u64)
            );
            let event = outcome.event.expect("an event");
            assert_eq!(event.name, EVENT);
            let event: Recorded = serde_json::from_slice(&event.payload).unwrap();
            assert_eq!((event.record, event.graph_sha256), (key, Some(graph)));
            let read = world.ledger.evaluate(&call_of("get").arg(call.tx_id()));
            assert_eq!(Record::decode(&read.payload).unwrap(), written);
        }
    }
}

#[test]
fn a_private_payload_leaves_a_salted_digest_alone() {
    let mut world = World::new();
    let package = probe();
    let device = world.device(&package);
    let payload = first_payload(&package);
    let call = record_private(&device, &package)
        .transient("payload", payload.clone())
        .transient("salt", SALT);
    let outcome = world.ledger.submit(&call);
    let key = record_key(&call.tx_id());
    assert_eq!(render(&outcome), format!("200 {key}"));
    let context = Context::new("mychannel", &call.tx_id(), &device.address()).unwrap();
    let own = check_package(&package).unwrap().normalise(payload.as_bytes(), &context).unwrap();
    let digest = salted_digest(&SALT, &Sha256::digest(&payload).into(), &own.digest);
    let salted_sha256 = hex::encode(digest);
    let collection = "soil".to_owned();
    assert_eq!(
        world.written(&key).content,
        Content::Private { collection, salted_sha256: salted_sha256.clone() }
    );
    let event: Recorded = serde_json::from_slice(&outcome.event.unwrap().payload).unwrap();
    assert_eq!((event.graph_sha256, event.salted_sha256), (None, Some(salted_sha256)));
    assert_eq!(world.ledger.writes_of(&call).len(), 2);
    let held = world.ledger.private_value("recording", "soil", &key).unwrap();
    let held: PrivatePayload = serde_json::from_slice(held).unwrap();
    assert_eq!(held.open(), Some((payload.into_bytes(), SALT)));
    assert_eq!(digest_of_nquads(&held.graph), own.digest);
    let read = world.ledger.evaluate(&call_of("get_private").arg(call.tx_id()));
    assert_eq!(PrivatePayload::decode(&read.payload).unwrap(), held);
}

fn digest_of_nquads(graph: &str) -> [u8; 32] {
    Sha256::digest(graph).into()
}

#[test]
fn a_private_payload_needs_its_transient_data() {
    let mut world = World::new();
    let package = probe();
    let device = world.device(&package);
    let bare = record_private(&device, &package);
    world.refuses(&bare, expect!["400 INPUT: payload must be among the transient data"]);
    let payload = bare.transient("payload", first_payload(&package));
    world.refuses(&payload, expect!["400 INPUT: salt must be among the transient data"]);
    world.refuses(
        &payload.transient("salt", "short"),
        expect!["400 INPUT: salt must be 32 bytes long"],
    );
}

#[test]
fn only_enrolled_devices_record() {
    let mut world = World::new();
    let package = probe();
    let known = world.device(&package);
    let payload = first_payload(&package);
    let unknown = Signer::new("client");
    let outcome = world.ledger.submit(&record(&unknown, &package, &payload));
    let address = unknown.address();
    assert_eq!(render(&outcome), format!("403 DEVICE_UNKNOWN: Org1MSP has no device {address}"));
    // The same key under another organisation is not the device that was enrolled.
    let stolen = record(&known, &package, &payload).creator("Org2MSP", known.pem.clone());
    assert_eq!(world.ledger.submit(&stolen).status, 403);
    world.refuses(
        &record(&known, &package, &payload).creator("Org1MSP", "no PEM"),
        expect!["400 CERTIFICATE: the signer's certificate: no PEM block"],
    );
}

#[test]
fn a_device_records_with_its_own_type() {
    let mut world = World::new();
    let device = world.device(&probe());
    let meter = named("shelly");
    let call = record(&device, &meter, first_payload(&meter));
    world.refuses(&call, expect!["422 DEVICE_TYPE_MISMATCH: the device is a decentlab/dl-5tm 1.0.0, the package is of shelly/plus-plug-s 1.0.0"]);
}

/// The registry's refusals arrive with its status and code, and nothing is written.
#[test]
fn what_the_registry_refuses_is_not_recorded() {
    let mut world = World::new();
    let package = probe();
    let device = world.device(&package);
    world.refuses(&record(&device, &package, r#"{"uplink_message": 7}"#), expect![[r#"422 PAYLOAD_INVALID: registry: the payload does not fit the schema: /uplink_message value is not of type "object""#]]);
    let unknown = call_of("record").arg("0").arg("{}").creator("Org1MSP", device.pem.clone());
    world.refuses(&unknown, expect![[r#"404 UNKNOWN_PACKAGE: registry: there is no package "0""#]]);
    let long = " ".repeat(pervade_recording::PAYLOAD_BYTES_MAX + 1);
    world.refuses(
        &record(&device, &package, &long),
        expect!["400 INPUT: payload must be at most 256 KiB long"],
    );
    world.refuses(&call_of("get").arg("0"), expect!["404 NOT_FOUND: there is no record/0"]);
}

#[test]
fn administrators_enroll_the_devices_of_their_organisation() {
    let mut world = World::new();
    let package = probe();
    let device = world.device(&package);
    let enroll = |signer: &Signer, msp: &str| {
        enrollment(&device.address(), &package).creator(msp, signer.pem.clone())
    };
    world.refuses(
        &enroll(&Signer::new("client"), "Org1MSP"),
        expect!["403 NOT_ADMINISTRATOR: the signer is no administrator of Org1MSP"],
    );
    world.refuses(
        &enroll(&Signer::new("admin"), "Org2MSP"),
        expect!["409 DEVICE_TAKEN: the device is enrolled by Org1MSP"],
    );
    let admin = Signer::new("admin");
    let as_admin = |call: TestCall| call.creator("Org1MSP", admin.pem.clone());
    world.refuses(
        &as_admin(enrollment("ABCD", &package)),
        expect!["400 INPUT: address must be 64 lower-case hexadecimal digits"],
    );
    let mut later = package.clone();
    later.manifest.version = "9.9.9".to_owned();
    world.refuses(
        &as_admin(enrollment(&device.address(), &later)),
        expect![
            "404 UNKNOWN_DEVICE_TYPE: registry: there is no device type decentlab/dl-5tm 9.9.9"
        ],
    );
    let meter = named("shelly");
    assert!(world.ledger.submit(&as_admin(enrollment(&device.address(), &meter))).is_success());
    let enrolled = world.ledger.evaluate(&call_of("device").arg(device.address()));
    expect![[r#"200 {"device_type":{"model":"plus-plug-s","vendor":"shelly","version":"1.0.0"},"msp":"Org1MSP"}"#]].assert_eq(&render(&enrolled));
}

/// B-43: the account's address is that of the public key; a new certificate keeps it, another
/// key does not have it.
#[test]
fn the_key_is_the_account() {
    let mut world = World::new();
    let package = probe();
    let device = world.device(&package);
    let payload = first_payload(&package);
    let renewed = Signer::with_key("client", device.key());
    assert_ne!(renewed.pem, device.pem);
    let call = record(&renewed, &package, &payload);
    assert!(world.ledger.submit(&call).is_success());
    let written = world.written(&record_key(&call.tx_id()));
    assert_eq!(written.device.address, device.address());
    assert_ne!(written.device.certificate_sha256, hex::encode(device.parsed().sha256()));
    let other = Signer::new("client");
    assert_eq!(world.ledger.submit(&record(&other, &package, &payload)).status, 403);
}

/// A ledger with every shipped package published.
struct World {
    ledger: TestLedger,
}

impl World {
    fn new() -> Self {
        let name = |text: &str| text.parse().unwrap();
        let mut ledger = TestLedger::new()
            .with(pervade_registry::chaincode(name("registry")))
            .with(pervade_recording::chaincode(name("recording"), name("registry")));
        let admin = Signer::new("admin");
        for package in shipped() {
            let publish = TestCall::new("registry", "publish").arg(package.canonical());
            let publish = publish.creator("Org1MSP", admin.pem.clone());
            assert!(ledger.submit(&publish).is_success());
        }
        Self { ledger }
    }

    /// A new device of the package's type, enrolled.
    fn device(&mut self, package: &DevicePackage) -> Signer {
        let device = Signer::new("client");
        let admin = Signer::new("admin");
        let call = enrollment(&device.address(), package).creator("Org1MSP", admin.pem);
        assert_eq!(render(&self.ledger.submit(&call)), "200 ");
        assert!(self.ledger.value("recording", &device_key(&device.address())).is_some());
        device
    }

    fn written(&self, key: &str) -> Record {
        serde_json::from_slice(self.ledger.value("recording", key).expect("a record")).unwrap()
    }

    #[track_caller]
    fn refuses(&mut self, call: &TestCall, outcome: Expect) {
        let before = self.ledger.keys("recording").len();
        let refused = self.ledger.submit(call);
        assert!(refused.event.is_none());
        outcome.assert_eq(&render(&refused));
        assert_eq!(self.ledger.keys("recording").len(), before);
    }
}

/// A key and a certificate.
struct Signer {
    key: String,
    pem: String,
}

impl Signer {
    fn new(unit: &str) -> Self {
        Self::with_key(unit, KeyPair::generate().unwrap())
    }

    fn with_key(unit: &str, key: KeyPair) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::OrganizationalUnitName, unit);
        let certificate = parameters.self_signed(&key).unwrap();
        Self { key: key.serialize_pem(), pem: certificate.pem() }
    }

    fn key(&self) -> KeyPair {
        KeyPair::from_pem(&self.key).unwrap()
    }

    fn parsed(&self) -> Certificate {
        Certificate::from_pem(self.pem.as_bytes()).unwrap()
    }

    fn address(&self) -> String {
        self.parsed().address()
    }
}

fn record(signer: &Signer, package: &DevicePackage, payload: impl AsRef<[u8]>) -> TestCall {
    let payload = payload.as_ref();
    let call = call_of("record").arg(package.id().as_str()).arg(payload);
    call.creator("Org1MSP", signer.pem.clone()).nonce(payload)
}

fn record_private(signer: &Signer, package: &DevicePackage) -> TestCall {
    let call = call_of("record_private").arg(package.id().as_str()).arg("soil");
    call.creator("Org1MSP", signer.pem.clone())
}

fn enrollment(address: &str, package: &DevicePackage) -> TestCall {
    let manifest = &package.manifest;
    call_of("enroll_device")
        .arg(address)
        .arg(manifest.vendor.as_str())
        .arg(manifest.model.as_str())
        .arg(manifest.version.as_str())
}

fn call_of(function: &str) -> TestCall {
    TestCall::new("recording", function)
}

fn probe() -> DevicePackage {
    named("decentlab")
}

fn named(vendor: &str) -> DevicePackage {
    shipped().into_iter().find(|package| package.manifest.vendor == vendor).unwrap()
}

fn first_payload(package: &DevicePackage) -> String {
    package.examples.first().unwrap().payload.clone()
}

fn render(outcome: &Outcome) -> String {
    let payload = String::from_utf8_lossy(&outcome.payload);
    format!("{} {}{payload}", outcome.status, outcome.message)
}
