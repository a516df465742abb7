//! Deadlines by the bound clock.

use expect_test::expect;
use pervade_clock::{MAY_TICK, rules::Terms};
use pervade_platform::MAY_BIND;
use serde_json::json;

use crate::manager::bound_world;
use crate::world::World;

/// D-01: the present epoch and the one before may be named as the present, no other.
#[test]
fn the_present_is_this_epoch_or_the_one_before() {
    let mut world = ticked(2);
    let ann = world.client("Org1MSP", "ann", &[]);
    let told = (0..5).map(|epoch| world.submit(&ann, "tokens:require_present", json!([epoch])));
    let told: Vec<String> = told.collect();
    expect![[r#"
        BAD_EPOCH: epoch 0 is not the present one


        BAD_EPOCH: epoch 3 is not the present one
        BAD_EPOCH: epoch 4 is not the present one"#]]
    .assert_eq(&told.join("\n"));
    let last = world.submit(&ann, "tokens:require_present", json!([u64::MAX]));
    assert!(last.starts_with("BAD_EPOCH"), "{last}");
}

/// D-01, N-03: an epoch is over when the next one has begun, and who says that it is not is held to
/// it at commit.
#[test]
fn an_epoch_is_over_when_the_next_has_begun() {
    let mut world = ticked(1);
    let ann = world.client("Org1MSP", "ann", &[]);
    let over = [0, 1, 2].map(|epoch| world.submit(&ann, "tokens:is_over", json!([epoch])));
    assert_eq!(over, ["true", "false", "false"]);
    let held = ["0", "1", "2"]
        .map(|epoch| world.simulator.as_(&ann).to("tokens").endorse("is_over", [epoch]).unwrap());
    tick(&mut world, 2);
    let verdicts = world.simulator.commit(held).unwrap();
    let valid: Vec<_> = verdicts.iter().map(Result::is_ok).collect();
    assert_eq!(valid, [true, false, true], "the tick changed one answer");
}

/// The world with a clock that has begun so many epochs after the first.
fn ticked(epochs: u64) -> World {
    let mut world = bound_world();
    let founder = world.client("Org1MSP", "founder", &[MAY_BIND]);
    let clock = world.simulator.as_(&founder).to("clock").init();
    let terms = json!(Terms::USUAL).to_string();
    clock.submit("bind", [terms, "7".to_owned(), "ab".repeat(32)]).unwrap();
    for epoch in 1..=epochs {
        tick(&mut world, epoch);
    }
    world
}

fn tick(world: &mut World, epoch: u64) {
    let ticker = world.client("Org1MSP", "ticker", &[MAY_TICK]);
    let now = 1_700_000_000 + 15 * i64::try_from(epoch).unwrap();
    world.simulator.set_time(now);
    let clock = world.simulator.as_(&ticker).to("clock");
    clock.submit("tick", [epoch.to_string(), "7".to_owned(), "cd".repeat(32)]).unwrap();
}
