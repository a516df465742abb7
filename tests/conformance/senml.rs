//! The packs that [RFC 8428](https://www.rfc-editor.org/rfc/rfc8428#section-5.1) prints, and their
//! resolved forms (`T-68`).

use std::{collections::BTreeMap, fs, path::Path};

use libtest_mimic::Failed;
use pervade_mapping::{Document, resolve_senml};
use pervade_units::Number;
use serde_json::Value;

use crate::{Suite, outcome::Outcome};

pub(crate) const RFC8428: Suite = Suite {
    name: "senml",
    about: "RFC 8428's packs: resolved records, numbers exact. A pack without time stays so",
    run: rfc8428,
};

fn rfc8428(data: &Path) -> Result<Outcome, Failed> {
    let folder = data.join("payloads/senml");
    let mut outcome = Outcome::default();
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(case) = name.strip_suffix(".resolved.json") {
            outcome.record(case, judge(&folder, case));
        }
    }
    Ok(outcome)
}

fn judge(folder: &Path, case: &str) -> Result<(), String> {
    let pack = read(&folder.join(format!("{case}.json")))?;
    let ours = resolve_senml(&pack).map_err(|error| error.to_string())?;
    let mut theirs = records(&read(&folder.join(format!("{case}.resolved.json")))?)?;
    // The RFC resolves a pack without any time to the moment in which it was received. The ledger
    // has no such moment.
    if !records(&pack)?.iter().any(|record| record.contains_key("bt") || record.contains_key("t")) {
        theirs.iter_mut().for_each(|record| drop(record.remove("t")));
    }
    let ours = records(&ours)?;
    if ours == theirs { Ok(()) } else { Err(format!("\nours: {ours:?}\ntheirs: {theirs:?}")) }
}

fn read(path: &Path) -> Result<Document, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    Document::parse(&bytes).map_err(|error| error.to_string())
}

/// A record's fields; numbers by their exact value, in whatever form they were written.
type Record = BTreeMap<String, String>;

fn records(pack: &Document) -> Result<Vec<Record>, String> {
    let records = pack.value().as_array().ok_or("a pack is an array")?;
    records
        .iter()
        .map(|record| fields(record.as_object().ok_or("a record is an object")?))
        .collect()
}

fn fields(record: &serde_json::Map<String, Value>) -> Result<Record, String> {
    let mut fields = Record::new();
    for (name, value) in record {
        let text = if let Value::Number(number) = value {
            let number = Number::parse(number.as_str()).map_err(|error| error.to_string())?;
            number.to_decimal()
        } else {
            value.to_string()
        };
        fields.insert(name.clone(), text);
    }
    Ok(fields)
}
