//! Before, at and after each deadline; and endorsed before it, sent after.

use expect_test::expect;
use pervade_simulator::Member;
use pervade_tasks::record::{Action, NewTask};
use serde_json::{Value, json};

use crate::judges::{oracles, vote};
use crate::stage::{Stage, accepted, of_type, public, voted};
use crate::world::{Call, Told, call};

const CONFLICT: &str = "MVCC_READ_CONFLICT";

/// What has a deadline.
#[derive(Clone, Copy)]
enum Deed {
    Accept,
    Decline,
    Deliver,
    Reject,
    Vote,
}

impl Deed {
    fn doer(self, stage: &mut Stage) -> Member {
        match self {
            Self::Accept | Self::Decline => stage.ben.clone(),
            Self::Deliver => stage.device.member.clone(),
            Self::Reject => stage.ann.clone(),
            Self::Vote => oracles(&mut stage.world)[0].clone(),
        }
    }

    fn call<'a>(self, stage: &mut Stage, who: &'a Member, task: &str) -> Call<'a> {
        let (device, epoch) = (stage.device.clone(), stage.world.epoch());
        match self {
            Self::Accept => stage.acceptance(who, task, &device),
            Self::Decline => call(who, "tasks:decline").with(task).with(epoch),
            Self::Deliver => {
                let result = stage.world.result(&device, task, &[("celsius", 21)]);
                call(who, "tasks:complete").with(task).with(result).with(epoch)
            }
            Self::Reject => call(who, "tasks:reject").with(task).with(epoch),
            Self::Vote => vote(stage, who, task, true),
        }
    }
}

/// What becomes of it in the deadline's epoch; if it is endorsed then and sent in the next; and if
/// it is tried in the next.
fn around(deadline: u64, prepare: fn() -> (Stage, String), deed: Deed) -> [String; 3] {
    let at = |epoch: u64, waits: bool| {
        let (mut stage, task) = prepare();
        stage.world.until(epoch);
        let who = deed.doer(&mut stage);
        let call = deed.call(&mut stage, &who, &task);
        let told = if waits {
            let held = stage.world.hold(call);
            stage.world.tick();
            stage.world.send([held]).remove(0)
        } else {
            stage.world.submit::<Value>(call).map(drop)
        };
        told.err().unwrap_or_else(|| "done".to_owned())
    };
    [at(deadline, false), at(deadline, true), at(deadline + 1, false)]
}

fn created() -> (Stage, String) {
    let mut stage = Stage::new();
    let task = stage.create(&public()).unwrap();
    (stage, task)
}

fn locked() -> (Stage, String) {
    let mut stage = Stage::new();
    let task = stage.accepted(&public());
    (stage, task)
}

fn awaiting_acceptance() -> (Stage, String) {
    let mut stage = Stage::of_type(&accepted());
    let task = stage.accepted(&of_type("accepted"));
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    (stage, task)
}

fn awaiting_votes() -> (Stage, String) {
    let mut stage = Stage::new();
    let oracles = oracles(&mut stage.world);
    crate::stage::define(&mut stage.world, &voted(&oracles)).unwrap();
    let task = stage.accepted(&of_type("voted"));
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    (stage, task)
}

/// W-75, W-76, W-78, N-03: a result is in time in the last epoch. What was endorsed then and comes
/// later is void.
#[test]
fn a_result_comes_before_the_task_expires() {
    let told = around(5, locked, Deed::Deliver);
    assert_eq!(told, ["done", CONFLICT, "TASK_EXPIRED"]);
}

/// D-23, attack 1: nobody accepts what leaves too little time.
#[test]
fn accepting_leaves_time_to_perform() {
    let told = around(3, created, Deed::Accept);
    assert_eq!(told, ["done", CONFLICT, "TASK_EXPIRED"]);
}

/// D-23: declining has a window of its own.
#[test]
fn declining_is_soon_or_never() {
    let told = around(3, locked, Deed::Decline);
    assert_eq!(told, ["done", CONFLICT, "TOO_LATE"]);
}

/// D-24 (e): a creator rejects in time or has accepted.
#[test]
fn rejecting_has_a_window() {
    let told = around(2, awaiting_acceptance, Deed::Reject);
    assert_eq!(told, ["done", CONFLICT, "TOO_LATE"]);
}

/// W-85: oracles vote in time.
#[test]
fn voting_has_a_window() {
    let told = around(2, awaiting_votes, Deed::Vote);
    assert_eq!(told, ["done", CONFLICT, "TOO_LATE"]);
}

/// W-49, W-78, D-02: a task expires when its last epoch is over, for everyone, and once.
#[test]
fn a_task_expires_once() {
    let (mut stage, task) = locked();
    let (ann, ben) = (stage.ann.clone(), stage.ben.clone());
    stage.world.until(5);
    assert_eq!(stage.expire_as(&ann, &task), Err("TASK_NOT_EXPIRED".to_owned()));
    assert_eq!(stage.release(&task), Err("TASK_NOT_EXPIRED".to_owned()));
    stage.world.tick();
    let both = [&ann, &ben].map(|who| stage.world.hold(call(who, "tasks:expire").with(&task)));
    let told = stage.world.send(both);
    assert_eq!(told, [Ok(()), Err(CONFLICT.to_owned())]);
    expect!["expired in 6"].assert_eq(&stage.outcome(&task));
    assert_eq!(stage.expire_as(&ann, &task), Err("TASK_UNKNOWN".to_owned()));
}

/// D-02: releasing an accepted task that has expired is as good as expiring it.
#[test]
fn a_creator_may_release_what_has_expired() {
    let (mut stage, task) = locked();
    stage.world.until(6);
    stage.release(&task).unwrap();
    expect!["expired in 6"].assert_eq(&stage.outcome(&task));
    expect!["ann 101, ben 93, escrow 0"].assert_eq(&stage.purses(&task));
}

/// D-01: a client's epoch is the present one or the one before, so that a tick between endorsement
/// and commit does no harm; two do.
#[test]
fn one_tick_between_endorsement_and_commit_is_no_harm() {
    let verdict_after = |ticks: u64| {
        let mut stage = Stage::new();
        let ann = stage.ann.clone();
        let held = stage.world.hold(call(&ann, "tasks:create").with(public()).with(0));
        stage.world.until(ticks);
        stage.world.send([held]).remove(0)
    };
    assert_eq!(verdict_after(1), Ok(()));
    assert_eq!(verdict_after(2), Err(CONFLICT.to_owned()));
    let mut stage = Stage::new();
    stage.world.until(2);
    let ann = stage.ann.clone();
    let old = call(&ann, "tasks:create").with(public()).with(0);
    assert_eq!(stage.world.submit::<Value>(old), Err("BAD_EPOCH".to_owned()));
}

/// D-24: once a valid result is there, expiry no longer matters.
#[test]
fn a_pending_result_outlives_the_limit() {
    let mut stage = Stage::of_type(&accepted());
    let task = stage.accepted(&of_type("accepted"));
    stage.world.until(5);
    stage.complete(&task, &[("celsius", 21)]).unwrap();
    stage.world.until(7);
    let ben = stage.ben.clone();
    assert_eq!(stage.expire_as(&ben, &task), Err("TASK_PENDING".to_owned()));
    assert_eq!(stage.release(&task), Err("TASK_PENDING".to_owned()));
    let early: Told<Value> = stage.now(&ben, "tasks:settle", &task);
    assert_eq!(early, Err("TOO_EARLY".to_owned()));
    stage.world.until(8);
    let _: Value = stage.now(&ben, "tasks:settle", &task).unwrap();
    expect!["completed in 8"].assert_eq(&stage.outcome(&task));
}

/// D-02: keepers find what is due, and when; nothing is due about what has ended.
#[test]
fn keepers_find_what_is_due() {
    let mut stage = Stage::of_type(&accepted());
    let unaccepted = stage.create(&public()).unwrap();
    let later = stage.create(&NewTask { limit: 9, ..public() }).unwrap();
    let submitted = stage.accepted(&of_type("accepted"));
    let due = |stage: &mut Stage, epoch: u64| {
        let page: Value = stage.world.ask("tasks:due", &[&epoch.to_string(), "10", ""]);
        assert_eq!(page["bookmark"], json!(""), "that is all");
        page["values"].as_array().unwrap().clone()
    };
    assert_eq!(due(&mut stage, 5), Vec::<Value>::new());
    assert_eq!(due(&mut stage, 6).len(), 2);
    stage.complete(&submitted, &[("celsius", 21)]).unwrap();
    let settle = json!({"action": Action::Settle, "epoch": 3, "id": submitted});
    assert_eq!(due(&mut stage, 3), std::slice::from_ref(&settle));
    let first: Value = stage.world.ask("tasks:due", &["6", "1", ""]);
    assert_eq!(first["values"], json!([settle]));
    let bookmark = first["bookmark"].as_str().unwrap().to_owned();
    let next: Value = stage.world.ask("tasks:due", &["5", "1", &bookmark]);
    assert_eq!(next, json!({"bookmark": "", "values": []}), "what follows is later");
    let expire = json!({"action": Action::Expire, "epoch": 6, "id": unaccepted});
    assert_eq!(due(&mut stage, 6), [settle, expire.clone()]);
    let ann = stage.ann.clone();
    let _: Value = stage.now(&ann, "tasks:settle", &submitted).unwrap();
    assert_eq!(due(&mut stage, 6), [expire]);
    stage.release(&unaccepted).unwrap();
    stage.release(&later).unwrap();
    assert_eq!(due(&mut stage, 1_000), Vec::<Value>::new());
}
