//! The clock contract: time as a chain of epochs that the channel's members agree on.
//!
//! A ledger has no clock: blocks come when there is something to order, and a transaction's time
//! is what its client claims. An *epoch* is a marker on the ledger, written once and never again,
//! chained to the one before it by hash. Whoever has the role of a ticker asks for the next one
//! when its time has come; a majority of the members endorses it, so that no single one makes
//! time run faster or slower.
//!
//! **Deadlines.** What is due by the end of epoch `n` is late once marker `n + 1` exists. A
//! transaction in time reads that this marker is *absent*. Fabric puts the absence into its read
//! set: if the marker comes into being before the transaction commits, the transaction is
//! invalid, however early it was endorsed and however long it was held back. A transaction that
//! acts on lateness reads that the marker is there, which never changes again. Markers are read
//! one by one, by number, so that only a transaction that races its own deadline can conflict
//! with a tick.
//!
//! If every ticker stops, nothing becomes late.
//!
//! | Key | Value |
//! |---|---|
//! | `terms` | [`Terms`](rules::Terms), bound once |
//! | `epoch/<number>` | [`Marker`](rules::Marker), canonical JSON, the number in ten digits |
//!
//! The [rules] are functions of values; the contract is a thin binding of them to Fabric.

mod contract;
mod error;
pub mod rules;

use pervade_chaincode::{Chaincode, ChaincodeName};

pub use contract::{BOUND, Clock, ClockClient, MAY_BIND, MAY_TICK, TICKED};
pub use error::ClockError;

/// Hexadecimal SHA-256 of the code that this contract is, down to the versions of the libraries in
/// it. A package that names it is another package when the code is other code.
pub const CODE_SHA256: &str = env!("PERVADE_CODE_SHA256");

/// The clock, to be deployed under the given name, with its initialisation required.
#[must_use]
pub fn chaincode(name: ChaincodeName) -> Chaincode {
    Chaincode::new(name).with(Clock)
}
