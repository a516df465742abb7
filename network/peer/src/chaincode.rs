//! The peer's side of its chaincodes: their streams, and what they may ask.

mod call;
mod definition;
mod link;
mod query;
mod requests;
mod stream;

pub use call::InstallError;
pub use link::{ChaincodeLink, Connected, Launch, LaunchError};

pub(crate) use call::{Call, CallProposal, InvokeError, Support, SupportParts};
pub(crate) use definition::{NotInvokable, find, runnable};
