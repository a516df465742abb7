//! Whose packages are, how versions follow each other, and how they are found, by the real rules
//! of a channel.

#![expect(
    clippy::panic,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

use expect_test::{Expect, expect};
use pervade_package::{DevicePackage, shipped};
use pervade_registry::record::{Broken, Description, DeviceType, OfModel, OfVocabulary, Recording};
use pervade_simulator::{Failure, Member, Simulator};

/// T-70: a vendor is its first publisher's, on every peer's word and by a policy of its own.
#[test]
fn a_vendor_is_the_organisations_that_published_first() {
    let mut world = World::new();
    world.says(publish(&probe("1.0.0")), expect!["published"]);
    let other = world.simulator.admin("Org2MSP", "other").unwrap();
    let later = probe("1.0.1");
    let refused = world.as_(&other, publish(&later));
    expect!["VENDOR_TAKEN: Org1MSP speaks for the vendor decentlab"].assert_eq(&refused);
    let client = world.simulator.client("Org1MSP", "device").unwrap();
    let refused = world.as_(&client, publish(&later));
    expect!["NOT_ADMINISTRATOR: the signer is no administrator of Org1MSP"].assert_eq(&refused);
    let admin = world.admin.clone();
    let elsewhere = world
        .simulator
        .as_(&admin)
        .endorsed_by(&["Org2MSP", "Org3MSP"])
        .submit("publish", [later.canonical()]);
    let Err(Failure::Rejected(rejected)) = elsewhere else { panic!("not rejected: {elsewhere:?}") };
    assert_eq!(rejected.code.as_str_name(), "ENDORSEMENT_POLICY_FAILURE");
    world.says(publish(&later), expect!["published"]);

    world.says(("transfer", vec!["decentlab".into(), "Org2MSP".into()]), expect!["done"]);
    let own = world.as_(&other, publish(&probe("1.0.2")));
    expect!["published"].assert_eq(&own);
    world.says(
        publish(&probe("1.0.3")),
        expect!["VENDOR_TAKEN: Org2MSP speaks for the vendor decentlab"],
    );
    world.says(
        ("transfer", vec!["nobody".into(), "Org2MSP".into()]),
        expect![[r#"UNKNOWN_VENDOR: nobody has published for the vendor "nobody""#]],
    );
}

/// T-70: a version breaks nobody whom the one before it serves; a new line may.
#[test]
fn a_version_breaks_nobody_of_its_line() {
    let mut world = World::new();
    let first = probe("1.4.0");
    world.says(publish(&first), expect!["published"]);
    let narrow = |version| {
        let mut package = probe(version);
        package.schema = package.schema.replacen("\"maximum\": 223", "\"maximum\": 200", 1);
        package
    };
    world.says(publish(&narrow("1.4.1")), expect![[r#"
        INCOMPATIBLE: decentlab/dl-5tm 1.4.1 breaks what the version before it serves; as a new line (2.0.0 after 1.9.0, 0.2.0 after 0.1.9) it may
        devices: limit-tightened at /properties/f_port/maximum"#]]);
    let preview = world.ask("preview", [narrow("1.5.0").canonical()]);
    let preview: Vec<Broken> = serde_json::from_slice(&preview).unwrap();
    assert_eq!(preview.first().unwrap().change, "limit-tightened");
    world.says(publish(&narrow("2.0.0")), expect!["published"]);
    let both = [first.id().to_string(), narrow("2.0.0").id().to_string()];
    let between = world.ask("compare", both);
    assert_eq!(serde_json::from_slice::<Vec<Broken>>(&between).unwrap(), preview);
    world.says(publish(&narrow("2.0.1")), expect!["published"]);
    world.says(publish(&probe("1.4.1")), expect!["published"]);
}

/// T-70, T-72: a deprecated package says so, names its successor and keeps its meaning.
#[test]
fn a_deprecated_package_keeps_its_meaning() {
    let mut world = World::new();
    let (old, new) = (probe("1.0.0"), probe("1.1.0"));
    world.says(publish(&old), expect!["published"]);
    world.says(publish(&new), expect!["published"]);
    let payload = old.examples.first().unwrap().payload.clone();
    let recording = Recording {
        channel: "mychannel".to_owned(),
        device: "abcd".to_owned(),
        tx_id: "00ff".to_owned(),
    };
    let recording = serde_json::to_string(&recording).unwrap();
    let normalise = [old.id().to_string(), payload, recording];
    let before = world.ask("normalise", normalise.clone());

    let deprecate = |reason: &str, successor: String| {
        ("deprecate", vec![old.id().to_string(), reason.to_owned(), successor])
    };
    world.says(deprecate("", String::new()), expect!["LIMIT: the bytes of a reason are 1 to 1024"]);
    world.says(
        deprecate("why", "0".to_owned()),
        expect![[r#"UNKNOWN_PACKAGE: there is no package "0""#]],
    );
    world
        .says(deprecate("reads the battery in volts", new.id().to_string()), expect!["deprecated"]);
    let described = world.ask("describe", [old.id().to_string()]);
    let described: Description = serde_json::from_slice(&described).unwrap();
    let deprecation = described.deprecation.unwrap();
    assert_eq!(deprecation.reason, "reads the battery in volts");
    assert_eq!(deprecation.successor, Some(new.id().to_string()));
    assert_eq!(world.ask("normalise", normalise), before, "old transactions stay interpretable");
    let described = world.ask("describe", [new.id().to_string()]);
    let described: Description = serde_json::from_slice(&described).unwrap();
    assert_eq!(described.deprecation, None);
    assert_eq!(described.device_type, DeviceType::of(&new.manifest));
}

/// T-72: a device type names how its payloads are written, by what they travel, and the vocabulary
/// that they are mapped to.
#[test]
fn a_device_type_names_its_settings() {
    let mut world = World::new();
    for package in shipped() {
        world.says(publish(&package), expect!["published"]);
        let described = world.ask("describe", [package.id().to_string()]);
        let described: Description = serde_json::from_slice(&described).unwrap();
        assert_eq!(described.device_type, DeviceType::of(&package.manifest));
        assert_eq!(described.payload.language, package.manifest.payload.name());
        assert!(!described.payload.transports.is_empty(), "{}", described.device_type);
        let own = described.vocabulary.iter().any(|name| name == "urn:pervade:vocab#");
        assert!(own, "{}: {:?}", described.device_type, described.vocabulary);
    }
}

/// T-70: packages are found by vendor, by model, and by what they speak of.
#[test]
fn packages_are_found_by_what_they_say() {
    let mut world = World::new();
    for package in shipped() {
        world.says(publish(&package), expect!["published"]);
    }
    let models = world.ask("find_model", ["dl-5tm", ""].map(str::to_owned));
    let models: Page<OfModel> = serde_json::from_slice(&models).unwrap();
    let ids: Vec<String> = models.values.into_iter().map(|found| found.package).collect();
    assert_eq!(ids, [probe("1.0.0").id().to_string()]);

    let name = "urn:pervade:vocab#SoilTemperature".to_owned();
    let about = world.ask("find_vocabulary", [name, String::new()]);
    let about: Page<OfVocabulary> = serde_json::from_slice(&about).unwrap();
    let vendors: Vec<String> = about.values.into_iter().map(|found| found.vendor).collect();
    assert_eq!(vendors, ["decentlab"], "who measures it");

    let name = "http://www.w3.org/ns/sosa/".to_owned();
    let all = world.ask("find_vocabulary", [name, String::new()]);
    let all: Page<OfVocabulary> = serde_json::from_slice(&all).unwrap();
    assert!(all.values.len() >= 5, "every package with observations: {}", all.values.len());
    assert!(all.bookmark.is_empty(), "on one page");
}

#[derive(serde::Deserialize)]
struct Page<T> {
    values: Vec<T>,
    bookmark: String,
}

struct World {
    simulator: Simulator,
    admin: Member,
}

type Submission = (&'static str, Vec<String>);

impl World {
    fn new() -> Self {
        let organizations = ["Org1MSP", "Org2MSP", "Org3MSP"];
        let mut simulator = Simulator::with_organizations(&organizations).unwrap();
        simulator.deploy(pervade_registry::chaincode("registry".parse().unwrap())).unwrap();
        let admin = simulator.admin("Org1MSP", "admin").unwrap();
        Self { simulator, admin }
    }

    #[track_caller]
    fn says(&mut self, submission: Submission, expected: Expect) {
        let admin = self.admin.clone();
        expected.assert_eq(&self.as_(&admin, submission));
    }

    fn as_(&mut self, member: &Member, (function, args): Submission) -> String {
        match self.simulator.as_(member).submit(function, args) {
            Ok(committed) => committed.event.map_or("done".to_owned(), |event| event.name),
            Err(Failure::Refused(refused)) => refused.message,
            Err(other) => panic!("{other:?}"),
        }
    }

    fn ask<const N: usize>(&mut self, function: &str, args: [String; N]) -> Vec<u8> {
        let admin = self.admin.clone();
        self.simulator.as_(&admin).evaluate(function, args).unwrap()
    }
}

fn publish(package: &DevicePackage) -> Submission {
    ("publish", vec![package.canonical()])
}

fn probe(version: &str) -> DevicePackage {
    let mut package =
        shipped().into_iter().find(|package| package.manifest.vendor == "decentlab").unwrap();
    package.manifest.version = version.to_owned();
    package
}
