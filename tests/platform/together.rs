//! The scenario set, on every stage that is here.

use expect_test::expect_file;
use pervade_chaincode::Chaincode;
use pervade_platform::ContractSet;

use crate::embedded::embedded;
use crate::simulated::Simulated;
use crate::stage::Stage;
use crate::stories;
use crate::world::{AllTerms, ORGS, World};

/// The five chaincodes of a set.
pub(crate) fn chaincodes(ending: &str) -> Vec<Chaincode> {
    let ContractSet { clock, devices, tasks, tokens, users } = ContractSet::with_ending(ending);
    vec![
        pervade_clock::chaincode(clock.parse().unwrap()),
        pervade_users::chaincode(users.parse().unwrap()),
        pervade_tokens::chaincode(tokens.parse().unwrap()),
        pervade_devices::chaincode(devices.parse().unwrap()),
        pervade_tasks::chaincode(tasks.parse().unwrap()),
    ]
}

/// Plays every story; gives the accounts of all of them.
pub(crate) fn play<S: Stage>(stage: S, ending: &str) -> String {
    let mut world = World::found(stage, ending, &AllTerms::default());
    stories::define_types(&mut world);
    let mut told = String::new();
    for (name, story) in stories::all() {
        let account = story(&mut world);
        told.push_str(&format!("## {name}\n{}\n\n", account.text()));
    }
    told
}

/// The scenario set in the simulator: each line is read.
#[test]
fn the_stories_in_the_simulator() {
    let told = play(Simulated::new(&ORGS, chaincodes("")), "");
    expect_file!["stories.txt"].assert_eq(&told);
}

/// The same on an embedded network: every line the same.
#[test]
fn the_stories_on_an_embedded_network() {
    let told = play(embedded(chaincodes("")), "");
    expect_file!["stories.txt"].assert_eq(&told);
}
