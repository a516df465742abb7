//! The demo as the README's first command tells it.

use serde_json::Value;

use crate::program::{Said, verified};

/// T-69: the whole story, told twice on the same folder: the second time it goes on where it was.
#[test]
fn the_demo_is_told_and_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let first = tell(data);
    assert_eq!(first["1.blocks_found"], 1);
    assert_eq!(first["2.devices"], 5);
    assert_eq!(first["5.proof_verified"], true);
    assert!(first["5.warm_rows"].as_u64().unwrap() >= 3, "{first}");
    assert!(first["4.commit_ms_median"].as_u64().is_some(), "{first}");
    assert!(first["1.network_start_ms"].as_u64().is_some(), "{first}");
    assert!(first["6.refused"].as_u64().unwrap() >= 5, "{first}");
    let blocks = verified(data)["channels"][0]["blocks"].as_u64().unwrap();
    let second = tell(data);
    assert_eq!(second["1.blocks_found"], blocks, "it goes on from where it was");
    let after = verified(data);
    assert!(after["channels"][0]["blocks"].as_u64().unwrap() > blocks, "{after}");
    assert_eq!(after["channels"][0]["checkpoint"], after["channels"][0]["blocks"]);

    let proven = Said::by(&["prove", "warm", "--row", "1", "--json", "--data", data]).done();
    let steps = proven["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 6, "no network runs, and every link holds: {steps:?}");
    Said::by(&["network", "reset", "--yes", "--data", data, "--json"]).done();
    assert!(!folder.path().join("channels").exists(), "nothing is left of the ledger");
}

/// W-03…07, W-62…72, W-88, W-105, D-02: the story of tasks, told twice on the same folder: a device that nobody
/// reaches is commanded, paid, and owed for; the keeper that lives ends what its owner left undone.
#[test]
fn the_story_of_tasks_is_told_and_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for _ in 0..2 {
        let said = Said::by(&["demo", "tasks", "--json", "--data", data]);
        let figures = &said.done()["figures"];
        assert_eq!(figures["6.valve_turns"], 1, "{said:?}");
        // Ann paid 10 and 3, three fees, and has a keeper's fee less; Bob's stake is hers.
        assert_eq!(figures["7.ann_tokens"], 88_950_000, "{said:?}");
        assert_eq!(figures["7.bob_tokens"], 53_000_000, "{said:?}");
        assert_eq!(figures["7.keeper_tokens"], 50_000, "{said:?}");
        assert!(said.out.contains("21.4 degrees"), "the creator reads the result: {said:?}");
    }
    verified(data);
    Said::by(&["network", "reset", "--yes", "--data", data, "--json"]).done();
}

/// Tells the story; gives its figures.
fn tell(data: &str) -> Value {
    let said = Said::by(&["demo", "--json", "--data", data]);
    let steps: Vec<Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = said.done();
    assert_eq!(last["outcome"], "done", "{last}");
    assert_eq!(steps.len(), 7, "six steps and the figures");
    for (index, step) in steps.iter().take(6).enumerate() {
        assert_eq!(step["step"], index + 1, "{step}");
        assert!(!step["said"].as_array().unwrap().is_empty(), "{step}");
    }
    last["figures"].clone()
}
