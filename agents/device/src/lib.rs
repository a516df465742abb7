//! The process of a device: it takes tasks from the ledger, performs them, and delivers results.
//!
//! A device needs nobody once it is installed. It dials gateways and is dialled by nobody: there is
//! no listener in this crate. On the ledger it finds which tasks are its own, what is to be done
//! and for whom to seal what comes of it.
//!
//! ```text
//! seen ─► begun ─► processed ─► signed ─► delivered ─► done
//!   the handler works │  │ the device's   │           │ several gateways show it
//!   sealed and stored ┘  └ key signs      └ a gateway says it is on the ledger
//! ```
//!
//! - [`Identity`] and [`DeviceKey`] are made on the device when it starts for the first time.
//! - [`Agent`] takes tasks and does them. Each step is in its [`Journal`], on disk, before the next
//!   begins, so that the device may stop anywhere: a result is made once and delivered once.
//! - [`Handler`] does the work; [`Program`] is one that runs a program.
//! - [`Witnesses`] are the gateways. None is believed alone: what the device acts on is what
//!   several say alike.

mod agent;
mod delivery;
mod duty;
mod folder;
mod handler;
mod identity;
mod journal;
mod key;
mod ledger;
mod note;
mod program;
mod remote;
#[cfg(test)]
mod samples;
mod witnesses;
mod work;

pub use agent::{Agent, Parts, Setback};
pub use duty::{NotOurs, Oneself};
pub use folder::{Folder, FolderError};
pub use handler::{Handler, HandlerError, Order, Product};
pub use identity::{Identity, IdentityError, NoSerial, Serial};
pub use journal::{End, Entry, Journal, JournalError, SealedProduct, Step};
pub use key::{DeviceKey, DeviceKeyError};
pub use ledger::{Assignments, Ledger};
pub use note::{Note, NoteEvent};
pub use program::{Limits, Program};
pub use remote::Remote;
pub use witnesses::{Doubt, NoWord, TooFew, Witnesses};
pub use work::{Origin, SealingError, SigningError};
