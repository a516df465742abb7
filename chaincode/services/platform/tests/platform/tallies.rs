//! Sums that many add to.

use expect_test::{Expect, expect};
use pervade_simulator::Member;
use serde_json::json;

use crate::manager::bound_world;
use crate::world::World;

/// W-51: what goes in comes out, and no more.
#[test]
fn a_sum_is_what_was_added_less_what_was_taken() {
    let mut sums = Sums::new();
    sums.says("total", json!([]), expect!["0"]);
    sums.says("take", json!([1]), expect!["INSUFFICIENT_FUNDS: there is only 0"]);
    sums.says("begin", json!([5]), expect![]);
    sums.says("add", json!([3]), expect![]);
    sums.says("add", json!([0]), expect![]);
    sums.says("add", json!([4]), expect![]);
    sums.says("total", json!([]), expect!["12"]);
    sums.says("is_at_least", json!([12]), expect!["true"]);
    sums.says("is_at_least", json!([13]), expect!["false"]);
    sums.says("take", json!([13]), expect!["INSUFFICIENT_FUNDS: there is only 0.000012"]);
    sums.says("take", json!([6]), expect![]);
    sums.says("total", json!([]), expect!["6"]);
    sums.says("take", json!([6]), expect![]);
    sums.says("total", json!([]), expect!["0"]);
    assert_eq!(sums.notes(), 0, "all notes were picked up");
}

/// W-51: a sum has an end.
#[test]
fn a_sum_does_not_wrap() {
    let mut sums = Sums::new();
    sums.says("begin", json!([9_007_199_254_740_991_u64]), expect![]);
    sums.says("add", json!([1]), expect![]);
    sums.says("total", json!([]), expect!["TOKEN_OVERFLOW: that is more than there can be"]);
    sums.says("gather", json!([]), expect!["TOKEN_OVERFLOW: that is more than there can be"]);
    sums.says("take", json!([1]), expect![]);
    sums.says("total", json!([]), expect!["9007199254740991"]);
}

/// What is taken at most is what there is.
#[test]
fn taking_at_most_takes_what_there_is() {
    let mut sums = Sums::new();
    sums.says("take_at_most", json!([5]), expect!["0"]);
    sums.says("begin", json!([2]), expect![]);
    sums.says("add", json!([5]), expect![]);
    sums.says("take_at_most", json!([1]), expect!["1"]);
    assert_eq!(sums.notes(), 1, "the base was enough");
    sums.says("take_at_most", json!([5]), expect!["5"]);
    assert_eq!(sums.notes(), 0, "the note was picked up");
    sums.says("total", json!([]), expect!["1"]);
    sums.says("take_at_most", json!([5]), expect!["1"]);
    sums.says("total", json!([]), expect!["0"]);
}

/// F-10: additions of one block conflict with nothing, not even with one who takes from the base;
/// two who take do.
#[test]
fn additions_conflict_with_nothing() {
    let mut sums = Sums::new();
    sums.says("begin", json!([5]), expect![]);
    let calls = ["add", "take", "add", "take", "add"];
    let endorsed: Vec<_> = calls
        .iter()
        .map(|call| {
            let client = sums.world.simulator.as_(&sums.ann).to("tokens");
            client.endorse(call, ["1"]).unwrap()
        })
        .collect();
    let verdicts = sums.world.simulator.commit(endorsed).unwrap();
    let valid: Vec<_> = verdicts.iter().map(Result::is_ok).collect();
    assert_eq!(valid, [true, true, true, false, true]);
    sums.says("total", json!([]), expect!["7"]);
}

/// F-10: whoever asks whether there is enough reads no further than it takes, and conflicts with no
/// addition then; the answer "no" must still hold at commit.
#[test]
fn enough_is_found_without_counting_all() {
    let mut sums = Sums::new();
    sums.says("begin", json!([5]), expect![]);
    let asked = ["5", "6"].map(|amount| {
        let client = sums.world.simulator.as_(&sums.ann).to("tokens");
        client.endorse("is_at_least", [amount]).unwrap()
    });
    sums.says("add", json!([1]), expect![]);
    let verdicts = sums.world.simulator.commit(asked).unwrap();
    let valid: Vec<_> = verdicts.iter().map(Result::is_ok).collect();
    assert_eq!(valid, [true, false]);
}

/// A note is picked up once: of two who need it, one comes too late.
#[test]
fn a_note_is_picked_up_once() {
    let mut sums = Sums::new();
    sums.says("add", json!([5]), expect![]);
    let endorsed: Vec<_> = (0..2)
        .map(|_| {
            let client = sums.world.simulator.as_(&sums.ann).to("tokens");
            client.endorse("take", ["5"]).unwrap()
        })
        .collect();
    let verdicts = sums.world.simulator.commit(endorsed).unwrap();
    let valid: Vec<_> = verdicts.iter().map(Result::is_ok).collect();
    assert_eq!(valid, [true, false]);
    sums.says("total", json!([]), expect!["0"]);
}

/// However many notes there are, so many are picked up at once; gathering reaches the rest.
#[test]
fn notes_are_picked_up_in_turns() {
    let mut sums = Sums::new();
    for _ in 0..70 {
        sums.says("add", json!([1]), expect![]);
    }
    sums.says(
        "take",
        json!([65]),
        expect!["TOO_MANY_NOTES: there are more notes than count at once: have them gathered"],
    );
    sums.says("gather", json!([]), expect![]);
    assert_eq!(sums.notes(), 6);
    sums.says("take", json!([65]), expect![]);
    assert_eq!(sums.notes(), 5, "no more than it takes");
    sums.says("total", json!([]), expect!["5"]);
}

struct Sums {
    world: World,
    ann: Member,
}

impl Sums {
    fn new() -> Self {
        let mut world = bound_world();
        let ann = world.client("Org1MSP", "ann", &[]);
        Self { world, ann }
    }

    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "expectations are written where they are checked"
    )]
    fn says(&mut self, function: &str, arguments: serde_json::Value, expected: Expect) {
        let called = format!("tokens:{function}");
        let told = match function {
            "total" | "is_at_least" => self.world.evaluate(&self.ann, &called, arguments),
            _ => self.world.submit(&self.ann, &called, arguments),
        };
        expected.assert_eq(&told);
    }

    fn notes(&self) -> usize {
        self.world.simulator.keys("tokens").iter().filter(|key| key.contains("sum-note")).count()
    }
}
