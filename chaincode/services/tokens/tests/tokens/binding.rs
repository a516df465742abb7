//! Who binds the manager, to what.

use expect_test::expect;
use pervade_platform::{Amount, ContractSet};
use pervade_tokens::record::TokenTerms;
use serde_json::json;

use crate::stand_in::{balance, bind, bound, deployed, holder, terms};
use crate::world::account;

/// W-13, W-14, W-15, W-17, W-43, attack 3: bound once, by who may, before all else; the price is what it is.
#[test]
fn the_set_is_bound_once() {
    let mut world = deployed();
    let outsider = world.client("Org2MSP", "outsider", &[]);
    let early = world.submit(&outsider, "tokens:purchase", json!([2, 5]));
    expect!["peer: chaincode 'tokens' has not been initialized for this version, must call as init first"].assert_eq(&early);
    let hasty =
        world.submit(&outsider, "tokens:bind", json!([ContractSet::with_ending(""), terms()]));
    expect!["PERMISSION_DENIED: platform.init is not the signer's"].assert_eq(&hasty);
    expect![[r#"

        bound {"sha256":"428db1e0da9d7c1542da4c000f4657f642dd67d32b0a32688af27e78b455758d"}"#]]
    .assert_eq(&bind(&mut world, "", &terms()));
    let cheaper = TokenTerms { price: Amount::new(1).unwrap(), ..terms() };
    expect!["peer: chaincode 'tokens' is already initialized but called as init"]
        .assert_eq(&bind(&mut world, "", &cheaper));
    expect!["2500000"].assert_eq(&world.evaluate(&outsider, "tokens:price", json!([])));
    expect![[r#"{"cap":100000000,"reserve":0,"sold":0,"stock":100000000}"#]]
        .assert_eq(&world.evaluate(&outsider, "tokens:supply", json!([])));
}

/// W-43, WC-07: terms that make no sense are not bound.
#[test]
fn terms_are_checked() {
    let mut world = deployed();
    let none = Amount::ZERO;
    for (wrong, field) in [
        (TokenTerms { bank: String::new(), ..terms() }, "bank"),
        (TokenTerms { cap: none, ..terms() }, "cap"),
        (TokenTerms { price: none, ..terms() }, "price"),
        (TokenTerms { cap: Amount::MAX, ..terms() }, "price"),
        (TokenTerms { symbol: String::new(), ..terms() }, "symbol"),
        (TokenTerms { symbol: "Perv".to_owned(), ..terms() }, "symbol"),
        (TokenTerms { symbol: "PERVADERS".to_owned(), ..terms() }, "symbol"),
    ] {
        let told = bind(&mut world, "", &wrong);
        assert_eq!(told, format!("BAD_TERMS: {field} is outside its bounds"));
    }
}

/// W-09: two sets stand side by side and share nothing.
#[test]
fn another_set_has_its_own_tokens() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 4);
    bind(&mut world, "-2", &TokenTerms { cap: Amount::new(7_000_007).unwrap(), ..terms() });
    world.submit(&ann, "users-2:register", json!([]));
    expect![[r#"{"money":0,"tokens":4}"#]].assert_eq(&balance(&mut world, &ann));
    expect![[r#"{"money":0,"tokens":0}"#]].assert_eq(&world.evaluate(
        &ann,
        "tokens-2:balance",
        json!([account(&ann)]),
    ));
    expect![[r#"{"cap":7000007,"reserve":0,"sold":0,"stock":7000007}"#]]
        .assert_eq(&world.evaluate(&ann, "tokens-2:supply", json!([])));
    expect!["INSUFFICIENT_FUNDS: only 0 of money is at hand"].assert_eq(&world.submit(
        &ann,
        "tokens-2:purchase",
        json!([4, 10]),
    ));
}
