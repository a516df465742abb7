//! JSON numbers as they are written, compared and divided without rounding.

use std::cmp::Ordering;

use serde_json::Number;

/// Largest exponent that is told from others; a number beyond it counts as having this one.
const EXPONENT_MAX: i64 = 1_000_000_000_000_000;

/// A decimal number: its sign, and `0.digits × 10^exponent`.
///
/// Invariant: neither the first nor the last digit is a zero; zero has no digits and no sign.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    /// One decimal digit each.
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    pub(super) fn of(number: &Number) -> Self {
        let text = number.as_str();
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let written = whole.bytes().chain(fraction.bytes()).map(|digit| digit.wrapping_sub(b'0'));
        let zeros = written.clone().take_while(|digit| *digit == 0).count();
        let mut digits: Vec<u8> = written.skip(zeros).collect();
        while digits.last() == Some(&0) {
            digits.pop();
        }
        if digits.is_empty() {
            return Self { negative: false, digits, exponent: 0 };
        }
        let point = signed(whole.len()).saturating_sub(signed(zeros));
        let exponent = point.saturating_add(power(exponent));
        Self { negative, digits, exponent: exponent.clamp(-EXPONENT_MAX, EXPONENT_MAX) }
    }

    /// What is left of a whole number after division, with the sign of the number; `None` if the
    /// number is not whole. The divisor must not be zero.
    pub(super) fn remainder(&self, divisor: i64) -> Option<i64> {
        let zeros = self.exponent.checked_sub(signed(self.digits.len()))?;
        let zeros = u64::try_from(zeros).ok().or(self.digits.is_empty().then_some(0))?;
        let modulus = u128::from(divisor.unsigned_abs());
        let append = |rest: u128, digit: &u8| {
            rest.wrapping_mul(10).wrapping_add(u128::from(*digit)).checked_rem(modulus)
        };
        let rest = self.digits.iter().try_fold(0, append)?;
        let rest = rest.wrapping_mul(power_of_ten(zeros, modulus)?).checked_rem(modulus)?;
        let rest = i64::try_from(rest).ok()?;
        Some(if self.negative { rest.wrapping_neg() } else { rest })
    }

    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits))
    }

    /// -1, 0 or 1.
    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sign().cmp(&other.sign()).then_with(|| match self.sign() {
            0 => Ordering::Equal,
            -1 => other.cmp_magnitude(self),
            _ => self.cmp_magnitude(other),
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An exponent as it is written, with or without a sign.
fn power(text: &str) -> i64 {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = digits.parse().unwrap_or(EXPONENT_MAX).min(EXPONENT_MAX);
    if negative { value.saturating_neg() } else { value }
}

/// `10^exponent mod modulus`, by squaring. The modulus is at most 2^63.
fn power_of_ten(mut exponent: u64, modulus: u128) -> Option<u128> {
    let mut square = 10_u128.checked_rem(modulus)?;
    let mut power = 1_u128.checked_rem(modulus)?;
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = power.wrapping_mul(square).checked_rem(modulus)?;
        }
        square = square.wrapping_mul(square).checked_rem(modulus)?;
        exponent >>= 1;
    }
    Some(power)
}

fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;
    use serde_json::Number;

    use super::Decimal;

    #[test]
    fn numbers_are_compared_by_what_they_are_worth() {
        let ascending = [
            "-1e400",
            "-10",
            "-9.99",
            "-9",
            "-0.5",
            "-1e-400",
            "0",
            "1e-400",
            "0.1",
            "0.10000000000000000000000000001",
            "0.3",
            "1",
            "2",
            "9",
            "10",
            "1e2",
            "101",
            "9007199254740992",
            "9007199254740993",
            "1e400",
        ];
        for (place, text) in ascending.iter().enumerate() {
            for (other_place, other) in ascending.iter().enumerate() {
                let ordering = decimal(text).cmp(&decimal(other));
                assert_eq!(ordering, place.cmp(&other_place), "{text} and {other}");
            }
        }
    }

    #[test]
    fn how_a_number_is_written_does_not_matter() {
        let same =
            [["1", "1.0"], ["1", "10e-1"], ["0", "-0.0e5"], ["120", "1.2E+2"], ["0.5", "5e-1"]];
        for [one, other] in same {
            assert_eq!(decimal(one).cmp(&decimal(other)), Ordering::Equal, "{one} and {other}");
        }
        let vast = ["1e99999999999999999999", "2e99999999999999999999"].map(decimal);
        assert_eq!(vast[0].cmp(&vast[1]), Ordering::Less, "beyond counting, but not a panic");
    }

    #[test]
    fn remainders_are_of_whole_numbers() {
        let check = |text: &str, divisor, expected| {
            assert_eq!(decimal(text).remainder(divisor), expected, "{text} by {divisor}");
        };
        check("7", 3, Some(1));
        check("-7", 3, Some(-1));
        check("7", -3, Some(1));
        check("0", 5, Some(0));
        check("7.0", 3, Some(1));
        check("7.5", 3, None);
        check("1e20", 7, Some(2));
        check("1e999999999", 2, Some(0));
        check("9007199254740993", 10, Some(3));
        check("5", i64::MIN, Some(5));
    }

    proptest! {
        #[test]
        fn whole_numbers_agree_with_the_machine(one: i64, other: i64) {
            let [left, right] = [one, other].map(|number| decimal(&number.to_string()));
            prop_assert_eq!(left.cmp(&right), one.cmp(&other));
            if let Some(expected) = one.checked_rem(other) {
                prop_assert_eq!(left.remainder(other), Some(expected));
            }
        }
    }

    fn decimal(text: &str) -> Decimal {
        Decimal::of(&text.parse::<Number>().unwrap())
    }
}
