//! Attacks on the published queue, each of which fails here.

use expect_test::expect;
use pervade_platform::Amount;
use pervade_tasks::record::{Kind, NewTask};
use serde_json::{Value, json};

use crate::stage::{Stage, named, paying, public};
use crate::world::{account, call, units, whole};

/// Attack 1, expiry theft: a creator waits until a task has nearly expired, has somebody
/// accept it, and takes the stake. Nobody can accept it so late.
#[test]
fn expiry_theft() {
    let mut stage = Stage::new();
    for limit in [0, 1, 2] {
        let told = stage.create(&NewTask { limit, ..public() });
        assert_eq!(told, Err("BAD_TIME_LIMIT".to_owned()));
    }
    let task = stage.create(&public()).unwrap();
    stage.world.until(4);
    let told = stage.accept(&task).map(|task| task.id);
    assert_eq!(told, Err("TASK_EXPIRED".to_owned()), "one epoch before the last");
    stage.world.until(9);
    let told = stage.accept(&task).map(|task| task.id);
    assert_eq!(told, Err("TASK_EXPIRED".to_owned()));
    stage.release(&task).unwrap();
    expect!["ann 99, ben 95, escrow 0"].assert_eq(&stage.purses(&task));
}

/// Attack 2, reputation farming: nothing is earned from oneself, nor between users of one owner,
/// nor by tasks that pay nothing; and ever less from the same friend.
#[test]
fn reputation_farming() {
    let mut stage = Stage::new();
    let (ann, ben, device) = (stage.ann.clone(), stage.ben.clone(), stage.device.clone());
    assert_eq!(stage.create(&paying(Amount::ZERO)), Err("BAD_REWARD".to_owned()));
    let free = NewTask { reward: Amount::ZERO, ..named(Kind::Assigned, &ben, &device) };
    assert_eq!(stage.create(&free), Err("BAD_REWARD".to_owned()), "another's for nothing");
    let own = stage.create_as(&ben, &free).unwrap();
    stage.accept(&own).unwrap();
    stage.complete(&own, &[("celsius", 21)]).unwrap();
    assert_eq!(stage.world.reputation(&ben), 1, "from oneself");
    for number in 1..=10 {
        let task = stage.accepted(&paying(whole(1)));
        stage.complete(&task, &[("celsius", 21)]).unwrap();
        assert_eq!(stage.world.reputation(&ben), 1 + 2 * number.min(8), "from a friend");
    }
    for (who, msp) in [(&ann, "Org1MSP"), (&ben, "Org2MSP")] {
        let admin = stage.world.simulator.admin(msp, "admin").unwrap();
        let declare = call(&admin, "users:declare_group").with(account(who)).with("acme");
        let _: Value = stage.world.submit(declare).unwrap();
    }
    let before = stage.world.reputation(&ann);
    for _ in 0..6 {
        let task = stage.accepted(&paying(whole(1)));
        stage.complete(&task, &[("celsius", 21)]).unwrap();
    }
    assert_eq!(stage.world.reputation(&ann), before, "within a group, the 16th task included");
}

/// Attack 6, unbounded growth: no list grows with tasks that have ended, and no value with their
/// number.
#[test]
fn nothing_grows() {
    let mut stage = Stage::new();
    let ann = stage.ann.clone();
    for round in 0..6 {
        let task = stage.accepted(&paying(whole(1)));
        match round % 3 {
            0 => drop(stage.complete(&task, &[("celsius", 21)]).unwrap()),
            1 => {
                let expires = stage.world.epoch() + 6;
                stage.world.until(expires);
                drop(stage.expire_as(&ann, &task).unwrap());
            }
            _ => {
                let ben = stage.ben.clone();
                let _: Value = stage.now(&ben, "tasks:decline", &task).unwrap();
                drop(stage.release(&task).unwrap());
            }
        }
    }
    for kind in ["task", "open", "due"] {
        assert_eq!(stage.world.entries("tasks", kind), 0, "{kind}");
    }
    assert_eq!(stage.world.entries("devices", "slot"), 0);
    assert_eq!(stage.world.entries("tokens", "escrow"), 0);
    assert_eq!(stage.world.entries("tasks", "summary"), 6, "one for each, for ever");
    let longest = stage.world.state().into_iter().map(|(_, value)| value.len()).max();
    assert!(longest.unwrap() < 1_000, "{longest:?}");
}

/// Attack 8, late completion against release: of both in one block, one has an effect, and the
/// deadline says which.
#[test]
fn completion_races_release() {
    let mut stage = Stage::new();
    let (ann, task, device) = (stage.ann.clone(), stage.accepted(&public()), stage.device.clone());
    stage.world.until(5);
    let result = stage.world.result(&device, &task, &[("celsius", 21)]);
    let complete = call(&device.member, "tasks:complete").with(&task).with(&result).with(5);
    let complete = stage.world.hold(complete);
    assert_eq!(stage.release(&task), Err("TASK_NOT_EXPIRED".to_owned()));
    stage.world.tick();
    let release = stage.world.hold(call(&ann, "tasks:release").with(&task).with(6));
    let told = stage.world.send([complete, release]);
    assert_eq!(told, [Err("MVCC_READ_CONFLICT".to_owned()), Ok(())]);
    expect!["expired in 6"].assert_eq(&stage.outcome(&task));

    let open = stage.create(&public()).unwrap();
    let (ben, epoch) = (stage.ben.clone(), stage.world.epoch());
    let accept = stage.acceptance(&ben, &open, &device);
    let accept = stage.world.hold(accept);
    let release = stage.world.hold(call(&ann, "tasks:release").with(&open).with(epoch));
    let told = stage.world.send([accept, release]);
    assert_eq!(told, [Ok(()), Err("MVCC_READ_CONFLICT".to_owned())]);
    stage.complete(&open, &[("celsius", 21)]).unwrap();
}

/// Attacks 9 and 11: the least reward has a stake as well, and halves of odd rewards lose nothing.
#[test]
fn no_stake_of_nothing() {
    let mut terms = crate::world::Terms::default();
    terms.tasks.reward_min = units(1);
    let mut stage = Stage::with(&terms);
    let task = stage.accepted(&paying(units(1)));
    expect!["ann 98.899999, ben 94.999999, escrow 0.100002"].assert_eq(&stage.purses(&task));
    stage.world.until(6);
    let ben = stage.ben.clone();
    stage.expire_as(&ben, &task).unwrap();
    expect!["ann 98.900001, ben 95.099999, escrow 0"].assert_eq(&stage.purses(&task));
}

/// W-47, attacks 11 and 12: a device has few tasks at a time, and each that is not delivered costs
/// half its reward.
#[test]
fn task_pinching() {
    let mut stage = Stage::new();
    let tasks: Vec<String> = (0..3).map(|_| stage.create(&public()).unwrap()).collect();
    stage.accept(&tasks[0]).unwrap();
    stage.accept(&tasks[1]).unwrap();
    let told = stage.accept(&tasks[2]).map(|task| task.id);
    assert_eq!(told, Err("BACKLOG_FULL".to_owned()));
    stage.world.until(6);
    let ann = stage.ann.clone();
    for task in &tasks {
        stage.expire_as(&ann, task).unwrap();
    }
    expect!["ann 101, ben 91, escrow 0"].assert_eq(&stage.purses("none"));
    let device = stage.device.clone();
    let standing: Value = stage.world.ask("devices:standing", &[device.id.as_str()]);
    assert_eq!(standing["expired"], json!(2));
}

/// Attack 12: of two tasks that are accepted at once for the last place of a device's backlog, one
/// gets it.
#[test]
fn the_last_place_is_one() {
    let mut terms = crate::world::Terms::default();
    terms.devices.backlog = 1;
    let mut stage = Stage::with(&terms);
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    let tasks: Vec<String> = (0..2).map(|_| stage.create(&public()).unwrap()).collect();
    let mut held = Vec::new();
    for task in &tasks {
        let accept = stage.acceptance(&ben, task, &device);
        held.push(stage.world.hold(accept));
    }
    let told = stage.world.send(held);
    assert_eq!(told, [Ok(()), Err("MVCC_READ_CONFLICT".to_owned())]);
}
