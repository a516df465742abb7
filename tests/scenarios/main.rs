//! Stories on the embedded network, through the doors that a user takes.
//!
//! Every test names the requirement that it shows. Each starts a network of its own: two
//! organisations with a peer each, one orderer, one channel, in a temporary folder.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

mod agents;
mod calls;
mod code;
pub mod contracts;
mod damage;
mod durability;
mod fleet;
mod interop;
mod lying_gateway;
mod members;
mod platform;
mod privacy;
mod proofs;
mod services;
pub mod typed;
mod world;
