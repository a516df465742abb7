//! Typed arguments and answers, and how they look on the wire.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{ContractError, Fault, Status, canonical};

/// A value that a contract function takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a transaction argument",
    label = "not an argument",
    note = "`String`, integers, `bool`, `Vec<u8>` and `Json<T>` can; derive `Argument` on a structure of your own, or take `Vec<u8>` and decode it yourself"
)]
pub trait Argument: Sized + Send {
    /// Reads the wire form.
    ///
    /// # Errors
    /// If the bytes are none.
    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError>;

    /// Writes the wire form: the same bytes for the same value, always.
    ///
    /// # Errors
    /// If the value has no JSON form.
    fn encode(&self) -> Result<Vec<u8>, ArgumentError>;

    /// JSON Schema of the value, for the contract's metadata.
    fn schema() -> JsonSchema;
}

/// A JSON Schema, as a document.
pub type JsonSchema = Value;

/// The schema of a structure of which only the name is told.
#[must_use]
pub fn titled_schema(title: &str) -> JsonSchema {
    json!({"title": title, "type": "object"})
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
    /// If the value has no JSON form.
    fn encode_output(&self) -> Result<Vec<u8>, ArgumentError>;

    /// Reads the wire form.
    ///
    /// # Errors
    /// If the bytes are none.
    fn decode_output(bytes: &[u8]) -> Result<Self, ArgumentError>;

    /// JSON Schema of the value; `None` for nothing.
    fn output_schema() -> Option<JsonSchema>;
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

/// Bytes that are not the wire form of the type asked for.
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
}

impl Fault for ArgumentError {
    fn status(&self) -> Status {
        Status::BAD_REQUEST
    }

    fn code(&self) -> &'static str {
        "ARGUMENT"
    }
}

/// Any value that serde can read and write, as canonical JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper to be taken apart")]
pub struct Json<T>(pub T);

impl<T: Serialize + DeserializeOwned + Send> Argument for Json<T> {
    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        serde_json::from_slice(bytes).map(Self).map_err(ArgumentError::Json)
    }

    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        canonical::to_vec(&self.0).map_err(ArgumentError::Json)
    }

    fn schema() -> JsonSchema {
        json!({})
    }
}

impl Argument for String {
    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        text(bytes).map(str::to_owned)
    }

    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        Ok(self.as_bytes().to_vec())
    }

    fn schema() -> JsonSchema {
        json!({"type": "string"})
    }
}

impl Argument for Vec<u8> {
    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        Ok(bytes.to_vec())
    }

    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        Ok(self.clone())
    }

    fn schema() -> JsonSchema {
        json!({"type": "string", "format": "binary"})
    }
}

impl Argument for bool {
    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        match bytes {
            b"true" => Ok(true),
            b"false" => Ok(false),
            _ => Err(ArgumentError::NotA { expected: "a Boolean" }),
        }
    }

    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        Ok(self.to_string().into_bytes())
    }

    fn schema() -> JsonSchema {
        json!({"type": "boolean"})
    }
}

macro_rules! integer_arguments {
    ($($integer:ty => $expected:literal),*) => {$(
        impl Argument for $integer {
            fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
                let refused = ArgumentError::NotA { expected: $expected };
                text(bytes)?.parse().map_err(|_not_a_number| refused)
            }

            fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
                Ok(self.to_string().into_bytes())
            }

            fn schema() -> JsonSchema {
                json!({"type": "integer", "minimum": <$integer>::MIN, "maximum": <$integer>::MAX})
            }
        }
    )*};
}

integer_arguments!(
    u8 => "a number of 8 bits", u16 => "a number of 16 bits",
    u32 => "a number of 32 bits", u64 => "a number of 64 bits",
    i8 => "a signed number of 8 bits", i16 => "a signed number of 16 bits",
    i32 => "a signed number of 32 bits", i64 => "a signed number of 64 bits"
);

impl<T: Argument> Output for T {
    fn encode_output(&self) -> Result<Vec<u8>, ArgumentError> {
        self.encode()
    }

    fn decode_output(bytes: &[u8]) -> Result<Self, ArgumentError> {
        Self::decode(bytes)
    }

    fn output_schema() -> Option<JsonSchema> {
        Some(Self::schema())
    }
}

impl Output for () {
    fn encode_output(&self) -> Result<Vec<u8>, ArgumentError> {
        Ok(Vec::new())
    }

    fn decode_output(bytes: &[u8]) -> Result<Self, ArgumentError> {
        if bytes.is_empty() { Ok(()) } else { Err(ArgumentError::NotA { expected: "nothing" }) }
    }

    fn output_schema() -> Option<JsonSchema> {
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
    use std::fmt::Debug;

    use serde_json::json;

    use super::{Argument, Json, Output};

    #[test]
    fn each_type_has_one_wire_form() {
        check("a \"b\"\n".to_owned(), b"a \"b\"\n");
        check(vec![0_u8, 255], &[0, 255]);
        check(true, b"true");
        check(u64::MAX, b"18446744073709551615");
        check(-5_i32, b"-5");
        check(Json(vec![1, 2]), b"[1,2]");
        check(Json(json!({"owner": "ann", "id": 7})), br#"{"id":7,"owner":"ann"}"#);
    }

    #[test]
    fn other_bytes_are_refused() {
        assert!(String::decode(&[0xff]).is_err());
        assert!(bool::decode(b"True").is_err());
        assert!(u8::decode(b"256").is_err());
        assert!(i64::decode(b"1.0").is_err());
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
