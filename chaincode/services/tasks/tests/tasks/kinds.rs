//! Tasks for anyone, for somebody, and at once.

use expect_test::expect;
use pervade_simulator::Member;
use pervade_tasks::record::{Kind, NewTask, Task};
use serde_json::{Value, json};

use crate::stage::{Stage, named, paying, public};
use crate::world::{Told, account, call, whole};

/// W-63, W-116: any user's device may take a public task, whatever organisation it is of; the first
/// has it.
#[test]
fn a_public_task_is_for_whoever_comes_first() {
    let mut stage = Stage::new();
    let task = stage.create(&public()).unwrap();
    let cleo = stage.world.user("Org3MSP", "cleo");
    let other = stage.world.device(&cleo, "thermometer-3");
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    let by_cleo = stage.acceptance(&cleo, &task, &other);
    let by_cleo = stage.world.hold(by_cleo);
    let by_ben = stage.acceptance(&ben, &task, &device);
    let by_ben = stage.world.hold(by_ben);
    let told = stage.world.send([by_cleo, by_ben]);
    assert_eq!(told, [Ok(()), Err("MVCC_READ_CONFLICT".to_owned())]);
    let result = stage.world.result(&other, &task, &[("celsius", 21)]);
    stage.send(&other.member, &task, &result).unwrap();
    assert_eq!(stage.world.tokens(&cleo), whole(99), "the reward, and a deposit before");
}

/// W-62: an assigned task is for one device of one respondent.
#[test]
fn an_assigned_task_is_for_one_device() {
    let mut stage = Stage::new();
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    let cleo = stage.world.user("Org3MSP", "cleo");
    let cleos = stage.world.device(&cleo, "thermometer-3");
    let bens = stage.world.device(&ben, "thermometer-2");
    let task = stage.create(&named(Kind::Assigned, &ben, &device)).unwrap();
    for (who, with) in [(&cleo, &cleos), (&ben, &bens), (&cleo, &device)] {
        let told = stage.accept_as(who, &task, with).map(|task| task.id);
        assert_eq!(told, Err("NOT_DESIGNATED".to_owned()));
    }
    stage.accept(&task).unwrap();
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    expect!["completed in 0"].assert_eq(&stage.outcome(&task));
}

/// W-62, W-65: creator and respondent may be one, with the device of their own.
#[test]
fn ones_own_device_works_as_well() {
    let mut stage = Stage::new();
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    let task = stage.create_as(&ben, &named(Kind::Assigned, &ben, &device)).unwrap();
    stage.accept(&task).unwrap();
    expect!["ann 100, ben 87.9, escrow 6.1"].assert_eq(&stage.purses(&task));
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    expect!["ann 100, ben 94, escrow 0"].assert_eq(&stage.purses(&task));
    let account = account(&ben);
    let page: Value = stage.world.ask("users:history", &[account.as_str(), "10", ""]);
    let roles = page["values"].as_array().unwrap().iter().map(|entry| entry["role"].clone());
    assert_eq!(roles.collect::<Vec<_>>(), [json!("creator"), json!("respondent")]);
}

fn priced(stage: &mut Stage, price: Value) {
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    let set = call(&ben, "devices:set_price").with(&device.id).with(price);
    let _: Value = stage.world.submit(set).unwrap();
}

/// WC-04: at the price that its owner published a device has a task at once, and both have staked.
#[test]
fn an_instant_task_needs_no_acceptance() {
    let mut stage = Stage::new();
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    let instant = named(Kind::Instant, &ben, &device);
    assert_eq!(stage.create(&instant), Err("BAD_REWARD".to_owned()), "no price, no sale");
    priced(&mut stage, json!(whole(3)));
    assert_eq!(stage.create(&instant), Err("BAD_REWARD".to_owned()), "another price");
    let task = stage.create(&NewTask { reward: whole(3), ..instant.clone() }).unwrap();
    expect!["devices:assigned, added, changed"].assert_eq(&stage.events());
    expect!["ann 95.9, ben 93.5, escrow 4.6"].assert_eq(&stage.purses(&task));
    let locked: Task = stage.world.ask("tasks:task", &[&task]);
    assert_eq!((locked.locked, locked.accepted), (true, Some(0)));
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    expect!["ann 96, ben 98, escrow 0"].assert_eq(&stage.purses(&task));
    priced(&mut stage, Value::Null);
    let sold_out = stage.create(&NewTask { reward: whole(3), ..instant });
    assert_eq!(sold_out, Err("BAD_REWARD".to_owned()));
}

/// WC-04, D-23: whoever is given an instant task never agreed to this very one, and may decline it
/// for nothing; it ends, and the creator has lost the fee.
#[test]
fn an_instant_task_may_be_declined_for_nothing() {
    let mut stage = Stage::new();
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    priced(&mut stage, json!(whole(4)));
    let hostile = NewTask { limit: 3, ..named(Kind::Instant, &ben, &device) };
    let task = stage.create(&hostile).unwrap();
    expect!["ann 94.9, ben 93, escrow 6.1"].assert_eq(&stage.purses(&task));
    stage.world.until(3);
    let _: Value = stage.now(&ben, "tasks:decline", &task).unwrap();
    expect!["ann 99, ben 95, escrow 0"].assert_eq(&stage.purses(&task));
    expect!["declined in 3"].assert_eq(&stage.outcome(&task));
}

/// D-23: an assigned task that its respondent declines ends.
#[test]
fn a_declined_assigned_task_ends() {
    let mut stage = Stage::new();
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    let task = stage.accepted(&named(Kind::Assigned, &ben, &device));
    let _: Value = stage.now(&ben, "tasks:decline", &task).unwrap();
    expect!["ann 99.2, ben 94.8, escrow 0"].assert_eq(&stage.purses(&task));
    expect!["declined in 0"].assert_eq(&stage.outcome(&task));
    let standing: Value = stage.world.ask("devices:standing", &[device.id.as_str()]);
    assert_eq!(standing["declined"], json!(1));
}

/// No key is written by every transaction: what different people do about different tasks at the
/// same time does not get in each other's way.
#[test]
fn tasks_do_not_get_in_each_others_way() {
    let mut stage = Stage::new();
    let creators: Vec<Member> =
        (0..3).map(|number| stage.world.user("Org1MSP", &format!("creator {number}"))).collect();
    let respondents: Vec<_> = (0..3)
        .map(|number| {
            let owner = stage.world.user("Org2MSP", &format!("respondent {number}"));
            let device = stage.world.device(&owner, &format!("probe-number-{number}"));
            (owner, device)
        })
        .collect();
    let epoch = stage.world.epoch();
    let all_valid = [Ok(()), Ok(()), Ok(())];

    let held: Vec<_> = creators
        .iter()
        .map(|who| stage.world.hold(call(who, "tasks:create").with(public()).with(epoch)))
        .collect();
    assert_eq!(stage.world.send(held), all_valid);
    let page: Value = stage.world.ask("tasks:open", &["", "10", ""]);
    let open = page["values"].as_array().unwrap().iter();
    let tasks: Vec<String> = open.map(|entry| entry["id"].as_str().unwrap().to_owned()).collect();

    let mut held = Vec::new();
    for (task, (owner, device)) in tasks.iter().zip(&respondents) {
        let call = stage.acceptance(owner, task, device);
        held.push(stage.world.hold(call));
    }
    assert_eq!(stage.world.send(held), all_valid);

    let mut held = Vec::new();
    for (task, (_, device)) in tasks.iter().zip(&respondents) {
        let result = stage.world.result(device, task, &[("celsius", 21)]);
        let call = call(&device.member, "tasks:complete").with(task).with(result).with(epoch);
        held.push(stage.world.hold(call));
    }
    assert_eq!(stage.world.send(held), all_valid);
    for who in &creators {
        assert_eq!(stage.world.tokens(who), whole(95));
    }
}

/// W-46: a task's reward may be all that one has, and the stake half as much.
#[test]
fn a_stake_may_be_all_one_has() {
    let mut stage = Stage::new();
    let cleo = stage.world.user_with("Org3MSP", "cleo", 7);
    let device = stage.world.device(&cleo, "thermometer-3");
    let task = stage.create(&paying(whole(4))).unwrap();
    stage.accept_as(&cleo, &task, &device).unwrap();
    assert_eq!(stage.world.tokens(&cleo), whole(0));
    let more = stage.create(&public()).unwrap();
    let told: Told<Task> = stage.accept_as(&cleo, &more, &device);
    assert_eq!(told.map(|task| task.id), Err("INSUFFICIENT_TOKENS".to_owned()));
}
