//! Records in words: a line for each field, amounts as decimals.

use std::fmt::Write as _;

use pervade_platform::Amount;
use serde::Serialize;
use serde_json::Value;

/// A record for people; empty if it holds nothing.
pub(crate) fn of(record: &impl Serialize) -> String {
    let mut text = String::new();
    match serde_json::to_value(record) {
        Ok(value) => tell(&mut text, "", &value, 0),
        Err(error) => tracing::debug!(%error, "the record is no JSON"),
    }
    text.trim_end().to_owned()
}

fn tell(text: &mut String, name: &str, value: &Value, depth: usize) {
    match value {
        Value::Null => {}
        Value::Object(fields) if fields.is_empty() => line(text, name, NONE, depth),
        Value::Object(fields) => {
            let depth = heading(text, name, depth);
            fields.iter().for_each(|(name, value)| tell(text, name, value, depth));
        }
        Value::Array(entries) if entries.iter().any(is_composed) => {
            let depth = heading(text, name, depth);
            for entry in entries {
                tell(text, "-", entry, depth);
            }
        }
        Value::Array(entries) => {
            let words: Vec<String> = entries.iter().map(|entry| word(name, entry)).collect();
            let told = if words.is_empty() { NONE.to_owned() } else { words.join(", ") };
            line(text, name, &told, depth);
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            line(text, name, &word(name, value), depth);
        }
    }
}

/// What holds nothing.
const NONE: &str = "none";

/// Begins what is composed; tells how deep its parts are.
fn heading(text: &mut String, name: &str, depth: usize) -> usize {
    if name.is_empty() {
        return depth;
    }
    line(text, name, "", depth);
    depth.saturating_add(1)
}

fn line(text: &mut String, name: &str, value: &str, depth: usize) {
    let indent = "  ".repeat(depth.min(DEPTH_MAX));
    let name = name.replace('_', " ");
    let gap = if name.is_empty() || value.is_empty() { "" } else { " " };
    // A String takes everything.
    let _infallible = writeln!(text, "{indent}{name}{gap}{value}");
}

/// Deepest indentation.
const DEPTH_MAX: usize = 8;

fn is_composed(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

fn word(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) if AMOUNTS.contains(&name) => {
            let amount = number.as_u64().and_then(|units| Amount::new(units).ok());
            amount.map_or_else(|| number.to_string(), |amount| amount.to_string())
        }
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// The fields of records that are amounts.
const AMOUNTS: [&str; 17] = [
    "amount",
    "cap",
    "deposit",
    "fee",
    "keeper_fee",
    "left",
    "money",
    "payment",
    "price",
    "reserve",
    "reward",
    "reward_min",
    "slash",
    "sold",
    "stake",
    "stock",
    "tokens",
];

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use pervade_platform::Amount;
    use pervade_tokens::record::{Balance, FeeTo, TokenTerms};
    use serde_json::json;

    use super::of;

    #[test]
    fn records_are_told_line_by_line() {
        let record = json!({
            "account": "ab", "group": null, "active": true, "keys": 2, "roles": ["a", "b"],
            "none": [], "pending": { "closes": 7, "parts": [{ "reward": 1_500_000 }, {}] },
        });
        expect![[r#"
            account ab
            active yes
            keys 2
            none none
            pending
              closes 7
              parts
                -
                  reward 1.5
                - none
            roles a, b"#]]
        .assert_eq(&of(&record));
        assert_eq!(of(&()), "", "nothing is nothing");
        assert_eq!(of(&7), "7");
    }

    #[test]
    fn amounts_are_decimals() {
        let half = |wholes: u64| Amount::new(wholes * Amount::WHOLE + 500_000).unwrap();
        let balance = Balance { money: half(1), tokens: half(2) };
        assert_eq!(of(&balance), "money 1.5\ntokens 2.5");
        let terms = TokenTerms {
            bank: "Org1MSP".to_owned(),
            cap: half(3),
            fee_to: FeeTo::Stock,
            price: half(4),
            symbol: "PVD".to_owned(),
        };
        assert_eq!(of(&terms), "bank Org1MSP\ncap 3.5\nfee to stock\nprice 4.5\nsymbol PVD");
    }
}
