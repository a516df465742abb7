//! The `pervade` command as people and scripts use it: the real program, in folders of its own.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

mod auditor;
mod authoring;
mod chaincode;
mod damage;
mod device;
mod field;
mod help;
mod identity;
mod killing;
mod mapping;
mod platform;
mod program;
mod refusals;
mod story;
mod tutorial;
