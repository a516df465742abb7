//! Who binds the manager, who is a user, and whom the manager hears.

use expect_test::expect;
use pervade_users::record::UserTerms;
use serde_json::json;

use crate::stand_in::{bind, bound, deployed, user};
use crate::world::account;

/// W-13, W-14, W-15, W-17, attack 3: bound once, by who may, before all else.
#[test]
fn the_set_is_bound_once() {
    let mut world = deployed();
    let outsider = world.client("Org2MSP", "outsider", &[]);
    let register = world.submit(&outsider, "users:register", json!([]));
    expect![
        "peer: chaincode 'users' has not been initialized for this version, must call as init first"
    ]
    .assert_eq(&register);
    let set = pervade_platform::ContractSet::with_ending("");
    let hasty = world.submit(&outsider, "users:bind", json!([set, UserTerms::USUAL]));
    expect!["PERMISSION_DENIED: platform.init is not the signer's"].assert_eq(&hasty);
    let much = UserTerms { initial_reputation: 1_000_001, ..UserTerms::USUAL };
    expect!["BAD_TERMS: initial_reputation is outside its bounds"]
        .assert_eq(&bind(&mut world, "", &much));
    let none = UserTerms { full_reward_tasks: 0, ..UserTerms::USUAL };
    expect!["BAD_TERMS: full_reward_tasks is outside its bounds"]
        .assert_eq(&bind(&mut world, "", &none));
    expect![[r#"

        bound {"sha256":"d32705f857e5200510c9c8e75139a801f60cc3d6029400033a3df98a060d24e8"}"#]]
    .assert_eq(&bind(&mut world, "", &UserTerms::USUAL));
    let other = UserTerms { initial_reputation: 100, ..UserTerms::USUAL };
    expect!["peer: chaincode 'users' is already initialized but called as init"]
        .assert_eq(&bind(&mut world, "", &other));
}

/// W-18, W-19, W-20, W-24: the account is the signer's, whatever is asked for, and registered once.
#[test]
fn users_register_themselves_and_once() {
    let mut world = bound(&UserTerms::USUAL);
    let ann = world.client("Org1MSP", "ann", &[]);
    let ben = world.client("Org2MSP", "ben", &[]);
    expect!["ARGUMENT_COUNT: register takes 0 arguments, 1 came"].assert_eq(&world.submit(
        &ann,
        "users:register",
        json!([account(&ben)]),
    ));
    expect!["USER_NOT_REGISTERED: <ann> is no user's"].assert_eq(&world.evaluate(
        &ann,
        "users:caller",
        json!([]),
    ));
    expect![[r#"{"account":"<ann>","address":"<ann>","generation":0,"group":null,"keys":0,"msp":"Org1MSP"}"#]].assert_eq(&world.submit(&ann, "users:register", json!([])));
    expect!["USER_EXISTS: <ann> is, or was, a user's key"].assert_eq(&world.submit(
        &ann,
        "users:register",
        json!([]),
    ));
    expect![[r#"{"account":"<ann>","address":"<ann>","generation":0,"group":null,"keys":0,"msp":"Org1MSP"}"#]].assert_eq(&world.evaluate(&ben, "users:user", json!([account(&ann)])));
    expect!["USER_NOT_REGISTERED: <ben> is no user's"].assert_eq(&world.evaluate(
        &ben,
        "users:user",
        json!([account(&ben)]),
    ));
    expect![].assert_eq(&world.evaluate(&ben, "users:signer_account", json!([])));
    let nobodys = world.evaluate(&ann, "users:reputation", json!([account(&ben)]));
    expect!["USER_NOT_REGISTERED: <ben> is no user's"].assert_eq(&nobodys);
    expect!["<ann>"].assert_eq(&world.evaluate(&ann, "users:signer_account", json!([])));
    let keys = [&ann, &ben].map(|who| world.evaluate(who, "users:is_key", json!([account(who)])));
    assert_eq!(keys, ["true", "false"]);
    world.submit(&ben, "users:register", json!([]));
    let first = world.evaluate(&ann, "users:list", json!([1, ""]));
    let bookmark = serde_json::from_str::<serde_json::Value>(&first).unwrap();
    assert_ne!(bookmark["bookmark"], "", "there is another page");
    expect!["ARGUMENT: argument size of list: a page has 1 to 100 entries, not 101"]
        .assert_eq(&world.evaluate(&ann, "users:list", json!([101, ""])));
    expect![[r#"{"bookmark":"","values":[{"account":"<ann>","address":"<ann>","generation":0,"group":null,"keys":0,"msp":"Org1MSP"},{"account":"<ben>","address":"<ben>","generation":0,"group":null,"keys":0,"msp":"Org2MSP"}]}"#]].assert_eq(&world.evaluate(&ann, "users:list", json!([100, ""])));
}

/// W-16, F-2: nobody but the manager of tasks changes reputations: no user, no administrator, no other
/// chaincode.
#[test]
fn engage_and_settle_are_for_the_manager_of_tasks() {
    let mut world = bound(&UserTerms::USUAL);
    let ann = user(&mut world, "Org1MSP", "ann");
    let admin = world.admin("Org1MSP", "admin");
    let engagement = json!([{"creator": account(&ann), "respondent": account(&ann), "minimum": 0}]);
    let entry = json!({"account": account(&ann), "role": "creator", "outcome": "completed", "points": 1_000, "notify": true});
    let settlement = json!([{"epoch": 1, "task": "t", "entries": [entry]}]);
    for who in [&ann, &admin] {
        for (function, arguments) in [("engage", &engagement), ("settle", &settlement)] {
            let direct = world.submit(who, &format!("users:{function}"), arguments.clone());
            assert_eq!(direct, "PERMISSION_DENIED: only managers of the set may ask for this");
            let relayed = world.submit(who, &format!("stranger:{function}"), arguments.clone());
            assert_eq!(
                relayed,
                "PERMISSION_DENIED: users: only managers of the set may ask for this"
            );
        }
    }
    assert_eq!(world.evaluate(&ann, "users:reputation", json!([account(&ann)])), "1");
}

/// W-09: two sets stand side by side and share nothing.
#[test]
fn another_set_has_its_own_users() {
    let mut world = bound(&UserTerms::USUAL);
    let ann = user(&mut world, "Org1MSP", "ann");
    bind(&mut world, "-2", &UserTerms { initial_reputation: 5, ..UserTerms::USUAL });
    expect!["USER_NOT_REGISTERED: <ann> is no user's"].assert_eq(&world.evaluate(
        &ann,
        "users-2:caller",
        json!([]),
    ));
    world.submit(&ann, "users-2:register", json!([]));
    let reputations = ["users", "users-2"]
        .map(|set| world.evaluate(&ann, &format!("{set}:reputation"), json!([account(&ann)])));
    assert_eq!(reputations, ["1", "5"]);
    // The other set's manager of tasks is a stranger here, wherever it may be made to call.
    let engagement = json!([{"creator": account(&ann), "respondent": account(&ann), "minimum": 5}]);
    expect!["LOW_REPUTATION: users: the respondent's reputation is less than 5"]
        .assert_eq(&world.submit(&ann, "tasks:engage", engagement.clone()));
    let elsewhere = world.submit(&ann, "tasks-2:engage", engagement);
    assert!(elsewhere.starts_with('{'), "{elsewhere}");
}
