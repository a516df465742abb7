//! Payments between users.

use expect_test::expect;
use serde_json::{Value, json};

use crate::stand_in::{balance, bound, holder, terms, user};
use crate::world::account;

/// D-10, T-11: a payment is typed, kept, told, and found by payer and payee.
#[test]
fn a_payment_is_a_record() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 10);
    let ben = user(&mut world, "ben", 0);
    let paid = world.submit(&ann, "tokens:pay", json!([account(&ben), 7, "order/12"]));
    expect![[r#"
        {"amount":7,"asset":"tokens","from":"<ann>","reference":"order/12","spender":null,"to":"<ben>","tx_id":"<tx10>"}
        transferred {"amount":7,"asset":"tokens","from":"<ann>","reference":"order/12","spender":null,"to":"<ben>","tx_id":"<tx10>"}"#]].assert_eq(&paid);
    world.submit(&ben, "tokens:pay", json!([account(&ann), 2, null]));
    expect![[r#"{"money":0,"tokens":5}"#]].assert_eq(&balance(&mut world, &ann));
    expect![[r#"{"money":0,"tokens":5}"#]].assert_eq(&balance(&mut world, &ben));
    for who in [&ann, &ben] {
        let page = world.evaluate(who, "tokens:transfers", json!([account(who), 1, ""]));
        let page: Value = serde_json::from_str(&page).unwrap();
        assert_eq!(page["values"].as_array().unwrap().len(), 1, "a page of one");
        let rest = json!([account(who), 100, page["bookmark"]]);
        let rest: Value =
            serde_json::from_str(&world.evaluate(who, "tokens:transfers", rest)).unwrap();
        assert_eq!(rest["values"].as_array().unwrap().len(), 1, "and the other");
        assert_ne!(rest["values"], page["values"]);
    }
}

/// W-51, W-101: what is no payment.
#[test]
fn a_payment_needs_a_user_a_sum_and_no_prose() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 10);
    let ben = world.client("Org2MSP", "ben", &[]);
    let mut pay = |to: Value, amount: u64, reference: Value| {
        world.submit(&ann, "tokens:pay", json!([to, amount, reference]))
    };
    expect!["USER_NOT_REGISTERED: users: <ben> is no user's"].assert_eq(&pay(
        json!(account(&ben)),
        1,
        json!(null),
    ));
    expect!["ARGUMENT: argument to of pay: an account is 64 lower-case hexadecimal digits"]
        .assert_eq(&pay(json!("ben"), 1, json!(null)));
    expect!["AMOUNT_ZERO: nothing is ordered"].assert_eq(&pay(
        json!(account(&ann)),
        0,
        json!(null),
    ));
    expect!["INSUFFICIENT_TOKENS: only 0.00001 tokens are at hand"].assert_eq(&pay(
        json!(account(&ann)),
        11,
        json!(null),
    ));
    expect!["ARGUMENT: argument reference of pay: a reference is 1 to 64 letters, digits and any of ._:/-"].assert_eq(&pay(json!(account(&ann)), 1, json!("for Benjamin's flat")));
    expect!["ARGUMENT: argument reference of pay: a reference is 1 to 64 letters, digits and any of ._:/-"].assert_eq(&pay(json!(account(&ann)), 1, json!("7".repeat(65))));
    let own = pay(json!(account(&ann)), 4, json!("7".repeat(64)));
    assert!(own.starts_with('{'), "{own}");
    expect![[r#"{"money":0,"tokens":10}"#]].assert_eq(&balance(&mut world, &ann));
    expect!["USER_NOT_REGISTERED: users: <ben> is no user's"].assert_eq(&world.submit(
        &ben,
        "tokens:pay",
        json!([account(&ann), 1, null]),
    ));
}

/// F-10: many payments to one user at once, as many small ones as come.
#[test]
fn a_user_is_paid_by_many_at_once() {
    let mut world = bound(&terms());
    let shop = user(&mut world, "shop", 0);
    let buyers: Vec<_> =
        (0..70).map(|number| holder(&mut world, &format!("buyer{number}"), 2)).collect();
    let mut payments = Vec::new();
    for buyer in &buyers {
        let client = world.simulator.as_(buyer).to("tokens");
        payments
            .push(client.endorse("pay", [account(&shop), "2".to_owned(), String::new()]).unwrap());
    }
    let verdicts = world.simulator.commit(payments).unwrap();
    assert!(verdicts.iter().all(Result::is_ok), "none conflicts");
    expect![[r#"{"money":0,"tokens":140}"#]].assert_eq(&balance(&mut world, &shop));
    // Of so many notes only some are picked up at once; the rest has to be gathered.
    expect!["TOO_MANY_NOTES: there are more notes than count at once: have them gathered"]
        .assert_eq(&world.submit(&shop, "tokens:redeem", json!([130])));
    world.submit(&buyers[0], "tokens:gather", json!([account(&shop)]));
    expect![].assert_eq(&world.submit(&shop, "tokens:redeem", json!([130])));
    expect![[r#"{"money":325,"tokens":10}"#]].assert_eq(&balance(&mut world, &shop));
}
