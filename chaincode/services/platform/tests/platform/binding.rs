//! Who binds a manager, and whom it hears.

use expect_test::expect;
use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_platform::{ContractSet, MAY_BIND};
use serde_json::json;

use crate::manager::{bound_world, deployed, shared};

/// W-13, W-14, W-17, attack 3: nothing before the binding, and no binding but by who may.
#[test]
fn a_manager_is_bound_first() {
    let mut world = deployed();
    let outsider = world.client("Org1MSP", "outsider", &[]);
    let founder = world.client("Org1MSP", "founder", &[MAY_BIND]);
    let set = ContractSet::with_ending("");
    expect!["peer: chaincode 'tokens' has not been initialized for this version, must call as init first"].assert_eq(&world.submit(&outsider, "tasks:ask", json!([true])));
    expect!["PERMISSION_DENIED: platform.init is not the signer's"].assert_eq(&world.submit(
        &outsider,
        "tokens:bind",
        json!([set, 7]),
    ));
    let admin = world.admin("Org1MSP", "admin");
    expect!["PERMISSION_DENIED: platform.init is not the signer's"].assert_eq(&world.submit(
        &admin,
        "tokens:bind",
        json!([set, 7]),
    ));
    let twice = ContractSet { users: "tasks".to_owned(), ..set.clone() };
    expect![[r#"BAD_NAME: "tasks" cannot be the name of one of the set"#]]
        .assert_eq(&world.submit(&founder, "tokens:bind", json!([twice, 7])));
    let nameless = ContractSet { users: "../users".to_owned(), ..set.clone() };
    expect![[r#"BAD_NAME: "../users" cannot be the name of one of the set"#]]
        .assert_eq(&world.submit(&founder, "tokens:bind", json!([nameless, 7])));
    expect![[r#"
        true
        bound {"sha256":"25cb6b6cf4babe8a3460d03c4241d5ca220cc35deea86ebcc692fe4cac34f2e6"}"#]]
    .assert_eq(&world.submit(&founder, "tokens:bind", json!([set, 7])));
    expect!["peer: chaincode 'tokens' is already initialized but called as init"]
        .assert_eq(&world.submit(&founder, "tokens:bind", json!([set, 7])));
}

/// W-13: a definition that does not require the initialisation does not open the manager.
#[test]
fn an_unbound_manager_does_nothing() {
    let ledger = TestLedger::new().with(shared());
    let asked = ledger.evaluate(&TestCall::new("tokens", "asked_by").arg("true"));
    expect!["NOT_INITIALIZED: the manager is not bound yet"].assert_eq(&asked.message);
}

/// W-15, D-05: a later version of the definition begins with the same binding or not at all; not
/// even who bound it binds it to anything else.
#[test]
fn a_binding_is_for_ever() {
    let founder = deployed().client("Org1MSP", "founder", &[MAY_BIND]);
    let mut ledger = TestLedger::new().with(shared());
    let bind = |ending: &str, terms: u64| {
        let set = json!(ContractSet::with_ending(ending)).to_string();
        let call = TestCall::new("tokens", "bind").arg(set).arg(terms.to_string()).init();
        call.creator("Org1MSP", founder.certificate().pem())
    };
    assert_eq!(ledger.submit(&bind("", 7)).payload, b"true", "just now");
    assert_eq!(ledger.submit(&bind("", 7)).payload, b"false", "before");
    assert_eq!(ledger.writes_of(&bind("", 7)), [], "nothing changes");
    for other in [bind("", 8), bind("-2", 7)] {
        let refused = ledger.submit(&other).message;
        assert_eq!(refused, "ALREADY_INITIALIZED: the manager is bound already");
    }
}

/// W-16, F-2: a manager hears the managers that it is bound to, as far as they may ask, and nobody
/// else: no client, no administrator, no other chaincode.
#[test]
fn a_manager_hears_its_set() {
    let mut world = bound_world();
    let client = world.client("Org1MSP", "client", &[]);
    let admin = world.admin("Org1MSP", "admin");
    let mut told = Vec::new();
    for who in [&client, &admin] {
        for asked in ["tasks:ask", "devices:ask", "users:ask", "stranger:ask", "tokens:asked_by"] {
            for may_devices in [true, false] {
                let answer = world.submit(who, asked, json!([may_devices]));
                let answer = answer.split(':').next().unwrap_or_default();
                told.push(format!("{asked} {may_devices} {answer}"));
            }
        }
    }
    let (client, admin) = told.split_at(10);
    assert_eq!(client, admin, "an administrator is no more than a client");
    expect![[r#"
        tasks:ask true Tasks
        tasks:ask false Tasks
        devices:ask true Devices
        devices:ask false PERMISSION_DENIED
        users:ask true PERMISSION_DENIED
        users:ask false PERMISSION_DENIED
        stranger:ask true PERMISSION_DENIED
        stranger:ask false PERMISSION_DENIED
        tokens:asked_by true PERMISSION_DENIED
        tokens:asked_by false PERMISSION_DENIED"#]]
    .assert_eq(&client.join("\n"));
}
