use pervade_units::{Number, NumberError};
use serde_json::{Map, Number as JsonNumber, Value};

use crate::document::Document;

/// Longest name of a resolved record, in bytes. Base names are repeated in every record.
pub const SENML_NAME_BYTES_MAX: usize = 1024;

/// Longest unit, in bytes. Base units are repeated in every record.
const UNIT_BYTES_MAX: usize = 256;

/// Resolves a SenML pack ([RFC 8428, section 4.6](https://www.rfc-editor.org/rfc/rfc8428#section-4.6)):
/// every record gets its full name, absolute time and unit, and base fields go.
///
/// Base name, time, unit, value, sum and version are understood. Times are exact decimals.
/// A relative time (RFC 8428, 4.5.3) without a base stays relative: the ledger has no "now".
///
/// # Errors
/// The pack or a record has the wrong shape, or asks for what is not understood.
pub fn resolve_senml(pack: &Document) -> Result<Document, SenmlError> {
    let Value::Array(records) = pack.value() else {
        return Err(SenmlError::NoPack);
    };
    let mut base = Base::default();
    let mut resolved = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let record = record.as_object().ok_or(SenmlError::NoRecord { index })?;
        let at = At { index };
        base.update(record, at)?;
        if let Some(record) = base.resolve(record, at)? {
            resolved.push(Value::Object(record));
        }
    }
    Ok(Document::of(Value::Array(resolved)))
}

/// Why a document is no SenML pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SenmlError {
    /// Not an array of records.
    #[error("a SenML pack is an array")]
    NoPack,
    /// A record is no object.
    #[error("record {index} is not an object")]
    NoRecord {
        /// Which, from 0.
        index: usize,
    },
    /// A field has the wrong type.
    #[error("record {index}: {field:?} has the wrong type")]
    Field {
        /// Which record, from 0.
        index: usize,
        /// The field.
        field: &'static str,
    },
    /// A number is not read exactly.
    #[error("record {index}: {field:?} is not read")]
    Number {
        /// Which record, from 0.
        index: usize,
        /// The field.
        field: &'static str,
        /// Why.
        #[source]
        source: NumberError,
    },
    /// A field ending in `_` that must be understood (RFC 8428, 4.4), or a later version.
    #[error("record {index} needs {field:?} to be understood")]
    NotUnderstood {
        /// Which record, from 0.
        index: usize,
        /// The field.
        field: String,
    },
    /// A record without a name, with one longer than [`SENML_NAME_BYTES_MAX`], or with characters
    /// that names cannot have (RFC 8428, 4.5.1).
    #[error("record {index} has no usable name")]
    Name {
        /// Which record, from 0.
        index: usize,
    },
}

#[derive(Clone, Copy)]
struct At {
    index: usize,
}

/// The version of SenML that RFC 8428 registers.
const VERSION: &str = "10";

#[derive(Default)]
struct Base {
    name: String,
    unit: Option<String>,
    time: Option<Number>,
    value: Option<Number>,
    sum: Option<Number>,
}

impl Base {
    fn update(&mut self, record: &Map<String, Value>, at: At) -> Result<(), SenmlError> {
        let index = at.index;
        if let Some(field) = record.keys().find(|key| key.ends_with('_')) {
            return Err(SenmlError::NotUnderstood { index, field: field.clone() });
        }
        if let Some(version) = at.number(record, "bver")?
            && Number::parse(VERSION).is_ok_and(|ours| version > ours)
        {
            return Err(SenmlError::NotUnderstood { index, field: "bver".to_owned() });
        }
        if let Some(name) = at.text(record, "bn")? {
            name.clone_into(&mut self.name);
        }
        if let Some(unit) = at.text(record, "bu")? {
            if unit.len() > UNIT_BYTES_MAX {
                return Err(SenmlError::Field { index, field: "bu" });
            }
            self.unit = Some(unit.to_owned());
        }
        self.time = at.number(record, "bt")?.or(self.time.take());
        self.value = at.number(record, "bv")?.or(self.value.take());
        self.sum = at.number(record, "bs")?.or(self.sum.take());
        Ok(())
    }

    /// The record without base fields; `None` if it carried nothing else.
    fn resolve(
        &self,
        record: &Map<String, Value>,
        at: At,
    ) -> Result<Option<Map<String, Value>>, SenmlError> {
        let mut fields = record.clone();
        for field in ["bn", "bt", "bu", "bv", "bs", "bver"] {
            fields.remove(field);
        }
        if fields.is_empty() {
            return Ok(None);
        }
        let own = at.text(record, "n")?.unwrap_or_default();
        let fits = self.name.len() + own.len() <= SENML_NAME_BYTES_MAX;
        let name = if fits { format!("{}{own}", self.name) } else { String::new() };
        if !is_name(&name) {
            return Err(SenmlError::Name { index: at.index });
        }
        fields.insert("n".to_owned(), Value::String(name));
        let other_value = ["vs", "vb", "vd"].iter().any(|field| record.contains_key(*field));
        for (field, base) in [("t", &self.time), ("v", &self.value), ("s", &self.sum)] {
            let Some(base) = base else { continue };
            // Section 4.5.4: of a base and its field, the missing one counts as zero.
            let sum = match at.number(record, field)? {
                Some(own) => own.plus(base),
                None if field == "v" && other_value => continue,
                None => base.clone(),
            };
            fields.insert(field.to_owned(), Value::Number(exact(&sum)));
        }
        if let (None, Some(unit)) = (at.text(record, "u")?, &self.unit) {
            fields.insert("u".to_owned(), Value::String(unit.clone()));
        }
        Ok(Some(fields))
    }
}

impl At {
    fn text<'r>(
        self,
        record: &'r Map<String, Value>,
        field: &'static str,
    ) -> Result<Option<&'r str>, SenmlError> {
        match record.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(SenmlError::Field { index: self.index, field }),
        }
    }

    fn number(
        self,
        record: &Map<String, Value>,
        field: &'static str,
    ) -> Result<Option<Number>, SenmlError> {
        let index = self.index;
        match record.get(field) {
            None => Ok(None),
            Some(Value::Number(number)) => Number::parse(number.as_str())
                .map(Some)
                .map_err(|source| SenmlError::Number { index, field, source }),
            Some(_) => Err(SenmlError::Field { index, field }),
        }
    }
}

fn exact(number: &Number) -> JsonNumber {
    JsonNumber::from_string_unchecked(number.to_decimal())
}

/// RFC 8428, 4.5.1: letters, digits, `-`, `:`, `.`, `/`, `_`; starting with a letter or digit.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-:./_".contains(&b))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        let document = Document::parse(text.as_bytes()).expect("JSON");
        match resolve_senml(&document) {
            Ok(resolved) => expected.assert_eq(&resolved.value().to_string()),
            Err(error) => expected.assert_eq(&error.to_string()),
        }
    }

    #[test]
    fn base_fields_reach_every_record() {
        check(
            r#"[{"bn":"urn:dev:ow:1:","bt":1.276020076001e+09,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},
                {"n":"current","t":-5,"v":1.2},{"bn":"urn:dev:ow:2:"},{"n":"x","v":3}]"#,
            expect![[
                r#"[{"n":"urn:dev:ow:1:voltage","t":1276020076.001,"u":"V","v":120.1},{"n":"urn:dev:ow:1:current","t":1276020071.001,"u":"A","v":1.2},{"n":"urn:dev:ow:2:x","t":1276020076.001,"u":"A","v":3}]"#
            ]],
        );
    }

    #[test]
    fn what_is_no_pack() {
        check("{}", expect!["a SenML pack is an array"]);
        check(r#"[{"n":"a","v":1},3]"#, expect!["record 1 is not an object"]);
        check(r#"[{"v":1}]"#, expect!["record 0 has no usable name"]);
        check(r#"[{"n":"a","x_":1}]"#, expect![[r#"record 0 needs "x_" to be understood"#]]);
        check(
            r#"[{"n":"a","bver":11,"v":1}]"#,
            expect![[r#"record 0 needs "bver" to be understood"#]],
        );
        check(r#"[{"n":"a","v":"1"}]"#, expect![[r#"[{"n":"a","v":"1"}]"#]]);
    }
}
