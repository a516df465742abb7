//! How tasks end.

use std::fmt;

use pervade_chaincode::{Argument, KeyPart};
use serde::{Deserialize, Serialize};

/// How a task ended, as its parties' histories tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Argument)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// The device's result is valid.
    Completed,
    /// The respondent stepped back in time.
    Declined,
    /// Its limit passed without a valid result.
    Expired,
    /// Its result was judged, and is not valid; or nobody judged it in time.
    Failed,
    /// The creator did not accept the result.
    Rejected,
    /// The creator took it back before anyone accepted it.
    Released,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Completed => "completed",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Released => "released",
        })
    }
}

impl KeyPart for Outcome {
    fn part(&self) -> String {
        self.to_string()
    }
}
