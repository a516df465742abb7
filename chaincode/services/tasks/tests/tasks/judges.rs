//! Results that oracles or the creator judge.

use expect_test::expect;
use pervade_simulator::Member;
use pervade_tasks::record::{Check, Pending, Task, Verdict};
use serde_json::{Value, json};

use crate::stage::{Stage, accepted, define, of_type, voted};
use crate::world::{Call, Told, World, call, units};

/// Three oracles, of three organisations.
pub(crate) fn oracles(world: &mut World) -> Vec<Member> {
    let organizations = ["Org1MSP", "Org2MSP", "Org3MSP"].into_iter();
    organizations.map(|msp| world.simulator.client(msp, "oracle").unwrap()).collect()
}

/// A vote on the result that is being judged.
pub(crate) fn vote<'a>(
    stage: &mut Stage,
    who: &'a Member,
    task: &str,
    confirmed: bool,
) -> Call<'a> {
    let statement_sha256 = pending(stage, task).statement_sha256;
    call(who, "tasks:vote").with(task).with(confirmed).with(statement_sha256)
}

fn pending(stage: &mut Stage, task: &str) -> Pending {
    let task: Task = stage.world.ask("tasks:task", &[task]);
    task.pending.unwrap()
}

fn cast(stage: &mut Stage, who: &Member, task: &str, confirmed: bool) -> Told<Value> {
    let vote = vote(stage, who, task, confirmed);
    stage.world.submit(vote)
}

/// A task with a result that two of three oracles are to confirm.
fn submitted() -> (Stage, Vec<Member>, String) {
    let mut stage = Stage::new();
    let oracles = oracles(&mut stage.world);
    define(&mut stage.world, &voted(&oracles)).unwrap();
    let task = stage.accepted(&of_type("voted"));
    let verdict = stage.complete(&task, &[("celsius", 21)]).unwrap();
    assert_eq!((verdict.check, verdict.confirmed), (Check::Votes, None), "not yet");
    expect!["changed"].assert_eq(&stage.events());
    (stage, oracles, task)
}

fn settle(stage: &mut Stage, who: &Member, task: &str) -> Told<Verdict> {
    stage.now(who, "tasks:settle", task)
}

/// W-85, D-24 (d): two of three oracles complete the task, whatever the third says.
#[test]
fn enough_oracles_complete_a_task() {
    let (mut stage, oracles, task) = submitted();
    let (ben, device) = (stage.ben.clone(), stage.device.clone());
    let again = stage.world.result(&device, &task, &[("celsius", 22)]);
    assert_eq!(stage.send(&device.member, &task, &again), Err("TASK_PENDING".to_owned()));
    cast(&mut stage, &oracles[0], &task, true).unwrap();
    cast(&mut stage, &oracles[1], &task, false).unwrap();
    assert_eq!(settle(&mut stage, &ben, &task), Err("TOO_EARLY".to_owned()));
    cast(&mut stage, &oracles[2], &task, true).unwrap();
    let cleo = stage.world.user_with("Org1MSP", "cleo", 0);
    let verdict = settle(&mut stage, &cleo, &task).unwrap();
    assert_eq!((verdict.check, verdict.confirmed), (Check::Votes, Some(true)));
    expect!["completed in 0, ann 94.9, ben 99, escrow 0"].assert_eq(&format!(
        "{}, {}",
        stage.outcome(&task),
        stage.purses(&task)
    ));
    assert_eq!(stage.world.tokens(&cleo), units(100_000), "for the keeper");
    let votes: Value = stage.world.ask("tasks:votes", &[&task, "10", ""]);
    assert_eq!(votes["values"].as_array().unwrap().len(), 3, "votes are kept");
}

/// W-85: oracles vote at the same time and do not get in each other's way.
#[test]
fn oracles_vote_at_the_same_time() {
    let (mut stage, oracles, task) = submitted();
    let held: Vec<_> = oracles
        .iter()
        .map(|oracle| {
            let vote = vote(&mut stage, oracle, &task, true);
            stage.world.hold(vote)
        })
        .collect();
    assert_eq!(stage.world.send(held), [Ok(()), Ok(()), Ok(())]);
}

/// W-85: who votes, and how often.
#[test]
fn only_oracles_vote_and_once() {
    let (mut stage, oracles, task) = submitted();
    let ben = stage.ben.clone();
    assert_eq!(cast(&mut stage, &ben, &task, true), Err("NOT_ORACLE".to_owned()));
    cast(&mut stage, &oracles[0], &task, true).unwrap();
    assert_eq!(cast(&mut stage, &oracles[0], &task, false), Err("ALREADY_VOTED".to_owned()));
    let other = call(&oracles[1], "tasks:vote").with(&task).with(true).with("ab".repeat(32));
    assert_eq!(stage.world.submit::<Value>(other), Err("OTHER_RESULT".to_owned()));
}

/// W-85, W-98: what oracles refuse is a fault of the device; another result may come, on which
/// they vote anew.
#[test]
fn oracles_refuse_a_result() {
    let (mut stage, oracles, task) = submitted();
    for oracle in &oracles[..2] {
        cast(&mut stage, oracle, &task, false).unwrap();
    }
    let ben = stage.ben.clone();
    let verdict = settle(&mut stage, &ben, &task).unwrap();
    assert_eq!((verdict.check, verdict.confirmed), (Check::Votes, Some(false)));
    let device = stage.device.clone();
    let standing: Value = stage.world.ask("devices:standing", &[device.id.as_str()]);
    assert_eq!(standing["faults"], json!([0]));
    expect!["ann 94.9, ben 93, escrow 6.1"].assert_eq(&stage.purses(&task));
    stage.complete(&task, &[("celsius", 22)]).unwrap();
    for oracle in &oracles[..2] {
        cast(&mut stage, oracle, &task, true).unwrap();
    }
    settle(&mut stage, &ben, &task).unwrap();
    expect!["completed in 0"].assert_eq(&stage.outcome(&task));
}

/// D-19, D-24: what oracles refuse when it is too late for another result is the creator's.
#[test]
fn oracles_refuse_the_last_result() {
    let mut stage = Stage::new();
    let oracles = oracles(&mut stage.world);
    define(&mut stage.world, &voted(&oracles)).unwrap();
    let task = stage.accepted(&of_type("voted"));
    stage.world.until(5);
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    stage.world.until(6);
    for oracle in &oracles[..2] {
        cast(&mut stage, oracle, &task, false).unwrap();
    }
    let ann = stage.ann.clone();
    settle(&mut stage, &ann, &task).unwrap();
    expect!["failed in 6, ann 101, ben 93, escrow 0"].assert_eq(&format!(
        "{}, {}",
        stage.outcome(&task),
        stage.purses(&task)
    ));
    let device = stage.device.clone();
    let standing: Value = stage.world.ask("devices:standing", &[device.id.as_str()]);
    assert_eq!((&standing["failed"], &standing["faults"]), (&json!(1), &json!([6])));
}

/// W-85: if the oracles come to nothing, nobody loses by it.
#[test]
fn silent_oracles_cost_nobody() {
    let (mut stage, oracles, task) = submitted();
    cast(&mut stage, &oracles[0], &task, true).unwrap();
    stage.world.until(3);
    let ann = stage.ann.clone();
    let verdict = settle(&mut stage, &ann, &task).unwrap();
    assert_eq!(verdict.confirmed, None, "nobody knows");
    expect!["failed in 3, ann 99, ben 95, escrow 0"].assert_eq(&format!(
        "{}, {}",
        stage.outcome(&task),
        stage.purses(&task)
    ));
    let device = stage.device.clone();
    let standing: Value = stage.world.ask("devices:standing", &[device.id.as_str()]);
    assert_eq!(standing["faults"], json!([]));
}

fn delivered() -> (Stage, String) {
    let mut stage = Stage::of_type(&accepted());
    let task = stage.accepted(&of_type("accepted"));
    let verdict = stage.complete(&task, &[("celsius", 21)]).unwrap();
    assert_eq!((verdict.check, verdict.confirmed), (Check::Acceptance, None), "not yet");
    (stage, task)
}

/// D-24 (e): the creator may accept at once.
#[test]
fn a_creator_accepts() {
    let (mut stage, task) = delivered();
    let (ann, ben) = (stage.ann.clone(), stage.ben.clone());
    assert_eq!(settle(&mut stage, &ben, &task), Err("TOO_EARLY".to_owned()));
    let verdict = settle(&mut stage, &ann, &task).unwrap();
    assert_eq!((verdict.check, verdict.confirmed), (Check::Acceptance, Some(true)));
    expect!["completed in 0, ann 95, ben 99, escrow 0"].assert_eq(&format!(
        "{}, {}",
        stage.outcome(&task),
        stage.purses(&task)
    ));
}

/// D-24 (e): silence is acceptance; whoever says so has the keeper's fee.
#[test]
fn silence_is_acceptance() {
    let (mut stage, task) = delivered();
    let ben = stage.ben.clone();
    stage.world.until(3);
    settle(&mut stage, &ben, &task).unwrap();
    expect!["completed in 3, ann 94.9, ben 99.1, escrow 0"].assert_eq(&format!(
        "{}, {}",
        stage.outcome(&task),
        stage.purses(&task)
    ));
}

/// D-24 (e): a creator who rejects gains nothing by it, and the respondent loses nothing.
#[test]
fn a_creator_rejects() {
    let (mut stage, task) = delivered();
    let (ann, ben) = (stage.ann.clone(), stage.ben.clone());
    let not_creator: Told<Value> = stage.now(&ben, "tasks:reject", &task);
    assert_eq!(not_creator, Err("NOT_CREATOR".to_owned()));
    let verdict: Verdict = stage.now(&ann, "tasks:reject", &task).unwrap();
    assert_eq!((verdict.check, verdict.confirmed), (Check::Acceptance, Some(false)));
    expect!["rejected in 0, ann 99, ben 95, escrow 0"].assert_eq(&format!(
        "{}, {}",
        stage.outcome(&task),
        stage.purses(&task)
    ));
    assert_eq!(stage.world.reputation(&ann), 1);
    let kept: Value = stage.world.ask("tasks:result", &[&task]);
    assert_eq!(kept["task"], json!(task), "what was rejected stays, for whoever asks why");
}

/// W-85: where oracles judge, the creator's word is none.
#[test]
fn a_creator_does_not_overrule_oracles() {
    let (mut stage, _, task) = submitted();
    let ann = stage.ann.clone();
    let told: Told<Value> = stage.now(&ann, "tasks:reject", &task);
    assert_eq!(told, Err("TASK_NOT_PENDING".to_owned()));
}
