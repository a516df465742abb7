//! Who pays what, and who gets it.

use expect_test::expect;
use pervade_platform::Amount;
use pervade_simulator::Member;
use pervade_tasks::record::{Kind, NewTask};
use pervade_tokens::record::FeeTo;
use pervade_users::record::UserTerms;

use crate::stage::{Stage, named, paying, public};
use crate::world::{Terms, account, call, units, whole};

/// W-44, W-45, W-46, W-48, W-56, D-19: fee, stakes and reward from creation to completion.
#[test]
fn a_completed_task_pays_the_respondent() {
    let mut stage = Stage::new();
    expect!["ann 100, ben 95, escrow 0"].assert_eq(&stage.purses("none"));
    let task = stage.create(&public()).unwrap();
    expect!["ann 94.9, ben 95, escrow 4.1"].assert_eq(&stage.purses(&task));
    stage.accept(&task).unwrap();
    expect!["ann 94.9, ben 93, escrow 6.1"].assert_eq(&stage.purses(&task));
    let verdict = stage.complete(&task, &[("celsius", 21)]).unwrap();
    assert_eq!(verdict.confirmed, Some(true));
    expect!["ann 95, ben 99, escrow 0"].assert_eq(&stage.purses(&task));
    let (ann, ben) = (stage.ann.clone(), stage.ben.clone());
    let points = (stage.world.reputation(&ann), stage.world.reputation(&ben));
    assert_eq!(points, (2, 3), "one and two more than they began with");
}

/// W-49, W-81: a released task returns what was staked, and not the fee.
#[test]
fn a_released_task_returns_the_reward() {
    let mut stage = Stage::new();
    let task = stage.create(&public()).unwrap();
    stage.release(&task).unwrap();
    expect!["ann 99, ben 95, escrow 0"].assert_eq(&stage.purses(&task));
    expect!["released in 0"].assert_eq(&stage.outcome(&task));
}

/// W-47, W-49, D-02, D-19: an expired task is the creator's, with the stake if somebody accepted
/// it; whoever says so gets the keeper's fee.
#[test]
fn an_expired_task_returns_to_the_creator() {
    let mut stage = Stage::new();
    let cleo = stage.world.user_with("Org3MSP", "cleo", 0);
    let unaccepted = stage.create(&public()).unwrap();
    let accepted = stage.accepted(&public());
    expect!["ann 89.8, ben 93, escrow 6.1"].assert_eq(&stage.purses(&accepted));
    stage.world.until(6);
    stage.expire_as(&cleo, &unaccepted).unwrap();
    expect!["ann 93.8, ben 93, escrow 0"].assert_eq(&stage.purses(&unaccepted));
    stage.expire_as(&cleo, &accepted).unwrap();
    expect!["ann 99.8, ben 93, escrow 0"].assert_eq(&stage.purses(&accepted));
    assert_eq!(stage.world.tokens(&cleo), units(200_000), "twice the keeper's fee");
    let ben = stage.ben.clone();
    assert_eq!(stage.world.reputation(&ben), 1, "nothing is earned by it");
}

/// D-02: who calls makes no difference to the parties; if it is no user, the keeper's fee is
/// burned.
#[test]
fn anyone_may_expire_a_task() {
    let ended_by = |who: fn(&mut Stage) -> Member| {
        let mut stage = Stage::new();
        let task = stage.accepted(&public());
        stage.world.until(6);
        let who = who(&mut stage);
        stage.expire_as(&who, &task).unwrap();
        format!("{}, {}", stage.outcome(&task), stage.purses(&task))
    };
    expect!["expired in 6, ann 101, ben 93, escrow 0"].assert_eq(&ended_by(|s| s.ann.clone()));
    expect!["expired in 6, ann 100.9, ben 93.1, escrow 0"].assert_eq(&ended_by(|s| s.ben.clone()));
    expect!["expired in 6, ann 100.9, ben 93, escrow 0"].assert_eq(&ended_by(|stage| {
        stage.world.until(9);
        stage.world.simulator.client("Org1MSP", "nobody").unwrap()
    }));
}

/// D-23: who declines in time pays a tenth of the stake; the task is open again.
#[test]
fn declining_forfeits_a_part_of_the_stake() {
    let mut stage = Stage::new();
    let task = stage.accepted(&public());
    let ben = stage.ben.clone();
    let _: serde_json::Value = stage.now(&ben, "tasks:decline", &task).unwrap();
    expect!["ann 95.1, ben 94.8, escrow 4.1"].assert_eq(&stage.purses(&task));
    stage.accept(&task).unwrap();
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    expect!["ann 95.2, ben 98.8, escrow 0"].assert_eq(&stage.purses(&task));
}

/// D-19, attack 9: half of an odd reward is the larger half, and comes back whole.
#[test]
fn an_odd_reward_is_halved_exactly() {
    let mut stage = Stage::new();
    let task = stage.accepted(&paying(units(1_000_001)));
    expect!["ann 97.899999, ben 94.499999, escrow 1.600002"].assert_eq(&stage.purses(&task));
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    expect!["ann 97.999999, ben 96.000001, escrow 0"].assert_eq(&stage.purses(&task));
}

/// W-45, W-66, W-73: what is staked cannot be spent, and what one does not have cannot be staked.
#[test]
fn stakes_are_frozen() {
    let mut stage = Stage::new();
    let task = stage.create(&paying(whole(90))).unwrap();
    expect!["ann 8.9, ben 95, escrow 90.1"].assert_eq(&stage.purses(&task));
    let (ann, ben) = (stage.ann.clone(), stage.ben.clone());
    let pay = call(&ann, "tokens:pay").with(account(&ben)).with(whole(9)).with(());
    let paid = stage.world.submit::<serde_json::Value>(pay);
    assert_eq!(paid, Err("INSUFFICIENT_TOKENS".to_owned()));
    assert_eq!(stage.create(&paying(whole(8))), Err("INSUFFICIENT_TOKENS".to_owned()));
    stage.create(&paying(units(7_800_000))).unwrap();
    expect!["ann 0, ben 95, escrow 90.1"].assert_eq(&stage.purses(&task));
}

/// W-44: where the terms say so, the fee goes to a treasury, and does not come back either.
#[test]
fn the_fee_may_go_to_a_treasury() {
    // Who is called the same has the same key, in whichever simulator.
    let treasury = Stage::new().world.simulator.client("Org3MSP", "treasury").unwrap();
    let mut terms = Terms::default();
    terms.tokens.fee_to = FeeTo::Treasury(account(&treasury));
    let mut stage = Stage::with(&terms);
    let task = stage.create(&public()).unwrap();
    stage.release(&task).unwrap();
    assert_eq!(stage.world.tokens(&treasury), whole(1));
}

/// W-56, W-65, D-20, D-21: one's own task may pay nothing, and earns no reputation, unless the
/// terms take the rule by the letter: then both parts are one's own.
#[test]
fn ones_own_task_earns_nothing() {
    let earned = |literal_reputation| {
        let users = UserTerms { literal_reputation, ..UserTerms::USUAL };
        let mut stage = Stage::with(&Terms { users, ..Terms::default() });
        let (ben, device) = (stage.ben.clone(), stage.device.clone());
        let own = NewTask { reward: Amount::ZERO, ..named(Kind::Assigned, &ben, &device) };
        let task = stage.create_as(&ben, &own).unwrap();
        stage.accept(&task).unwrap();
        stage.complete(&task, &[("celsius", 21)]).unwrap();
        assert_eq!(stage.world.tokens(&ben), whole(94), "the fee, and the deposit before");
        stage.world.reputation(&ben) - 1
    };
    assert_eq!(earned(false), 0);
    assert_eq!(earned(true), 3);
}
