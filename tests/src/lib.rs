//! Evidence, by kind: what the test programs of this package share.
//!
//! - `tidy`: the house rules of `ARCHITECTURE.md`, asserted.
//! - `scenarios`: stories on the embedded network, through the doors a user takes.
//! - `conformance`: public suites and real payloads, where the data is there.
//! - `official_clients`, `real_fabric`: other people's programs, behind features.

pub mod outside;
pub mod random;
