//! Bad input, each with its own error.

use std::fs;

use crate::program::{ADMIN, Running, Said, package, shown};

/// What the demo shows as refused, through the commands: each is named, and the ledger stays.
#[test]
fn bad_input_is_named_and_changes_nothing() {
    let network = Running::with_services();
    let text = shown("shelly/pro-3em");
    let published = network.json(&["submit", "registry", "publish", &text, "--as", ADMIN]).done();
    let id = published["result"].as_str().unwrap();
    let users = network.json(&["network", "status"]).done();
    let users = users["users"].as_array().unwrap();
    let user = users.iter().find(|user| user["name"] == "User1@org1.example.com").unwrap();
    let account = user["account"].as_str().unwrap();
    let payload = package("shelly/pro-3em").join("examples/three-phases.json");
    let payload = format!("@{}", payload.display());
    let height = network.height();
    let refused = |code: &str, words: &str, args: &[&str]| {
        let (found, message) = network.json(args).failed();
        assert_eq!(found, code, "{message}");
        assert!(message.contains(words), "{message}");
    };
    refused("NOT_SUBMITTED", "DEVICE_UNKNOWN", &["submit", "recording", "record", id, &payload]);
    let version = version(&text);
    let enroll =
        ["submit", "recording", "enroll_device", account, "shelly", "pro-3em", version.as_str()];
    refused("NOT_SUBMITTED", "NOT_ADMINISTRATOR", &enroll);
    assert_eq!(network.height(), height, "nothing was recorded");
    network.json(&[enroll.as_slice(), &["--as", ADMIN]].concat()).done();
    let height = network.height();

    let broken = r#"{"id":"not a number"}"#;
    refused("NOT_SUBMITTED", "PAYLOAD_INVALID", &["submit", "recording", "record", id, broken]);
    refused("NOT_SUBMITTED", "UNKNOWN_PACKAGE", &["submit", "recording", "record", "00", &payload]);
    refused("NOT_SUBMITTED", "nobody", &["submit", "nobody", "record"]);
    refused("NOT_EVALUATED", "UNKNOWN_FUNCTION", &["evaluate", "registry", "guess"]);
    refused("QUERY_REFUSED", "INSERT", &["query", "INSERT DATA { <a:b> <a:b> <a:b> }"]);
    refused("QUERY_REFUSED", "SERVICE", &["query", "ASK { SERVICE <http://a> { ?s ?p ?o } }"]);
    refused("NOT_STARTED", "process", &["network", "up", "--ports", "free"]);
    assert_eq!(network.height(), height, "the ledger is as it was");
    network.json(&["submit", "recording", "record", id, &payload]).done();
    network.stop();
}

/// A mapping with three mistakes: each is reported with its line and column, before publication
/// and by it.
#[test]
fn three_mistakes_are_three_problems() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken");
    copy(&package("shelly/pro-3em"), &broken);
    let mapping = broken.join("mapping.ttl");
    let text = fs::read_to_string(&mapping).unwrap();
    let mistakes = [
        ("rml:predicate ", "rml:predicat "),
        ("rml:reference ", "rml:refrence "),
        ("rml:subjectMap", "rml:subjectMapp"),
    ];
    let text = mistakes.iter().fold(text, |text, (right, wrong)| text.replacen(right, wrong, 1));
    fs::write(&mapping, text).unwrap();
    let said = Said::by(&["package", "check", broken.to_str().unwrap(), "--json"]);
    assert_eq!(said.failed().0, "BAD_PACKAGE");
    let report: serde_json::Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    let problems = report["problems"].as_array().unwrap();
    assert!(problems.len() >= 3, "{report}");
    for problem in problems {
        assert_eq!(problem["document"], "mapping.ttl", "{report}");
        assert!(problem["line"].as_u64() > Some(0) && problem["column"].as_u64() > Some(0));
    }
}

/// Commands that are called wrongly end with 2 and say so; commands without a network with 1.
#[test]
fn wrong_calls_are_told_apart_from_failures() {
    for args in [
        ["conjure"].as_slice(),
        &["submit"],
        &["network", "up", "--ports", "many"],
        &["chaincode", "deploy", "basic"],
        &["query", "wram"],
        &["query", "warm", "--memory-mib", "1"],
    ] {
        let said = Said::by(&[args, &["--json"]].concat());
        assert_eq!(said.code, 2, "{args:?}: {said:?}");
        assert_eq!(said.error().0, "USAGE", "{args:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().to_str().unwrap();
    for (code, args) in [
        ("NO_NETWORK", ["submit", "registry", "publish"].as_slice()),
        ("NOT_RUNNING", &["network", "down"]),
        ("NO_LEDGER", &["verify"]),
        ("NO_LEDGER", &["query", "warm"]),
        ("NO_NETWORK", &["network", "export", "elsewhere"]),
    ] {
        let (found, message) = Said::by(&[args, &["--json", "--data", nowhere]].concat()).failed();
        assert_eq!(found, code, "{args:?}: {message}");
    }
}

fn version(package: &str) -> String {
    let package: serde_json::Value = serde_json::from_str(package).unwrap();
    package["manifest"]["version"].as_str().unwrap().to_owned()
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
