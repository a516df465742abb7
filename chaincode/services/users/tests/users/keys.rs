//! Keys come and go, and the account stays.

use expect_test::expect;
use pervade_chaincode::canonical;
use pervade_simulator::Member;
use pervade_users::record::{KeyPurpose, KeyStatement, UserTerms};
use serde_json::{Value, json};

use crate::stand_in::{bound, user};
use crate::world::account;

/// D-29: whoever gets a certificate with a new key stays the same user, who cannot be two.
#[test]
fn the_account_survives_a_new_key() {
    let mut world = bound(&UserTerms::USUAL);
    let ann = user(&mut world, "Org1MSP", "ann");
    let new = world.client("Org1MSP", "ann-2", &[]);
    let proof = proof(&new, &statement(&ann, KeyPurpose::Rotate));
    expect![[r#"{"account":"<ann>","address":"<ann-2>","generation":0,"group":null,"keys":1,"msp":"Org1MSP"}"#]].assert_eq(&world.submit(&ann, "users:rotate", json!([proof])));
    expect![[r#"{"account":"<ann>","address":"<ann-2>","generation":0,"group":null,"keys":1,"msp":"Org1MSP"}"#]].assert_eq(&world.evaluate(&new, "users:caller", json!([])));
    expect!["USER_NOT_REGISTERED: <ann> is no user's"].assert_eq(&world.evaluate(
        &ann,
        "users:caller",
        json!([]),
    ));
    expect!["USER_EXISTS: <ann> is, or was, a user's key"].assert_eq(&world.submit(
        &ann,
        "users:register",
        json!([]),
    ));
    expect!["USER_EXISTS: <ann-2> is, or was, a user's key"].assert_eq(&world.submit(
        &new,
        "users:register",
        json!([]),
    ));
    expect!["USER_NOT_REGISTERED: <ann> is no user's"].assert_eq(&world.submit(
        &ann,
        "users:rotate",
        json!([proof]),
    ));
    expect![[r#"{"bookmark":"","values":[{"account":"<ann>","address":"<ann>","cause":"registered","generation":0,"number":0,"tx_id":"<tx3>"},{"account":"<ann>","address":"<ann-2>","cause":"rotated","generation":0,"number":1,"tx_id":"<tx5>"}]}"#]].assert_eq(&world.evaluate(&new, "users:key_log", json!(["<ann>", 10, ""])));
}

/// D-25, D-29: a key is taken only by who holds it, and for this very change.
#[test]
fn a_new_key_proves_itself() {
    let mut world = bound(&UserTerms::USUAL);
    let ann = user(&mut world, "Org1MSP", "ann");
    let ben = user(&mut world, "Org1MSP", "ben");
    let new = world.client("Org1MSP", "ann-2", &[]);
    let right = statement(&ann, KeyPurpose::Rotate);
    let wrong = [
        statement(&ben, KeyPurpose::Rotate),
        statement(&ann, KeyPurpose::Replace),
        KeyStatement { old: id_of(&ben), ..right.clone() },
        KeyStatement { channel: "yourchannel".to_owned(), ..right.clone() },
        KeyStatement { contract: "users-2".to_owned(), ..right.clone() },
    ];
    for statement in wrong {
        let told = world.submit(&ann, "users:rotate", json!([proof(&new, &statement)]));
        assert!(told.starts_with("BAD_KEY"), "{statement:?}: {told}");
    }
    let mut stolen = proof(&new, &right);
    stolen["signature"] = proof(&ben, &right)["signature"].clone();
    expect!["BAD_KEY: the key is none of P-256, or did not sign the statement"]
        .assert_eq(&world.submit(&ann, "users:rotate", json!([stolen])));
    stolen["public_key"] = json!("04".repeat(65));
    expect!["ARGUMENT: argument proof of rotate: JSON: the key is none of P-256, or did not sign the statement at line 1 column 146"].assert_eq(&world.submit(&ann, "users:rotate", json!([stolen])));
    let taken = proof(&ben, &right);
    expect!["USER_EXISTS: <ben> is, or was, a user's key"].assert_eq(&world.submit(
        &ann,
        "users:rotate",
        json!([taken]),
    ));
    let told = world.submit(&ann, "users:rotate", json!([proof(&new, &right)]));
    assert!(told.starts_with('{'), "{told}");
}

/// W-10: an administrator of the user's organisation replaces a key, which ends what was set up
/// under it.
#[test]
fn a_lost_key_is_replaced_by_an_administrator() {
    let mut world = bound(&UserTerms::USUAL);
    let ann = user(&mut world, "Org1MSP", "ann");
    let new = world.client("Org1MSP", "ann-2", &[]);
    let replacement = json!(["<ann>", proof(&new, &statement(&ann, KeyPurpose::Replace))]);
    let foreign = world.admin("Org2MSP", "admin-of-Org2MSP");
    for who in [&ann, &new, &foreign] {
        let told = world.submit(who, "users:replace_key", replacement.clone());
        assert_eq!(told, "PERMISSION_DENIED: the signer is no administrator of Org1MSP");
    }
    let admin = world.admin("Org1MSP", "admin");
    let rotation = json!(["<ann>", proof(&new, &statement(&ann, KeyPurpose::Rotate))]);
    let told = world.submit(&admin, "users:replace_key", rotation);
    assert!(told.starts_with("BAD_KEY"), "{told}");
    expect![[r#"{"account":"<ann>","address":"<ann-2>","generation":1,"group":null,"keys":1,"msp":"Org1MSP"}"#]].assert_eq(&world.submit(&admin, "users:replace_key", replacement));
    expect!["USER_NOT_REGISTERED: <ann> is no user's"].assert_eq(&world.evaluate(
        &ann,
        "users:caller",
        json!([]),
    ));
    expect!["<ann>"].assert_eq(&world.evaluate(&new, "users:signer_account", json!([])));
    expect![[r#"{"bookmark":"\u0000key-change\u0000<ann>\u00000000000001\u0000","values":[{"account":"<ann>","address":"<ann>","cause":"registered","generation":0,"number":0,"tx_id":"<tx3>"}]}"#]].assert_eq(&world.evaluate(&ann, "users:key_log", json!(["<ann>", 1, ""])));
    // The old key does not come back: neither for the same user nor for another.
    let back =
        proof(&ann, &KeyStatement { old: id_of(&new), ..statement(&ann, KeyPurpose::Replace) });
    expect!["USER_EXISTS: <ann> is, or was, a user's key"].assert_eq(&world.submit(
        &admin,
        "users:replace_key",
        json!(["<ann>", back]),
    ));
    expect!["USER_NOT_REGISTERED: <admin-of-Org2MSP> is no user's"].assert_eq(&world.submit(
        &admin,
        "users:replace_key",
        json!([account(&foreign), back]),
    ));
}

/// D-21: groups are declared by administrators of the user's organisation.
#[test]
fn a_group_is_declared_by_an_administrator() {
    let mut world = bound(&UserTerms::USUAL);
    let ann = user(&mut world, "Org1MSP", "ann");
    let foreign = world.admin("Org2MSP", "admin-of-Org2MSP");
    for who in [&ann, &foreign] {
        let told = world.submit(who, "users:declare_group", json!(["<ann>", "acme"]));
        assert_eq!(told, "PERMISSION_DENIED: the signer is no administrator of Org1MSP");
    }
    let admin = world.admin("Org1MSP", "admin");
    for wrong in ["Acme", "acme farms", &"a".repeat(65)] {
        let told = world.submit(&admin, "users:declare_group", json!(["<ann>", wrong]));
        assert_eq!(
            told,
            "ARGUMENT: argument group of declare_group: a group's name is 1 to 64 small letters, \
             digits, dots and hyphens"
        );
    }
    let nobody = json!([account(&admin), "acme"]);
    expect!["USER_NOT_REGISTERED: <admin> is no user's"].assert_eq(&world.submit(
        &admin,
        "users:declare_group",
        nobody,
    ));
    expect![[r#"{"account":"<ann>","address":"<ann>","generation":0,"group":"acme-2.farm","keys":0,"msp":"Org1MSP"}"#]].assert_eq(&world.submit(&admin, "users:declare_group", json!(["<ann>", "acme-2.farm"])));
    expect![[r#"{"account":"<ann>","address":"<ann>","generation":0,"group":null,"keys":0,"msp":"Org1MSP"}"#]].assert_eq(&world.submit(&admin, "users:declare_group", json!(["<ann>", null])));
}

fn statement(user: &Member, purpose: KeyPurpose) -> KeyStatement {
    KeyStatement {
        account: id_of(user),
        channel: "mychannel".to_owned(),
        contract: "users".to_owned(),
        old: id_of(user),
        purpose,
    }
}

fn id_of(who: &Member) -> pervade_platform::AccountId {
    account(who).parse().unwrap()
}

/// A key with its holder's signature.
fn proof(key: &Member, statement: &KeyStatement) -> Value {
    let signature = key.signer().sign(&canonical::to_vec(statement).unwrap()).unwrap();
    json!({
        "public_key": hex::encode(key.certificate().public_key_point()),
        "signature": hex::encode(signature),
    })
}
