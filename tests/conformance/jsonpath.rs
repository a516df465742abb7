//! The [JSONPath compliance suite](https://github.com/jsonpath-standard/jsonpath-compliance-test-suite)
//! (`T-68`).

use std::{fs, path::Path};

use libtest_mimic::Failed;
use pervade_mapping::{Document, JsonPath};
use serde_json::Value;

use crate::{Suite, outcome::Outcome};

pub(crate) const COMPLIANCE: Suite = Suite {
    name: "jsonpath",
    about: "RFC 9535: what is selected, in a legal order, or that the path is none",
    run: compliance,
};

/// Tests left out, by a part of their names, each with the reason.
const SKIPPED: &[(&str, &str)] = &[];

fn compliance(data: &Path) -> Result<Outcome, Failed> {
    let text = fs::read(data.join("suites/jsonpath/cts.json"))?;
    let suite: Value = serde_json::from_slice(&text)?;
    let mut outcome = Outcome::default();
    for test in suite.get("tests").and_then(Value::as_array).ok_or("the suite has no tests")? {
        let name = test.get("name").and_then(Value::as_str).ok_or("a test without a name")?;
        match SKIPPED.iter().find(|(part, _)| name.contains(part)) {
            Some((_, reason)) => outcome.skip(name, reason),
            None => outcome.record(name, judge(test)),
        }
    }
    Ok(outcome)
}

fn judge(test: &Value) -> Result<(), String> {
    let selector = test.get("selector").and_then(Value::as_str).ok_or("no selector")?;
    let path = JsonPath::open(selector);
    if test.get("invalid_selector").is_some_and(|invalid| *invalid == true) {
        return match path {
            Err(_) => Ok(()),
            Ok(_) => Err(format!("{selector} is no path")),
        };
    }
    let path = path.map_err(|error| format!("{selector}: {error}"))?;
    let document = test.get("document").ok_or("no document")?.to_string();
    let document = Document::parse(document.as_bytes());
    let document = document.map_err(|error| error.to_string())?;
    let ours: Vec<Value> = path.select(document.value()).into_iter().cloned().collect();
    let ours = Value::Array(ours);
    let legal = match (test.get("results").and_then(Value::as_array), test.get("result")) {
        (Some(results), _) => results.contains(&ours),
        (None, result) => result == Some(&ours),
    };
    if legal { Ok(()) } else { Err(format!("{selector}: {ours} where {test} is due")) }
}
