//! Typed arguments and answers, and how they look on the wire.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{ContractError, Fault, JsonSchema, Schemas, Status, canonical};

pub use bytes::Bytes;
pub use collections::MapKey;
pub use json::Json;
pub use timestamp::Timestamp;

mod bytes;
mod collections;
mod json;
mod scalar;
mod timestamp;

/// A value that a contract function takes or returns, or that stands inside such a value.
///
/// Alone, a value has the form that Fabric's Go contracts give it: text, numbers and Booleans
/// are their text, a structure or a list is JSON, `None` is nothing at all. Inside a structure
/// every value is JSON. Either form is the same bytes for the same value on every endorser, for
/// which reason floats, `HashMap` and `HashSet` are no arguments.
///
/// ```
/// use pervade_chaincode::Argument;
/// use serde::{Deserialize, Serialize};
///
/// /// How something is paid.
/// #[derive(Serialize, Deserialize, Argument)]
/// enum Means {
///     Cash,
///     Transfer,
/// }
///
/// #[derive(Serialize, Deserialize, Argument)]
/// #[serde(rename_all = "camelCase", deny_unknown_fields)]
/// struct Payment {
///     paid_by: Means,
///     amount: u64,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(7_u64.encode()?, b"7");
/// assert_eq!(Means::Cash.encode()?, b"Cash");
/// let payment = Payment { paid_by: Means::Transfer, amount: 7 };
/// assert_eq!(payment.encode()?, br#"{"amount":7,"paidBy":"Transfer"}"#);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument, an answer, or a part of one",
    label = "not an argument",
    note = "text, integers, `bool`, `Vec`, `Option`, `BTreeMap`, `BTreeSet` and tuples can; derive `Argument` on a type of your own, or take `Vec<u8>` and decode it yourself",
    note = "a float, `HashMap` or `HashSet` never can, because endorsers must write the same bytes: count in the smallest unit, and take `BTreeMap` or `BTreeSet`"
)]
pub trait Argument: Serialize + DeserializeOwned + Send + 'static {
    /// JSON Schema of the value as it stands inside a structure.
    fn schema(schemas: &mut Schemas) -> JsonSchema;

    /// JSON Schema of the value alone, for the contract's metadata.
    fn schema_alone(schemas: &mut Schemas) -> JsonSchema {
        Self::schema(schemas)
    }

    /// Reads the form that the value has alone.
    ///
    /// # Errors
    /// If the bytes are none.
    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        serde_json::from_slice(bytes).map_err(ArgumentError::Json)
    }

    /// Writes the form that the value has alone: the same bytes for the same value, always.
    ///
    /// # Errors
    /// If the value has no such form.
    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        canonical::to_vec(self).map_err(ArgumentError::Json)
    }

    /// What a list of such values is. Bytes are the one kind whose list is not JSON.
    #[doc(hidden)]
    #[must_use]
    fn list() -> List<Self> {
        List { schema: None, decode: serde_json_list, encode: canonical_list }
    }
}

/// How a list of values is written that stands alone.
#[doc(hidden)]
#[derive(Debug)]
pub struct List<T> {
    schema: Option<fn() -> JsonSchema>,
    decode: fn(&[u8]) -> Result<Vec<T>, ArgumentError>,
    encode: fn(&[T]) -> Result<Vec<u8>, ArgumentError>,
}

fn serde_json_list<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, ArgumentError> {
    serde_json::from_slice(bytes).map_err(ArgumentError::Json)
}

fn canonical_list<T: Serialize>(list: &[T]) -> Result<Vec<u8>, ArgumentError> {
    canonical::to_vec(list).map_err(ArgumentError::Json)
}

/// A value that a contract function returns: any [`Argument`], or nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the answer of a contract function",
    note = "return `()` or a type that implements `Argument`, bare or in a `Result` whose error implements `Fault`"
)]
pub trait Output: Sized + Send {
    /// Writes the wire form.
    ///
    /// # Errors
    /// If the value has no such form.
    fn encode_output(&self) -> Result<Vec<u8>, ArgumentError>;

    /// Reads the wire form.
    ///
    /// # Errors
    /// If the bytes are none.
    fn decode_output(bytes: &[u8]) -> Result<Self, ArgumentError>;

    /// JSON Schema of the value; `None` for nothing.
    fn output_schema(schemas: &mut Schemas) -> Option<JsonSchema>;
}

/// What a contract function's body yields: an [`Output`], or a `Result` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the answer of a contract function",
    note = "return `()` or a type that implements `Argument`, bare or in a `Result` whose error implements `Fault`"
)]
pub trait Answer {
    /// The value of a success.
    type Value: Output;

    /// The response's payload, or the error that fails the call.
    ///
    /// # Errors
    /// If the function failed, or its value cannot be encoded.
    fn answer(self) -> Result<Vec<u8>, ContractError>;
}

/// Bytes that are not the wire form of the type asked for, or a value that has none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// Not UTF-8.
    #[error("not UTF-8")]
    NotText,
    /// Text of something else.
    #[error("not {expected}")]
    NotA {
        /// What was expected, with its article.
        expected: &'static str,
    },
    /// JSON that does not fit, or a value that has no JSON form.
    #[error("JSON: {0}")]
    Json(#[source] serde_json::Error),
    /// A present value whose form is empty, where nothing at all means that there is none.
    #[error("an empty value cannot be told from none")]
    EmptySome,
    /// The type's own check refused the value.
    #[error("{reason}")]
    Refused {
        /// The check's words.
        reason: String,
    },
}

impl Fault for ArgumentError {
    fn status(&self) -> Status {
        Status::BAD_REQUEST
    }

    fn code(&self) -> &'static str {
        "ARGUMENT"
    }
}

impl<T: Argument> Output for T {
    fn encode_output(&self) -> Result<Vec<u8>, ArgumentError> {
        self.encode()
    }

    fn decode_output(bytes: &[u8]) -> Result<Self, ArgumentError> {
        Self::decode(bytes)
    }

    fn output_schema(schemas: &mut Schemas) -> Option<JsonSchema> {
        Some(Self::schema_alone(schemas))
    }
}

impl Output for () {
    fn encode_output(&self) -> Result<Vec<u8>, ArgumentError> {
        Ok(Vec::new())
    }

    fn decode_output(bytes: &[u8]) -> Result<Self, ArgumentError> {
        if bytes.is_empty() { Ok(()) } else { Err(ArgumentError::NotA { expected: "nothing" }) }
    }

    fn output_schema(_schemas: &mut Schemas) -> Option<JsonSchema> {
        None
    }
}

impl<T: Output> Answer for T {
    type Value = T;

    fn answer(self) -> Result<Vec<u8>, ContractError> {
        self.encode_output().map_err(|error| {
            ContractError::new(Status::INTERNAL, "UNENCODABLE_ANSWER", error.to_string())
        })
    }
}

impl<T: Output, F: Fault> Answer for Result<T, F> {
    type Value = T;

    fn answer(self) -> Result<Vec<u8>, ContractError> {
        match self {
            Ok(value) => value.answer(),
            Err(fault) => Err(ContractError::of(&fault)),
        }
    }
}

fn text(bytes: &[u8]) -> Result<&str, ArgumentError> {
    std::str::from_utf8(bytes).map_err(|_invalid| ArgumentError::NotText)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fmt::Debug;

    use serde_json::json;

    use super::{Argument, Bytes, Json, Output, Timestamp};

    #[test]
    fn each_type_has_one_wire_form() {
        check("a \"b\"\n".to_owned(), b"a \"b\"\n");
        check('\u{e4}', "\u{e4}".as_bytes());
        check(true, b"true");
        check(u64::MAX, b"18446744073709551615");
        check(-5_i32, b"-5");
        check(u128::MAX, b"340282366920938463463374607431768211455");
        check(i128::MIN, b"-170141183460469231731687303715884105728");
        check(Json("a".to_owned()), b"\"a\"");
        check(Json(json!({"owner": "ann", "id": 7})), br#"{"id":7,"owner":"ann"}"#);
    }

    #[test]
    fn lists_are_json_and_bytes_are_bytes() {
        check(vec![0_u8, 255], &[0, 255]);
        check(Vec::<u8>::new(), b"");
        check(vec![1_u16, 2], b"[1,2]");
        check(vec!["a".to_owned()], br#"["a"]"#);
        check(vec![vec![1_u8], vec![]], b"[[1],[]]");
        check(BTreeSet::from([2, 1]), b"[1,2]");
        check(BTreeMap::from([("b".to_owned(), 1), ("a".to_owned(), 2)]), br#"{"a":2,"b":1}"#);
        check(("a".to_owned(), u128::MAX), br#"["a",340282366920938463463374607431768211455]"#);
        check(Box::new(7_u8), b"7");
    }

    #[test]
    fn nothing_is_none() {
        check(None::<String>, b"");
        check(Some("a".to_owned()), b"a");
        check(Some(7_u8), b"7");
        check(Some(vec![1_u16]), b"[1]");
        check(vec![Some(1_u16), None], b"[1,null]");
        assert!(Some(String::new()).encode().is_err());
        assert!(Some(None::<u8>).encode().is_err());
    }

    #[test]
    fn bytes_in_a_structure_are_base64() {
        check(Bytes(vec![0, 255]), &[0, 255]);
        check(vec![Bytes(vec![0, 255])], br#"["AP8="]"#);
        assert!(Vec::<Bytes>::decode(br#"["AP8"]"#).is_err());
    }

    #[test]
    fn a_time_has_one_text() {
        let time = Timestamp::new(1_770_091_506, 700_000_000).unwrap();
        check(time, b"2026-02-03T04:05:06.7Z");
        check(vec![time], br#"["2026-02-03T04:05:06.7Z"]"#);
        assert_eq!(Timestamp::decode(b"2026-02-03T05:05:06.70+01:00").unwrap(), time);
        assert_eq!((time.seconds(), time.nanos()), (1_770_091_506, 700_000_000));
        check(Timestamp::new(-1, 0).unwrap(), b"1969-12-31T23:59:59Z");
        check(Timestamp::new(0, 1).unwrap(), b"1970-01-01T00:00:00.000000001Z");
        assert_eq!(Timestamp::new(i64::MAX, 0), None);
        assert_eq!(Timestamp::new(-99_999_999_999, 0), None);
        assert_eq!(Timestamp::new(0, 1_000_000_000), None);
        for wrong in ["", "2026-02-03", "2026-02-30T00:00:00Z", "0000-01-01T00:00:00+01:00"] {
            assert!(Timestamp::decode(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        assert!(String::decode(&[0xff]).is_err());
        assert!(char::decode(b"ab").is_err());
        assert!(bool::decode(b"True").is_err());
        assert!(u8::decode(b"256").is_err());
        assert!(u8::decode(b"").is_err());
        assert!(i64::decode(b"1.0").is_err());
        assert!(Vec::<u16>::decode(b"[1,-1]").is_err());
        assert!(Json::<u8>::decode(b"{}").is_err());
        assert!(Json::<u8>::decode(b"").is_err());
        assert!(<()>::decode_output(b"x").is_err());
    }

    #[track_caller]
    fn check<T: Argument + PartialEq + Debug>(value: T, wire: &[u8]) {
        assert_eq!(value.encode().unwrap(), wire);
        assert_eq!(T::decode(wire).unwrap(), value);
    }
}
