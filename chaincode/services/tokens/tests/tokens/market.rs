//! Money comes and goes, and tokens are bought and sold.

use expect_test::expect;
use pervade_simulator::Endorsed;
use pervade_tokens::MAY_ISSUE;
use serde_json::json;

use crate::stand_in::{balance, bound, holder, issue, terms, user};
use crate::world::{World, account};

/// D-28: the bank's issuers issue settlement money, to users, and nobody else does.
#[test]
fn the_bank_issues_money() {
    let mut world = bound(&terms());
    let ann = user(&mut world, "ann", 0);
    expect![[r#"

        money-changed {"account":"<ann>","amount":7,"change":"issued"}"#]]
    .assert_eq(&issue(&mut world, &ann, 7));
    let imposter = world.client("Org1MSP", "imposter", &[MAY_ISSUE]);
    let admin = world.admin("Org3MSP", "admin");
    for who in [&imposter, &admin] {
        let told = world.submit(who, "tokens:issue", json!([account(&ann), 1]));
        assert_eq!(told, "PERMISSION_DENIED: the signer is no issuer of Org3MSP");
        let told = world.submit(who, "tokens:retire", json!([1]));
        assert_eq!(told, "PERMISSION_DENIED: the signer is no issuer of Org3MSP");
    }
    expect!["USER_NOT_REGISTERED: users: <imposter> is no user's"]
        .assert_eq(&issue(&mut world, &imposter, 1));
    expect!["AMOUNT_ZERO: nothing is ordered"].assert_eq(&issue(&mut world, &ann, 0));
    expect![[r#"{"money":7,"tokens":0}"#]].assert_eq(&balance(&mut world, &ann));
}

/// W-42: exact payment buys; any other is refused, and so is one that the buyer does not have.
#[test]
fn tokens_are_bought_for_what_they_cost() {
    let mut world = bound(&terms());
    let ann = user(&mut world, "ann", 10_000_000);
    let mut buy =
        |tokens: u64, payment: u64| world.submit(&ann, "tokens:purchase", json!([tokens, payment]));
    expect!["BAD_PAYMENT: that costs 2.5, and 2.499999 is paid"]
        .assert_eq(&buy(1_000_000, 2_499_999));
    expect!["BAD_PAYMENT: that costs 2.5, and 2.500001 is paid"]
        .assert_eq(&buy(1_000_000, 2_500_001));
    expect!["AMOUNT_NOT_EXACT: that is no whole number of base units"].assert_eq(&buy(1, 2));
    expect!["AMOUNT_ZERO: nothing is ordered"].assert_eq(&buy(0, 0));
    expect!["INSUFFICIENT_FUNDS: only 10 of money is at hand"]
        .assert_eq(&buy(4_000_002, 10_000_005));
    expect![].assert_eq(&buy(3_000_000, 7_500_000));
    expect![[r#"{"money":2500000,"tokens":3000000}"#]].assert_eq(&balance(&mut world, &ann));
    expect![[r#"{"cap":100000000,"reserve":7500000,"sold":3000000,"stock":97000000}"#]]
        .assert_eq(&world.evaluate(&ann, "tokens:supply", json!([])));
    let nobody = world.client("Org1MSP", "nobody", &[]);
    expect!["USER_NOT_REGISTERED: users: <nobody> is no user's"].assert_eq(&world.submit(
        &nobody,
        "tokens:purchase",
        json!([2, 5]),
    ));
}

/// WC-07: there are no more tokens than the cap, however much is paid.
#[test]
fn the_cap_is_the_end() {
    let mut world = bound(&terms());
    let ann = user(&mut world, "ann", 250_000_005);
    expect!["SOLD_OUT: only 100 tokens can be bought"].assert_eq(&world.submit(
        &ann,
        "tokens:purchase",
        json!([100_000_002, 250_000_005]),
    ));
    expect![].assert_eq(&world.submit(&ann, "tokens:purchase", json!([100_000_000, 250_000_000])));
    expect!["SOLD_OUT: only 0 tokens can be bought"].assert_eq(&world.submit(
        &ann,
        "tokens:purchase",
        json!([2, 5]),
    ));
    expect![[r#"{"cap":100000000,"reserve":250000000,"sold":100000000,"stock":0}"#]]
        .assert_eq(&world.evaluate(&ann, "tokens:supply", json!([])));
}

/// WC-08, attack 7: what was paid for tokens comes back for them, and leaves through the bank.
#[test]
fn no_money_gets_stuck() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 4_000_000);
    expect!["INSUFFICIENT_TOKENS: only 4 tokens are at hand"].assert_eq(&world.submit(
        &ann,
        "tokens:redeem",
        json!([4_000_002]),
    ));
    expect!["AMOUNT_NOT_EXACT: that is no whole number of base units"].assert_eq(&world.submit(
        &ann,
        "tokens:redeem",
        json!([1]),
    ));
    expect![].assert_eq(&world.submit(&ann, "tokens:redeem", json!([4_000_000])));
    expect![[r#"{"money":10000000,"tokens":0}"#]].assert_eq(&balance(&mut world, &ann));
    expect![[r#"{"cap":100000000,"reserve":0,"sold":0,"stock":100000000}"#]]
        .assert_eq(&world.evaluate(&ann, "tokens:supply", json!([])));
    let issuer = world.client("Org3MSP", "issuer", &[MAY_ISSUE]);
    world.submit(&issuer, "users:register", json!([]));
    let back = json!([account(&issuer), 10_000_000, "cash-out/7"]);
    expect![[r#"
        {"amount":10000000,"asset":"money","from":"<ann>","reference":"cash-out/7","spender":null,"to":"<issuer>","tx_id":"<tx10>"}
        transferred {"amount":10000000,"asset":"money","from":"<ann>","reference":"cash-out/7","spender":null,"to":"<issuer>","tx_id":"<tx10>"}"#]].assert_eq(&world.submit(&ann, "tokens:pay_money", back));
    expect!["INSUFFICIENT_FUNDS: only 10 of money is at hand"].assert_eq(&world.submit(
        &issuer,
        "tokens:retire",
        json!([10_000_001]),
    ));
    expect![[r#"

        money-changed {"account":"<issuer>","amount":10000000,"change":"retired"}"#]]
    .assert_eq(&world.submit(&issuer, "tokens:retire", json!([10_000_000])));
    expect![[r#"{"money":0,"tokens":0}"#]].assert_eq(&balance(&mut world, &issuer));
}

/// F-10: buyers of one block do not get in each other's way, unless chance has it.
#[test]
fn buyers_come_at_once() {
    let mut world = bound(&terms());
    let buyers: Vec<_> =
        (0..8).map(|number| user(&mut world, &format!("buyer{number}"), 5)).collect();
    let mut orders = Vec::<Endorsed>::new();
    for buyer in &buyers {
        let order = world.simulator.as_(buyer).to("tokens").endorse("purchase", ["2", "5"]);
        orders.push(order.unwrap());
    }
    let first_byte = |order: &Endorsed| u8::from_str_radix(&order.tx_id().as_str()[..2], 16);
    let parts: std::collections::BTreeSet<u8> =
        orders.iter().map(|order| first_byte(order).unwrap() % 64).collect();
    let verdicts = world.simulator.commit(orders).unwrap();
    let valid = verdicts.iter().filter(|verdict| verdict.is_ok()).count();
    assert_eq!(valid, parts.len(), "one for each part of the stock that a buyer began with");
    assert!(valid > 4, "{parts:?}");
}

/// F-10, W-53: notes are put together by whoever cares to, and nothing is lost over it.
#[test]
fn gathering_changes_no_sum() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 10);
    world.submit(&ann, "tokens:redeem", json!([4]));
    let told = |world: &mut World| {
        (balance(world, &ann), world.evaluate(&ann, "tokens:supply", json!([])))
    };
    let notes = |world: &World| {
        let keys = world.simulator.keys("tokens").into_iter();
        keys.filter(|key| key.contains("-note")).count()
    };
    let before = told(&mut world);
    // Money that came back, the stock, and the reserve, whose notes a sale has used up.
    assert!(notes(&world) > 1, "there are notes");
    assert_eq!(world.submit(&ann, "tokens:gather", json!([account(&ann)])), "");
    assert_eq!(world.submit(&ann, "tokens:gather_pools", json!([])), "");
    assert_eq!(notes(&world), 0);
    assert_eq!(told(&mut world), before);
}
