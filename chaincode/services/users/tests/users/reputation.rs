//! What tasks earn, and what is told of them.

use expect_test::expect;
use pervade_simulator::Member;
use pervade_users::record::UserTerms;
use serde_json::{Value, json};

use crate::stand_in::{bound, user};
use crate::world::{World, account};

/// W-55, W-56, W-58, W-60: a completed task earns one and two, and histories tell of it.
#[test]
fn a_completed_task_earns_one_and_two() {
    let mut world = bound(&UserTerms::USUAL);
    let ann = user(&mut world, "Org1MSP", "ann");
    let ben = user(&mut world, "Org2MSP", "ben");
    assert_eq!(reputations(&mut world, [&ann, &ben]), ["1", "1"], "to begin with");
    assert_eq!(earned(&mut world, &ann, &ben), [1, 2]);
    let settlement =
        settled("t1", [entry(&ann, "creator", 1, true), entry(&ben, "respondent", 2, false)]);
    expect![[r#"

        users:notified {"account":"<ann>","outcome":"completed","task":"t1"}"#]]
    .assert_eq(&world.submit(&ben, "tasks:settle", settlement));
    assert_eq!(reputations(&mut world, [&ann, &ben]), ["2", "3"]);
    expect![[r#"{"bookmark":"","values":[{"account":"<ben>","epoch":7,"outcome":"completed","points":2,"role":"respondent","task":"t1"}]}"#]].assert_eq(&world.evaluate(&ann, "users:history", json!([account(&ben), 10, ""])));
}

/// W-25, W-26, W-27: the creator is told, for ever, and with an event.
#[test]
fn a_notification_stays() {
    let mut world = bound(&UserTerms::USUAL);
    let ann = user(&mut world, "Org1MSP", "ann");
    let ben = user(&mut world, "Org2MSP", "ben");
    for task in ["t2", "t1"] {
        let entries = [entry(&ann, "creator", 1, true), entry(&ben, "respondent", 2, false)];
        world.submit(&ben, "tasks:settle", settled(task, entries));
    }
    let notifications = |world: &mut World, who: &Member| {
        world.evaluate(&ben, "users:notifications", json!([account(who), 10, ""]))
    };
    expect![[r#"{"bookmark":"","values":[{"account":"<ann>","epoch":7,"outcome":"completed","task":"t1"},{"account":"<ann>","epoch":7,"outcome":"completed","task":"t2"}]}"#]].assert_eq(&notifications(&mut world, &ann));
    expect![[r#"{"bookmark":"","values":[]}"#]].assert_eq(&notifications(&mut world, &ben));
}

/// D-07, F-1: who has both parts in a task earns one sum, in one note.
#[test]
fn both_parts_of_a_task_earn_one_sum() {
    let mut world = bound(&UserTerms { literal_reputation: true, ..UserTerms::USUAL });
    let ann = user(&mut world, "Org1MSP", "ann");
    assert_eq!(earned(&mut world, &ann, &ann), [1, 2], "D-21: to the letter");
    let entries = [entry(&ann, "creator", 1, true), entry(&ann, "respondent", 2, true)];
    expect![[r#"

        users:notified {"account":"<ann>","outcome":"completed","task":"t1"}"#]]
    .assert_eq(&world.submit(&ann, "tasks:settle", settled("t1", entries)));
    assert_eq!(reputations(&mut world, [&ann, &ann]), ["4", "4"]);
}

/// D-21, attack 2: nothing is earned by tasks of one's own, nor among the users of one owner.
#[test]
fn reputation_is_not_farmed() {
    let mut world = bound(&UserTerms::USUAL);
    let ann = user(&mut world, "Org1MSP", "ann");
    let ben = user(&mut world, "Org2MSP", "ben");
    assert_eq!(earned(&mut world, &ann, &ann), [0, 0]);
    for (org, who) in [("Org1MSP", &ann), ("Org2MSP", &ben)] {
        let admin = world.admin(org, &format!("admin-of-{org}"));
        world.submit(&admin, "users:declare_group", json!([account(who), "acme"]));
    }
    assert_eq!(earned(&mut world, &ann, &ben), [0, 0], "one owner's");
    let admin = world.admin("Org2MSP", "admin-of-Org2MSP");
    world.submit(&admin, "users:declare_group", json!([account(&ben), null]));
    assert_eq!(earned(&mut world, &ann, &ben), [1, 2], "two owners'");
}

/// D-21: the more tasks of the same two, the less they earn; to the letter, all earn the same.
#[test]
fn the_same_two_earn_less_and_less() {
    let literal = UserTerms { literal_reputation: true, ..UserTerms::USUAL };
    for (terms, expected) in [
        (UserTerms::USUAL, expect!["1 2 3 4 5 6 7 8 16 32"]),
        (UserTerms { full_reward_tasks: 1, ..UserTerms::USUAL }, expect!["1 2 4 8 16 32"]),
        (
            literal,
            expect![
                "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33"
            ],
        ),
    ] {
        let mut world = bound(&terms);
        let ann = user(&mut world, "Org1MSP", "ann");
        let ben = user(&mut world, "Org2MSP", "ben");
        let tasks = 1..=33_u32;
        let earning = tasks.filter(|_| earned(&mut world, &ann, &ben) == [1, 2]);
        let earning: Vec<String> = earning.map(|number| number.to_string()).collect();
        expected.assert_eq(&earning.join(" "));
        assert_eq!(earned(&mut world, &ben, &ann), [1, 2], "the other way round they are new");
    }
}

/// W-57: below the minimum no, at it yes.
#[test]
fn a_creator_may_ask_for_reputation() {
    let mut world = bound(&UserTerms::USUAL);
    let ann = user(&mut world, "Org1MSP", "ann");
    let ben = user(&mut world, "Org2MSP", "ben");
    world.submit(&ben, "tasks:settle", settled("t1", [entry(&ben, "respondent", 2, false)]));
    let engage = |minimum: u64| json!([{"creator": account(&ann), "respondent": account(&ben), "minimum": minimum}]);
    for too_much in [4, u64::MAX] {
        let told = world.submit(&ben, "tasks:engage", engage(too_much));
        assert_eq!(
            told,
            format!("LOW_REPUTATION: users: the respondent's reputation is less than {too_much}")
        );
    }
    let told = world.submit(&ben, "tasks:engage", engage(3));
    assert!(told.starts_with('{'), "{told}");
    // The same with the points put together.
    world.submit(&ann, "users:gather", json!([account(&ben)]));
    assert_eq!(reputations(&mut world, [&ann, &ben]), ["1", "3"]);
    let told = world.submit(&ben, "tasks:engage", engage(3));
    assert!(told.starts_with('{'), "{told}");
}

/// W-118: a settlement has an end.
#[test]
fn a_settlement_has_few_entries() {
    let mut world = bound(&UserTerms::USUAL);
    let ann = user(&mut world, "Org1MSP", "ann");
    let entries = [(); 5].map(|()| entry(&ann, "creator", 0, false));
    expect!["TOO_MANY_ENTRIES: users: a settlement has at most 4 entries"]
        .assert_eq(&world.submit(&ann, "tasks:settle", settled("t1", entries)));
    let entries = [u64::MAX, 1].map(|points| entry(&ann, "creator", points, false));
    expect!["TOKEN_OVERFLOW: users: that is more than there can be"].assert_eq(&world.submit(
        &ann,
        "tasks:settle",
        settled("t1", entries),
    ));
}

fn entry(who: &Member, role: &str, points: u64, notify: bool) -> Value {
    json!({"account": account(who), "role": role, "outcome": "completed", "points": points, "notify": notify})
}

fn settled<const N: usize>(task: &str, entries: [Value; N]) -> Value {
    json!([{"epoch": 7, "task": task, "entries": entries.to_vec()}])
}

fn reputations(world: &mut World, whose: [&Member; 2]) -> [String; 2] {
    whose.map(|who| world.evaluate(who, "users:reputation", json!([account(who)])))
}

/// What the next task of the two would earn them.
fn earned(world: &mut World, creator: &Member, respondent: &Member) -> [u64; 2] {
    let engagement =
        json!([{"creator": account(creator), "respondent": account(respondent), "minimum": 0}]);
    let told = world.submit(respondent, "tasks:engage", engagement);
    let engaged: Value = serde_json::from_str(&told).unwrap();
    ["creator_points", "respondent_points"].map(|field| engaged[field].as_u64().unwrap())
}
