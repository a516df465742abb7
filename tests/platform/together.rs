//! The scenario set as a whole.

use crate::stage::Stage;
use crate::stories;
use crate::world::{AllTerms, World};

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
