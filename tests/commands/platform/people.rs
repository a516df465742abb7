//! Users, what they hold, and what stands in their fields.

use expect_test::expect;
use serde_json::json;

use super::{ANN, BANK, BOB, FOUNDER, Platform};

/// W-08, W-10, W-19, W-24: an account stays when its key is changed; who replaces a lost one is an
/// administrator of the user's organisation, and devices are installed again.
#[test]
fn an_account_outlives_its_keys() {
    let platform = Platform::with_users(|_| {});
    let account = platform.done(&["user", "show", BOB])["account"].as_str().unwrap().to_owned();
    for name in ["bob-2", "bob-3", "pump", "pump-2"] {
        platform.identity(&format!("{name}@org2.example.com"), &[]);
    }
    let pump = ["device", "register", "pump-0001", "--device", "pump@org2.example.com"];
    platform.done(&[pump.as_slice(), &["--as", BOB]].concat());

    platform.done(&["user", "rotate", "--new", "bob-2@org2.example.com", "--as", BOB]);
    assert_eq!(platform.code(&["user", "show", BOB]), "USER_NOT_REGISTERED", "by the old key");
    let rotated = platform.done(&["user", "show", "bob-2@org2.example.com"]);
    assert_eq!([&rotated["account"], &rotated["generation"]], [&json!(account), &json!(0)]);

    let replace = ["user", "replace", &account, "--new", "bob-3@org2.example.com", "--as"];
    let as_admin = |admin| [replace.as_slice(), &[admin]].concat();
    assert_eq!(platform.code(&as_admin("Admin@org1.example.com")), "PERMISSION_DENIED");
    platform.done(&as_admin("Admin@org2.example.com"));
    let keys = platform.done(&["user", "keys", &account]);
    let causes: Vec<_> =
        keys["entries"].as_array().unwrap().iter().map(|key| &key["cause"]).collect();
    assert_eq!(causes, ["registered", "rotated", "replaced"]);

    platform.define_photo();
    let create =
        ["task", "create", "--type", "photo", "--reward", "2", "--limit", "20", "--as", ANN];
    let task = platform.done(&create)["result"]["id"].as_str().unwrap().to_owned();
    let accept = ["task", "accept", &task, "pump-0001", "--as", "bob-3@org2.example.com"];
    assert_eq!(platform.code(&accept), "DEVICE_KEY_STALE");
    let again = ["device", "reinstall", "pump-0001", "--device", "pump-2@org2.example.com"];
    platform.done(&[again.as_slice(), &["--as", "bob-3@org2.example.com"]].concat());
    platform.done(&accept);

    let group = ["user", "group", &account, "smith-farm", "--as", "Admin@org2.example.com"];
    assert_eq!(platform.done(&group)["result"]["group"], "smith-farm");
    assert_eq!(platform.done(&["user", "list"])["entries"].as_array().unwrap().len(), 2);
    platform.network.stop();
}

/// W-42, W-50, W-54, WC-07, WC-08, WC-09: amounts are decimals for people and base units for programs.
#[test]
fn tokens_change_hands() {
    let platform = Platform::with_users(|_| {});
    platform.identity("pump@org2.example.com", &[]);
    let pay = ["token", "pay", BOB, "1.5", "--reference", "order/17", "--as", ANN];
    platform.done(&pay);
    platform.done(&["token", "allow", "pump@org2.example.com", "10", "--as", BOB]);
    let spend = |amount| ["token", "spend", BOB, ANN, amount, "--as", "pump@org2.example.com"];
    platform.done(&spend("2"));
    assert_eq!(platform.code(&spend("8.000001")), "ALLOWANCE_EXCEEDED");
    let paid = platform.done(&["token", "transfers", "--as", ANN]);
    let mut amounts: Vec<_> = paid["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|transfer| transfer["amount"].as_u64().unwrap())
        .collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [1_500_000, 2_000_000]);
    platform.done(&["token", "redeem", "0.5", "--as", ANN]);
    platform.done(&["token", "pay", BOB, "1", "--money", "--as", ANN]);
    platform.done(&["token", "gather", BOB, "--as", ANN]);

    expect![[r#"
        money 0
        tokens 100
    "#]]
    .assert_eq(&platform.told(&["token", "balance", ANN]));
    expect![[r#"
        cap 1000000
        price 2
        reserve 399
        sold 199.5
        stock 999800.5
    "#]]
    .assert_eq(&platform.told(&["token", "supply"]));
    assert_eq!(platform.code(&["token", "issue", ANN, "1", "--as", ANN]), "PERMISSION_DENIED");
    assert_eq!(platform.code(&["token", "buy", "1", "--as", ANN]), "INSUFFICIENT_FUNDS");
    assert_eq!(platform.code(&["token", "retire", "1", "--as", BANK]), "USER_NOT_REGISTERED");
    platform.network.stop();
}

/// W-32, W-35, W-37, W-101, WC-04, WC-06: a device is found by what its owner says of it, named for the
/// owner's organisation alone, and given tasks at its price, at once.
#[test]
fn a_device_is_described_priced_and_named() {
    let platform = Platform::with_users(|_| {});
    platform.identity("pump@org2.example.com", &[]);
    let by_bob = |args: &[&str]| platform.done(&[args, &["--as", BOB]].concat());
    by_bob(&["device", "register", "pump-0001", "--device", "pump@org2.example.com"]);
    by_bob(&["device", "describe", "pump-0001", "--attribute", "kind=pump"]);
    let find = ["device", "find", "kind", "pump"];
    assert_eq!(platform.done(&find)["entries"][0]["id"], "pump-0001");
    by_bob(&["device", "describe", "pump-0001", "--hidden"]);
    assert_eq!(platform.done(&find)["entries"], json!([]));

    let openly = ["device", "name", "pump-0001", "barn", "--as", BOB];
    assert_eq!(platform.code(&openly), "NOT_PRIVATE");
    let name = ["device", "name", "pump-0001", "barn", "--org", "Org1MSP", "--org", "Org2MSP"];
    by_bob(&name);
    let known = ["device", "name", "pump-0001", "--as"];
    let known_by = |who| [known.as_slice(), &[who]].concat();
    assert_eq!(platform.done(&known_by(BOB))["name"], "barn");
    let told = platform.network.json(&known_by(ANN));
    assert_eq!(told.code, 1, "{told:?}");
    assert!(!told.err.contains("barn"), "{told:?}");

    by_bob(&["device", "price", "pump-0001", "4"]);
    platform.define_photo();
    let order = ["task", "create", "--type", "photo", "--limit", "20", "--device", "pump-0001"];
    let at = |reward| [order.as_slice(), &["--instant", "--reward", reward, "--as", ANN]].concat();
    assert_eq!(platform.code(&at("3")), "BAD_REWARD");
    let task = platform.done(&at("4"))["result"].clone();
    assert_eq!([&task["kind"], &task["locked"]], [&json!("instant"), &json!(true)]);
    by_bob(&["device", "deactivate", "pump-0001"]);
    assert_eq!(platform.code(&at("4")), "DEVICE_INACTIVE");
    assert_eq!(platform.code(&["device", "remove", "pump-0001", "--as", BOB]), "DEVICE_BUSY");
    let life = platform.done(&["device", "life", "pump-0001"]);
    assert_eq!(life["entries"].as_array().unwrap().len(), 2, "installed, deactivated: {life}");
    assert_eq!(platform.done(&["device", "list", BOB])["entries"][0]["active"], false);
    platform.network.stop();
}

/// W-09: two sets stand side by side, and share nothing.
#[test]
fn two_platforms_stand_side_by_side() {
    let platform = Platform::with_users(|_| {});
    platform.done(&["platform", "deploy", "--set=-2"]);
    assert_eq!(platform.code(&["user", "list", "--set=-2"]), "NOT_INITIALIZED");
    platform.done(&["platform", "bind", "--set=-2", "--as", FOUNDER]);
    assert_eq!(platform.code(&["user", "show", ANN, "--set=-2"]), "USER_NOT_REGISTERED");
    platform.done(&["user", "register", "--set=-2", "--as", ANN]);
    let balance = platform.done(&["token", "balance", ANN, "--set=-2"]);
    assert_eq!(balance, json!({ "money": 0, "tokens": 0 }), "not those of the first");
    platform.define_photo();
    assert_eq!(platform.done(&["task", "types", "--set=-2"])["entries"], json!([]));
    assert_eq!(platform.tokens(ANN), 100_000_000);
    platform.network.stop();
}
