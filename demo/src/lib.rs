//! The stories Pervade tells, as a library: told by `pervade demo`, run by the tests.
//!
//! [`tell`] goes the whole way once, on a real network in this process: two organisations and an
//! orderer, five devices of five vendors, their packages, their payloads, an auditor's questions, the
//! proof of one answer, and then everything that must be refused. Told again on the same folder, it
//! goes on from the ledger that is there.
//!
//! [`tell_tasks`] tells another one: three organisations, a task queue between them, a device that nobody
//! can reach, a keeper, and thieves.

mod account;
mod auditor;
pub mod bench;
mod client;
mod devices;
mod error;
mod network;
mod refusals;
mod story;
mod tasks;

pub use account::{Figures, Listener, StepAccount};
pub use error::DemoError;
pub use story::{Options, tell};
pub use tasks::tell_tasks;
