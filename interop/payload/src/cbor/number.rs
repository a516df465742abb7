//! Numbers of CBOR to the text of exact decimals.

use num_bigint::BigUint;
use pervade_units::{NUMBER_CHARS_MAX, NumberError, canonical_decimal};
use serde_json::{Number, Value};

use super::Read;
use crate::error::CborReason;

pub(super) fn integer(value: i128) -> Value {
    Value::Number(Number::from_string_unchecked(value.to_string()))
}

/// The number of a written text, in canonical form.
pub(super) fn written(text: &str) -> Read<Value> {
    let canonical = canonical_decimal(text).map_err(CborReason::Number)?;
    Ok(Value::Number(Number::from_string_unchecked(canonical)))
}

/// The digits of an integer of any size, big-endian; -1 less the integer if negative.
pub(super) fn bignum(bytes: &[u8], is_negative: bool) -> Result<String, CborReason> {
    // A byte has more than two digits, so that longer ones never fit.
    if bytes.len() > NUMBER_CHARS_MAX / 2 {
        return Err(NumberError::TooLong { limit: NUMBER_CHARS_MAX }.into());
    }
    let magnitude = BigUint::from_bytes_be(bytes);
    Ok(if is_negative { format!("-{}", magnitude + 1_u8) } else { magnitude.to_string() })
}

/// A half is sent where nothing is lost
/// ([RFC 8949, 4.1](https://www.rfc-editor.org/rfc/rfc8949#section-4.1)), so that it is the double it
/// equals.
pub(super) fn half(bits: u64) -> Read<Value> {
    let sign = bits >> 15 & 1;
    let exponent = bits >> 10 & 0x1f;
    let fraction = bits & 0x3ff;
    let magnitude = match exponent {
        0 if fraction == 0 => 0,
        // Of a subnormal half the highest bit becomes the hidden one.
        0 => {
            let highest = u64::from(fraction.ilog2());
            (highest + 999) << 52 | (fraction ^ 1 << highest) << (52 - highest)
        }
        31 => 0x7ff << 52 | fraction << 42,
        _ => (exponent + 1008) << 52 | fraction << 42,
    };
    double(sign << 63 | magnitude)
}

#[expect(
    clippy::disallowed_types,
    reason = "nothing is computed in floats: the bits are printed, by core's integer arithmetic, as \
              the one shortest decimal that reads back to them"
)]
pub(super) fn single(bits: u64) -> Read<Value> {
    let value = f32::from_bits(u32::try_from(bits).unwrap_or(u32::MAX));
    if !value.is_finite() {
        return Err(CborReason::NotFinite.into());
    }
    written(&format!("{value:e}"))
}

#[expect(clippy::disallowed_types, reason = "as for singles")]
pub(super) fn double(bits: u64) -> Read<Value> {
    let value = f64::from_bits(bits);
    if !value.is_finite() {
        return Err(CborReason::NotFinite.into());
    }
    written(&format!("{value:e}"))
}
