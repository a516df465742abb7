use std::fmt;

use crate::number::Number;

/// A point in time on the UTC scale, exact to any fraction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    /// Seconds since 1970-01-01T00:00:00Z.
    seconds: i64,
    /// Digits after the point, without zeros at the end.
    fraction: String,
}

/// What a device says about time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a time has a zone or it has none")]
pub enum DeviceTime {
    /// With a zone, or the device type's zone is declared.
    Zoned(Instant),
    /// Local time of an unknown zone, as `xsd:dateTime` text.
    Local(String),
}

/// A fixed offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneOffset {
    minutes: i64,
}

/// Most digits after the seconds' point.
const FRACTION_DIGITS_MAX: usize = 18;

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_799;

impl Instant {
    /// Reads seconds since the epoch, such as `1.276020076001e+09`.
    ///
    /// # Errors
    /// The number is outside the years 1 to 9999 or finer than 18 digits.
    pub fn from_epoch(seconds: &Number) -> Result<Self, TimeError> {
        let out_of_range = || TimeError::OutOfRange { text: seconds.to_decimal() };
        let (whole, rest) = seconds.floor_and_fraction().ok_or_else(out_of_range)?;
        let digits = rest.to_decimal();
        let fraction = digits.strip_prefix("0.").unwrap_or("").to_owned();
        Self::new(whole, fraction).ok_or_else(out_of_range)
    }

    fn new(seconds: i64, fraction: String) -> Option<Self> {
        let fits = (FIRST..=LAST).contains(&seconds) && fraction.len() <= FRACTION_DIGITS_MAX;
        fits.then_some(Self { seconds, fraction })
    }
}

impl fmt::Display for Instant {
    /// `xsd:dateTimeStamp` in UTC, `2019-04-02T14:00:00.5Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_of(self.seconds.div_euclid(DAY));
        let second = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / MINUTE % MINUTE, second % MINUTE);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if !self.fraction.is_empty() {
            write!(f, ".{}", self.fraction)?;
        }
        f.write_str("Z")
    }
}

impl DeviceTime {
    /// Reads ISO 8601 in the form of RFC 3339: `2005-04-03T20:33:31.116000-06:00`. A space may
    /// stand for `T`. Without a zone, `declared` is the zone; without that, the time stays local.
    ///
    /// # Errors
    /// The text has another form, or names no time that exists.
    pub fn parse(text: &str, declared: Option<ZoneOffset>) -> Result<Self, TimeError> {
        let malformed = || TimeError::Malformed { text: text.chars().take(48).collect() };
        let fields = Fields::read(text).ok_or_else(malformed)?;
        let (days, second) = fields.check().ok_or_else(malformed)?;
        match fields.zone.or(declared) {
            Some(zone) => {
                Instant::new(days * DAY + second - zone.minutes * MINUTE, fields.fraction)
                    .map(Self::Zoned)
                    .ok_or_else(|| TimeError::OutOfRange { text: text.to_owned() })
            }
            None => {
                let local = Instant::new(days * DAY + second, fields.fraction)
                    .ok_or_else(malformed)?
                    .to_string();
                Ok(Self::Local(local.trim_end_matches('Z').to_owned()))
            }
        }
    }
}

impl ZoneOffset {
    /// Reads `Z`, `+01:00` or `-06:00`.
    ///
    /// # Errors
    /// The text has another form or lies beyond 14 hours.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        Self::read(text)
            .ok_or_else(|| TimeError::Malformed { text: text.chars().take(48).collect() })
    }

    fn read(text: &str) -> Option<Self> {
        if matches!(text, "Z" | "z") {
            return Some(Self { minutes: 0 });
        }
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+')?),
        };
        let (hours, minutes) = rest.split_once(':')?;
        let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
        let total = hours * 60 + minutes;
        (minutes < 60 && total <= 14 * 60).then_some(Self { minutes: sign * total })
    }
}

/// Why a text is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// Not the form read, or no such day or time of day; leap seconds are not read.
    #[error("{text:?} is not a time")]
    Malformed {
        /// The text, cut to a bounded length.
        text: String,
    },
    /// Outside the years 1 to 9999, or finer than 18 digits.
    #[error("{text} is out of range")]
    OutOfRange {
        /// The text.
        text: String,
    },
}

struct Fields {
    date: [i64; 3],
    time: [i64; 3],
    fraction: String,
    zone: Option<ZoneOffset>,
}

impl Fields {
    fn read(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', 't', ' '])?;
        let mut parts = date.split('-');
        let date =
            [number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?];
        if parts.next().is_some() {
            return None;
        }
        let (clock, zone) = match time.find(['Z', 'z', '+', '-']) {
            Some(at) => (time.get(..at)?, Some(ZoneOffset::read(time.get(at..)?)?)),
            None => (time, None),
        };
        let (clock, fraction) = match clock.split_once('.') {
            Some((_, "")) => return None,
            Some((clock, fraction)) => (clock, fraction),
            None => (clock, ""),
        };
        let mut parts = clock.split(':');
        let time =
            [number(parts.next()?, 2)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?];
        let plain = parts.next().is_none()
            && fraction.len() <= FRACTION_DIGITS_MAX
            && fraction.bytes().all(|b| b.is_ascii_digit());
        let fraction = fraction.trim_end_matches('0').to_owned();
        plain.then_some(Self { date, time, fraction, zone })
    }

    /// Days since the epoch and second of the day, if they exist.
    fn check(&self) -> Option<(i64, i64)> {
        let [year, month, day] = self.date;
        let [hour, minute, second] = self.time;
        let days = days_of(year, month, day);
        let exists = (1..=12).contains(&month)
            && date_of(days) == (year, month, day)
            && hour < 24
            && minute < 60
            && second < 60;
        exists.then_some((days, hour * 3600 + minute * MINUTE + second))
    }
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar; years begin in March
/// so that the leap day comes last.
const fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_of`].
const fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, declared: Option<&str>, expected: Expect) {
        let declared = declared.map(|zone| ZoneOffset::parse(zone).expect("a zone"));
        expected.assert_eq(&match DeviceTime::parse(text, declared) {
            Ok(DeviceTime::Zoned(instant)) => instant.to_string(),
            Ok(DeviceTime::Local(local)) => format!("local {local}"),
            Err(error) => error.to_string(),
        });
    }

    /// T-71: times of several dialects meet in one.
    #[test]
    fn zones_meet_in_utc() {
        check("2019-04-02T15:00:00.000+01:00", None, expect!["2019-04-02T14:00:00Z"]);
        check("2005-04-03T20:33:31.116000-06:00", None, expect!["2005-04-04T02:33:31.116Z"]);
        check("2020-02-29 23:59:59Z", None, expect!["2020-02-29T23:59:59Z"]);
        check("2020-01-01T00:00:00", Some("+01:00"), expect!["2019-12-31T23:00:00Z"]);
        check("2020-01-01T00:00:00Z", Some("+01:00"), expect!["2020-01-01T00:00:00Z"]);
    }

    #[test]
    fn a_time_without_zone_stays_local() {
        check("2020-01-01T00:00:00", None, expect!["local 2020-01-01T00:00:00"]);
    }

    #[test]
    fn what_is_no_time() {
        check("2021-02-29T00:00:00Z", None, expect![[r#""2021-02-29T00:00:00Z" is not a time"#]]);
        check("2021-02-28T24:00:00Z", None, expect![[r#""2021-02-28T24:00:00Z" is not a time"#]]);
        check("2021-02-28", None, expect![[r#""2021-02-28" is not a time"#]]);
        check("2021-13-01T00:00:00Z", None, expect![[r#""2021-13-01T00:00:00Z" is not a time"#]]);
        check(
            "0001-01-01T00:00:00+01:00",
            None,
            expect!["0001-01-01T00:00:00+01:00 is out of range"],
        );
    }

    #[test]
    fn epoch_seconds() {
        let read = |text| Instant::from_epoch(&Number::parse(text).expect("a number"));
        let shown = |text| read(text).expect("in range").to_string();
        assert_eq!(shown("1.276020076001e+09"), "2010-06-08T18:01:16.001Z", "SenML");
        assert_eq!(shown("1707326927"), "2024-02-07T17:28:47Z", "whole");
        assert_eq!(shown("-0.5"), "1969-12-31T23:59:59.5Z", "before the epoch");
        assert!(read("1e20").is_err(), "too far");
    }

    proptest! {
        #[test]
        fn dates_read_back(days in -719_162_i64..2_932_896) {
            let (year, month, day) = date_of(days);
            prop_assert_eq!(days_of(year, month, day), days);
        }
    }
}
