//! Device types from samples to a checked package.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Running, Said, package, pervade};

const DEVICE: &str = "\
x-device: {vendor: acme, model: t-1, version: 1.0.0, title: Thermometer}
type: object
properties:
  t: {type: number, x-observes: AirTemperature, x-unit: °F}
  at: {type: integer, x-time: epoch-seconds}
  rssi: {type: integer, x-ignored: radio diagnostics}
";

/// A device type's folder in which `change` is made.
fn folder(change: (&str, &str)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("device.yaml"), DEVICE.replace(change.0, change.1)).unwrap();
    fs::create_dir(folder.path().join("examples")).unwrap();
    let payload = r#"{"t": 68, "at": 1773468612, "rssi": -90, "odd": true}"#;
    fs::write(folder.path().join("examples/warm.json"), payload).unwrap();
    folder
}

fn by(verb: &str, folder: &Path, more: &[&str]) -> Said {
    Said::by(&[&["mapping", verb, folder.to_str().unwrap()], more].concat())
}

/// The last JSON object, whatever became of the command.
fn object(said: &Said) -> Value {
    serde_json::from_str(said.out.lines().last().unwrap()).unwrap()
}

#[test]
fn quads_are_written_once_and_hold_from_then_on() {
    let here = folder(("", ""));
    let said = by("check", here.path(), &["--json"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(object(&said)["problems"][0]["code"], "no-expected", "{said:?}");
    let said = by("test", here.path(), &[]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("  + <#t> sosa:hasSimpleResult \"20\"^^xsd:decimal\n"), "{said:?}");
    assert_eq!(by("test", here.path(), &["--update"]).code, 0);
    let said = by("test", here.path(), &["--json"]);
    assert_eq!(said.done()["examples"][0]["holds"], true, "{said:?}");
    let checked = by("check", here.path(), &["--json"]).done();
    assert_eq!(checked["problems"].as_array().unwrap().len(), 0, "{checked}");
    assert_eq!(
        checked["notes"][0]["code"], "not-described",
        "nothing is dropped unsaid: {checked}"
    );

    let quads = here.path().join("examples/warm.nq");
    let changed = fs::read_to_string(&quads).unwrap().replace("\"20\"", "\"21\"");
    fs::write(&quads, changed).unwrap();
    let said = by("test", here.path(), &[]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("warm: 1 missing, 1 extra"), "{said:?}");
    assert!(said.out.contains("  - <#t> sosa:hasSimpleResult \"21\"^^xsd:decimal\n"), "{said:?}");
    assert_eq!(by("check", here.path(), &[]).code, 1, "the check runs the examples");
}

/// T-72: the authored file is where problems are told, whatever found them.
#[test]
fn problems_are_told_where_they_were_written() {
    for (change, told) in [
        (("AirTemperature", "AirTemprature"), ":4:33: \"AirTemprature\" is no property"),
        (("°F", "Fahr"), "units of Temperature are \"°C\", \"°F\", \"K\", "),
        (
            ("x-ignored", "x-ignore"),
            "x-ignore is no keyword; is x-ignored meant? [unknown-keyword]",
        ),
        (("type: number", "type: nmber"), "device.yaml:4:13: at /properties/t/type"),
        (("1.0.0", "one"), ":1:47: version is three numbers, such as 1.0.0 [wrong-value]"),
        (("type: object", "type: [object"), "[syntax]"),
    ] {
        let said = by("check", folder(change).path(), &[]);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.out.contains(told), "{told}: {said:?}");
    }
    let here = folder(("type: number", "type: nmber"));
    let file = here.path().join("device.yaml");
    let said = by("check", &file, &[]);
    assert!(
        said.out.contains("device.yaml:4:13: at /properties/t/type"),
        "one file alone: {said:?}"
    );
    fs::write(&file, DEVICE).unwrap();
    assert_eq!(by("check", &file, &[]).code, 0, "examples are another matter");
    let said = Said::by(&["mapping", "check", "nowhere"]);
    assert_eq!(said.code, 1, "{said:?}");
    let here = folder(("", ""));
    fs::write(here.path().join("mapping.ttl"), "").unwrap();
    let said = by("check", here.path(), &[]);
    assert!(said.out.contains("mapping.ttl:1:1: device.yaml stands for this file"), "{said:?}");
}

#[test]
fn every_field_is_explained() {
    let here = folder(("", ""));
    let said = by("explain", here.path(), &[]);
    assert_eq!(said.code, 0, "{said:?}");
    for line in [
        "AirTemperature is 20 °C (sent as 68 °F), at 2026-03-14T06:10:12Z",
        "used for the time of 1 statement",
        "left out: radio diagnostics",
        "described nowhere; kept as an unmapped record",
    ] {
        assert!(said.out.contains(line), "{line}: {}", said.out);
    }
    let by_hand =
        by("explain", &package("shelly/pro-3em"), &["--example", "three-phases", "--json"]);
    let fields = by_hand.done()["examples"][0]["fields"].clone();
    let clock = fields.as_array().unwrap().iter().find(|field| field["path"] == "sys/unixtime");
    assert_eq!(clock.unwrap()["used_for"][0], "the time of 30 statements", "{fields}");
    assert_eq!(by("explain", here.path(), &["--example", "cold"]).code, 1);
}

#[test]
fn drafts_do_not_overwrite() {
    let here = tempfile::tempdir().unwrap();
    let sample = here.path().join("a.json");
    fs::write(&sample, r#"{"temperature": 21.5, "unit": "°C"}"#).unwrap();
    let made = here.path().join("made");
    let args = [sample.to_str().unwrap(), "--vendor", "acme", "--model", "t-2"];
    let said = by("new", &made, &[&args[..], &["--json"]].concat());
    let fields = said.done()["fields"].clone();
    assert_eq!(fields[0]["annotations"][1], "x-unit-from: unit", "{fields}");
    assert_eq!(by("test", &made, &["--update"]).code, 0, "a draft that is complete runs");
    let (code, _) = by("new", &made, &[&args[..], &["--json"]].concat()).failed();
    assert_eq!(code, "EXISTS");
    let loud = [sample.to_str().unwrap(), "--vendor", "ACME", "--model", "t-2"];
    assert_eq!(by("new", &made, &loud).code, 2);
    fs::write(&sample, "{").unwrap();
    let other = here.path().join("other");
    let (code, _) = by("new", &other, &[&args[..], &["--json"]].concat()).failed();
    assert_eq!(code, "BAD_SAMPLE");
}

#[test]
fn packages_written_by_hand_are_checked_alike() {
    let said = by("check", &package("decentlab/dl-5tm"), &[]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = by("test", &package("tasmota/aht1x"), &[]);
    assert!(said.out.contains("celsius-local-time: holds"), "{said:?}");
}

#[test]
fn changes_are_checked_while_watching() {
    let here = folder(("", ""));
    assert_eq!(by("test", here.path(), &["--update"]).code, 0);
    let args = ["mapping", "check", here.path().to_str().unwrap(), "--watch", "--json"];
    let mut watching = pervade(&args).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut problems = || {
        let checked: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        checked["problems"].as_array().unwrap().len()
    };
    assert_eq!(problems(), 0, "nothing is wrong at first");
    fs::write(here.path().join("device.yaml"), DEVICE.replace("°F", "V")).unwrap();
    assert_eq!(problems(), 1, "the change is noticed");
    let id = watching.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success(), "interrupted");
    assert_eq!(watching.wait().unwrap().code(), Some(0), "an interruption ends it well");
}

/// A package whose mapping is written in YARRRML, and the same mapping on its own.
#[test]
fn yarrrml_is_a_mapping_too() {
    let here = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| fs::write(here.path().join(path), text).unwrap();
    fs::create_dir(here.path().join("examples")).unwrap();
    let manifest = r#"{"vendor": "acme", "model": "y-1", "version": "1.0.0", "title": "Y", "payload": "json"}"#;
    write("package.json", manifest);
    write(
        "schema.json",
        r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"fw": {"type": "string"}, "n": {"type": "integer"}}}"#,
    );
    write("examples/a.json", r#"{"fw": "1.2", "n": 3}"#);
    let mapping = "mappings:\n  device:\n    sources: [['pv:Payload~jsonpath', $]]\n    s: {f: pv:thisDevice}\n    po:\n      - [pv:firmwareVersion, $(fw)]\n";
    write("mapping.yml", mapping);
    assert_eq!(by("test", here.path(), &["--update"]).code, 0);
    let said = by("check", here.path(), &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out.contains("note: examples/a.json:1:1: nothing comes of n [not-mapped]"),
        "{said:?}"
    );
    write("mapping.yml", &mapping.replace("pv:thisDevice", "pv:thatDevice"));
    let said = by("check", here.path(), &[]);
    assert!(said.out.contains("mapping.yml:4:8: "), "told where it is written: {said:?}");

    write("rows.csv", "id,name\n1,Ann\n");
    let rows = "prefixes: {e: 'http://e/'}\nmappings:\n  row: {sources: [['rows.csv~csv']], s: 'e:$(id)', po: [[e:name, $(name)]]}\n";
    write("rows.yml", rows);
    let said = by("run", &here.path().join("rows.yml"), &[]);
    assert_eq!((said.code, said.out.as_str()), (0, "<http://e/1> <http://e/name> \"Ann\" .\n"));
    write("rows.yml", &rows.replace("$(name)", "$(nam)"));
    let said = by("run", &here.path().join("rows.yml"), &[]);
    assert!(
        said.err.contains("rows.yml:3:20: rows.csv: there is no column \"nam\" [data]"),
        "{said:?}"
    );
    write("rows.yml", &rows.replace("sources", "souces"));
    let said = by("check", &here.path().join("rows.yml"), &[]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.out.contains("rows.yml:3:9: souces is no key here; is sources meant?"),
        "{said:?}"
    );
}

/// Whatever the payload language, a draft that needs no more words runs as it is.
#[test]
fn drafts_of_tables_and_elements_run() {
    let here = tempfile::tempdir().unwrap();
    for (name, sample, said) in [
        (
            "day.csv",
            "time,temp_c\n2026-03-14T06:00:00Z,4.2\n",
            "Temperature is 4.2 °C, at 2026-03-14T06:00:00Z",
        ),
        (
            "meter.xml",
            "<m><time>2026-03-14T06:00:00Z</time><volume unit=\"l\">12.5</volume></m>",
            "WaterVolume is 0.0125 m³ (sent as 12.5 l), at 2026-03-14T06:00:00Z",
        ),
        ("tag.csv", "ts;temp\n1773468612;-4,2\n", "Temperature is -4.2 °C"),
        ("frames.jsonl", "{\"ts\": 1773468612, \"co2\": 612}\n", "CarbonDioxide is "),
    ] {
        let path = here.path().join(name);
        fs::write(&path, sample).unwrap();
        let made = here.path().join(name.replace('.', "-"));
        let args = [path.to_str().unwrap(), "--vendor", "acme", "--model", "t-3"];
        let drafted = by("new", &made, &args);
        assert_eq!(drafted.code, 0, "{drafted:?}");
        let updated = by("test", &made, &["--update"]);
        assert_eq!(updated.code, 0, "{updated:?}");
        assert_eq!(by("check", &made, &[]).code, 0);
        let explained = by("explain", &made, &[]);
        assert!(explained.out.contains(said), "{explained:?}");
    }
}

/// T-70, T-72: published once, the same again without effect, anything else refused in the registry's
/// own words.
#[test]
fn the_registry_takes_one_package_a_version() {
    let network = Running::with_services();
    let here = folder(("", ""));
    assert_eq!(by("test", here.path(), &["--update"]).code, 0);
    let dir = here.path().to_str().unwrap();
    let publish = |more: &[&str]| network.json(&[&["mapping", "publish", dir], more].concat());
    let (code, message) = publish(&[]).failed();
    assert_eq!(code, "NOT_PUBLISHED");
    assert!(message.contains("NOT_ADMINISTRATOR"), "as it came: {message}");
    let admin = ["--as", "Admin@org1.example.com"];
    let published = publish(&admin).done();
    assert_eq!(published["model"], "t-1", "{published}");
    let again = publish(&admin).done();
    assert_eq!(again["id"], published["id"], "the same package has the same id");
    let found = network.json(&["evaluate", "registry", "resolve", "acme", "t-1", "1.0.0"]).done();
    assert_eq!(found["result"], published["id"], "{found}");

    fs::write(here.path().join("device.yaml"), DEVICE.replace("Thermometer", "Other")).unwrap();
    let (_, message) = publish(&admin).failed();
    assert!(message.contains("acme/t-1 1.0.0 is described by package"), "as it came: {message}");
    fs::write(here.path().join("device.yaml"), DEVICE.replace("°F", "°C")).unwrap();
    let (code, _) = publish(&admin).failed();
    assert_eq!(code, "BAD_PACKAGE", "an example that does not hold is not sent");
    network.stop();
}
