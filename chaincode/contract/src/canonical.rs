//! Canonical JSON: what is hashed, signed and compared between endorsers.
//!
//! Object keys are sorted by their bytes, whatever order the serialiser gave them; nothing
//! stands between tokens; numbers keep the text they had.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

/// Most levels of nesting that are written; deeper values are refused.
pub const DEPTH_MAX: usize = 128;

/// The canonical form of a value.
///
/// # Errors
/// If the value cannot be serialised, or nests deeper than [`DEPTH_MAX`].
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    let value = serde_json::to_value(value)?;
    let mut text = String::new();
    write_value(&mut text, &value, DEPTH_MAX)?;
    Ok(text)
}

/// The bytes of [`to_string`].
///
/// # Errors
/// As [`to_string`].
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    to_string(value).map(String::into_bytes)
}

fn write_value(text: &mut String, value: &Value, depth: usize) -> Result<(), serde_json::Error> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(serde::ser::Error::custom("the value nests too deeply"));
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            write!(text, "{value}").map_err(serde::ser::Error::custom)
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(text, index);
                write_value(text, item, depth)?;
            }
            text.push(']');
            Ok(())
        }
        Value::Object(members) => write_object(text, members, depth),
    }
}

fn write_object(
    text: &mut String,
    members: &serde_json::Map<String, Value>,
    depth: usize,
) -> Result<(), serde_json::Error> {
    // Another crate of the build may have switched the map to insertion order.
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_by(|left, right| left.0.cmp(right.0));
    text.push('{');
    for (index, (key, value)) in sorted.into_iter().enumerate() {
        separate(text, index);
        text.push_str(&serde_json::to_string(key)?);
        text.push(':');
        write_value(text, value, depth)?;
    }
    text.push('}');
    Ok(())
}

fn separate(text: &mut String, index: usize) {
    if index > 0 {
        text.push(',');
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{DEPTH_MAX, to_string};

    #[test]
    fn keys_are_sorted_at_every_level() {
        check(
            r#"{"b": [ {"z":1, "a": true} ], "a" : null}"#,
            expect![[r#"{"a":null,"b":[{"a":true,"z":1}]}"#]],
        );
    }

    #[test]
    fn text_is_escaped_once_and_numbers_keep_their_form() {
        check(r#"["\u0001ä\"", 1.50, -0]"#, expect![[r#"["\u0001ä\"",1.50,-0]"#]]);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| {
            (0..levels)
                .fold(serde_json::Value::Null, |inner, _| serde_json::Value::Array(vec![inner]))
        };
        assert!(to_string(&nested(DEPTH_MAX - 1)).is_ok());
        assert!(to_string(&nested(DEPTH_MAX)).is_err());
    }

    #[track_caller]
    fn check(written: &str, canonical: Expect) {
        let value: serde_json::Value = serde_json::from_str(written).unwrap();
        canonical.assert_eq(&to_string(&value).unwrap());
    }
}
