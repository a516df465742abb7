//! The rules of a ledger, and nothing else: how blocks are linked, what a transaction is, how
//! it is simulated, judged and applied.
//!
//! Every function here is a pure function of its arguments: no clock, no randomness, no file,
//! no socket, no unordered collection. Two peers that hand in the same block, the same
//! configuration and the same state get the same verdicts, the same changes and the same
//! commit hash.

pub mod answer;
pub mod block;
pub mod collection;
pub mod commit_hash;
pub mod lifecycle;
pub mod private;
pub mod query;
pub mod rwset;
pub mod simulate;
pub mod state;
pub mod transaction;
pub mod validate;

#[cfg(test)]
mod testing;
