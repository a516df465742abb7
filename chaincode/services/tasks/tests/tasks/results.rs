//! Results that are none, and readings that cannot be.

use expect_test::{Expect, expect};
use pervade_simulator::Member;
use pervade_tasks::record::{Check, NewTask, ResultObject, Statement, Task};
use serde_json::{Value, json};

use crate::stage::{Stage, of_type, public, watched};
use crate::world::sign;

/// Has a result refused, with no trace.
#[track_caller]
fn refused(stage: &mut Stage, who: &Member, task: &str, result: &ResultObject, code: Expect) {
    let before = stage.world.state();
    let told = stage.send(who, task, result);
    code.assert_eq(&told.err().unwrap_or_else(|| "fine".to_owned()));
    assert_eq!(stage.world.state(), before, "no trace");
}

/// W-89, D-24 (a), attack 5: an empty result earns nothing, and another may come.
#[test]
fn an_empty_result_is_refused() {
    let mut stage = Stage::new();
    let (task, device) = (stage.accepted(&public()), stage.device.clone());
    let good = stage.world.result(&device, &task, &[("celsius", 21)]);
    let signed = |stage: &mut Stage, change: fn(&mut ResultObject)| {
        let mut result = good.clone();
        change(&mut result);
        let task: Task = stage.world.ask("tasks:task", &[&task]);
        let statement = Statement::of("mychannel", "tasks", &task, &result);
        result.signature = sign(&device.member, &statement);
        result
    };
    for (change, code) in [
        ((|result| result.cid.clear()) as fn(&mut ResultObject), expect!["BAD_CID"]),
        (|result| result.ciphertext_sha256 = "ab".repeat(32), expect!["BAD_CID"]),
        (|result| result.task_key.clear(), expect!["BAD_KEY"]),
        (|result| result.size = 0, expect!["RESULT_INVALID"]),
        (|result| result.readings.clear(), expect!["RESULT_INVALID"]),
    ] {
        let result = signed(&mut stage, change);
        refused(&mut stage, &device.member, &task, &result, code);
    }
    stage.send(&device.member, &task, &good).unwrap();
}

/// W-91, W-92, W-94, D-25: what the device did not sign, or signed for another task, is refused.
#[test]
fn a_result_is_signed_by_its_device_for_its_task() {
    let mut stage = Stage::new();
    let (task, device) = (stage.accepted(&public()), stage.device.clone());
    let other = stage.accepted(&public());
    let good = stage.world.result(&device, &task, &[("celsius", 21)]);
    let member = &device.member;
    let changed = ResultObject { size: 8, ..good.clone() };
    refused(&mut stage, member, &task, &changed, expect!["RESULT_INVALID"]);
    refused(&mut stage, member, &other, &good, expect!["RESULT_INVALID"]);
    let ben = stage.ben.clone();
    let statement: Task = stage.world.ask("tasks:task", &[&task]);
    let statement = Statement::of("mychannel", "tasks", &statement, &good);
    let owners = ResultObject { signature: sign(&ben, &statement), ..good.clone() };
    refused(&mut stage, member, &task, &owners, expect!["RESULT_INVALID"]);
    let elsewhere = Statement { channel: "another".to_owned(), ..statement };
    let elsewhere = ResultObject { signature: sign(member, &elsewhere), ..good.clone() };
    refused(&mut stage, member, &task, &elsewhere, expect!["RESULT_INVALID"]);
    stage.send(member, &task, &good).unwrap();
}

/// W-84, W-96: a reading outside its limits is a verdict on record, and another result may come.
#[test]
fn a_reading_outside_its_limits_is_recorded() {
    let mut stage = Stage::new();
    let task = stage.accepted(&public());
    let verdict = stage.complete(&task, &[("celsius", 86)]).unwrap();
    assert_eq!((verdict.confirmed, verdict.metric.as_deref()), (Some(false), Some("celsius")));
    expect!["changed"].assert_eq(&stage.events());
    expect!["ann 94.9, ben 93, escrow 6.1"].assert_eq(&stage.purses(&task));
    stage.complete(&task, &[("celsius", 85)]).unwrap();
    let page: Value = stage.world.ask("tasks:verdicts", &[&task, "10", ""]);
    let found = page["values"].as_array().unwrap().iter();
    let mut confirmed: Vec<_> = found.map(|verdict| verdict["confirmed"].to_string()).collect();
    confirmed.sort();
    assert_eq!(confirmed, ["false", "true"]);
}

/// W-97, D-26: a reading within its limits and far from the device's average is refused, and does
/// not move the average.
#[test]
fn a_reading_far_from_the_average_is_recorded() {
    let mut stage = Stage::of_type(&watched());
    for reading in [20, 21] {
        let task = stage.accepted(&of_type("watched"));
        let verdict = stage.complete(&task, &[("celsius", reading)]).unwrap();
        assert_eq!(verdict.confirmed, Some(true), "{reading}");
    }
    let device = stage.device.clone();
    let means = stage.world.means(&device);
    assert_eq!(means["celsius"], (20_200, 200, 2));
    let task = stage.accepted(&of_type("watched"));
    let verdict = stage.complete(&task, &[("celsius", 60)]).unwrap();
    assert_eq!((verdict.check, verdict.confirmed), (Check::Averages, Some(false)));
    assert_eq!(stage.world.means(&device), means);
    stage.complete(&task, &[("celsius", 22)]).unwrap();
    assert_eq!(stage.world.means(&device)["celsius"], (20_560, 520, 3));
}

/// W-59, W-98, D-22, D-26: three faults within the window make the device suspect: it loses a part
/// of its deposit to the stock and gets no new tasks. The one it has may still be performed.
#[test]
fn faults_make_a_device_suspect() {
    let mut stage = Stage::new();
    let (task, device) = (stage.accepted(&public()), stage.device.clone());
    let next = stage.create(&public()).unwrap();
    let deposit =
        |stage: &mut Stage| -> Value { stage.world.ask("tokens:deposit", &[device.id.as_str()]) };
    for _ in 0..2 {
        stage.complete(&task, &[("celsius", 86)]).unwrap();
        assert_eq!(deposit(&mut stage), json!(5_000_000));
    }
    stage.complete(&task, &[("celsius", 86)]).unwrap();
    assert_eq!(deposit(&mut stage), json!(3_000_000), "a part is lost");
    let found: Value = stage.world.ask("devices:device", &[device.id.as_str()]);
    assert_eq!(found["suspect"], json!(true));
    let accepted = stage.accept(&next).map(|task| task.id);
    assert_eq!(accepted, Err("DEVICE_SUSPECT".to_owned()));
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    assert_eq!(deposit(&mut stage), json!(3_000_000), "it is lost once");
}

/// W-98: faults that lie far apart do not add up.
#[test]
fn old_faults_do_not_count() {
    let mut stage = Stage::new();
    let device = stage.device.clone();
    let long = NewTask { limit: 200, ..public() };
    let task = stage.accepted(&long);
    for epoch in [0, 2, 101] {
        stage.world.until(epoch);
        stage.complete(&task, &[("celsius", 86)]).unwrap();
    }
    let found: Value = stage.world.ask("devices:device", &[device.id.as_str()]);
    assert_eq!(found["suspect"], json!(false));
    let standing: Value = stage.world.ask("devices:standing", &[device.id.as_str()]);
    assert_eq!(standing["faults"], json!([2, 101]), "the first is forgotten");
}
