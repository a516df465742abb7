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
mod judges;
mod kinds;
mod lists;
mod money;
mod phases;
mod results;
mod stage;
mod world;
