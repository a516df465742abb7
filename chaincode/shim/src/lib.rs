//! Speaks the peer's chaincode stream, over gRPC or in process.
//!
//! [`Session`] is the protocol: a pure step function over messages, without a socket or a task.
//! Two rims drive it with the same code: [`serve`] is chaincode as a service, which any number
//! of peers dial, and [`in_process`] is a pair of channels. Every stream has a session of its
//! own, because transactions are known by channel and identifier only within one.

mod drive;
mod link;
mod service;
mod session;

pub use link::{Link, in_process};
pub use service::{ServeError, ServiceTls, serve};
pub use session::{Phase, Session, SessionError};
