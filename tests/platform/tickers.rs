//! Those who make time pass, and what becomes of tasks when they do not, or lie.

use crate::simulated::Simulated;
use crate::stage::{Call, Enrolment, Stage as _};
use crate::world::{
    AllTerms, BLOCK_HASH, ORG1, ORG2, ORG3, ORGS, World, chaincodes, plain, public, whole,
};

fn world() -> World<Simulated> {
    let stage = Simulated::new(&ORGS, chaincodes(""));
    let mut world = World::found(stage, "", &AllTerms::default());
    world.define(&plain()).unwrap();
    world
}

/// D-01: when every ticker is dead, nothing becomes late, however long it takes: nobody loses a stake over it. Any
/// other organisation's ticker may go on.
#[test]
fn when_all_tickers_are_dead_nothing_expires() {
    let mut world = world();
    let (ann, bob) = (world.user("ann", ORG1, 100), world.user("bob", ORG2, 100));
    let meter = world.device(&bob, "meter-of-bob");
    let task = world.create(&ann, &public(whole(4), 3)).unwrap();
    world.accept(&bob, &task, &meter.id).unwrap();
    world.stage.pass(3_600);
    assert_eq!(world.on(&ann, "expire", &task), Err("TASK_NOT_EXPIRED".to_owned()));
    let result = world.result(&meter, &task, &[]);
    world.complete(&meter, &task, &result).unwrap();

    let late = world.create(&ann, &public(whole(4), 3)).unwrap();
    let attributes = [("platform.ticker", "true")];
    let enrolment = Enrolment { attributes: &attributes, ..Enrolment::client(ORG3) };
    world.ticker = world.stage.enrol("the other ticker", enrolment);
    world.ticks(4);
    world.on(&bob, "expire", &late).unwrap();
}

/// D-01: two tickers begin one epoch between them; a task that counts by it is not disturbed.
#[test]
fn two_tickers_begin_one_epoch() {
    let mut world = world();
    let ann = world.user("ann", ORG1, 100);
    let attributes = [("platform.ticker", "true")];
    let enrolment = Enrolment { attributes: &attributes, ..Enrolment::client(ORG2) };
    let second = world.stage.enrol("second", enrolment);
    world.stage.pass(6);
    let (first, clock) = (world.ticker.clone(), world.set.clock.clone());
    let tick = |who| Call::new(who, &clock, "tick").arg(1).arg(1).arg(BLOCK_HASH);
    let held = [world.hold(&tick(&first)), world.hold(&tick(&second))];
    let create = Call::new(&ann, "tasks", "create").arg(public(whole(4), 3)).arg(0);
    let created = world.hold(&create);
    let told = held.map(|held| world.stage.let_go(held).map(|_| ()));
    assert_eq!(told, [Ok(()), Err("MVCC_READ_CONFLICT".to_owned())]);
    assert!(world.stage.let_go(created).is_ok(), "a tick is no conflict for those who create");
    world.epoch = 1;
    world.ticks(3);
}

/// D-01: a ticker that lies about the time is refused by every endorser that knows better: epochs come neither
/// early nor all at once.
#[test]
fn a_lying_ticker_expires_nobodys_task() {
    let mut world = world();
    let (ann, bob) = (world.user("ann", ORG1, 100), world.user("bob", ORG2, 100));
    let task = world.create(&ann, &public(whole(4), 3)).unwrap();
    let ticker = world.ticker.clone();
    assert_eq!(world.tick_as(&ticker, 1), Err("TOO_EARLY".to_owned()));
    assert_eq!(world.tick_as(&ticker, 4), Err("NO_EPOCH".to_owned()));
    for seconds in [121, 3_600] {
        world.stage.claim(seconds);
        assert_eq!(world.tick_as(&ticker, 1), Err("CLIENT_TIME".to_owned()), "{seconds} s ahead");
    }
    world.stage.claim(0);
    assert_eq!(world.tick_as(&bob, 1), Err("PERMISSION_DENIED".to_owned()));
    assert_eq!(world.on(&bob, "expire", &task), Err("TASK_NOT_EXPIRED".to_owned()));
}
