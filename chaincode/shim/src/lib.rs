//! Speaks the peer's chaincode stream, over gRPC or in process.
//!
//! [`Session`] is the protocol: a pure step function over messages, without a socket or a task.
//! Three rims drive it with the same code: [`serve`] is chaincode as a service, which any number
//! of peers dial; a chaincode that a peer launched dials that peer; and [`in_process`] is a pair
//! of channels. Every stream has a session of its own, because transactions are known by channel
//! and identifier only within one.
//!
//! A chaincode's program is one line, [`main`]; [`Program`] is for those that take settings of
//! their own.

mod drive;
mod health;
mod launch;
mod limits;
mod link;
mod program;
pub mod record;
mod service;
mod session;
pub mod settings;

pub use launch::LaunchError;
pub use limits::{HostClock, Limits, Runs, StreamOptions};
pub use link::{Link, in_process};
pub use program::{Choice, Chosen, Program, main};
pub use service::{ServeError, ServiceTls, serve};
pub use session::{Phase, Session, SessionError};
