//! The order of JSON values.
//!
//! [CouchDB's](https://docs.couchdb.org/en/stable/ddocs/views/collation.html), with two
//! differences that make it exact: numbers are compared as written, not as rounded, and strings by
//! their code points, not by a locale.

use std::cmp::Ordering;

use serde_json::Value;

use super::number::Decimal;

/// Compares two values: null, false, true, numbers, strings, arrays, objects. Arrays go element by
/// element, objects key by key in the order of the keys; of two that agree the shorter is less.
///
/// Recursion ends with the values, which are as deep as what reads them allows.
pub(super) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => Decimal::of(left).cmp(&Decimal::of(right)),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Array(left), Value::Array(right)) => {
            let pairs = left.iter().zip(right).map(|(left, right)| compare(left, right));
            first_difference(pairs).then(left.len().cmp(&right.len()))
        }
        (Value::Object(left), Value::Object(right)) => {
            let pairs = left.iter().zip(right).map(|((key, left), (other, right))| {
                key.cmp(other).then_with(|| compare(left, right))
            });
            first_difference(pairs).then(left.len().cmp(&right.len()))
        }
        _ => rank(left).cmp(&rank(right)),
    }
}

/// Whether two values are the same, however their numbers are written.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    compare(left, right) == Ordering::Equal
}

fn first_difference(mut pairs: impl Iterator<Item = Ordering>) -> Ordering {
    pairs.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::compare;

    #[test]
    fn types_come_in_their_order() {
        let ascending = [
            "null",
            "false",
            "true",
            "-1",
            "1.5",
            "2",
            r#""""#,
            r#""B""#,
            r#""a""#,
            r#""aa""#,
            r#""ä""#,
            "[]",
            "[1]",
            "[1,2]",
            "[2]",
            r#"["a"]"#,
            "{}",
            r#"{"a":1}"#,
            r#"{"a":1,"b":1}"#,
            r#"{"a":2}"#,
            r#"{"b":0}"#,
        ];
        for (place, text) in ascending.iter().enumerate() {
            for (other_place, other) in ascending.iter().enumerate() {
                let [left, right] = [text, other].map(|text| value(text));
                assert_eq!(compare(&left, &right), place.cmp(&other_place), "{text} and {other}");
            }
        }
    }

    #[test]
    fn the_order_of_an_objects_keys_as_written_does_not_matter() {
        let [one, other] = [r#"{"a":1,"b":2}"#, r#"{"b":2.0,"a":1}"#].map(value);
        assert!(super::equal(&one, &other));
    }

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }
}
