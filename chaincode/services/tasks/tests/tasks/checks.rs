//! Every check of every phase, negated in turn: its own error, and no trace.

use expect_test::{Expect, expect};
use pervade_platform::Amount;
use pervade_simulator::Member;
use pervade_tasks::record::{Kind, NewTask, TaskTerms, TaskType};
use serde_json::{Value, json};

use crate::stage::{Stage, accepted, define, named, of_type, paying, public, task_type};
use crate::world::{Call, Terms, World, account, call, units, whole};

/// Has a call refused, with nothing changed by it.
#[track_caller]
fn refused(stage: &mut Stage, call: Call<'_>, code: Expect) {
    let before = stage.world.state();
    let told = stage.world.submit::<Value>(call);
    code.assert_eq(&told.err().unwrap_or_else(|| "fine".to_owned()));
    assert_eq!(stage.world.state(), before, "no trace");
}

/// W-13, W-14, W-15, W-17, W-44: bound once, by who may, and nothing works before.
#[test]
fn the_manager_is_bound_once() {
    let mut world = World::unbound(whole(100_000));
    let founder = world.founder.clone();
    let outsider = world.simulator.client("Org1MSP", "outsider").unwrap();
    let set = pervade_platform::ContractSet::with_ending("");
    let bind = |who, terms: &TaskTerms| call(who, "tasks:bind").with(&set).with(terms);
    let early = world.submit::<Value>(call(&founder, "tasks:define_type").with(task_type()));
    assert!(early.unwrap_err().contains("must call as init first"));
    let usual = Terms::default().tasks;
    assert_eq!(world.bind(bind(&outsider, &usual)), Err("PERMISSION_DENIED".to_owned()));
    let free = TaskTerms { reward_min: Amount::ZERO, ..usual.clone() };
    assert_eq!(world.bind(bind(&founder, &free)), Err("BAD_TERMS".to_owned()));
    assert_eq!(world.bind(bind(&founder, &usual)), Ok(()));
    let cheaper = TaskTerms { fee: Amount::ZERO, ..usual };
    let again = world.bind(bind(&founder, &cheaper)).unwrap_err();
    assert!(again.contains("already initialized"), "{again}");
}

/// W-41: types are defined once, by who may, without another version of the contract.
#[test]
fn a_type_is_defined_once() {
    let mut stage = Stage::new();
    let wider = TaskType { limits: std::collections::BTreeMap::new(), ..task_type() };
    assert_eq!(define(&mut stage.world, &wider), Err("TYPE_EXISTS".to_owned()));
    let bad = TaskType { name: "Loud".to_owned(), ..task_type() };
    assert_eq!(define(&mut stage.world, &bad), Err("BAD_TYPE".to_owned()));
    let other = TaskType { name: "humidity".to_owned(), ..task_type() };
    let ann = stage.ann.clone();
    refused(&mut stage, call(&ann, "tasks:define_type").with(&other), expect!["PERMISSION_DENIED"]);
    define(&mut stage.world, &other).unwrap();
    let types: Value = stage.world.ask("tasks:types", &["10", ""]);
    assert_eq!(types["values"], json!([other, task_type()]));
    stage.create(&of_type("humidity")).unwrap();
}

/// W-21, W-66, W-67, W-73: creating a task.
#[test]
fn creating_is_checked() {
    let mut stage = Stage::new();
    let (ann, ben, device) = (stage.ann.clone(), stage.ben.clone(), stage.device.clone());
    let nobody = stage.world.simulator.client("Org1MSP", "nobody").unwrap();
    let mut check = |who: &Member, new: &NewTask, epoch: u64, code: Expect| {
        refused(&mut stage, call(who, "tasks:create").with(new).with(epoch), code);
    };
    check(&nobody, &public(), 0, expect!["USER_NOT_REGISTERED"]);
    check(&ann, &of_type("none"), 0, expect!["TYPE_UNKNOWN"]);
    let short = NewTask { limit: 2, ..public() };
    check(&ann, &short, 0, expect!["BAD_TIME_LIMIT"]);
    check(&ann, &NewTask { encryption_key: "no".to_owned(), ..public() }, 0, expect!["BAD_KEY"]);
    check(&ann, &paying(units(999_999)), 0, expect!["BAD_REWARD"]);
    check(&ann, &public(), 1, expect!["BAD_EPOCH"]);
    check(&ann, &paying(whole(99)), 0, expect!["INSUFFICIENT_TOKENS"]);
    let half = NewTask { device: None, ..named(Kind::Assigned, &ben, &device) };
    check(&ann, &half, 0, expect!["BAD_DESIGNATION"]);
    check(&ann, &named(Kind::Assigned, &ann, &device), 0, expect!["NOT_DEVICE_OWNER"]);
    let unknown = NewTask {
        device: Some("thermometer-9".parse().unwrap()),
        ..named(Kind::Assigned, &ben, &device)
    };
    check(&ann, &unknown, 0, expect!["DEVICE_UNKNOWN"]);
}

/// W-37, WC-01: no task for a device that its owner has put out of action.
#[test]
fn an_inactive_device_gets_no_tasks() {
    let mut stage = Stage::new();
    let (ann, ben, device) = (stage.ann.clone(), stage.ben.clone(), stage.device.clone());
    let waiting = stage.create(&public()).unwrap();
    let off = call(&ben, "devices:set_active").with(&device.id).with(false);
    let _: Value = stage.world.submit(off).unwrap();
    let new = named(Kind::Assigned, &ben, &device);
    refused(&mut stage, call(&ann, "tasks:create").with(new).with(0), expect!["DEVICE_INACTIVE"]);
    let accept = stage.acceptance(&ben, &waiting, &device);
    refused(&mut stage, accept, expect!["DEVICE_INACTIVE"]);
}

/// W-21, W-22, W-68, W-73: accepting a task.
#[test]
fn accepting_is_checked() {
    let mut stage = Stage::new();
    let (ann, ben, device) = (stage.ann.clone(), stage.ben.clone(), stage.device.clone());
    let task = stage.create(&public()).unwrap();
    let poor = stage.world.user_with("Org2MSP", "poor", 6);
    let own = stage.world.device(&poor, "thermometer-2");
    let nobody = stage.world.simulator.client("Org1MSP", "nobody").unwrap();
    let unknown = crate::world::Thing { id: "thermometer-9".parse().unwrap(), ..device.clone() };
    for (who, of, with, code) in [
        (&ben, "none", &device, expect!["TASK_UNKNOWN"]),
        (&nobody, &*task, &device, expect!["USER_NOT_REGISTERED"]),
        (&ben, &task, &unknown, expect!["DEVICE_UNKNOWN"]),
        (&ann, &task, &device, expect!["NOT_DEVICE_OWNER"]),
        (&poor, &task, &own, expect!["INSUFFICIENT_TOKENS"]),
    ] {
        let call = stage.acceptance(who, of, with);
        refused(&mut stage, call, code);
    }
    let early = call(&ben, "tasks:accept").with(&task).with(&device.id).with(1);
    refused(&mut stage, early, expect!["BAD_EPOCH"]);
    stage.accept(&task).unwrap();
    let again = stage.acceptance(&ben, &task, &device);
    refused(&mut stage, again, expect!["TASK_LOCKED"]);
}

/// W-57, W-58: less reputation than the task asks for is refused, as much is enough.
#[test]
fn reputation_must_be_enough() {
    let mut stage = Stage::new();
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    let task = stage.create(&NewTask { minimum_reputation: 2, ..public() }).unwrap();
    let accept = stage.acceptance(&ben, &task, &device);
    refused(&mut stage, accept, expect!["LOW_REPUTATION"]);
    let equal = stage.create(&NewTask { minimum_reputation: 1, ..public() }).unwrap();
    stage.accept(&equal).unwrap();
}

/// W-10: a device that was installed under a key that its owner has lost gets no tasks.
#[test]
fn a_device_of_a_lost_key_gets_no_tasks() {
    use pervade_platform::{KeyProof, PublicKey};
    use pervade_users::record::{KeyPurpose, KeyStatement};
    let mut stage = Stage::new();
    let task = stage.create(&public()).unwrap();
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    let admin = stage.world.simulator.admin("Org2MSP", "admin").unwrap();
    let new = stage.world.simulator.client("Org2MSP", "ben again").unwrap();
    let statement = KeyStatement {
        account: account(&ben),
        channel: "mychannel".to_owned(),
        contract: "users".to_owned(),
        old: account(&ben),
        purpose: KeyPurpose::Replace,
    };
    let point = hex::encode(new.certificate().public_key_point());
    let signature = crate::world::sign(&new, &statement);
    let proof = KeyProof { public_key: PublicKey::try_from(point).unwrap(), signature };
    let replace = call(&admin, "users:replace_key").with(account(&ben)).with(proof);
    let _: Value = stage.world.submit(replace).unwrap();
    let old = stage.acceptance(&ben, &task, &device);
    refused(&mut stage, old, expect!["USER_NOT_REGISTERED"]);
    let stale = stage.acceptance(&new, &task, &device);
    refused(&mut stage, stale, expect!["DEVICE_KEY_STALE"]);
}

/// W-22, WC-02: only the device itself brings a result, not its owner, nor another device of the
/// same owner's.
#[test]
fn only_the_device_delivers() {
    let mut stage = Stage::new();
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    let other = stage.world.device(&ben, "thermometer-2");
    let task = stage.create(&public()).unwrap();
    let result = stage.world.result(&device, &task, &[("celsius", 21)]);
    let complete = |who| call(who, "tasks:complete").with(&task).with(&result).with(0);
    refused(&mut stage, complete(&device.member), expect!["NOT_DELIVERER"]);
    stage.accept(&task).unwrap();
    refused(&mut stage, complete(&ben), expect!["NOT_DELIVERER"]);
    refused(&mut stage, complete(&other.member), expect!["NOT_DELIVERER"]);
    let unknown = call(&device.member, "tasks:complete").with("none").with(&result).with(0);
    refused(&mut stage, unknown, expect!["TASK_UNKNOWN"]);
    let early = call(&device.member, "tasks:complete").with(&task).with(&result).with(1);
    refused(&mut stage, early, expect!["BAD_EPOCH"]);
}

/// W-73, W-81: what is not one's own, not yet, or no more, is refused.
#[test]
fn ends_are_checked() {
    let mut stage = Stage::new();
    let (ann, ben) = (stage.ann.clone(), stage.ben.clone());
    let task = stage.create(&public()).unwrap();
    let on = |who, function| call(who, function).with(&task).with(0);
    refused(&mut stage, on(&ben, "tasks:release"), expect!["NOT_CREATOR"]);
    refused(&mut stage, on(&ben, "tasks:decline"), expect!["NOT_RESPONDENT"]);
    refused(&mut stage, on(&ann, "tasks:settle"), expect!["TASK_NOT_PENDING"]);
    refused(&mut stage, on(&ann, "tasks:reject"), expect!["TASK_NOT_PENDING"]);
    refused(&mut stage, call(&ben, "tasks:expire").with(&task), expect!["TASK_NOT_EXPIRED"]);
    let early = call(&ann, "tasks:release").with(&task).with(1);
    refused(&mut stage, early, expect!["BAD_EPOCH"]);
    stage.accept(&task).unwrap();
    refused(&mut stage, on(&ann, "tasks:release"), expect!["TASK_NOT_EXPIRED"]);
    refused(&mut stage, on(&ann, "tasks:decline"), expect!["NOT_RESPONDENT"]);
    let late = call(&ben, "tasks:decline").with(&task).with(3);
    refused(&mut stage, late, expect!["BAD_EPOCH"]);
}

/// W-73: what is judged is judged now.
#[test]
fn judging_is_checked() {
    let mut stage = Stage::of_type(&accepted());
    let ann = stage.ann.clone();
    let task = stage.accepted(&of_type("accepted"));
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    for function in ["tasks:settle", "tasks:reject"] {
        let early = call(&ann, function).with(&task).with(1);
        refused(&mut stage, early, expect!["BAD_EPOCH"]);
    }
}
