//! The log of refused calls.
//!
//! A call that its contract refuses never becomes a transaction, so no ledger tells of it. Every
//! host of a chaincode can: it hands what it knows of a refusal to [`Denials`], of which [`Log`] keeps
//! a file. Each line is one [`Entry`] in canonical JSON, with its number and the digest of the line
//! before. Who keeps a log could still write it anew as a whole; so the digest of its last line is
//! anchored on the ledger from time to time, and [`Chain::compare`] holds the log against its anchors.
//!
//! An entry holds no argument and nothing personal: who called is the address of a key.
//!
//! The log never holds up a call. What comes faster than the disk takes it, or after the log is
//! full, is counted instead, and the next entry tells how much was.

mod chain;
mod denied;
mod log;

pub use chain::{Anchored, Chain, Fault, Link};
pub use denied::{Denials, Denied, Entry, cut};
pub use log::{LOG_BYTES_MAX, Log, LogError};
