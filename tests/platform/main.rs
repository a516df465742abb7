//! The platform as a whole: users, devices, tasks and tokens together, by the clock.
//!
//! Stories are told once and played in the simulator and on an embedded network; `real_fabric` plays
//! them on real peers.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

#[path = "costs/bench.rs"]
mod bench;
mod concurrency;
mod embedded;
mod everywhere;
mod matrix;
#[path = "costs/meter.rs"]
mod meter;
mod model;
#[path = "costs/page.rs"]
mod page;
mod page_of_costs;
mod remote;
mod sets;
mod simulated;
mod stage;
mod stories;
mod thefts;
mod tickers;
mod together;
mod world;
