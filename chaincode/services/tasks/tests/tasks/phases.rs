//! The three phases of a task, and what each leaves behind.

use expect_test::expect;
use pervade_devices::record::Slot;
use pervade_tasks::record::{SavedResult, Task};
use serde_json::{Value, json};

use crate::stage::{Stage, public};
use crate::world::account;

/// W-61, W-66, W-67, W-82: the creator is told the task's address, which is the transaction's.
#[test]
fn phase_one_creates_a_task() {
    let mut stage = Stage::new();
    let id = stage.create(&public()).unwrap();
    expect!["added"].assert_eq(&stage.events());
    let task: Task = stage.world.ask("tasks:task", &[&id]);
    let new = public();
    assert_eq!((task.id, task.creator), (id, account(&stage.ann)));
    assert_eq!((task.respondent, task.device, task.locked), (None, None, false));
    assert_eq!((task.reward, task.minimum_reputation), (new.reward, new.minimum_reputation));
    assert_eq!((task.encryption_key, task.parameters), (new.encryption_key, new.parameters));
    assert_eq!((task.created, task.expires), (0, 5));
}

/// W-61, W-68, W-69, W-70: accepting names the respondent and the device, in whose backlog the task
/// is in the same transaction, and the device alone is told.
#[test]
fn phase_two_gives_the_task_to_a_device() {
    let mut stage = Stage::new();
    let id = stage.create(&public()).unwrap();
    let task = stage.accept(&id).unwrap();
    let device = stage.device.clone();
    assert_eq!(
        (task.respondent, task.device),
        (Some(account(&stage.ben)), Some(device.id.clone()))
    );
    assert_eq!((task.locked, task.accepted), (true, Some(0)));
    assert_eq!(task.device_account, Some(account(&device.member)));
    expect!["devices:assigned, changed"].assert_eq(&stage.events());
    let (_, _, assigned) = stage.world.events[0].clone();
    let told = json!({"account": account(&device.member), "device": device.id, "task": id});
    assert_eq!(assigned, told);
    let backlog: Vec<Slot> = stage.world.ask("devices:backlog", &[device.id.as_str()]);
    assert_eq!(backlog.into_iter().map(|slot| slot.task).collect::<Vec<_>>(), [id]);
}

/// W-25, W-26, W-27, W-72, W-74, W-79, W-80: the result is kept, the task gone, the creator told,
/// all in one transaction.
#[test]
fn phase_three_ends_the_task() {
    let mut stage = Stage::new();
    let id = stage.accepted(&public());
    let (device, ann) = (stage.device.clone(), account(&stage.ann));
    let result = stage.world.result(&device, &id, &[("celsius", 21)]);
    let before = stage.world.simulator.height();
    let verdict = stage.send(&device.member, &id, &result).unwrap();
    assert_eq!(stage.world.simulator.height(), before + 1, "one block, one transaction");
    expect!["destroyed, awarded, users:notified"].assert_eq(&stage.events());
    let saved: SavedResult = stage.world.ask("tasks:result", &[&id]);
    assert_eq!((saved.result, saved.device), (result, device.id.clone()));
    expect!["completed in 0"].assert_eq(&stage.outcome(&id));

    let gone = stage.accept(&id).map(|task| task.id);
    assert_eq!(gone, Err("TASK_UNKNOWN".to_owned()));
    let backlog: Vec<Slot> = stage.world.ask("devices:backlog", &[device.id.as_str()]);
    assert_eq!(backlog, [], "the device's place is free");
    let standing: Value = stage.world.ask("devices:standing", &[device.id.as_str()]);
    assert_eq!((&standing["completed"], &standing["expired"]), (&json!(1), &json!(0)));
    let notified: Value = stage.world.ask("users:notifications", &[ann.as_str(), "10", ""]);
    assert_eq!(notified["values"][0]["task"], json!(id), "a reference for ever");
    let verdicts: Value = stage.world.ask("tasks:verdicts", &[&id, "10", ""]);
    assert_eq!(verdicts["values"], json!([verdict]), "a binary verdict is kept");
}

/// W-65, D-35: performed and failed tasks stay in their parties' histories, when they are gone.
#[test]
fn histories_show_success_and_failure() {
    let mut stage = Stage::new();
    let done = stage.accepted(&public());
    stage.complete(&done, &[("celsius", 21)]).unwrap();
    let failed = stage.accepted(&public());
    stage.world.until(6);
    let ann = stage.ann.clone();
    stage.expire_as(&ann, &failed).unwrap();
    let (ann, ben) = (account(&stage.ann), account(&stage.ben));
    for (account, role) in [(ann, "creator"), (ben, "respondent")] {
        let page: Value = stage.world.ask("users:history", &[account.as_str(), "10", ""]);
        let entries = page["values"].as_array().unwrap().iter();
        let told: Vec<_> = entries
            .map(|entry| (entry["task"].clone(), entry["outcome"].clone(), entry["role"].clone()))
            .collect();
        let expected = [(&done, "completed"), (&failed, "expired")]
            .map(|(task, outcome)| (json!(task), json!(outcome), json!(role)));
        assert_eq!(told, expected);
    }
}

/// W-60, W-65: what was declined stays beside what was completed, in one epoch as well.
#[test]
fn histories_show_what_was_declined() {
    let mut stage = Stage::new();
    let task = stage.accepted(&public());
    let ben = stage.ben.clone();
    let _: Value = stage.now(&ben, "tasks:decline", &task).unwrap();
    stage.accept(&task).unwrap();
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    let account = account(&ben);
    let page: Value = stage.world.ask("users:history", &[account.as_str(), "10", ""]);
    let entries = page["values"].as_array().unwrap().iter();
    let outcomes: Vec<_> = entries.map(|entry| entry["outcome"].clone()).collect();
    assert_eq!(outcomes, ["completed", "declined"]);
}
