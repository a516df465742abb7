//! A permissioned network's peers: they endorse proposals, commit blocks, run chaincode, answer
//! clients, and let them follow what happens.
//!
//! - [`Channel`] is one ledger of one channel. All logical peers of a process share it, and so does
//!   the orderer.
//! - [`Peer`] is one logical peer: an identity, an address, and chaincodes of its own.
//! - [`EndorserService`], [`GatewayService`] and [`DeliverService`] are its gRPC services;
//!   [`deliver::serve`] is an orderer's deliver service as well.
//!
//! A chaincode reaches its peer over a [`ChaincodeLink`], whatever carries its messages. What a
//! chaincode or a client sends is never believed: an illegal message ends its stream or its call,
//! and every queue and every wait has a limit, named in [`limits`].

mod access;
mod chaincode;
mod channel;
pub mod deliver;
mod endorser;
mod gateway;
pub mod limits;
mod peer;
mod requirement;
mod simulation;
mod system;
#[cfg(test)]
mod testing;

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use access::{AccessDenied, LocalRefusal};
pub use chaincode::{ChaincodeLink, Connected, InstallError, Launch, LaunchError};
pub use channel::{
    Channel, ChannelReadError, Channels, CommitError, OpenChannelError, TooManyWaiting,
};
pub use deliver::DeliverService;
pub use endorser::{HeaderError, ProposalError};
pub use gateway::{Broadcast, GatewayService, NotOrdered};
pub use peer::{EndorserService, Peer, PeerSettings, Peers};

// What these locks guard is replaced whole, never left half changed; so the state behind a
// poisoned one is good.

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
