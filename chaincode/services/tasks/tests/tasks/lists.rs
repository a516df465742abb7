//! How tasks are found.

use expect_test::{Expect, expect};
use pervade_tasks::record::{Kind, NewTask};
use serde_json::{Value, json};

use crate::stage::{Stage, define, named, of_type, public, task_type};
use crate::world::{account, call};

/// The ids of a page, and whether there is another.
fn ids(page: &Value) -> (Vec<String>, bool) {
    let values = page["values"].as_array().unwrap().iter();
    let ids = values.map(|value| value["id"].as_str().unwrap().to_owned());
    (ids.collect(), page["bookmark"] != json!(""))
}

/// W-64, W-83: the public list has what may be accepted, by type; what is accepted, released or too
/// late leaves it.
#[test]
fn the_public_list_has_what_may_be_accepted() {
    let mut stage = Stage::new();
    let humidity = pervade_tasks::record::TaskType { name: "humidity".to_owned(), ..task_type() };
    define(&mut stage.world, &humidity).unwrap();
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    let open = |stage: &mut Stage, of: &str| {
        let page: Value = stage.world.ask("tasks:open", &[of, "10", ""]);
        ids(&page).0
    };
    let long = NewTask { limit: 9, ..public() };
    let (short, long) = (stage.create(&public()).unwrap(), stage.create(&long).unwrap());
    let other = stage.create(&of_type("humidity")).unwrap();
    stage.create(&named(Kind::Assigned, &ben, &device)).unwrap();
    let released = stage.create(&public()).unwrap();
    stage.release(&released).unwrap();
    let mut both = vec![short.clone(), long.clone()];
    both.sort();
    assert_eq!(open(&mut stage, "temperature"), both);
    assert_eq!(open(&mut stage, "humidity"), std::slice::from_ref(&other));
    assert_eq!(open(&mut stage, "").len(), 3, "of all types");
    stage.accept(&other).unwrap();
    assert_eq!(open(&mut stage, "humidity"), Vec::<String>::new());
    stage.world.until(4);
    assert_eq!(open(&mut stage, ""), [long], "though nobody has expired the other");
}

/// W-64: a list is told page by page, in pages of bounded size.
#[test]
fn lists_have_pages() {
    let mut stage = Stage::new();
    let mut created: Vec<String> = (0..5).map(|_| stage.create(&public()).unwrap()).collect();
    created.sort();
    let mut found = Vec::new();
    let mut bookmark = String::new();
    for size in [2, 2, 1] {
        let page: Value = stage.world.ask("tasks:open", &["", "2", &bookmark]);
        let (ids, _) = ids(&page);
        assert_eq!(ids.len(), size);
        found.extend(ids);
        page["bookmark"].as_str().unwrap().clone_into(&mut bookmark);
    }
    assert_eq!((found, bookmark.as_str()), (created, ""));
    let ann = stage.ann.clone();
    for size in ["0", "101"] {
        let told =
            stage.world.evaluate::<Value>(call(&ann, "tasks:open").with("").with(size).with(""));
        assert!(told.is_err(), "a page of {size}");
    }
}

/// W-65, W-83, WC-13: each party's tasks, pending and ended, while there are any and after.
#[test]
fn parties_find_their_tasks() {
    let mut stage = Stage::new();
    let (ann, ben, device) = (account(&stage.ann), account(&stage.ben), stage.device.clone());
    let check = |stage: &mut Stage, expected: Expect| {
        let asked = [
            ("tasks:by_creator", ann.as_str()),
            ("tasks:by_respondent", ben.as_str()),
            ("tasks:by_device", device.id.as_str()),
        ];
        let told = asked.map(|(function, of)| {
            let page: Value = stage.world.ask(function, &[of, "10", ""]);
            let values = page["values"].as_array().unwrap().iter();
            let outcomes = values.map(|entry| entry["outcome"].as_str().unwrap_or("goes on"));
            outcomes.collect::<Vec<_>>().join(" ")
        });
        expected.assert_eq(&told.join(", "));
    };
    let task = stage.create(&public()).unwrap();
    check(&mut stage, expect!["goes on, , "]);
    stage.accept(&task).unwrap();
    check(&mut stage, expect!["goes on, goes on, goes on"]);
    let who = stage.ben.clone();
    let _: Value = stage.now(&who, "tasks:decline", &task).unwrap();
    check(&mut stage, expect!["goes on, declined, declined"]);
    stage.accept(&task).unwrap();
    check(&mut stage, expect!["goes on, goes on, goes on"]);
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    check(&mut stage, expect!["completed, completed, completed"]);
    stage.world.tick();
    let later = stage.create(&public()).unwrap();
    stage.release(&later).unwrap();
    check(&mut stage, expect!["completed released, completed, completed"]);
}

/// W-62: whoever a task is for finds it before accepting it.
#[test]
fn an_assigned_task_is_found_by_its_respondent() {
    let mut stage = Stage::new();
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    let task = stage.create(&named(Kind::Assigned, &ben, &device)).unwrap();
    let account = account(&ben);
    let page: Value = stage.world.ask("tasks:by_respondent", &[account.as_str(), "10", ""]);
    assert_eq!(ids(&page), (vec![task], false));
}

/// WC-13, W-27, W-70: what clients are told, with what each event carries.
#[test]
fn events_tell_what_happened() {
    let mut stage = Stage::new();
    let told = |stage: &Stage| {
        let events = stage.world.events.iter();
        let told = events.map(|(by, kind, payload)| {
            let names: Vec<_> = payload.as_object().unwrap().keys().cloned().collect();
            format!("{by} {kind} {names:?}")
        });
        told.collect::<Vec<_>>().join("\n")
    };
    let task = stage.create(&public()).unwrap();
    expect![[r#" added ["creator", "kind", "task", "type_name"]"#]].assert_eq(&told(&stage));
    stage.accept(&task).unwrap();
    expect![[r#"
        devices assigned ["account", "device", "task"]
         changed ["change", "task"]"#]]
    .assert_eq(&told(&stage));
    stage.complete(&task, &[("celsius", 86)]).unwrap();
    expect![[r#" changed ["change", "task"]"#]].assert_eq(&told(&stage));
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    expect![[r#"
         destroyed ["outcome", "task"]
         awarded ["account", "points", "reward", "task"]
        users notified ["account", "outcome", "task"]"#]]
    .assert_eq(&told(&stage));
    let expired = stage.accepted(&public());
    stage.world.until(6);
    let ann = stage.ann.clone();
    stage.expire_as(&ann, &expired).unwrap();
    expect![[r#"
         destroyed ["outcome", "task"]
        users notified ["account", "outcome", "task"]"#]]
    .assert_eq(&told(&stage));
    let released = stage.create(&public()).unwrap();
    stage.release(&released).unwrap();
    expect![[r#"
         destroyed ["outcome", "task"]
        users notified ["account", "outcome", "task"]"#]]
    .assert_eq(&told(&stage));
}
