//! The scenario set, on every stage that is here.

use expect_test::expect_file;

use crate::embedded::embedded;
use crate::simulated::Simulated;
use crate::together::{ACCOUNT, play};
use crate::world::{ORGS, chaincodes};

/// The scenario set in the simulator: each line is read.
#[test]
fn the_stories_in_the_simulator() {
    let told = play(Simulated::new(&ORGS, chaincodes("")), "");
    expect_file!["stories.txt"].assert_eq(&told);
}

/// The same on an embedded network: every line the same.
#[test]
fn the_stories_on_an_embedded_network() {
    assert_eq!(play(embedded(chaincodes("")), ""), ACCOUNT);
}
