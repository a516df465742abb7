//! Batches of moves, and who may order them.

use expect_test::expect;
use pervade_tokens::record::{FeeTo, TokenTerms};
use serde_json::{Value, json};

use crate::stand_in::{balance, bound, deposit, escrow, holder, moving, purse, terms, user};
use crate::world::{World, account};

/// W-44, W-45, D-07, F-1: fee and stake leave one account in one change.
#[test]
fn fee_and_stake_are_one_change() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 10);
    let create = [moving(1, &purse(&ann), &json!("fee")), moving(6, &purse(&ann), &escrow("t"))];
    assert_eq!(world.submit(&ann, "tasks:apply", json!([create])), "");
    expect![[r#"{"money":0,"tokens":3}"#]].assert_eq(&balance(&mut world, &ann));
    assert_eq!(world.evaluate(&ann, "tokens:escrow", json!(["t"])), "6", "frozen");
    expect![[r#"{"cap":100000000,"reserve":25,"sold":9,"stock":99999991}"#]]
        .assert_eq(&world.evaluate(&ann, "tokens:supply", json!([])));
    // What is staked cannot be spent.
    expect!["INSUFFICIENT_TOKENS: only 0.000003 tokens are at hand"].assert_eq(&world.submit(
        &ann,
        "tokens:redeem",
        json!([4]),
    ));
    // Completed: reward, stake and keeper's fee leave the escrow, which is gone then.
    let ben = holder(&mut world, "ben", 2);
    let stake = [moving(2, &purse(&ben), &escrow("t"))];
    assert_eq!(world.submit(&ben, "tasks:apply", json!([stake])), "");
    let pay = [moving(7, &escrow("t"), &purse(&ben)), moving(1, &escrow("t"), &purse(&ann))];
    assert_eq!(world.submit(&ben, "tasks:apply", json!([pay])), "");
    assert_eq!(world.evaluate(&ann, "tokens:escrow", json!(["t"])), "0", "nothing is left");
    let keys = world.simulator.keys("tokens");
    assert!(!keys.iter().any(|key| key.contains("escrow")), "not even its key");
    expect![[r#"{"money":0,"tokens":4}"#]].assert_eq(&balance(&mut world, &ann));
    expect![[r#"{"money":0,"tokens":7}"#]].assert_eq(&balance(&mut world, &ben));
}

/// D-22, W-33: a deposit leaves its owner's account, can be slashed for the stock, and comes back.
#[test]
fn a_deposit_is_the_devices() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 10);
    let pledge = json!([[moving(6, &purse(&ann), &deposit("d"))]]);
    assert_eq!(world.submit(&ann, "devices:apply", pledge), "");
    let slash = json!([[moving(2, &deposit("d"), &json!("stock"))]]);
    assert_eq!(world.submit(&ann, "tasks:apply", slash), "");
    assert_eq!(world.evaluate(&ann, "tokens:deposit", json!(["d"])), "4");
    let back = json!([[moving(4, &deposit("d"), &purse(&ann))]]);
    assert_eq!(world.submit(&ann, "devices:apply", back), "");
    expect![[r#"{"money":0,"tokens":8}"#]].assert_eq(&balance(&mut world, &ann));
    let keys = world.simulator.keys("tokens");
    assert!(!keys.iter().any(|key| key.contains("deposit")), "not even its key is left");
}

/// D-07: what comes into a purse and goes out of it in one batch is one change, or none.
#[test]
fn a_batch_is_net() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 10);
    let through = [moving(10, &purse(&ann), &escrow("a")), moving(10, &escrow("a"), &purse(&ann))];
    assert_eq!(world.submit(&ann, "tasks:apply", json!([through])), "");
    // Ann never had so much, and need not: it only passes.
    let more = [moving(20, &purse(&ann), &escrow("a")), moving(15, &escrow("a"), &purse(&ann))];
    assert_eq!(world.submit(&ann, "tasks:apply", json!([more])), "");
    expect![[r#"{"money":0,"tokens":5}"#]].assert_eq(&balance(&mut world, &ann));
    assert_eq!(world.evaluate(&ann, "tokens:escrow", json!(["a"])), "5");
}

/// W-16, W-50, F-2: no user, no administrator and no other chaincode moves tokens.
#[test]
fn moves_are_for_managers() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 10);
    let admin = world.admin("Org1MSP", "admin");
    let moves = json!([[moving(1, &purse(&ann), &escrow("t"))]]);
    for who in [&ann, &admin] {
        let direct = world.submit(who, "tokens:apply", moves.clone());
        assert_eq!(direct, "PERMISSION_DENIED: only managers of the set may ask for this");
        for foreign in ["stranger", "tasks-2", "devices-2"] {
            let told = world.submit(who, &format!("{foreign}:apply"), moves.clone());
            assert!(!told.is_empty(), "{foreign} moved");
        }
        let relayed = world.submit(who, "stranger:apply", moves.clone());
        assert_eq!(relayed, "PERMISSION_DENIED: tokens: only managers of the set may ask for this");
    }
    expect![[r#"{"money":0,"tokens":10}"#]].assert_eq(&balance(&mut world, &ann));
    assert_eq!(world.evaluate(&ann, "tokens:escrow", json!(["t"])), "0");
}

/// W-16: each manager has its own purses, and none makes tokens or hands them from user to user.
#[test]
fn each_manager_moves_between_its_own_purses() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 100);
    let ben = holder(&mut world, "ben", 100);
    let fill = [moving(40, &purse(&ann), &escrow("t"))];
    assert_eq!(world.submit(&ann, "tasks:apply", json!([fill])), "");
    let fill = [moving(40, &purse(&ann), &deposit("d"))];
    assert_eq!(world.submit(&ann, "devices:apply", json!([fill])), "");
    let purses = [
        ("ann", purse(&ann)),
        ("ben", purse(&ben)),
        ("deposit", deposit("d")),
        ("escrow", escrow("t")),
        ("fee", json!("fee")),
        ("stock", json!("stock")),
    ];
    let mut permitted = Vec::new();
    for manager in ["tasks", "devices"] {
        for (from_name, from) in &purses {
            for (to_name, to) in &purses {
                let moves = json!([[moving(1, from, to)]]);
                let told = world.submit(&ben, &format!("{manager}:apply"), moves);
                match told.split(':').next() {
                    Some("") => permitted.push(format!("{manager}: {from_name} > {to_name}")),
                    code => assert_eq!(code, Some("PERMISSION_DENIED"), "{told}"),
                }
            }
        }
    }
    expect![[r#"
        tasks: ann > escrow
        tasks: ann > fee
        tasks: ben > escrow
        tasks: ben > fee
        tasks: deposit > stock
        tasks: escrow > ann
        tasks: escrow > ben
        tasks: escrow > fee
        tasks: escrow > stock
        devices: ann > deposit
        devices: ben > deposit
        devices: deposit > ann
        devices: deposit > ben"#]]
    .assert_eq(&permitted.join("\n"));
}

/// WC-07: fees go back to the stock, or to a treasury, as the terms say.
#[test]
fn fees_go_where_the_terms_say() {
    for is_burned in [true, false] {
        let mut world = bound(&terms());
        let treasurer = world.client("Org1MSP", "treasurer", &[]);
        if !is_burned {
            let account = account(&treasurer).parse().unwrap();
            world = bound(&TokenTerms { fee_to: FeeTo::Treasury(account), ..terms() });
        }
        let ann = holder(&mut world, "ann", 10);
        let fee = [moving(4, &purse(&ann), &json!("fee"))];
        assert_eq!(world.submit(&ann, "tasks:apply", json!([fee])), "");
        let supply: Value =
            serde_json::from_str(&world.evaluate(&ann, "tokens:supply", json!([]))).unwrap();
        let treasury: Value = serde_json::from_str(&balance(&mut world, &treasurer)).unwrap();
        let (sold, kept) = if is_burned { (6, 0) } else { (10, 4) };
        assert_eq!(supply["sold"], sold, "burned: {is_burned}");
        assert_eq!(treasury["tokens"], kept, "burned: {is_burned}");
    }
}

/// W-51: nothing wraps, at either end, and a batch has an end.
#[test]
fn moves_have_bounds() {
    let mut world = bound(&terms());
    let ann = holder(&mut world, "ann", 10);
    let most = 9_007_199_254_740_991_u64;
    let mut moved = |moves: Value| world.submit(&ann, "tasks:apply", json!([moves]));
    expect![].assert_eq(&moved(json!([])));
    expect![].assert_eq(&moved(json!([moving(0, &purse(&ann), &escrow("t"))])));
    expect!["INSUFFICIENT_TOKENS: tokens: only 0.00001 tokens are at hand"]
        .assert_eq(&moved(json!([moving(11, &purse(&ann), &escrow("t"))])));
    expect!["INSUFFICIENT_TOKENS: tokens: only 0.00001 tokens are at hand"]
        .assert_eq(&moved(json!([moving(most, &purse(&ann), &escrow("t"))])));
    expect!["ARGUMENT: argument moves of apply: JSON: that is more than there can be at line 1 column 27"].assert_eq(&moved(json!([moving(most + 1, &purse(&ann), &escrow("t"))])));
    expect!["TOKEN_OVERFLOW: tokens: that is more than there can be"].assert_eq(&moved(json!([
        moving(most, &purse(&ann), &escrow("t")),
        moving(1, &purse(&ann), &escrow("t"))
    ])));
    expect!["INSUFFICIENT_TOKENS: tokens: only 0 tokens are at hand"]
        .assert_eq(&moved(json!([moving(1, &escrow("t"), &purse(&ann))])));
    expect!["TOO_MANY_MOVES: tokens: there are at most 16 moves at once"]
        .assert_eq(&moved(json!(vec![moving(1, &purse(&ann), &escrow("t")); 17])));
    expect![].assert_eq(&moved(json!([moving(10, &purse(&ann), &escrow("t"))])));
    expect![[r#"{"money":0,"tokens":0}"#]].assert_eq(&balance(&mut world, &ann));
    expect!["INSUFFICIENT_TOKENS: tokens: only 0 tokens are at hand"]
        .assert_eq(&moved_by_devices(&mut world));
}

fn moved_by_devices(world: &mut World) -> String {
    let ben = user(world, "ben", 0);
    world.submit(&ben, "devices:apply", json!([[moving(1, &deposit("d"), &purse(&ben))]]))
}
