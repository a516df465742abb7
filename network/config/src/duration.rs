//! Durations in the text form of Fabric's configuration: `2s`, `500ms`, `1h30m`.

use std::time::Duration;

use thiserror::Error;

/// Most bytes of a duration's text.
const TEXT_LENGTH_MAX: usize = 64;

/// Most fractional digits that can matter: a nanosecond of an hour.
const FRACTION_DIGITS_MAX: usize = 18;

/// Most nanoseconds: what a signed 64-bit count of them can hold.
const NANOSECONDS_MAX: u128 = i64::MAX as u128;

const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DurationError {
    /// It is not a sequence of numbers with units.
    #[error("{text:?} is not a duration")]
    Malformed {
        /// The text, as far as it may be long.
        text: String,
    },
    /// It does not fit in 63 bits of nanoseconds.
    #[error("{text:?} is too long a time")]
    TooLong {
        /// The text.
        text: String,
    },
    /// It is negative, which no duration here may be.
    #[error("{text:?} is negative")]
    Negative {
        /// The text.
        text: String,
    },
}

/// Reads `1h2m3.5s` and the like.
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let malformed =
        || DurationError::Malformed { text: text.chars().take(TEXT_LENGTH_MAX).collect() };
    if text.len() > TEXT_LENGTH_MAX {
        return Err(malformed());
    }
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut nanoseconds = 0_u128;
    if rest.is_empty() {
        return Err(malformed());
    }
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    while !rest.is_empty() {
        let (amount, after) = component(rest).ok_or_else(malformed)?;
        nanoseconds = nanoseconds
            .checked_add(amount)
            .filter(|sum| *sum <= NANOSECONDS_MAX)
            .ok_or_else(|| DurationError::TooLong { text: text.to_owned() })?;
        rest = after;
    }
    if negative && nanoseconds > 0 {
        return Err(DurationError::Negative { text: text.to_owned() });
    }
    let nanoseconds =
        u64::try_from(nanoseconds).map_err(|_| DurationError::TooLong { text: text.to_owned() })?;
    Ok(Duration::from_nanos(nanoseconds))
}

/// One number with its unit, in nanoseconds, and what follows it. A number too large for the sum
/// comes out as larger than [`NANOSECONDS_MAX`].
fn component(text: &str) -> Option<(u128, &str)> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let unit_end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (name, rest) = rest.split_at_checked(unit_end)?;
    let (_, unit) = UNITS.iter().find(|(known, _)| *known == name)?;
    let whole = if whole.is_empty() { 0 } else { whole.parse().unwrap_or(NANOSECONDS_MAX + 1) };
    let fraction = fraction.get(..FRACTION_DIGITS_MAX).unwrap_or(fraction);
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let fraction: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let amount = whole.saturating_mul(*unit).saturating_add(fraction * unit / scale);
    Some((amount, rest))
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Writes a duration as Fabric's tools do: hours, minutes and seconds, or the largest unit below a
/// second that leaves a whole part.
pub(crate) fn render(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    let below_a_second = |unit: &str, size: u128| {
        format!("{}{unit}", decimal(nanoseconds / size, nanoseconds % size, size))
    };
    match nanoseconds {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanoseconds}ns"),
        1_000..1_000_000 => below_a_second("µs", 1_000),
        1_000_000..1_000_000_000 => below_a_second("ms", 1_000_000),
        _ => {
            let seconds = duration.as_secs();
            let nanos = u128::from(duration.subsec_nanos());
            let tail = decimal(u128::from(seconds % 60), nanos, 1_000_000_000);
            match (seconds / 3600, seconds / 60 % 60) {
                (0, 0) => format!("{tail}s"),
                (0, minutes) => format!("{minutes}m{tail}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{tail}s"),
            }
        }
    }
}

/// `whole` and `part`/`size` as a decimal number without trailing zeros; `size` is a power of ten.
fn decimal(whole: u128, part: u128, size: u128) -> String {
    if part == 0 {
        return whole.to_string();
    }
    let digits = (size + part).to_string();
    let digits = digits.get(1..).unwrap_or_default().trim_end_matches('0');
    format!("{whole}.{digits}")
}

#[cfg(test)]
mod tests {
    use super::{parse, render};

    #[test]
    fn the_text_form_both_ways() {
        check("2s", "2s");
        check("500ms", "500ms");
        check("0.5s", "500ms");
        check(".5s", "500ms");
        check("+1h30m", "1h30m0s");
        check("61s", "1m1s");
        check("1h0m0.25s", "1h0m0.25s");
        check("1.5us", "1.5µs");
        check("1μs3ns", "1.003µs");
        check("7ns", "7ns");
        check("0", "0s");
        check("-0s", "0s");
        check("2540400h10m10.000000000s", "2540400h10m10s");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        check("", r#""" is not a duration"#);
        check("2", r#""2" is not a duration"#);
        check("s", r#""s" is not a duration"#);
        check("1.s.", r#""1.s." is not a duration"#);
        check("2 s", r#""2 s" is not a duration"#);
        check("2d", r#""2d" is not a duration"#);
        check("-2s", r#""-2s" is negative"#);
        check("2562048h", r#""2562048h" is too long a time"#);
        check(
            "99999999999999999999999999999999999999999h",
            r#""99999999999999999999999999999999999999999h" is too long a time"#,
        );
    }

    fn check(text: &str, expected: &str) {
        let found = parse(text).map_or_else(|error| error.to_string(), render);
        assert_eq!(found, expected, "{text:?}");
    }
}
