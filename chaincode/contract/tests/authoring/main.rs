//! What the macros make of what an author writes.

#![expect(
    clippy::indexing_slicing,
    clippy::missing_assert_message,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test, contracts included"
)]

mod client;
mod errors;
mod hooks;
mod metadata;
mod schemas;
mod state;
mod support;
mod transient;
