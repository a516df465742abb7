//! Amounts of tokens and of money, in whole base units.

use std::fmt;
use std::str::FromStr;

use pervade_chaincode::{Argument, Fault};
use serde::{Deserialize, Serialize};

/// An amount in base units: six decimals of a token, so that half of a whole one is exact.
///
/// As text `1.5`; in JSON the number of base units. Invariant: at most [`MAX`](Self::MAX), which
/// every JSON reader holds exactly.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Argument,
)]
#[serde(try_from = "u64", into = "u64")]
pub struct Amount(u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Base units of one whole.
    pub const WHOLE: u64 = 1_000_000;

    /// The most there can be: 2^53 − 1 base units.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// So many base units.
    ///
    /// # Errors
    /// If there cannot be so many.
    pub const fn new(units: u64) -> Result<Self, AmountError> {
        if units > Self::MAX.0 { Err(AmountError::TokenOverflow) } else { Ok(Self(units)) }
    }

    /// So many wholes.
    ///
    /// # Errors
    /// If there cannot be so many.
    pub const fn whole(wholes: u64) -> Result<Self, AmountError> {
        match wholes.checked_mul(Self::WHOLE) {
            Some(units) => Self::new(units),
            None => Err(AmountError::TokenOverflow),
        }
    }

    /// The number of base units.
    #[must_use]
    pub const fn units(self) -> u64 {
        self.0
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// If there cannot be so much.
    pub const fn plus(self, other: Self) -> Result<Self, AmountError> {
        // Two amounts never overflow 64 bits.
        Self::new(self.0 + other.0)
    }

    /// The difference.
    ///
    /// # Errors
    /// If the other is more.
    pub const fn minus(self, other: Self) -> Result<Self, AmountError> {
        match self.0.checked_sub(other.0) {
            Some(units) => Ok(Self(units)),
            None => Err(AmountError::TokenUnderflow),
        }
    }

    /// Half of it; of an odd number of base units the larger half.
    #[must_use]
    pub const fn larger_half(self) -> Self {
        Self(self.0.div_ceil(2))
    }

    /// What so much costs at a price for one whole, if that is a number of base units.
    ///
    /// # Errors
    /// If the cost is no whole number of base units, or more than there can be.
    pub fn cost_at(self, price: Self) -> Result<Self, AmountError> {
        let product = u128::from(self.0) * u128::from(price.0);
        let whole = u128::from(Self::WHOLE);
        if !product.is_multiple_of(whole) {
            return Err(AmountError::NotExact);
        }
        let units = u64::try_from(product / whole).map_err(|_| AmountError::TokenOverflow)?;
        Self::new(units)
    }
}

impl TryFrom<u64> for Amount {
    type Error = AmountError;

    fn try_from(units: u64) -> Result<Self, AmountError> {
        Self::new(units)
    }
}

impl From<Amount> for u64 {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wholes, parts) = (self.0 / Self::WHOLE, self.0 % Self::WHOLE);
        if parts == 0 {
            return wholes.fmt(f);
        }
        let decimals = format!("{parts:06}");
        write!(f, "{wholes}.{}", decimals.trim_end_matches('0'))
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (wholes, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |digits: &str| {
            !digits.is_empty() && digits.len() <= 16 && digits.bytes().all(|b| b.is_ascii_digit())
        };
        if !is_number(wholes) || !is_number(decimals) || decimals.len() > DECIMALS {
            return Err(AmountError::NotANumber);
        }
        let number = |digits: &str| digits.parse::<u64>().map_err(|_| AmountError::NotANumber);
        let parts = number(&format!("{decimals:0<DECIMALS$}"))?;
        Self::whole(number(wholes)?)?.plus(Self::new(parts)?)
    }
}

const DECIMALS: usize = 6;

/// Why there is no such amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum AmountError {
    /// More than there can be.
    #[error("that is more than there can be")]
    #[fault(status = UNPROCESSABLE)]
    TokenOverflow,
    /// Less than nothing.
    #[error("that is more than there is")]
    #[fault(status = UNPROCESSABLE)]
    TokenUnderflow,
    /// Not a whole number of base units.
    #[error("that is no whole number of base units")]
    #[fault(status = UNPROCESSABLE, code = "AMOUNT_NOT_EXACT")]
    NotExact,
    /// Not an amount as text.
    #[error("an amount is a number with at most six decimals")]
    #[fault(status = BAD_REQUEST, code = "AMOUNT_NOT_A_NUMBER")]
    NotANumber,
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn told(result: Result<Amount, AmountError>) -> String {
        result.map_or_else(|error| error.code().to_owned(), |amount| amount.to_string())
    }

    #[track_caller]
    fn check(text: &str, expected: Expect) {
        expected.assert_eq(&told(text.parse()));
    }

    #[test]
    fn amounts_are_written_with_six_decimals_at_most() {
        check("1.5", expect!["1.5"]);
        check("0.000001", expect!["0.000001"]);
        check("007.10", expect!["7.1"]);
        check("9007199254.740991", expect!["9007199254.740991"]);
        check("9007199254.740992", expect!["TOKEN_OVERFLOW"]);
        check("9999999999999999", expect!["TOKEN_OVERFLOW"]);
        for wrong in
            ["", ".", "1.", ".5", "1.0000001", "-1", "1e3", " 1", "1,5", "99999999999999999"]
        {
            check(wrong, expect!["AMOUNT_NOT_A_NUMBER"]);
        }
    }

    /// W-51: nothing wraps, at either end.
    #[test]
    fn sums_and_differences_have_ends() {
        let (none, one, most) = (Amount::ZERO, Amount(1), Amount::MAX);
        expect!["TOKEN_OVERFLOW"].assert_eq(&told(most.plus(one)));
        expect!["9007199254.740991"].assert_eq(&told(most.plus(none)));
        expect!["TOKEN_UNDERFLOW"].assert_eq(&told(none.minus(one)));
        expect!["0"].assert_eq(&told(one.minus(one)));
        expect!["TOKEN_OVERFLOW"].assert_eq(&told(Amount::whole(u64::MAX)));
        expect!["AMOUNT_NOT_EXACT"].assert_eq(&told(most.cost_at(most)));
    }

    /// D-19: half of a whole token is exact, and of an odd number of units the larger half is meant.
    #[test]
    fn halves() {
        let half = |units| Amount(units).larger_half().units();
        assert_eq!([half(0), half(1), half(2), half(3), half(1_000_000)], [0, 1, 1, 2, 500_000]);
        assert_eq!(Amount::MAX.larger_half().units(), 1 << 52);
    }

    /// W-42: a price holds exactly or not at all.
    #[test]
    fn a_cost_is_exact() {
        let price = Amount(2_500_000);
        expect!["2.5"].assert_eq(&told(Amount(1_000_000).cost_at(price)));
        expect!["0.000005"].assert_eq(&told(Amount(2).cost_at(price)));
        expect!["AMOUNT_NOT_EXACT"].assert_eq(&told(Amount(1).cost_at(price)));
    }
}
