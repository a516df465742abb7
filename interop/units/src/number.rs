use std::fmt;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Pow, Signed, ToPrimitive, Zero};

/// Longest number text read, in characters.
pub const NUMBER_CHARS_MAX: usize = 64;

/// Largest exponent read, either way.
pub const EXPONENT_MAX: u32 = 64;

/// Digits after the point when a value has no finite decimal; rounded half to even.
pub const DECIMAL_PLACES: u32 = 18;

/// An exact number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(BigRational);

impl Number {
    /// Reads a decimal number with an optional exponent: `-0.0215`, `1.5e+09`, `20`.
    ///
    /// # Errors
    /// The text is no number, or longer or larger than the limits.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let Written { is_negative, whole, fraction, exponent } = Written::read(text)?;
        let malformed = || NumberError::Malformed { text: text.to_owned() };
        let magnitude = [whole, fraction].concat().parse::<BigInt>().map_err(|_| malformed())?;
        let signed = if is_negative { -magnitude } else { magnitude };
        let places = i32::try_from(fraction.len()).map_err(|_| malformed())?;
        Ok(Self(BigRational::from_integer(signed) * power_of_ten(exponent.saturating_sub(places))))
    }

    /// `numerator / denominator`; `None` for a zero denominator.
    #[must_use]
    pub fn ratio(numerator: i64, denominator: i64) -> Option<Self> {
        (denominator != 0).then(|| Self(BigRational::new(numerator.into(), denominator.into())))
    }

    /// Whether there is nothing after the point.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        self.0.is_integer()
    }

    /// Whether the number is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// The canonical `xsd:decimal` text ([XML Schema 1.1](https://www.w3.org/TR/xmlschema11-2/#f-decimalCanmap)):
    /// no exponent, no point for whole numbers, no zeros to spare. Exact where the value has a
    /// finite decimal, else rounded half to even at [`DECIMAL_PLACES`].
    #[must_use]
    pub fn to_decimal(&self) -> String {
        let places = finite_places(self.0.denom()).unwrap_or(DECIMAL_PLACES);
        let scaled = round_half_even(&(&self.0 * power_of_ten(i32::try_from(places).unwrap_or(0))));
        let digits = scaled.magnitude().to_string();
        let width = usize::try_from(places).unwrap_or(0);
        let padded = format!("{digits:0>least$}", least = width + 1);
        let (whole, fraction) = padded.split_at(padded.len() - width);
        let fraction = fraction.trim_end_matches('0');
        let sign = if scaled.is_negative() { "-" } else { "" };
        if fraction.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }
    }

    /// Sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self(&self.0 + &other.0)
    }

    /// Difference.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self(&self.0 - &other.0)
    }

    /// Product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self(&self.0 * &other.0)
    }

    /// Quotient; `None` if `other` is zero.
    #[must_use]
    pub fn over(&self, other: &Self) -> Option<Self> {
        (!other.0.is_zero()).then(|| Self(&self.0 / &other.0))
    }

    /// A power; `None` for a negative one of zero.
    pub(crate) fn pow(&self, exponent: i32) -> Option<Self> {
        if exponent < 0 && self.0.is_zero() {
            return None;
        }
        Some(Self(Pow::pow(&self.0, exponent)))
    }

    /// The whole part toward minus infinity and the rest in `[0, 1)`; `None` beyond 64 bits.
    pub(crate) fn floor_and_fraction(&self) -> Option<(i64, Self)> {
        let floor = self.0.floor();
        let whole = floor.to_integer().to_i64()?;
        Some((whole, Self(&self.0 - floor)))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_decimal())
    }
}

/// Why a text is no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NumberError {
    /// Not a decimal number.
    #[error("{text:?} is not a number")]
    Malformed {
        /// The text, no longer than [`NUMBER_CHARS_MAX`].
        text: String,
    },
    /// Longer than [`NUMBER_CHARS_MAX`].
    #[error("a number of more than {limit} characters")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// Beyond [`EXPONENT_MAX`].
    #[error("an exponent beyond {limit}")]
    Exponent {
        /// The limit.
        limit: u32,
    },
}

/// The canonical `xsd:decimal` text of a written number, as [`Number::parse`] and
/// [`Number::to_decimal`] give it. A written number has a finite decimal, so its digits are only
/// moved, never computed with.
///
/// # Errors
/// As [`Number::parse`].
pub fn canonical_decimal(text: &str) -> Result<String, NumberError> {
    let Written { is_negative, whole, fraction, exponent } = Written::read(text)?;
    let point = i64::try_from(whole.len()).unwrap_or(0) + i64::from(exponent);
    let count = whole.len() + fraction.len();
    let mut digits = String::with_capacity(count);
    digits.push_str(whole);
    digits.push_str(fraction);
    let point_at = usize::try_from(point).unwrap_or(0);
    let missing = usize::try_from(-point).unwrap_or(0);
    let (before, after) = digits.split_at_checked(point_at).unwrap_or((digits.as_str(), ""));
    let before = before.trim_start_matches('0');
    let after = after.trim_end_matches('0');
    let zeros_before = if before.is_empty() { 0 } else { point_at.saturating_sub(count) };
    let is_zero = before.is_empty() && after.is_empty();
    let mut canonical = String::with_capacity(count + zeros_before + missing + 3);
    if is_negative && !is_zero {
        canonical.push('-');
    }
    canonical.push_str(before);
    canonical.extend(std::iter::repeat_n('0', zeros_before));
    if before.is_empty() {
        canonical.push('0');
    }
    if !after.is_empty() {
        canonical.push('.');
        canonical.extend(std::iter::repeat_n('0', missing));
        canonical.push_str(after);
    }
    Ok(canonical)
}

/// Whether [`Number::parse`] reads the text, without computing its value.
///
/// # Errors
/// As [`Number::parse`].
pub fn check_number(text: &str) -> Result<(), NumberError> {
    Written::read(text).map(drop)
}

/// The parts of a written number; `whole` and `fraction` are digits, and at least one.
struct Written<'t> {
    is_negative: bool,
    whole: &'t str,
    fraction: &'t str,
    /// Within [`EXPONENT_MAX`].
    exponent: i32,
}

impl<'t> Written<'t> {
    fn read(text: &'t str) -> Result<Self, NumberError> {
        if text.len() > NUMBER_CHARS_MAX {
            return Err(NumberError::TooLong { limit: NUMBER_CHARS_MAX });
        }
        let malformed = || NumberError::Malformed { text: text.to_owned() };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                (mantissa, parse_exponent(exponent).ok_or_else(malformed)?)
            }
            None => (text, 0),
        };
        if exponent.unsigned_abs() > EXPONENT_MAX {
            return Err(NumberError::Exponent { limit: EXPONENT_MAX });
        }
        let (is_negative, unsigned) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !is_digits(whole) || !is_digits(fraction) {
            return Err(malformed());
        }
        Ok(Self { is_negative, whole, fraction, exponent })
    }
}

fn parse_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    // Too many digits for i32 is too large an exponent in any case.
    plain.then(|| text.parse().unwrap_or(i32::MAX))
}

fn power_of_ten(exponent: i32) -> BigRational {
    let power = BigInt::from(10).pow(exponent.unsigned_abs());
    if exponent < 0 {
        BigRational::new(BigInt::one(), power)
    } else {
        BigRational::from_integer(power)
    }
}

/// Digits after the point that a reduced fraction with this denominator needs; `None` if no
/// number of digits is enough.
fn finite_places(denominator: &BigInt) -> Option<u32> {
    let mut rest = denominator.clone();
    let twos = divide_out(&mut rest, 2);
    let fives = divide_out(&mut rest, 5);
    rest.is_one().then(|| twos.max(fives))
}

fn divide_out(rest: &mut BigInt, factor: u32) -> u32 {
    let mut times = 0;
    while (&*rest % factor).is_zero() {
        *rest /= factor;
        times += 1;
    }
    times
}

fn round_half_even(value: &BigRational) -> BigInt {
    let floor = value.floor();
    let twice = (value - &floor) * BigInt::from(2);
    let floor = floor.to_integer();
    let up = match twice.cmp(&BigRational::one()) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => floor.bit(0),
        std::cmp::Ordering::Greater => true,
    };
    if up { floor + 1 } else { floor }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Expect) {
        match Number::parse(text) {
            Ok(number) => expected.assert_eq(&number.to_decimal()),
            Err(error) => expected.assert_eq(&error.to_string()),
        }
    }

    #[test]
    fn texts_keep_their_value() {
        check("22.50", expect!["22.5"]);
        check("-0.0215397767", expect!["-0.0215397767"]);
        check("1.276020076001e+09", expect!["1276020076.001"]);
        check("1E-3", expect!["0.001"]);
        check("-0", expect!["0"]);
        check("007", expect!["7"]);
        check("+.5", expect!["0.5"]);
        check("123456789012345678901234567890.5", expect!["123456789012345678901234567890.5"]);
    }

    #[test]
    fn what_is_no_number() {
        check("", expect![[r#""" is not a number"#]]);
        check("1,5", expect![[r#""1,5" is not a number"#]]);
        check("NaN", expect![[r#""NaN" is not a number"#]]);
        check("1e", expect![[r#""1e" is not a number"#]]);
        check("--1", expect![[r#""--1" is not a number"#]]);
        check("1e99999999999", expect!["an exponent beyond 64"]);
        check(&"1".repeat(65), expect!["a number of more than 64 characters"]);
    }

    #[test]
    fn a_value_without_finite_decimal_is_rounded_half_to_even() {
        let third = Number::ratio(-2, 3).expect("nonzero");
        assert_eq!(third.to_decimal(), "-0.666666666666666667", "18 places");
    }

    proptest! {
        #[test]
        fn digits_are_moved_as_computed(text in "[-+]?[0-9]{0,12}(\\.[0-9]{0,12})?([eE][-+]?[0-9]{1,3})?") {
            let computed = Number::parse(&text).map(|number| number.to_decimal());
            prop_assert_eq!(canonical_decimal(&text), computed);
            prop_assert_eq!(check_number(&text), Number::parse(&text).map(drop));
        }

        #[test]
        fn canonical_text_reads_back(whole in any::<i64>(), places in 0_i64..12) {
            let number = Number::ratio(whole, 10_i64.pow(u32::try_from(places).unwrap())).unwrap();
            prop_assert_eq!(Number::parse(&number.to_decimal()).unwrap(), number);
        }
    }
}
