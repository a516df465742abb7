//! Somebody has a device's key.

use serde_json::json;

use crate::simulated::Simulated;
use crate::stage::{Call, Enrolment, Stage as _};
use crate::world::{AllTerms, ORG1, ORG2, ORGS, Thing, World, chaincodes, plain, public, whole};

/// W-117, attack 10: whoever takes a device, or made it to betray its owner, has the device's own tasks and
/// nothing of the owner's; and not even these once the owner has installed it again.
#[test]
fn a_stolen_device_harms_its_own_tasks_alone() {
    let stage = Simulated::new(&ORGS, chaincodes(""));
    let mut world = World::found(stage, "", &AllTerms::default());
    world.define(&plain()).unwrap();
    let (ann, bob) = (world.user("ann", ORG1, 100), world.user("bob", ORG2, 100));
    let camera = world.device(&bob, "camera-of-bob");
    let [taken, open] = [(); 2].map(|()| world.create(&ann, &public(whole(4), 20)).unwrap());
    world.accept(&bob, &taken, &camera.id).unwrap();
    let before = world.tokens(&bob.account());

    let thief = camera.actor.clone();
    let (from, to) = (bob.account().to_string(), thief.account().to_string());
    let payment = json!({ "amount": 1, "reference": null, "to": ann.account() }).to_string();
    let robbery = json!([{ "amount": 1, "from": { "account": from }, "to": { "account": to } }]);
    let tries = [
        (
            "tokens",
            "pay",
            vec![ann.account().to_string(), "1".to_owned(), String::new()],
            "USER_NOT_REGISTERED",
        ),
        ("tokens", "spend", vec![from, payment], "ALLOWANCE_EXCEEDED"),
        ("tokens", "apply", vec![robbery.to_string()], "PERMISSION_DENIED"),
        ("tokens", "redeem", vec!["1".to_owned()], "USER_NOT_REGISTERED"),
        (
            "devices",
            "set_price",
            vec![camera.id.to_string(), "1".to_owned()],
            "USER_NOT_REGISTERED",
        ),
        ("devices", "deregister", vec![camera.id.to_string()], "USER_NOT_REGISTERED"),
        (
            "tasks",
            "accept",
            vec![open, camera.id.to_string(), "0".to_owned()],
            "USER_NOT_REGISTERED",
        ),
        ("tasks", "decline", vec![taken.clone(), "0".to_owned()], "USER_NOT_REGISTERED"),
    ];
    for (chaincode, function, arguments, expected) in tries {
        let told = world.calls(&thief, chaincode, function, &arguments);
        assert_eq!(told, Err(expected.to_owned()), "{chaincode}.{function}");
    }
    world.register(&thief).unwrap();
    assert_eq!(world.tokens(&thief.account()), whole(0), "a user of its own, with nothing");
    assert_eq!(world.tokens(&bob.account()), before, "nothing of the owner's is gone");

    let result = world.result(&camera, &taken, &[]);
    world.complete(&camera, &taken, &result).unwrap();
    let successor = world.stage.enrol("camera again", Enrolment::client(ORG2));
    let again = Thing { actor: successor, id: camera.id.clone() };
    let key = again.actor.prove(&world.installation(&bob, &again, 1));
    let call = Call::new(&bob, "devices", "reinstall").arg(&camera.id).arg(key);
    world.stage.submit(&call).unwrap();
    let next = world.create(&ann, &public(whole(4), 20)).unwrap();
    world.accept(&bob, &next, &camera.id).unwrap();
    let result = world.result(&camera, &next, &[]);
    let told = world.complete(&camera, &next, &result);
    assert_eq!(told, Err("NOT_DELIVERER".to_owned()), "the key is of no use any more");
}
