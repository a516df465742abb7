//! A device's process, with power cuts and gateways that lie.

#![expect(
    clippy::indexing_slicing,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

mod disk;
mod gateways;
mod power;
mod world;
