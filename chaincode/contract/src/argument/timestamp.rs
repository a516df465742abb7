//! Points in time, as text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::{Argument, ArgumentError, text};
use crate::{ClaimedTime, JsonSchema, Schemas};

/// A point in time, to the nanosecond, in the years 0 to 9999.
///
/// It is the text of [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339), as Go's `time.Time` is,
/// and is always written in UTC and without zeros at the end of its second:
/// `2026-02-03T04:05:06.7Z`.
///
/// ```
/// use pervade_chaincode::Timestamp;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let time: Timestamp = "2026-02-03T05:05:06.70+01:00".parse()?;
/// assert_eq!(time.to_string(), "2026-02-03T04:05:06.7Z");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// A time by its seconds since 1970, UTC, and the nanoseconds behind them; `None` outside
    /// the years 0 to 9999, or if the nanoseconds are a second or more.
    #[must_use]
    pub fn new(seconds: i64, nanos: u32) -> Option<Self> {
        let whole = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        let time = whole.replace_nanosecond(nanos).ok()?;
        (0..=9999).contains(&time.year()).then_some(Self(time))
    }

    /// Whole seconds since 1970, UTC.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// The nanoseconds behind the whole seconds, 0 to 999 999 999.
    #[must_use]
    pub fn nanos(self) -> u32 {
        self.0.nanosecond()
    }

    /// The time that a client claims; `None` if it claims none in the years 0 to 9999.
    #[must_use]
    pub fn claimed(time: ClaimedTime) -> Option<Self> {
        Self::new(time.seconds, time.nanos)
    }
}

impl FromStr for Timestamp {
    type Err = ArgumentError;

    fn from_str(text: &str) -> Result<Self, ArgumentError> {
        let refused = ArgumentError::NotA { expected: "a time of RFC 3339" };
        let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) else { return Err(refused) };
        let time = time.to_offset(UtcOffset::UTC);
        if (0..=9999).contains(&time.year()) { Ok(Self(time)) } else { Err(refused) }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It lies in the years that the form has room for.
        f.write_str(&self.0.format(&Rfc3339).map_err(|_out_of_range| fmt::Error)?)
    }
}

impl TryFrom<String> for Timestamp {
    type Error = ArgumentError;

    fn try_from(text: String) -> Result<Self, ArgumentError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

impl Argument for Timestamp {
    fn schema(_schemas: &mut Schemas) -> JsonSchema {
        json!({"type": "string", "format": "date-time"})
    }

    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        text(bytes)?.parse()
    }

    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        Ok(self.to_string().into_bytes())
    }
}
