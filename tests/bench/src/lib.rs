//! Measures chaincode libraries against a peer that is only their stream.
//!
//! The peer here speaks Fabric's chaincode stream and keeps state in memory; it endorses nothing,
//! orders nothing and validates nothing. So what is measured is the library, its transport and
//! the peer's few microseconds, which are the same for all.
//!
//! Beyond what is measured it answers rich queries, or refuses them as a peer with `LevelDB`
//! does, so that a library can be seen making them on the wire.

mod credentials;
mod frame;
mod function;
mod listen;
mod load;
mod peer;
mod process;
mod query;
mod wire;

pub use credentials::{Authority, Credential};
pub use frame::Frame;
pub use function::Function;
pub use listen::Listener;
pub use load::{Kind, Load, LoadError, Measured, Stream};
pub use peer::{Announces, PeerError};
pub use process::{Process, ProcessError};
pub use query::{Database, Queried};
pub use wire::{DialError, Ends, dial};
