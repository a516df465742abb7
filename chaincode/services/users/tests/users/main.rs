//! The manager of users in the simulator, with a contract in place of the manager of tasks.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

mod anchors;
mod binding;
mod by_hand;
#[path = "../../../platform/tests/support/interface.rs"]
mod interface;
mod keys;
mod lint;
mod reputation;
mod stand_in;
#[path = "../../../platform/tests/support/texts.rs"]
mod texts;
#[path = "../../../platform/tests/support/world.rs"]
mod world;
