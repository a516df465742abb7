//! The small doors to the outside: clock, randomness, files, tasks.
//!
//! Everything in Pervade that needs the world outside its arguments takes one of these
//! ports. The real ones are in [`system`]; tests and simulation bring their own.

mod clock;
mod files;
mod rng;
mod spawn;
pub mod system;

pub use clock::{Clock, Timestamp};
pub use files::{File, OpenMode, Vfs};
pub use rng::{Rng, RngError};
pub use spawn::{BoxFuture, Spawn};
