//! Envelopes in, signed blocks out.
//!
//! [`Orderer`] is the ordering service of one channel with one consenter: it checks what it is
//! sent under the configuration in force, cuts blocks by the channel's batch rules, signs them as
//! Fabric's orderers do and hands them to a [`Ledger`].

mod cutter;
mod intake;
mod orderer;
mod writer;

pub use cutter::Cutter;
pub use intake::BroadcastError;
pub use orderer::{
    CommitError, LINGER, Ledger, Orderer, Parts, WAITING_ENVELOPES_MAX, WAITING_KIBIBYTES_MAX,
};
pub use writer::{SealError, Tip};
