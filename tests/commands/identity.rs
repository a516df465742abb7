//! Identities that are made while the network runs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::json;

use crate::program::{Running, Said};

/// W-19, W-38: a key made here, certified by the organisation's registrar, is a caller by name; its
/// key is its owner's alone.
#[test]
fn an_identity_is_made_and_calls() {
    let network = Running::with_services();
    let new = ["identity", "new", "ann@org1.example.com", "--attribute", "platform.ticker=true"];
    let ann = network.json(&new).done();
    assert_eq!(ann["organization"], "Org1MSP");
    assert_eq!(ann["attributes"], json!({ "platform.ticker": "true" }));

    let told = network.json(&["identity", "list"]).done();
    let listed = told["identities"].as_array().unwrap();
    assert!(listed.contains(&ann), "{listed:?}");
    let key = Path::new(&network.data).join("identities/org1.example.com/ann/key.pem");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);

    let address = ann["address"].as_str().unwrap();
    let ask = ["evaluate", "recording", "device", address, "--as", "ann@org1.example.com"];
    let (code, message) = network.json(&ask).failed();
    assert_eq!(code, "NOT_EVALUATED");
    assert!(message.contains("NOT_FOUND"), "the peer took her for a member: {message}");

    let (code, _) = network.json(&new).failed();
    assert_eq!(code, "IDENTITY_EXISTS");
    let refused = |args: &[&str], expected: &str| {
        let (code, _) = network.json(&[&["identity", "new"], args].concat()).error();
        assert_eq!(code, expected, "{args:?}");
    };
    refused(&["ann"], "USAGE");
    refused(&["../ann@org1.example.com"], "USAGE");
    refused(&["bob@org9.example.com"], "NO_ORGANIZATION");
    refused(&["bob@org1.example.com", "--attribute", "hf.Type=admin"], "REFUSED");
    assert_eq!(Said::by(&["identity", "new", "bob@x", "--attribute", "y"]).code, 2);
    network.stop();
}
