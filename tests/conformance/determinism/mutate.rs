//! Payloads with a few changes: of values, of their structure, or of single bytes.

use pervade_tests::random::Random;
use serde_json::Value;

/// Changes a payload: by its structure if it is JSON, else as text or bytes.
pub(super) fn mutated(random: &mut Random, payload: &[u8]) -> Vec<u8> {
    let mut bytes = match serde_json::from_slice::<Value>(payload) {
        Ok(mut value) => {
            for _ in 0..=random.below(3) {
                let steps = random.below(12);
                change(random, &mut value, steps);
            }
            value.to_string().into_bytes()
        }
        Err(_) => retyped(random, payload),
    };
    if random.happens(10) {
        let at = random.below(bytes.len());
        let byte = random.bytes(1).first().copied().unwrap_or_default();
        bytes.iter_mut().skip(at).take(1).for_each(|there| *there = byte);
    }
    bytes
}

/// Other digits in some places; now and then a word more or a stretch less.
fn retyped(random: &mut Random, payload: &[u8]) -> Vec<u8> {
    let mut bytes = payload.to_vec();
    let digits: Vec<usize> =
        (0..bytes.len()).filter(|at| bytes.get(*at).is_some_and(u8::is_ascii_digit)).collect();
    for _ in 0..=random.below(4) {
        let at = random.one_of(&digits).copied().unwrap_or_default();
        let digit = b'0' + u8::try_from(random.below(10)).unwrap_or_default();
        bytes.iter_mut().skip(at).take(1).for_each(|there| *there = digit);
    }
    if random.happens(15) {
        let at = random.below(bytes.len());
        let until = at.saturating_add(random.below(8)).min(bytes.len());
        bytes.splice(at..until, word(random).into_bytes());
    }
    bytes
}

/// Texts that are numbers, at the edges of what is one.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "0.0",
    "-0.000",
    "1e0",
    "1E+3",
    "12.50",
    "-40",
    "1e-7",
    "99999999999999999999",
    "0.1",
    "1e300",
    "1e-300",
    "5e9",
    "1.498780179e+09",
];

/// Texts that mean something somewhere.
const TEXTS: &[&str] = &[
    "",
    "a",
    "Cel",
    "°C",
    "V",
    "2026-01-01T00:00:00Z",
    "2026-06-30T23:59:60",
    "urn:epc:id:x",
    "http://example.com/<>",
    "\u{0} \n\"",
    "é\u{301}",
    "CEL",
    "%RH",
    "-06:00",
];

/// Walks some steps down, then changes what is there.
fn change(random: &mut Random, value: &mut Value, steps: usize) {
    if steps > 0 {
        let length = match value {
            Value::Array(items) => items.len(),
            Value::Object(fields) => fields.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        };
        let at = random.below(length);
        let below = match value {
            Value::Array(items) => items.get_mut(at),
            Value::Object(fields) => fields.values_mut().nth(at),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        if let Some(below) = below {
            return change(random, below, steps - 1);
        }
    }
    *value = match value {
        Value::Number(_) if random.happens(90) => number(random),
        Value::String(_) if random.happens(60) => Value::String(word(random)),
        Value::Array(items) if random.happens(70) => {
            let mut items = items.clone();
            items.extend(items.first().cloned());
            items.reverse();
            Value::Array(items)
        }
        Value::Object(fields) if random.happens(70) => {
            let mut fields = fields.clone();
            let name = fields.keys().nth(random.below(fields.len())).cloned().unwrap_or_default();
            fields.remove(&name);
            Value::Object(fields)
        }
        Value::Null | Value::Bool(_) => number(random),
        Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            if random.happens(50) { Value::Null } else { Value::Bool(true) }
        }
    };
}

fn number(random: &mut Random) -> Value {
    if random.happens(30) {
        return written(random.one_of(NUMBERS).copied().unwrap_or("0"));
    }
    let (whole, part) = (random.below(2_000), random.below(10_000));
    written(&format!("{whole}.{part:04}"))
}

fn written(number: &str) -> Value {
    serde_json::from_str(number).unwrap_or_default()
}

fn word(random: &mut Random) -> String {
    random.one_of(TEXTS).copied().unwrap_or_default().to_owned()
}
