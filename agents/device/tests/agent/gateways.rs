//! Gateways that lie, lag behind, and do not answer.

use std::collections::VecDeque;
use std::time::Duration;

use expect_test::{Expect, expect};
use pervade_tasks::record::Task;

use crate::world::{Gateway, Power, TASK, World, account, conflict, id, refusal};

fn honest(world: &World) -> Gateway {
    Gateway::honest(&world.chain, Power::default())
}

fn silent(world: &World) -> Gateway {
    Gateway::honest(&world.chain, Power::of(0))
}

async fn check(world: &World, gateways: Vec<Gateway>, expected: Expect) {
    let agent = world.agent(&Power::default(), gateways).unwrap();
    agent.sweep().await;
    let told: Vec<_> = world.told().into_iter().map(shortened).collect();
    expected.assert_eq(&told.join("; "));
}

fn shortened(note: String) -> String {
    let long =
        [("done, stored as", "stored"), ("delivered in block 7 by transaction t", "delivered")];
    let found = long.iter().find(|(begin, _)| note.starts_with(begin));
    found.map_or(note, |(_, short)| (*short).to_owned())
}

/// W-05: a task that one gateway makes up, or changes, is not done.
#[tokio::test]
async fn a_task_is_not_believed_to_one_gateway() {
    let world = World::new();
    world.chain.lock().unwrap().task = None;
    let mut liar = honest(&world);
    liar.forges = |_| Some(World::new().task(TASK));
    check(&world, vec![liar, honest(&world)], expect!["later: gateways say different things"])
        .await;

    let world = World::new();
    let mut liar = honest(&world);
    liar.forges = |task| task.map(|task| Task { parameters: "{\"open\":true}".to_owned(), ..task });
    check(&world, vec![liar, honest(&world)], expect!["later: gateways say different things"])
        .await;
    assert_eq!(*world.actuator.asked.lock().unwrap(), 0, "nothing was done");
}

/// W-05: an organisation with several gateways is one witness.
#[tokio::test]
async fn the_gateways_of_one_organisation_are_one_witness() {
    let world = World::new();
    world.chain.lock().unwrap().task = None;
    let liar = || {
        let mut liar = honest(&world);
        liar.forges = |_| Some(World::new().task(TASK));
        liar.organization = "liars".to_owned();
        liar
    };
    check(
        &world,
        vec![liar(), liar(), honest(&world)],
        expect!["later: gateways say different things"],
    )
    .await;
    assert_eq!(*world.actuator.asked.lock().unwrap(), 0, "nothing was done");
}

/// W-05: no single gateway hides a task, and none is needed.
#[tokio::test]
async fn any_two_gateways_are_enough() {
    for is_silent in [false, true] {
        let world = World::new();
        let mut hiding = if is_silent { silent(&world) } else { honest(&world) };
        hiding.forges = |_| None;
        check(
            &world,
            vec![hiding, honest(&world), honest(&world)],
            expect!["taken; begun; stored; signed; delivered; the result is on the ledger"],
        )
        .await;
    }

    let world = World::new();
    check(
        &world,
        vec![silent(&world), honest(&world)],
        expect!["later: gateways of fewer than 2 organisations answer"],
    )
    .await;
}

/// W-05, N-08: a gateway that says a result is on the ledger, and throws it away, is found out, and
/// another one carries the same result.
#[tokio::test]
async fn a_receipt_is_not_believed_to_one_gateway() {
    let world = World::new();
    let mut liar = honest(&world);
    liar.discards = true;
    check(&world, vec![liar, honest(&world)], expect![
        "taken; begun; stored; signed; delivered; signed; delivered; the result is on the ledger"
    ])
    .await;
    let chain = world.chain.lock().unwrap();
    assert_eq!(chain.submissions.len(), 2);
    assert_eq!(chain.submissions[0], chain.submissions[1], "as it was");
}

/// D-23: an epoch that one gateway makes up does not make a device pass a task.
#[tokio::test]
async fn an_epoch_is_not_believed_to_one_gateway() {
    let world = World::new();
    let mut liar = honest(&world);
    liar.epoch = u64::MAX;
    check(
        &world,
        vec![liar, honest(&world)],
        expect!["taken; begun; stored; signed; delivered; the result is on the ledger"],
    )
    .await;
}

/// W-71: what passes is tried again with the same result; what does not is found out about.
#[tokio::test]
async fn submissions_are_tried_again() {
    let world = World::new();
    let mut busy = honest(&world);
    busy.excuses = VecDeque::from([conflict(), refusal("BAD_EPOCH"), conflict()]).into();
    check(
        &world,
        vec![busy, honest(&world)],
        expect!["taken; begun; stored; signed; delivered; the result is on the ledger"],
    )
    .await;

    let world = World::new();
    let mut lying = honest(&world);
    lying.excuses = VecDeque::from([refusal("TASK_UNKNOWN")]).into();
    check(
        &world,
        vec![lying, honest(&world)],
        expect!["taken; begun; stored; signed; later: TASK_UNKNOWN: "],
    )
    .await;
    check(
        &world,
        vec![honest(&world), honest(&world)],
        expect!["delivered; the result is on the ledger"],
    )
    .await;
    assert_eq!(*world.actuator.effects.lock().unwrap(), 1, "once");
}

/// W-96, W-98: a result that the ledger holds cannot be is not brought again.
#[tokio::test]
async fn a_refused_result_is_not_brought_again() {
    let world = World::new();
    let mut judging = honest(&world);
    judging.verdict = Some(false);
    check(
        &world,
        vec![judging, honest(&world)],
        expect!["taken; begun; stored; signed; the ledger refused the result"],
    )
    .await;
    check(&world, vec![honest(&world), honest(&world)], expect![""]).await;
    assert_eq!(world.chain.lock().unwrap().submissions.len(), 1);
}

/// D-23, W-70: what is not this device's, or not in time, is passed, which is told once.
#[tokio::test]
async fn tasks_are_passed() {
    for (change, expected) in [
        (
            (|task| task.device_account = Some(account('e'))) as fn(&mut Task),
            expect!["not taken: the device has it under another key"],
        ),
        (
            |task| task.type_name = "measure".to_owned(),
            expect!["not taken: the device has no handler for its type"],
        ),
        (|task| task.expires = 4, expect!["not taken: its last epoch is 4, and this is epoch 5"]),
    ] {
        let world = World::new();
        world.chain.lock().unwrap().task.iter_mut().for_each(change);
        let agent = world.agent(&Power::default(), vec![honest(&world), honest(&world)]).unwrap();
        agent.sweep().await;
        agent.sweep().await;
        expected.assert_eq(&world.told().join("; "));
    }
}

/// D-23: a task that ended while the device was off is not done after all.
#[tokio::test]
async fn a_task_that_ended_is_left_alone() {
    let world = World::new();
    let power = Power::of(40);
    let cut = || Gateway::honest(&world.chain, power.clone());
    let agent = world.agent(&power, vec![cut(), cut()]).unwrap();
    agent.sweep().await;
    world.disk.forget();
    assert_eq!(*world.actuator.asked.lock().unwrap(), 0, "it had not begun");
    world.told();
    world.chain.lock().unwrap().task = None;
    check(
        &world,
        vec![honest(&world), honest(&world)],
        expect!["it ended without this device's result"],
    )
    .await;
    assert_eq!(*world.actuator.asked.lock().unwrap(), 0);
}

/// W-70, W-71: what gateways tell of as it happens is done, though the backlog is not read.
#[tokio::test]
async fn a_task_is_done_as_it_comes() {
    let world = World::new();
    let task = world.chain.lock().unwrap().task.take();
    let agent = world.agent(&Power::default(), vec![honest(&world), honest(&world)]).unwrap();
    let chain = std::sync::Arc::clone(&world.chain);
    let comes = async move {
        chain.lock().unwrap().task = task;
    };
    // The stream tells of the task once; the next reading of the backlog never comes.
    let running = tokio::time::timeout(Duration::from_millis(500), agent.run());
    let (_never, ()) = tokio::join!(running, comes);
    assert_eq!(world.chain.lock().unwrap().completions, 1);
    assert_eq!(world.chain.lock().unwrap().result.clone().unwrap().task, id(TASK));
}
