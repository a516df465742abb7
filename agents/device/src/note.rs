//! What the device tells people and programs.

use std::fmt;

use serde::Serialize;

use crate::duty::NotOurs;
use crate::journal::{End, Step};

/// Something that happened on the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Note {
    /// The task.
    pub task: String,
    /// What happened.
    #[serde(flatten)]
    pub event: NoteEvent,
}

/// What happens on a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
#[non_exhaustive]
pub enum NoteEvent {
    /// A step is done.
    Step {
        /// How far the device has come.
        #[serde(flatten)]
        step: Step,
    },
    /// The device does not take the task.
    Passed {
        /// Why.
        #[serde(flatten)]
        why: NotOurs,
    },
    /// The device goes on later.
    Delayed {
        /// Why.
        why: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}: ", self.task)?;
        match &self.event {
            NoteEvent::Step { step } => tell(step, f),
            NoteEvent::Passed { why } => write!(f, "not taken: {why}"),
            NoteEvent::Delayed { why } => write!(f, "later: {why}"),
        }
    }
}

fn tell(step: &Step, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match step {
        Step::Seen => f.write_str("taken"),
        Step::Begun => f.write_str("begun"),
        Step::Processed { sealed } => write!(f, "done, stored as {}", sealed.cid),
        Step::Signed { .. } => f.write_str("signed"),
        Step::Delivered { receipt, .. } => {
            write!(f, "delivered in block {} by transaction {}", receipt.block, receipt.tx_id)
        }
        Step::Done { end: End::Committed { .. } } => f.write_str("the result is on the ledger"),
        Step::Done { end: End::Refused { metric, .. } } => {
            f.write_str("the ledger refused the result")?;
            metric.as_ref().map_or(Ok(()), |metric| write!(f, ": {metric} is too far off"))
        }
        Step::Done { end: End::Lost } => f.write_str("it ended without this device's result"),
    }
}
