//! The scenario set as a whole.

use pervade_chaincode::Chaincode;
use pervade_platform::ContractSet;

use crate::stage::Stage;
use crate::stories;
use crate::world::{AllTerms, World};

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

/// What all stages have to tell, line by line.
pub(crate) const ACCOUNT: &str = include_str!("stories.txt");
