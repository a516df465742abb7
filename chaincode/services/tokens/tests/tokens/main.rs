//! The manager of tokens in the simulator, with contracts in place of the managers of tasks and
//! devices.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

mod allowances;
mod binding;
mod by_hand;
mod conservation;
#[path = "../../../platform/tests/support/interface.rs"]
mod interface;
mod lint;
mod market;
mod moves;
mod payments;
mod stand_in;
#[path = "../../../platform/tests/support/texts.rs"]
mod texts;
#[path = "../../../platform/tests/support/world.rs"]
mod world;
