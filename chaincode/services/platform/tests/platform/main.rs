//! What managers share, under a contract that has nothing of its own.

#![expect(
    clippy::panic,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

mod binding;
mod deadlines;
mod keys;
mod manager;
mod tallies;
#[path = "../support/world.rs"]
mod world;
