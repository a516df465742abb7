//! The manager of tasks by the real rules of a channel, with all managers of a platform.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

mod attacks;
mod checks;
mod deadlines;
#[path = "../../../platform/tests/support/interface.rs"]
mod interface;
mod judges;
mod kinds;
mod lint;
mod lists;
mod money;
mod phases;
mod results;
mod stage;
#[path = "../../../platform/tests/support/texts.rs"]
mod texts;
mod walk;
mod world;
