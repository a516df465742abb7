//! What each operation of a platform costs, as a page:
//! `cargo run --release -p pervade-tests --example costs > docs/costs.md`.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a program that measures, not one that serves"
)]

#[path = "costs/bench.rs"]
mod bench;
mod embedded;
#[path = "costs/meter.rs"]
mod meter;
#[path = "costs/page.rs"]
mod page;
mod remote;
#[expect(dead_code, reason = "the stories need more of it")]
mod simulated;
#[expect(dead_code, reason = "the stories need more of it")]
mod stage;
#[expect(dead_code, reason = "the stories need more of it")]
mod world;

use std::io::{self, Write as _};

use crate::embedded::embedded;
use crate::meter::Costs;
use crate::simulated::Simulated;
use crate::world::{ORGS, World, chaincodes};

fn main() -> io::Result<()> {
    let mut costs = Costs::default();
    let simulated = Simulated::new(&ORGS, chaincodes(""));
    bench::measure(World::unbound(simulated, ""), ROUNDS, &mut costs);
    bench::measure(World::unbound(embedded(chaincodes("")), ""), ROUNDS, &mut costs);
    io::stdout().lock().write_all(page::written(&costs).as_bytes())
}

/// How often each operation is measured; what is told is the median.
const ROUNDS: usize = 15;
