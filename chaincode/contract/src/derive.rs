//! What the code calls that the macros write, and what the compiler's messages name. It is no part
//! of the interface.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{Answer, ArgumentError, ContractError, JsonSchema};

pub use crate::argument::List;
pub use crate::schema::{Closed, ObjectSchema, Presence, described};
pub use crate::transaction::misplaced::{AskedInSubmit, WrittenInEvaluate};

/// The schema of a choice of words.
#[must_use]
pub fn words(words: &[&str]) -> JsonSchema {
    json!({"type": "string", "enum": words})
}

/// The schema of nothing.
#[must_use]
pub fn null() -> JsonSchema {
    json!({"type": "null"})
}

/// The schema of a list of a fixed length.
#[must_use]
pub fn tuple(parts: Vec<JsonSchema>) -> JsonSchema {
    let length = parts.len();
    json!({"type": "array", "items": parts, "minItems": length, "maxItems": length})
}

/// The schema of a value that is one of several.
#[must_use]
pub fn one_of(mut alternatives: Vec<JsonSchema>) -> JsonSchema {
    match (alternatives.pop(), alternatives.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            alternatives.extend(last);
            json!({"anyOf": alternatives})
        }
    }
}

/// Reads a word that stands alone.
///
/// # Errors
/// If it is none of the type's.
pub fn decode_word<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ArgumentError> {
    let word = std::str::from_utf8(bytes).map_err(|_invalid| ArgumentError::NotText)?;
    serde_json::from_value(Value::String(word.to_owned())).map_err(ArgumentError::Json)
}

/// Writes a word that stands alone.
///
/// # Errors
/// If the value is not written as text.
pub fn encode_word<T: Serialize>(value: &T) -> Result<Vec<u8>, ArgumentError> {
    let value = serde_json::to_value(value).map_err(ArgumentError::Json)?;
    let word = value.as_str().ok_or(ArgumentError::NotA { expected: "a word" })?;
    Ok(word.as_bytes().to_vec())
}

/// The error of a type whose own check refused what it was to be made of.
pub fn refused(reason: impl Display) -> ArgumentError {
    ArgumentError::Refused { reason: reason.to_string() }
}

/// The answer of a hook, which is nothing or an error.
///
/// # Errors
/// If the hook refused.
pub fn hook_answer<A: Answer<Value = ()>>(answer: A) -> Result<(), ContractError> {
    answer.answer().map(drop)
}
