//! Keys and what they sign.

use pervade_chaincode::canonical;
use pervade_platform::{AccountId, KeyProof, PublicKey, verify};
use serde_json::json;

use crate::manager::deployed;
use crate::world::account;

/// D-29, B-43: the account that a key controls is the address of whoever has a certificate for it.
#[test]
fn an_address_is_the_keys() {
    let ann = deployed().client("Org1MSP", "ann", &[]);
    let key = PublicKey::try_from(hex::encode(ann.certificate().public_key_point())).unwrap();
    assert_eq!(key.address().as_str(), account(&ann));
    for wrong in ["", "ab", &"AB".repeat(32), &"ab".repeat(33), &"xy".repeat(32)] {
        assert!(wrong.parse::<AccountId>().is_err(), "{wrong:?} is no account");
    }
    let point = key.as_str();
    let off_the_curve = format!("{}00", &point[..128]);
    for wrong in ["", &point[2..], &point.to_uppercase(), &off_the_curve, &"04".repeat(65)] {
        assert!(PublicKey::try_from(wrong.to_owned()).is_err(), "{wrong:?} is no key");
    }
}

/// D-25: a signature is one key's, over one statement, whatever the order of its members was.
#[test]
fn a_proof_is_for_one_statement() {
    let mut world = deployed();
    let (ann, ben) = (world.client("Org1MSP", "ann", &[]), world.client("Org1MSP", "ben", &[]));
    let statement = json!({"purpose": "install", "device": "d1"});
    let signature = ann.signer().sign(&canonical::to_vec(&statement).unwrap()).unwrap();
    let signature = hex::encode(signature);
    let [key, other] = [&ann, &ben]
        .map(|who| PublicKey::try_from(hex::encode(who.certificate().public_key_point())).unwrap());
    let proof = KeyProof { public_key: key.clone(), signature: signature.clone() };
    assert!(proof.check(&statement).is_ok(), "as it was signed");
    assert!(proof.check(&json!({"device": "d1", "purpose": "install"})).is_ok(), "in any order");
    assert!(proof.check(&json!({"device": "d2", "purpose": "install"})).is_err(), "another device");
    assert!(verify(&other, &statement, &signature).is_err(), "another key");
    for wrong in ["", "00", &signature[2..], &format!("{signature}00"), &"30".repeat(1_000)] {
        assert!(verify(&key, &statement, wrong).is_err(), "{wrong:?} is no signature");
    }
}
