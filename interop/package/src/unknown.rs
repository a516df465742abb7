//! What a payload holds that its schema does not describe.

use std::collections::BTreeMap;

use pervade_mapping::place_iri;
use pervade_rdf::vocabulary::{pervade, rdf};
use pervade_rdf::{Dataset, DatasetError, Literal, NamedNode, Quad, Term};
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use crate::context::Context;
use crate::schema::{PATTERN_BYTES_MAX, SchemaError, refused};

/// Most fields of one payload that are stated one by one; the rest is counted.
pub const UNKNOWN_FIELDS_MAX: usize = 64;

/// Most schemas that apply to one place; a schema's budget keeps honest ones far below.
const SCHEMAS_AT_ONE_PLACE_MAX: usize = 256;

/// Finds the members of a payload that no part of its schema describes.
///
/// A member is described when its object's schema, or one applied in place (`allOf`, `anyOf`,
/// `oneOf`, `if`, `then`, `else`, `dependentSchemas`, `$ref`), names it in `properties` or
/// `patternProperties`, or has a schema for all others in `additionalProperties` or
/// `unevaluatedProperties`; `true` describes nothing. Branches count whether they hold or not:
/// nothing that a vendor wrote down is called unknown.
#[derive(Debug)]
pub(crate) struct Descriptions {
    root: Value,
    patterns: BTreeMap<String, Regex>,
}

impl Descriptions {
    /// Takes a schema whose references are known to end.
    pub(crate) fn of(root: &Value) -> Result<Self, SchemaError> {
        let mut patterns = BTreeMap::new();
        collect_patterns(root, "", &mut patterns)?;
        Ok(Self { root: root.clone(), patterns })
    }

    /// The whole schema.
    pub(crate) const fn root(&self) -> &Value {
        &self.root
    }

    pub(crate) fn unknown(&self, payload: &Value) -> UnknownFields {
        let mut walk = Walk { descriptions: self, found: UnknownFields::default() };
        walk.value(payload, &[&self.root], &mut Vec::new());
        walk.found
    }

    /// The schemas that apply where `schemas` do.
    pub(crate) fn in_place<'s>(&'s self, schemas: &[&'s Value]) -> Vec<&'s Map<String, Value>> {
        let mut waiting: Vec<&Value> = schemas.iter().rev().copied().collect();
        let mut applied: Vec<&Map<String, Value>> = Vec::new();
        while let Some(schema) = waiting.pop() {
            let Some(schema) = schema.as_object() else { continue };
            if applied.iter().any(|known| std::ptr::eq(*known, schema)) {
                continue;
            }
            if applied.len() >= SCHEMAS_AT_ONE_PLACE_MAX {
                break;
            }
            applied.push(schema);
            for keyword in ["allOf", "anyOf", "oneOf"] {
                waiting.extend(schema.get(keyword).and_then(Value::as_array).into_iter().flatten());
            }
            waiting.extend(["if", "then", "else"].iter().filter_map(|name| schema.get(*name)));
            for keyword in ["dependentSchemas", "dependencies"] {
                let named = schema.get(keyword).and_then(Value::as_object);
                waiting.extend(named.into_iter().flat_map(Map::values));
            }
            let reference = schema.get("$ref").and_then(Value::as_str);
            let pointer = reference.and_then(|reference| reference.strip_prefix('#'));
            waiting.extend(pointer.and_then(|pointer| self.root.pointer(pointer)));
        }
        applied
    }

    /// The schemas of the member `name`; none if nothing describes it.
    pub(crate) fn of_member<'s>(
        &'s self,
        schemas: &[&'s Map<String, Value>],
        name: &str,
    ) -> Vec<&'s Value> {
        let mut found = Vec::new();
        for schema in schemas {
            found.extend(schema.get("properties").and_then(|named| named.get(name)));
            let patterns = schema.get("patternProperties").and_then(Value::as_object);
            found.extend(patterns.into_iter().flatten().filter_map(|(pattern, schema)| {
                self.patterns.get(pattern)?.is_match(name).then_some(schema)
            }));
        }
        if found.is_empty() {
            let rest = ["additionalProperties", "unevaluatedProperties"];
            let others = schemas.iter().flat_map(|schema| rest.map(|keyword| schema.get(keyword)));
            found.extend(others.flatten().filter(|schema| schema.is_object()));
        }
        found
    }
}

/// Compiles what names members by pattern.
fn collect_patterns(
    schema: &Value,
    place: &str,
    patterns: &mut BTreeMap<String, Regex>,
) -> Result<(), SchemaError> {
    // No recursion: a document's depth is bounded, but not to what a thread's stack holds.
    let mut waiting = vec![(schema, place.to_owned())];
    while let Some((value, place)) = waiting.pop() {
        let members = value.as_object().into_iter().flatten();
        let members = members.map(|(name, value)| (value, format!("{place}/{name}")));
        let items = value.as_array().into_iter().flatten();
        waiting.extend(members.chain(items.map(|value| (value, place.clone()))));
        let named = value.get("patternProperties").and_then(Value::as_object);
        for pattern in named.into_iter().flat_map(Map::keys) {
            let compiled = RegexBuilder::new(pattern)
                .size_limit(PATTERN_BYTES_MAX)
                .dfa_size_limit(PATTERN_BYTES_MAX)
                .build()
                .map_err(|error| refused(&place, error.to_string()))?;
            patterns.insert(pattern.clone(), compiled);
        }
    }
    Ok(())
}

struct Walk<'s> {
    descriptions: &'s Descriptions,
    found: UnknownFields,
}

impl<'s> Walk<'s> {
    /// Recursion ends with the document, whose depth is bounded.
    fn value(&mut self, value: &Value, schemas: &[&'s Value], path: &mut Vec<String>) {
        let schemas = self.descriptions.in_place(schemas);
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    path.push(name.clone());
                    let described = self.descriptions.of_member(&schemas, name);
                    if described.is_empty() {
                        self.found.add(path);
                    } else {
                        self.value(member, &described, path);
                    }
                    path.pop();
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    let described = of_item(&schemas, index);
                    // An item that nothing describes is a value of its array, which is described;
                    // only the members of an object can be unknown.
                    self.value(item, &described, path);
                    path.pop();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The schemas of the item at `index`.
pub(crate) fn of_item<'s>(schemas: &[&'s Map<String, Value>], index: usize) -> Vec<&'s Value> {
    let mut found = Vec::new();
    for schema in schemas {
        let tuple = ["prefixItems", "items"].into_iter().filter_map(|keyword| schema.get(keyword));
        found.extend(tuple.filter_map(|items| items.get(index)));
        let rest = ["items", "additionalItems", "unevaluatedItems", "contains"];
        let rest = rest.into_iter().filter_map(|keyword| schema.get(keyword));
        found.extend(rest.filter(|schema| schema.is_object()));
    }
    found
}

/// Places of what is unknown, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct UnknownFields {
    /// Names and indices from the root to the outermost unknown members; at most
    /// [`UNKNOWN_FIELDS_MAX`].
    pub paths: Vec<Vec<String>>,
    /// How many more there are.
    pub more: usize,
}

impl UnknownFields {
    fn add(&mut self, path: &[String]) {
        if self.paths.len() < UNKNOWN_FIELDS_MAX {
            self.paths.push(path.to_vec());
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// Says of each field, in the payload's graph, that nothing is known of it: a
    /// `pv:UnmappedRecord` with its `pv:sourcePath`.
    ///
    /// # Errors
    /// The dataset is full.
    pub(crate) fn state(&self, context: &Context, quads: &mut Dataset) -> Result<(), DatasetError> {
        let graph = NamedNode::new_unchecked(context.graph_iri());
        let base = format!("{}#", context.record_iri());
        let own = |name| NamedNode::new_unchecked(format!("{}{name}", pervade::NAMESPACE));
        let mut say = |subject: &str, predicate: NamedNode, object: Term| {
            let subject = NamedNode::new_unchecked(subject);
            quads.insert(Quad::new(subject, predicate, object, graph.clone())).map(drop)
        };
        for path in &self.paths {
            let subject = place_iri(&base, path);
            let place = Literal::new_simple_literal(path.join("/"));
            say(&subject, NamedNode::new_unchecked(rdf::TYPE), own("UnmappedRecord").into())?;
            say(&subject, own("sourcePath"), place.into())?;
        }
        if self.more > 0 {
            let more = Literal::from(u64::try_from(self.more).unwrap_or(u64::MAX));
            say(context.record_iri(), own("furtherUnmapped"), more.into())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(schema: &str, payload: &str, expected: Expect) {
        let schema: Value = serde_json::from_str(schema).expect("JSON");
        let payload: Value = serde_json::from_str(payload).expect("JSON");
        let unknown = Descriptions::of(&schema).expect("compiles").unknown(&payload);
        let mut lines: Vec<String> = unknown.paths.iter().map(|path| path.join("/")).collect();
        if unknown.more > 0 {
            lines.push(format!("and {} more", unknown.more));
        }
        expected.assert_eq(&lines.join(" "));
    }

    /// T-72: what a schema does not describe is found, wherever it is, and named from outside.
    #[test]
    fn members_that_nothing_describes() {
        check(r#"{"properties":{"a":{}}}"#, r#"{"a":1,"b":{"c":2}}"#, expect!["b"]);
        check(r#"{}"#, r#"{"a":1}"#, expect!["a"]);
        check(r#"{}"#, r#"[1,{"a":2}]"#, expect!["1/a"]);
        check(
            r#"{"properties":{"a":{"items":{"properties":{"x":{}}}}}}"#,
            r#"{"a":[{"x":1},{"x":1,"y":2}]}"#,
            expect!["a/1/y"],
        );
        check(
            r#"{"properties":{"a":{"items":[{"properties":{"x":{}}}]}}}"#,
            r#"{"a":[{"x":1},{"x":1}]}"#,
            expect!["a/1/x"],
        );
    }

    #[test]
    fn what_describes_a_member() {
        check(r#"{"additionalProperties":true}"#, r#"{"a":1}"#, expect!["a"]);
        check(
            r#"{"additionalProperties":{"type":"object","properties":{"t":{}}}}"#,
            r#"{"chip":{"t":1,"u":2}}"#,
            expect!["chip/u"],
        );
        check(
            r#"{"properties":{"id":{}},"additionalProperties":{"properties":{"t":{}}}}"#,
            r#"{"id":{"t":1}}"#,
            expect!["id/t"],
        );
        check(r#"{"patternProperties":{"^a":{}}}"#, r#"{"ab":1,"b":2}"#, expect!["b"]);
        check(
            r##"{"allOf":[{"$ref":"#/$defs/d"}],"$defs":{"d":{"properties":{"a":{}}}}}"##,
            r#"{"a":1,"b":2}"#,
            expect!["b"],
        );
        check(
            r#"{"anyOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}],"then":{"properties":{"c":{}}}}"#,
            r#"{"a":1,"b":2,"c":3,"d":4}"#,
            expect!["d"],
        );
        check(
            r#"{"dependentSchemas":{"a":{"properties":{"b":{}}}},"properties":{"a":{}}}"#,
            r#"{"a":1,"b":2}"#,
            expect![""],
        );
    }

    #[test]
    fn many_unknown_fields_are_counted() {
        let members: Vec<String> = (0..100).map(|n| format!("\"f{n:03}\":0")).collect();
        let schema = Descriptions::of(&serde_json::json!({})).expect("compiles");
        let payload: Value =
            serde_json::from_str(&format!("{{{}}}", members.join(","))).expect("JSON");
        let unknown = schema.unknown(&payload);
        assert_eq!((unknown.paths.len(), unknown.more), (UNKNOWN_FIELDS_MAX, 36), "all told");
    }

    #[test]
    fn a_pattern_that_is_none() {
        let schema = serde_json::json!({"properties":{"a":{"patternProperties":{"(":{}}}}});
        let error = Descriptions::of(&schema).expect_err("no pattern");
        assert!(error.to_string().starts_with("at /properties/a: "), "{error}");
    }
}
