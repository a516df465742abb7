//! Blocks and transactions as provenance; what is proven about each quad.
//!
//! - [`LedgerGraph`] turns blocks into quads: one named graph per normalised payload, and one
//!   graph per channel that says which transaction, organisation, endorsers and block each payload
//!   came with. Transactions that took no effect are told in a graph of their own.
//! - [`Proof`] carries everything an outsider needs to follow one quad back to block, transaction
//!   and endorsers, and [`Proof::verify`] follows it, from bytes.
//! - [`Replay`] goes over a whole ledger and repeats every judgement.
//!
//! **Invariant:** pure functions of the blocks: no clock, no I/O, same blocks ⇒ same quads.

mod graph;
mod names;
mod proof;
mod provenance;
mod records;
mod replay;

pub use graph::{ApplyError, BlockGraph, LedgerGraph, PayloadGraph, Salted};
pub use proof::{Proof, ProofError, ProveError, Proven, Step};
pub use records::{RecordError, Visibility};
pub use replay::{Replay, ReplayError, Replayed};
