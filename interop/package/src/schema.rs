use std::collections::BTreeMap;

use jsonschema::{PatternOptions, Validator};
use pervade_mapping::{Document, DocumentError};
use serde_json::Value;

use crate::normalise::InvalidValue;
use crate::unknown::{Descriptions, UnknownFields};

/// Most schemas a schema may come to when every reference is replaced by its target.
const EXPANDED_SCHEMAS_MAX: usize = 8_000;

/// Most references followed and schemas nested on one way down.
const WAY_DOWN_MAX: usize = 256;

/// Largest compiled pattern, in bytes.
pub(crate) const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Most invalid values reported for one payload.
const INVALID_VALUES_MAX: usize = 20;

/// Longest message about one value, in characters.
const MESSAGE_CHARS_MAX: usize = 300;

/// A JSON Schema that compiles offline and whose cost is bounded: references stay inside the
/// document and never come back to themselves, patterns run in linear time.
#[derive(Debug)]
pub(crate) struct PayloadSchema {
    validator: Validator,
    descriptions: Descriptions,
}

/// Why a text is no usable schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SchemaError {
    #[error(transparent)]
    Document(DocumentError),
    #[error("at {pointer}: {detail}")]
    Schema { pointer: String, detail: String },
}

impl PayloadSchema {
    pub(crate) fn compile(text: &str) -> Result<Self, SchemaError> {
        let document = Document::parse(text.as_bytes()).map_err(SchemaError::Document)?;
        let root = document.value();
        check_dialect(root)?;
        Budget { root, sizes: BTreeMap::new() }.size(root, "", 0)?;
        let patterns =
            PatternOptions::regex().size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX);
        let validator = jsonschema::options()
            .offline()
            .should_validate_formats(false)
            .with_pattern_options(patterns)
            .build(root)
            .map_err(|error| {
                refused(error.instance_path().as_str(), cut(&error.masked().to_string()))
            })?;
        Ok(Self { validator, descriptions: Descriptions::of(root)? })
    }

    /// What the schema describes, by place.
    pub(crate) const fn descriptions(&self) -> &Descriptions {
        &self.descriptions
    }

    /// Every value that does not fit, by place; messages never repeat the payload's values.
    pub(crate) fn invalid_values(&self, document: &Document) -> Vec<InvalidValue> {
        let mut invalid: Vec<InvalidValue> = self
            .validator
            .iter_errors(document.value())
            .map(|error| InvalidValue {
                pointer: error.instance_path().as_str().to_owned(),
                message: cut(&error.masked().to_string()),
            })
            .collect();
        invalid.sort();
        invalid.dedup();
        invalid.truncate(INVALID_VALUES_MAX);
        invalid
    }

    /// Every member that the schema does not describe.
    pub(crate) fn unknown_fields(&self, document: &Document) -> UnknownFields {
        self.descriptions.unknown(document.value())
    }
}

fn cut(message: &str) -> String {
    message.chars().take(MESSAGE_CHARS_MAX).collect()
}

pub(crate) fn refused(pointer: &str, detail: impl Into<String>) -> SchemaError {
    let pointer = if pointer.is_empty() { "/".to_owned() } else { pointer.to_owned() };
    SchemaError::Schema { pointer, detail: detail.into() }
}

fn check_dialect(root: &Value) -> Result<(), SchemaError> {
    const DIALECTS: &[&str] = &[
        "https://json-schema.org/draft/2020-12/schema",
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-07/schema",
    ];
    match root.get("$schema").and_then(Value::as_str) {
        Some(dialect) if DIALECTS.contains(&dialect) => Ok(()),
        _ => Err(refused("", "$schema is draft 2020-12 or draft-07, and must be stated")),
    }
}

/// Keywords whose cost or meaning the ledger cannot bound, and why.
const REFUSED: &[(&str, &str)] = &[
    ("$anchor", "references are JSON pointers"),
    ("$dynamicAnchor", "references are JSON pointers"),
    ("$dynamicRef", "references are JSON pointers"),
    ("$recursiveAnchor", "references are JSON pointers"),
    ("$recursiveRef", "references are JSON pointers"),
    ("$vocabulary", "the dialect is the standard one"),
    ("multipleOf", "it is computed in floats"),
];

/// Keywords that hold schemas by name.
const BY_NAME: &[&str] = &[
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
    "dependencies",
];

/// Keywords that hold data, not schemas.
const DATA: &[&str] = &["enum", "const", "default", "examples", "required", "type", "$comment"];

struct Budget<'s> {
    root: &'s Value,
    /// Expanded sizes by pointer; `None` while being computed.
    sizes: BTreeMap<String, Option<usize>>,
}

impl<'s> Budget<'s> {
    /// How many schemas `schema` comes to.
    fn size(&mut self, schema: &'s Value, pointer: &str, way: usize) -> Result<usize, SchemaError> {
        if way > WAY_DOWN_MAX {
            return Err(refused(pointer, "nested too deeply"));
        }
        match self.sizes.get(pointer) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(refused(pointer, "a reference comes back to itself")),
            None => {}
        }
        self.sizes.insert(pointer.to_owned(), None);
        let mut size = 1_usize;
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            let place = format!("{pointer}/{}", escape(keyword));
            self.admit(keyword, pointer)?;
            size = size.saturating_add(self.keyword(keyword, value, &place, way)?);
        }
        if size > EXPANDED_SCHEMAS_MAX {
            return Err(refused(
                pointer,
                format!("comes to more than {EXPANDED_SCHEMAS_MAX} schemas"),
            ));
        }
        self.sizes.insert(pointer.to_owned(), Some(size));
        Ok(size)
    }

    fn admit(&self, keyword: &str, pointer: &str) -> Result<(), SchemaError> {
        if let Some((keyword, why)) = REFUSED.iter().find(|(refused, _)| *refused == keyword) {
            return Err(refused(pointer, format!("{keyword} is not used on the ledger: {why}")));
        }
        if keyword == "$id" && !pointer.is_empty() {
            return Err(refused(pointer, "$id belongs to the whole schema"));
        }
        Ok(())
    }

    fn keyword(
        &mut self,
        keyword: &str,
        value: &'s Value,
        place: &str,
        way: usize,
    ) -> Result<usize, SchemaError> {
        if keyword == "$ref" {
            let target = value.as_str().and_then(|reference| reference.strip_prefix('#'));
            let target = target.filter(|pointer| pointer.is_empty() || pointer.starts_with('/'));
            let found = target.and_then(|pointer| Some((pointer, self.root.pointer(pointer)?)));
            let (pointer, schema) = found.ok_or_else(|| {
                refused(place, "a reference leads to a place in this document, #/…")
            })?;
            return self.size(schema, pointer, way + 1);
        }
        if DATA.contains(&keyword) {
            return Ok(0);
        }
        let named = BY_NAME.contains(&keyword);
        match value {
            Value::Object(schemas) if named => {
                let parts = schemas.iter().map(|(name, schema)| (escape(name), schema));
                self.parts(parts, place, way)
            }
            Value::Object(_) => self.size(value, place, way + 1),
            Value::Array(schemas) => {
                let parts =
                    schemas.iter().enumerate().map(|(index, schema)| (index.to_string(), schema));
                self.parts(parts, place, way)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(0),
        }
    }

    fn parts(
        &mut self,
        parts: impl Iterator<Item = (String, &'s Value)>,
        place: &str,
        way: usize,
    ) -> Result<usize, SchemaError> {
        let mut size = 0_usize;
        for (name, schema) in parts {
            size = size.saturating_add(self.size(schema, &format!("{place}/{name}"), way + 1)?);
        }
        Ok(size)
    }
}

/// A name as a step of a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(body: &str, payload: &str, expected: Expect) {
        check_in("https://json-schema.org/draft/2020-12/schema", body, payload, expected);
    }

    fn check_in(dialect: &str, body: &str, payload: &str, expected: Expect) {
        let text = format!("{{\"$schema\":\"{dialect}\",{body}}}");
        let schema = match PayloadSchema::compile(&text) {
            Ok(schema) => schema,
            Err(error) => return expected.assert_eq(&error.to_string()),
        };
        let document = Document::parse(payload.as_bytes()).expect("JSON");
        let lines: String = schema
            .invalid_values(&document)
            .iter()
            .map(|value| format!("{}: {}\n", value.pointer, value.message))
            .collect();
        expected.assert_eq(&lines);
    }

    #[test]
    fn invalid_values_have_their_place_and_no_content() {
        check(
            r##""properties":{"a":{"$ref":"#/$defs/t"},"b":{"items":{"pattern":"^x"}}},"required":["c"],"$defs":{"t":{"type":"number","minimum":-273.15}}"##,
            r#"{"a":-273.16,"b":["x","secret"]}"#,
            expect![[r#"
                : "c" is a required property
                /a: value is less than the minimum of -273.15
                /b/1: value does not match "^x"
            "#]],
        );
    }

    #[test]
    fn references_stay_inside_and_end() {
        check(
            r#""$ref":"https://example.com/s.json""#,
            "1",
            expect!["at /$ref: a reference leads to a place in this document, #/…"],
        );
        check(
            r##""allOf":[{"$ref":"#"}]"##,
            "1",
            expect!["at /: a reference comes back to itself"],
        );
        check(
            r##""properties":{"a":{"$ref":"#"}}"##,
            "1",
            expect!["at /: a reference comes back to itself"],
        );
        check(
            r##""$ref":"#/$defs/none""##,
            "1",
            expect!["at /$ref: a reference leads to a place in this document, #/…"],
        );
    }

    #[test]
    fn references_do_not_multiply() {
        let mut defs = vec![r#""d0":{"type":"number"}"#.to_owned()];
        for level in 1..16 {
            let below = level - 1;
            defs.push(format!(
                "\"d{level}\":{{\"allOf\":[{{\"$ref\":\"#/$defs/d{below}\"}},{{\"$ref\":\"#/$defs/d{below}\"}}]}}"
            ));
        }
        check(
            &format!("\"$defs\":{{{}}}", defs.join(",")),
            "1",
            expect!["at /$defs/d11: comes to more than 8000 schemas"],
        );
    }

    /// T-72: both dialects that vendors write are read by their own rules.
    #[test]
    fn each_dialect_by_its_own_rules() {
        const DRAFT_07: &str = "http://json-schema.org/draft-07/schema#";
        let in_07 = |body, payload, expected| check_in(DRAFT_07, body, payload, expected);
        in_07(
            r#""items":[{"type":"string"}],"additionalItems":false"#,
            "[1,2]",
            expect![[r#"
            : Additional items are not allowed (1 item)
            /0: value is not of type "string"
        "#]],
        );
        check(
            r#""prefixItems":[{"type":"string"}],"items":false"#,
            "[1,2]",
            expect![[r#"
            /0: value is not of type "string"
            /1: False schema does not allow value
        "#]],
        );
        // What a dialect does not know says nothing in it.
        in_07(r#""prefixItems":[{"type":"string"}]"#, "[1]", expect![[""]]);
        in_07(
            r#""dependencies":{"a":["b"]}"#,
            r#"{"a":1}"#,
            expect![[r#"
            : "b" is a required property
        "#]],
        );
        check(
            r#""dependentRequired":{"a":["b"]}"#,
            r#"{"a":1}"#,
            expect![[r#"
            : "b" is a required property
        "#]],
        );
        in_07(
            r#""if":{"required":["a"]},"then":{"required":["b"]}"#,
            r#"{"a":1}"#,
            expect![[r#"
            : "b" is a required property
        "#]],
        );
        check(
            r#""allOf":[{"properties":{"a":{}}}],"unevaluatedProperties":false"#,
            r#"{"a":1,"b":2}"#,
            expect![[r#"
                : Unevaluated properties are not allowed ('b' was unexpected)
            "#]],
        );
        check(
            r#""contains":{"type":"number"},"minContains":2"#,
            r#"[1,"x"]"#,
            expect![[r#"
            : None of value are valid under the given schema
        "#]],
        );
    }

    /// A reference stands alone in draft-07, and beside others in 2020-12.
    #[test]
    fn references_and_numbers_of_each_dialect() {
        const DRAFT_07: &str = "http://json-schema.org/draft-07/schema#";
        let in_07 = |body, payload, expected| check_in(DRAFT_07, body, payload, expected);
        let beside = r##""properties":{"a":{"$ref":"#/definitions/t","maximum":1}},"definitions":{"t":{"type":"number"}}"##;
        in_07(beside, r#"{"a":2}"#, expect![[""]]);
        check(
            beside,
            r#"{"a":2}"#,
            expect![[r#"
            /a: value is greater than the maximum of 1
        "#]],
        );
        check(
            r#""exclusiveMinimum":true"#,
            "1",
            expect![[r#"at /exclusiveMinimum: value is not of type "number""#]],
        );
        in_07(
            r#""const":1.0,"minimum":-273.15"#,
            "-273.150000000000000000001",
            expect![[r#"
            : 1.0 was expected
            : value is less than the minimum of -273.15
        "#]],
        );
    }

    /// Patterns take time in proportion to the text, whatever they are, and bounded space.
    #[test]
    fn patterns_are_linear() {
        let long = "a".repeat(60_000);
        check(
            r#""pattern":"^(a+)+$""#,
            &format!("\"{long}b\""),
            expect![[r#"
            : value does not match "^(a+)+$"
        "#]],
        );
        check(
            r#""pattern":"(a|aa)+c""#,
            &format!("\"{long}\""),
            expect![[r#"
            : value does not match "(a|aa)+c"
        "#]],
        );
        check(
            r#""pattern":"((((a{99}){99}){99}){99})""#,
            "1",
            expect![[r#"at /pattern: value is not a "regex""#]],
        );
        check(
            r#""patternProperties":{"(?=a)":{}}"#,
            "{}",
            expect![[r#"at /patternProperties/(?=a): value is not a "regex""#]],
        );
    }

    /// Nothing is fetched, from wherever it is referred to.
    #[test]
    fn nothing_is_fetched() {
        for reference in
            ["http://localhost/s.json", "file:///etc/passwd", "s.json", "//host/s", "urn:x", "#a"]
        {
            let text = format!(
                "{{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"items\":{{\"$ref\":\"{reference}\"}}}}"
            );
            let error = PayloadSchema::compile(&text).expect_err(reference).to_string();
            let expected = "at /items/$ref: a reference leads to a place in this document, #/…";
            assert_eq!(error, expected, "{reference}");
        }
        check(
            r#""$id":"http://localhost/","$ref":"s""#,
            "1",
            expect!["at /$ref: a reference leads to a place in this document, #/…"],
        );
        check(
            r#""items":{"$id":"http://localhost/"}"#,
            "1",
            expect!["at /items: $id belongs to the whole schema"],
        );
        check(
            r##""$dynamicRef":"#a""##,
            "1",
            expect!["at /: $dynamicRef is not used on the ledger: references are JSON pointers"],
        );
        check_in(
            "http://json-schema.org/draft-04/schema#",
            r#""type":"object""#,
            "1",
            expect!["at /: $schema is draft 2020-12 or draft-07, and must be stated"],
        );
    }

    #[test]
    fn what_the_ledger_does_not_validate() {
        check(
            r#""multipleOf":0.1"#,
            "1",
            expect!["at /: multipleOf is not used on the ledger: it is computed in floats"],
        );
        check(
            r#""properties":{"multipleOf":{"type":"string"}}"#,
            r#"{"multipleOf":1}"#,
            expect![[r#"
                /multipleOf: value is not of type "string"
            "#]],
        );
        check(r#""pattern":"(a)\\1""#, "1", expect![[r#"at /pattern: value is not a "regex""#]]);
        check(
            r#""type":"numbr""#,
            "1",
            expect![
                "at /type: value is not valid under any of the schemas listed in the 'anyOf' keyword"
            ],
        );
        let undeclared = PayloadSchema::compile("{}").expect_err("no dialect");
        expect!["at /: $schema is draft 2020-12 or draft-07, and must be stated"]
            .assert_eq(&undeclared.to_string());
    }
}
