//! Refused calls: logged, anchored on the ledger, and found out where they are altered.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::{ANN, Platform};

const ADMIN: &str = "Admin@org1.example.com";

/// W-100: a refused call is in the log once, with its code and the address of whoever called, and no
/// transaction tells of it. Anchored on the ledger, it can be changed no more: not even where the
/// log is cut or altered at its end, where no later entry is chained to it.
#[test]
fn refused_calls_are_logged_anchored_and_held_fast() {
    let platform = Platform::with_users(|_| {});
    let verify = ["denials", "verify", "users"];
    assert_eq!(platform.code(&["user", "register", "--as", ANN]), "USER_EXISTS");
    let entries = entries(&platform, 1);
    let [entry] = entries.as_slice() else { panic!("it is there once: {entries:?}") };
    let account = platform.done(&["user", "show", ANN])["account"].clone();
    assert_eq!(entry["address"], account);
    let told = ["chaincode", "code", "function", "msp", "status"].map(|name| entry[name].clone());
    assert_eq!(json!(told), json!(["users", "USER_EXISTS", "users:register", "Org1MSP", 409]));

    let anchor = ["denials", "anchor", "users", "--as"];
    assert_eq!(platform.code(&[&anchor[..], &[ANN]].concat()), "PERMISSION_DENIED");
    let before = self::entries(&platform, 2).len();
    let anchored = platform.done(&[&anchor[..], &[ADMIN]].concat());
    assert_eq!(anchored["logs"][0]["anchored"], anchored["logs"][0]["entries"]);
    assert_eq!(platform.done(&verify)["logs"][0]["faults"], json!([]));
    let again = platform.done(&[&anchor[..], &[ADMIN]].concat());
    assert_eq!(again, anchored, "what is anchored is not anchored again");

    let path = platform.path("denials/users.jsonl");
    let log = fs::read_to_string(&path).unwrap();
    for (altered, fault) in [
        (log.replacen("USER_EXISTS", "USER_EXISTED", 1), "entry 1 is not the one"),
        (
            log.lines().skip(1).collect::<Vec<_>>().join("\n") + "\n",
            "entry 2 stands in the place of entry 1",
        ),
        (String::new(), &format!("entries 1 to {before} are missing")),
    ] {
        fs::write(&path, altered).unwrap();
        let (code, message) = platform.network.json(&verify).failed();
        assert_eq!(code, "DENIALS_ALTERED");
        assert!(message.contains(fault), "{message}");
    }
    fs::write(&path, log).unwrap();
    platform.done(&verify);
    platform.network.stop();
}

/// The entries of the log of the manager of users, once there are so many: it is written a moment
/// after the answer.
fn entries(platform: &Platform, least: usize) -> Vec<Value> {
    loop {
        let shown = platform.done(&["denials", "show", "users"]);
        let entries = shown["logs"][0]["entries"].as_array().unwrap().clone();
        if entries.len() >= least {
            return entries;
        }
        sleep(Duration::from_millis(50));
    }
}
