//! Keeps a platform's clock going and brings overdue tasks to their end.
//!
//! A ledger does nothing of its own accord: somebody must say that an epoch has begun and that a
//! task's time is over. Anyone may; a *keeper* does it all the time. The ledger judges every call
//! by itself, so that a keeper can be late and nothing worse.
//!
//! - [`check`] finds what is to be done, from what the keeper sees: a function of values.
//! - [`Keeper`] looks, does each [`Job`] and tells what came of it. A job that another keeper did
//!   first is done.
//! - [`Watch`] tells when the clock stands still.
//!
//! Several keepers, best of several organisations, have a rank each. The first acts at once, the
//! next waits a moment and finds the work done, as long as the first lives.

mod alarm;
mod check;
mod keeper;
mod ledger;
mod remote;
mod report;

pub use alarm::{Alarm, Watch};
pub use check::{Job, Turn, View, check};
pub use keeper::Keeper;
pub use ledger::{Head, Ledger};
pub use remote::Remote;
pub use report::{JobOutcome, JobReport, Report};
