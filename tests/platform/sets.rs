//! Two complete sets on one channel.

use pervade_tasks::record::TaskType;
use serde_json::{Value, json};

use crate::simulated::Simulated;
use crate::stage::{Call, Stage as _};
use crate::world::{
    AllTerms, BLOCK_HASH, CLOCK, ORG1, ORG2, ORGS, World, chaincodes, plain, public, whole,
};

/// W-09, W-12, W-13: two sets side by side have users, tokens, devices, tasks and time of their own; nothing
/// that is done in one is known to the other, and a manager of one is a stranger to the other.
#[test]
fn two_sets_share_nothing() {
    let all = chaincodes("").into_iter().chain(chaincodes("-2")).collect();
    let mut one = World::found(Simulated::new(&ORGS, all), "", &AllTerms::default());
    one.define(&plain()).unwrap();
    let (ann, bob) = (one.user("ann", ORG1, 100), one.user("bob", ORG2, 100));
    let camera = one.device(&bob, "camera-of-bob");
    let task = one.create(&ann, &public(whole(10), 20)).unwrap();
    one.tick();
    let before = one.state();

    let mut terms = AllTerms::default();
    terms.tasks.fee = whole(2);
    let World { stage, .. } = one;
    let mut two = World::found(stage, "-2", &terms);
    two.define(&TaskType { name: "other".to_owned(), ..plain() }).unwrap();
    assert_eq!(two.epoch, 0, "it has a time of its own");
    let refused = two.create(&ann, &public(whole(10), 20));
    assert_eq!(refused, Err("USER_NOT_REGISTERED".to_owned()));
    two.register(&ann).unwrap();
    let refused = two.create(&ann, &public(whole(10), 20));
    assert_eq!(refused, Err("TYPE_UNKNOWN".to_owned()));
    assert_eq!(two.tokens(&ann.account()), whole(0));
    let refused = two.accept(&bob, &task, &camera.id);
    assert_eq!(refused, Err("TASK_UNKNOWN".to_owned()));
    two.register(&bob).unwrap();
    let statement = two.installation(&bob, &camera, 0);
    assert_eq!(statement.contract, "devices-2", "a device's word is for one set");
    let missing = two.ask::<Value>("devices-2", "device", &[camera.id.as_str()]);
    assert_eq!(missing, Err("DEVICE_UNKNOWN".to_owned()));
    // The manager of tasks of the second set is nobody to the first one's tokens.
    let robbery =
        json!([{ "amount": 1, "from": { "account": ann.account() }, "to": { "escrow": "x" } }]);
    let call = Call::new(&ann, "tokens", "apply").arg(robbery);
    assert_eq!(two.stage.submit(&call), Err("PERMISSION_DENIED".to_owned()));

    let World { stage, .. } = two;
    let names = ["clock", "devices", "tasks", "tokens", "users"].map(str::to_owned);
    assert_eq!(stage.state(&names), before, "the first is as it was");
}

/// D-03, attack 3: a set whose binding was tampered with does nothing: a manager that is bound to another
/// one's name refuses the right one.
#[test]
fn a_tampered_binding_does_nothing() {
    let mut world = World::unbound(Simulated::new(&ORGS, chaincodes("")), "");
    let right = world.set.clone();
    let founder = world.founder.clone();
    let mut wrong = right.clone();
    wrong.tasks = "thieves".to_owned();
    let terms = AllTerms::default();
    let bind = |name: &str, set: &_, terms: Value| {
        Call::new(&founder, name, "bind").arg(set).arg(terms).init()
    };
    let clock = Call::new(&founder, "clock", "bind").arg(CLOCK).arg(1);
    let clock = clock.arg(BLOCK_HASH).init();
    for call in [
        clock,
        bind("users", &right, json!(terms.users)),
        bind("tokens", &wrong, json!(terms.tokens)),
        bind("devices", &right, json!(terms.devices)),
        bind("tasks", &right, json!(terms.tasks)),
    ] {
        world.stage.submit(&call).unwrap();
    }
    world.define(&plain()).unwrap();
    let ann = world.user("ann", ORG1, 100);
    let before = world.state();
    let refused = world.create(&ann, &public(whole(10), 20));
    assert_eq!(
        refused,
        Err("PERMISSION_DENIED".to_owned()),
        "tokens knows no manager called tasks"
    );
    assert_eq!(world.state(), before, "nothing is written");
}
