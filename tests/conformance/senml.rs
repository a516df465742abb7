//! The packs that [RFC 8428](https://www.rfc-editor.org/rfc/rfc8428#section-5.1) prints, and their
//! resolved forms (`T-68`).

use std::{collections::BTreeMap, fs, path::Path};

use libtest_mimic::Failed;
use pervade_mapping::Document;
use pervade_payload::{Dialect, PayloadLanguage};
use pervade_units::Number;
use serde_json::Value;

use crate::{Suite, outcome::Outcome};

pub(crate) const RFC8428: Suite = Suite {
    name: "senml",
    about: "RFC 8428's packs, in JSON and in CBOR: resolved records, numbers exact. A pack without time stays so",
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
    let in_json = bytes(&folder.join(format!("{case}.json")))?;
    let in_cbor = cbor(pack.value())?;
    let ours = [(PayloadLanguage::SenmlJson, in_json), (PayloadLanguage::SenmlCbor, in_cbor)]
        .map(|(language, payload)| language.read(&payload, &Dialect::default()));
    let [ours, of_cbor] = ours.map(|read| read.map_err(|error| error.to_string()));
    let (ours, of_cbor) = (records(&ours?)?, records(&of_cbor?)?);
    if ours != of_cbor {
        return Err(format!("\nin JSON: {ours:?}\nin CBOR: {of_cbor:?}"));
    }
    let mut theirs = records(&read(&folder.join(format!("{case}.resolved.json")))?)?;
    // The RFC resolves a pack without any time to the moment in which it was received. The ledger
    // has no such moment.
    if !records(&pack)?.iter().any(|record| record.contains_key("bt") || record.contains_key("t")) {
        theirs.iter_mut().for_each(|record| drop(record.remove("t")));
    }
    if ours == theirs { Ok(()) } else { Err(format!("\nours: {ours:?}\ntheirs: {theirs:?}")) }
}

fn read(path: &Path) -> Result<Document, String> {
    Document::parse(&bytes(path)?).map_err(|error| error.to_string())
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| error.to_string())
}

/// Labels of fields ([RFC 8428, section 6](https://www.rfc-editor.org/rfc/rfc8428#section-6)), as
/// CBOR writes small integers.
const LABELS: &[(&str, u8)] = &[
    ("bver", 0x20),
    ("bn", 0x21),
    ("bt", 0x22),
    ("bu", 0x23),
    ("bv", 0x24),
    ("bs", 0x25),
    ("n", 0x00),
    ("u", 0x01),
    ("v", 0x02),
    ("vs", 0x03),
    ("vb", 0x04),
    ("s", 0x05),
    ("t", 0x06),
    ("ut", 0x07),
    ("vd", 0x08),
];

/// The pack as a constrained device sends it: labels for names, doubles for numbers.
fn cbor(pack: &Value) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0x9f];
    for record in pack.as_array().ok_or("a pack is an array")? {
        bytes.push(0xbf);
        for (name, value) in record.as_object().ok_or("a record is an object")? {
            let label = LABELS.iter().find(|(known, _)| known == name);
            bytes.push(label.ok_or_else(|| format!("no label for {name}"))?.1);
            match value {
                Value::Number(number) => {
                    let number: f64 = number.as_str().parse().map_err(|_| "a number")?;
                    bytes.push(0xfb);
                    bytes.extend(number.to_be_bytes());
                }
                Value::String(text) => {
                    let length = u8::try_from(text.len()).map_err(|_| "a short text")?;
                    bytes.extend([0x78, length]);
                    bytes.extend(text.bytes());
                }
                Value::Bool(value) => bytes.push(if *value { 0xf5 } else { 0xf4 }),
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    return Err(format!("{name} has no value"));
                }
            }
        }
        bytes.push(0xff);
    }
    bytes.push(0xff);
    Ok(bytes)
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
