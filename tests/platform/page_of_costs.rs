//! Whether the page of costs is of the operations that there are.

use crate::bench;
use crate::meter::Costs;
use crate::page::written;
use crate::simulated::Simulated;
use crate::world::{ORGS, World, chaincodes};

const PAGE: &str = include_str!("../../docs/costs.md");

/// W-108, W-109, W-110: the page names every operation, with as many reads and writes as it has. Managers are bound
/// once; what is made for each user, device and task after that is a few keys.
#[test]
fn the_page_of_costs_is_of_these_operations() {
    let mut costs = Costs::default();
    let simulated = Simulated::new(&ORGS, chaincodes(""));
    bench::measure(World::unbound(simulated, ""), 3, &mut costs);
    let found = written(&costs);
    assert_eq!(operations(PAGE), operations(&found), "see the page for the command that writes it");
}

/// The rows of the table: operation, reads, writes.
fn operations(page: &str) -> Vec<Vec<&str>> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| -"));
    rows.map(|row| row.split('|').map(str::trim).skip(1).take(3).collect()).collect()
}
