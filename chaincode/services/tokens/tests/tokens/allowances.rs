//! What a device may spend for its owner.

use expect_test::expect;
use pervade_simulator::Member;
use serde_json::json;

use crate::stand_in::{balance, bound, holder, terms, user};
use crate::world::{World, account};

/// WC-09, W-54: a device spends up to what its owner allows, and every payment names it.
#[test]
fn a_device_spends_what_its_owner_allows() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 10);
    let shop = user(&mut world, "shop", 0);
    let device = world.client("Org1MSP", "device", &[]);
    expect!["ALLOWANCE_EXCEEDED: the owner allows 0"]
        .assert_eq(&spend(&mut world, &device, &ann, &shop, 1));
    expect![[r#"

        allowed {"amount":5,"before":0,"owner":"<ann>","spender":"<device>"}"#]]
    .assert_eq(&world.submit(&ann, "tokens:allow", json!([account(&device), 5])));
    expect!["ALLOWANCE_EXCEEDED: the owner allows 0.000005"]
        .assert_eq(&spend(&mut world, &device, &ann, &shop, 6));
    expect![[r#"
        {"amount":3,"asset":"tokens","from":"<ann>","reference":null,"spender":"<device>","to":"<shop>","tx_id":"<tx12>"}
        transferred {"amount":3,"asset":"tokens","from":"<ann>","reference":null,"spender":"<device>","to":"<shop>","tx_id":"<tx12>"}"#]].assert_eq(&spend(&mut world, &device, &ann, &shop, 3));
    expect!["ALLOWANCE_EXCEEDED: the owner allows 0.000002"]
        .assert_eq(&spend(&mut world, &device, &ann, &shop, 3));
    let left = json!([account(&ann), account(&device)]);
    assert_eq!(world.evaluate(&ann, "tokens:allowance", left.clone()), "2");
    expect![[r#"{"money":0,"tokens":7}"#]].assert_eq(&balance(&mut world, &ann));
    expect!["ALLOWANCE_EXCEEDED: the owner allows 0"]
        .assert_eq(&spend(&mut world, &shop, &ann, &shop, 1));
    // Taken back; and allowed again beyond what there is.
    world.submit(&ann, "tokens:allow", json!([account(&device), 0]));
    assert_eq!(world.evaluate(&ann, "tokens:allowance", left), "0");
    expect!["ALLOWANCE_EXCEEDED: the owner allows 0"]
        .assert_eq(&spend(&mut world, &device, &ann, &shop, 1));
    world.submit(&ann, "tokens:allow", json!([account(&device), 100]));
    expect!["INSUFFICIENT_TOKENS: only 0.000007 tokens are at hand"]
        .assert_eq(&spend(&mut world, &device, &ann, &shop, 8));
    expect!["AMOUNT_ZERO: nothing is ordered"]
        .assert_eq(&spend(&mut world, &device, &ann, &shop, 0));
}

/// WC-09: an owner who allows less is not surprised by a device that spends the rest first and the
/// new allowance after.
#[test]
fn an_allowance_changes_only_if_it_is_as_the_owner_knows_it() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 10);
    let shop = user(&mut world, "shop", 0);
    let device = world.client("Org1MSP", "device", &[]);
    world.submit(&ann, "tokens:allow", json!([account(&device), 5]));
    let less = world.simulator.as_(&ann).to("tokens");
    let less = less.endorse("allow", [account(&device), "3".to_owned()]).unwrap();
    assert!(spend(&mut world, &device, &ann, &shop, 4).starts_with('{'), "meanwhile");
    let verdicts = world.simulator.commit([less]).unwrap();
    let code = verdicts[0].as_ref().unwrap_err().code.as_str_name();
    assert_eq!(code, "MVCC_READ_CONFLICT", "the owner did not know");
    let left = json!([account(&ann), account(&device)]);
    assert_eq!(world.evaluate(&ann, "tokens:allowance", left), "1");
}

/// W-10, WC-09: what a stolen key has allowed ends when the key is replaced.
#[test]
fn a_replaced_key_takes_its_allowances_along() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 10);
    let thief = user(&mut world, "thief", 0);
    world.submit(&ann, "tokens:allow", json!([account(&thief), 10]));
    replace_key(&mut world, &ann);
    expect!["ALLOWANCE_EXCEEDED: the owner allows 0"]
        .assert_eq(&spend(&mut world, &thief, &ann, &thief, 10));
    expect![[r#"{"money":0,"tokens":10}"#]].assert_eq(&balance(&mut world, &ann));
    expect!["USER_NOT_REGISTERED: users: <ann> is no user's"].assert_eq(&world.submit(
        &ann,
        "tokens:pay",
        json!([account(&thief), 10, null]),
    ));
}

fn spend(world: &mut World, who: &Member, owner: &Member, to: &Member, amount: u64) -> String {
    let payment = json!({"amount": amount, "reference": null, "to": account(to)});
    world.submit(who, "tokens:spend", json!([account(owner), payment]))
}

/// An administrator gives the user a new key.
fn replace_key(world: &mut World, user: &Member) {
    use pervade_chaincode::canonical;
    use pervade_users::record::{KeyPurpose, KeyStatement};
    let new = world.client("Org1MSP", "new key", &[]);
    let statement = KeyStatement {
        account: account(user).parse().unwrap(),
        channel: "mychannel".to_owned(),
        contract: "users".to_owned(),
        old: account(user).parse().unwrap(),
        purpose: KeyPurpose::Replace,
    };
    let signature = new.signer().sign(&canonical::to_vec(&statement).unwrap()).unwrap();
    let proof = json!({
        "public_key": hex::encode(new.certificate().public_key_point()),
        "signature": hex::encode(signature),
    });
    let admin = world.admin("Org1MSP", "admin");
    let told = world.submit(&admin, "users:replace_key", json!([account(user), proof]));
    assert!(told.starts_with('{'), "{told}");
}
