//! Logs off the ledger, held fast by what stands on it.

use expect_test::expect;
use pervade_users::record::UserTerms;
use serde_json::{Value, json};

use crate::stand_in::{bound, user};

/// W-100: an administrator keeps for ever what a log of the own organisation says. An entry that came
/// before cannot be anchored anew, nor under another organisation's name.
#[test]
fn an_administrator_anchors_the_log_of_the_own_organisation() {
    let mut world = bound(&UserTerms::USUAL);
    let admin = world.admin("Org2MSP", "admin");
    expect![[r#"{"entries":2,"log":"tasks","msp":"Org2MSP","sha256":"0000000000000000000000000000000000000000000000000000000000000000","tx_id":"<tx3>"}"#]]
        .assert_eq(&world.submit(&admin, "users:anchor", anchor(2, '0')));
    expect![[r#"ANCHOR_EXISTS: anchor "Org2MSP/tasks/00000000000000000002" exists"#]]
        .assert_eq(&world.submit(&admin, "users:anchor", anchor(2, '1')));
    world.submit(&admin, "users:anchor", anchor(10, '1'));
    let ann = user(&mut world, "Org1MSP", "ann");
    let told = world.evaluate(&ann, "users:anchors", json!(["Org2MSP", "tasks", 10, ""]));
    let told: Value = serde_json::from_str(&told).unwrap();
    let entries = told["values"].as_array().unwrap().iter().map(|anchor| &anchor["entries"]);
    assert_eq!(entries.collect::<Vec<_>>(), [2, 10], "in the order of the log");
    let none = world.evaluate(&ann, "users:anchors", json!(["Org1MSP", "tasks", 10, ""]));
    expect![[r#"{"bookmark":"","values":[]}"#]].assert_eq(&none);
}

/// W-100: nobody else anchors anything, and what is no digest and no name is none.
#[test]
fn nobody_else_anchors_anything() {
    let mut world = bound(&UserTerms::USUAL);
    let ann = user(&mut world, "Org1MSP", "ann");
    expect!["PERMISSION_DENIED: the signer is no administrator of Org1MSP"]
        .assert_eq(&world.submit(&ann, "users:anchor", anchor(2, '0')));
    let admin = world.admin("Org1MSP", "admin");
    for (log, sha256) in [
        ("a log", "0".repeat(64)),
        ("", "0".repeat(64)),
        ("tasks", "0".repeat(63)),
        ("tasks", "A".repeat(64)),
    ] {
        let anchor = json!([{ "entries": 1, "log": log, "sha256": sha256 }]);
        let told = world.submit(&admin, "users:anchor", anchor);
        assert!(told.starts_with("ARGUMENT"), "{told}");
    }
}

fn anchor(entries: u64, digit: char) -> Value {
    json!([{ "entries": entries, "log": "tasks", "sha256": digit.to_string().repeat(64) }])
}
