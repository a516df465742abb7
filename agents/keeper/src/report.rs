//! What a keeper tells people and programs.

use std::fmt;

use pervade_link::Receipt;
use pervade_platform::Amount;
use serde::Serialize;

use crate::alarm::Alarm;
use crate::check::Job;

/// Something that a keeper tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Report {
    /// What came of a job.
    Job(JobReport),
    /// Something about the clock.
    Alarm(Alarm),
    /// The keeper cannot see the ledger. Told when it begins, and when the reason changes.
    Blind {
        /// Why.
        blind: String,
    },
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JobReport {
    /// The job.
    #[serde(flatten)]
    pub job: Job,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: JobOutcome,
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobOutcome {
    /// This keeper did it.
    Done {
        /// All that the keeper has earned since it started, in base units.
        earned: Amount,
        /// What it earned by this, in base units.
        fee: Amount,
        /// Where it is on the ledger.
        #[serde(flatten)]
        receipt: Receipt,
    },
    /// Somebody else did it first.
    AlreadyDone {
        /// How the keeper knows.
        why: String,
    },
    /// It is not done. It comes up again.
    Failed {
        /// Why.
        why: String,
    },
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job(report) => report.fmt(f),
            Self::Alarm(alarm) => alarm.fmt(f),
            Self::Blind { blind } => write!(f, "the ledger is out of sight: {blind}"),
        }
    }
}

impl fmt::Display for JobReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.job)?;
        match &self.outcome {
            JobOutcome::Done { earned, fee, receipt } => {
                write!(f, "done in block {}", receipt.block)?;
                if fee.is_zero() { Ok(()) } else { write!(f, ", for {fee}, {earned} in all") }
            }
            JobOutcome::AlreadyDone { why } => write!(f, "already done ({why})"),
            JobOutcome::Failed { why } => write!(f, "failed: {why}"),
        }
    }
}
