//! The registry on the in-memory ledger, with the packages that come with the product.

#![expect(clippy::tests_outside_test_module, clippy::unwrap_used, reason = "all of this is test")]

use std::sync::OnceLock;

use expect_test::{Expect, expect};
use pervade_chaincode::host::Outcome;
use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_chaincode::{Argument, canonical};
use pervade_package::{Context, DevicePackage, check as check_package, shipped};
use pervade_registry::record::{Listed, Normalisation, Publisher, Recording};
use rcgen::{CertificateParams, DnType, KeyPair};

#[test]
fn a_package_is_published_once() {
    let mut ledger = ledger();
    let package = probe();
    let id = package.id();
    let first = ledger.submit(&publish(&package));
    assert_eq!(first.payload, id.as_str().as_bytes());
    assert_eq!(first.event.expect("an event").name, "published");
    let keys = ledger.keys("registry");
    let plain: Vec<&str> = keys.into_iter().filter(|key| !key.starts_with('\0')).collect();
    assert_eq!(
        plain,
        [
            "device-type/decentlab/dl-5tm/1.0.0".to_owned(),
            format!("package/{id}"),
            format!("publisher/{id}"),
        ]
    );
    let again = publish(&package).creator("Org2MSP", "other");
    assert_eq!(ledger.writes_of(&again), []);
    assert!(ledger.submit(&again).is_success());
    let publisher = ledger.evaluate(&call("publisher").arg(id.as_str()));
    let publisher: Publisher = serde_json::from_slice(&publisher.payload).unwrap();
    assert_eq!(publisher.msp, "Org1MSP");
}

#[test]
fn a_device_type_has_one_package() {
    let mut ledger = ledger();
    assert!(ledger.submit(&publish(&probe())).is_success());
    let mut other = probe();
    other.manifest.title = "Another title".to_owned();
    let refused = ledger.submit(&publish(&other));
    let by = probe().id();
    assert_eq!(refused.status, 409);
    assert_eq!(
        refused.message,
        format!("DEVICE_TYPE_TAKEN: decentlab/dl-5tm 1.0.0 is described by package {by} already")
    );
    other.manifest.version = "1.0.1".to_owned();
    assert!(ledger.submit(&publish(&other)).is_success());
}

#[test]
fn a_refused_package_is_told_everything_that_is_wrong() {
    let mut package = probe();
    package.mapping = "@prefix rml: <http://w3id.org/rml/> .\n\
        <#m> rml:subject <http://e/s> ;\n\
        \x20 rml:predicateObjectMap [ rml:predicate \"p\" ;\n\
        \x20   rml:objectMap [ rml:refrence \"$.a\" ] ] ."
        .to_owned();
    check(
        &publish(&package),
        expect![[r#"
        422 PACKAGE_REFUSED: 4 problems
        mapping.ttl:2:1: the triples map has no rml:logicalSource [missing]
        mapping.ttl:3:42: a predicate is an IRI [term-type]
        mapping.ttl:4:19: the object map has no rml:constant, rml:reference, rml:template or rml:functionExecution [missing]
        mapping.ttl:4:21: rml:refrence is no property read here; is rml:reference meant? [unknown-term]"#]],
    );
}

#[test]
fn examples_decide_over_a_package() {
    let mut package = probe();
    let example = package.examples.first_mut().unwrap();
    example.expected =
        example.expected.lines().skip(1).fold(String::new(), |text, line| text + line + "\n");
    let outcome = ledger().submit(&publish(&package));
    assert_eq!(outcome.status, 422);
    assert!(outcome.message.contains("[quad-extra]"), "{}", outcome.message);
    package.examples.clear();
    check(
        &publish(&package),
        expect![[r#"
        422 PACKAGE_REFUSED: 1 problem
        examples:1:1: a package needs at least one example; two show what differs [no-example]"#]],
    );
}

#[test]
fn what_is_no_package_is_malformed() {
    check(
        &call("publish").arg("{}"),
        expect![
            "400 PACKAGE_MALFORMED: the text is not a package: missing field `examples` at line 1 column 2"
        ],
    );
    let spaced = probe().canonical().replacen(':', ": ", 1);
    check(
        &call("publish").arg(spaced),
        expect!["400 PACKAGE_MALFORMED: the text is not in canonical form"],
    );
}

#[test]
fn device_types_are_found() {
    let mut ledger = ledger();
    for package in shipped() {
        assert!(ledger.submit(&publish(&package)).is_success());
    }
    let resolved =
        ledger.evaluate(&call("resolve").arg("decentlab").arg("dl-5tm").arg("1.0.0")).payload;
    assert_eq!(resolved, probe().id().as_str().as_bytes());
    let text = ledger.evaluate(&call("package").arg(resolved)).payload;
    assert_eq!(text, probe().canonical().into_bytes());
    let listed = ledger.evaluate(&call("list").arg("decentlab")).payload;
    let listed: Vec<Listed> = serde_json::from_slice(&listed).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed.first().unwrap().device_type.model, "dl-5tm");
    check(
        &call("resolve").arg("decentlab").arg("none").arg("1.0.0"),
        expect!["404 UNKNOWN_DEVICE_TYPE: there is no device type decentlab/none 1.0.0"],
    );
    check(&call("package").arg("0"), expect![[r#"404 UNKNOWN_PACKAGE: there is no package "0""#]]);
    assert_eq!(ledger.evaluate(&call("list").arg("nobody")).payload, b"[]");
}

/// T-68: the mapping function writes nothing, and gives what anybody computes from the package.
#[test]
fn normalising_is_pure() {
    for package in shipped() {
        let mut ledger = ledger();
        assert!(ledger.submit(&publish(&package)).is_success());
        let checked = check_package(&package).unwrap();
        for example in &package.examples {
            let payload = example.payload_bytes(&package.manifest).unwrap();
            let call = normalise(package.id().as_str(), payload.clone());
            assert_eq!(ledger.writes_of(&call), []);
            let outcome = ledger.evaluate(&call);
            assert_eq!(ledger.evaluate(&call), outcome, "a second time, from what is compiled");
            let said = Normalisation::decode(&outcome.payload).expect("an answer");
            let context = Context::new("mychannel", "00ff", "abcd").unwrap();
            let own = checked.normalise(&payload, &context).unwrap();
            assert_eq!(said.graph_sha256, hex::encode(own.digest));
            assert_eq!(said.nquads, pervade_rdf::nquads(&own.quads));
            assert_eq!(said.quads, said.nquads.lines().count() as u64);
        }
    }
}

#[test]
fn a_payload_that_breaks_its_schema_is_refused() {
    let package = probe();
    let mut ledger = ledger();
    ledger.submit(&publish(&package));
    let say = |payload: &str| render(&ledger.evaluate(&normalise(package.id().as_str(), payload)));
    expect![[r#"422 PAYLOAD_INVALID: the payload does not fit the schema: /uplink_message value is not of type "object""#]].assert_eq(&say(r#"{"uplink_message": 7}"#));
    expect!["422 PAYLOAD_INVALID: the payload is not read: 1:2: expected a key"]
        .assert_eq(&say("{"));
    expect![[r#"404 UNKNOWN_PACKAGE: there is no package "0""#]]
        .assert_eq(&render(&ledger.evaluate(&normalise("0", "{}"))));
}

#[track_caller]
fn check(call: &TestCall, outcome: Expect) {
    outcome.assert_eq(&render(&ledger().submit(call)));
}

fn render(outcome: &Outcome) -> String {
    let payload = String::from_utf8_lossy(&outcome.payload);
    format!("{} {}{payload}", outcome.status, outcome.message)
}

fn ledger() -> TestLedger {
    TestLedger::new().with(pervade_registry::chaincode("registry".parse().unwrap()))
}

fn probe() -> DevicePackage {
    shipped().into_iter().find(|package| package.manifest.vendor == "decentlab").unwrap()
}

fn publish(package: &DevicePackage) -> TestCall {
    call("publish").arg(package.canonical()).creator("Org1MSP", administrator())
}

/// A certificate of an administrator.
fn administrator() -> &'static str {
    static PEM: OnceLock<String> = OnceLock::new();
    PEM.get_or_init(|| {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::OrganizationalUnitName, "admin");
        parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    })
}

fn normalise(package: &str, payload: impl Into<Vec<u8>>) -> TestCall {
    let recording = Recording {
        channel: "mychannel".to_owned(),
        device: "abcd".to_owned(),
        tx_id: "00ff".to_owned(),
    };
    call("normalise").arg(package).arg(payload.into()).arg(canonical::to_vec(&recording).unwrap())
}

fn call(function: &str) -> TestCall {
    TestCall::new("registry", function)
}
