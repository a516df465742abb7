//! Whether one JSON Schema accepts all that another does, keyword by keyword.

use std::collections::BTreeSet;

use pervade_units::Number;
use serde_json::{Map, Value};

use super::{Affected, Breaks, Change};

/// Most pairs of schemas that are compared; a schema's budget keeps honest ones below.
const PAIRS_MAX: usize = 20_000;

/// Tells in `found` what the new schema refuses that the old one accepted.
pub(super) fn compare(old: &str, new: &str, found: &mut Breaks) {
    let parse = |text| serde_json::from_str::<Value>(text).unwrap_or_default();
    let (old, new) = (parse(old), parse(new));
    let mut comparison = Comparison { roots: [&old, &new], pairs: 0, found };
    comparison.schemas(&old, &new, "");
}

struct Comparison<'s, 'f> {
    /// The old document and the new one, which references lead into.
    roots: [&'s Value; 2],
    pairs: usize,
    found: &'f mut Breaks,
}

/// Keywords that tighten as their number grows.
const LEAST: &[&str] =
    &["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"];

/// Keywords that tighten as their number falls.
const MOST: &[&str] =
    &["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"];

/// Keywords that combine schemas, or depend on what others saw.
const COMPOSED: &[&str] = &[
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
    "dependencies",
    "contains",
    "propertyNames",
    "patternProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "uniqueItems",
];

impl<'s> Comparison<'s, '_> {
    /// Recursion ends where references do: in a checked schema none comes back to itself.
    fn schemas(&mut self, old: &'s Value, new: &'s Value, place: &str) {
        self.pairs = self.pairs.saturating_add(1);
        if self.pairs > PAIRS_MAX {
            return;
        }
        let [old_root, new_root] = self.roots;
        let (old, place) = resolved(old_root, old, place);
        let (new, _) = resolved(new_root, new, "");
        match (old, new) {
            (_, Value::Bool(true)) | (Value::Bool(false), _) => {}
            (_, Value::Bool(false)) => self.devices(Change::FieldRefused, &place),
            (old, Value::Object(new)) => {
                let empty = Map::new();
                let old = old.as_object().unwrap_or(&empty);
                self.types(old, new, &place);
                self.values(old, new, &place);
                self.limits(old, new, &place);
                self.composition(old, new, &place);
                self.required(old, new, &place);
            }
            _ => {}
        }
        if let (Some(old), Some(new)) = (old.as_object(), new.as_object()) {
            self.properties(old, new, &place);
            self.items(old, new, &place);
        }
    }

    fn devices(&mut self, change: Change, place: &str) {
        self.found.add(Affected::Devices, change, place);
    }

    fn types(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, place: &str) {
        let (old, new) = (types(old), types(new));
        if !old.is_subset(&new) {
            self.devices(Change::TypeNarrowed, &format!("{place}/type"));
        }
    }

    fn values(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, place: &str) {
        let Some(allowed) = listed(new) else { return };
        let kept = listed(old).is_some_and(|old| old.iter().all(|value| allowed.contains(value)));
        if !kept {
            let keyword = if new.contains_key("const") { "const" } else { "enum" };
            self.devices(Change::ValueExcluded, &format!("{place}/{keyword}"));
        }
    }

    fn limits(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, place: &str) {
        let number = |schema: &Map<String, Value>, keyword: &str| {
            let written = schema.get(keyword)?.as_number()?;
            Number::parse(written.as_str()).ok()
        };
        let keywords = LEAST.iter().map(|keyword| (keyword, true));
        for (keyword, is_least) in keywords.chain(MOST.iter().map(|keyword| (keyword, false))) {
            let Some(limit) = number(new, keyword) else { continue };
            let kept = number(old, keyword)
                .is_some_and(|old| if is_least { limit <= old } else { limit >= old });
            if !kept {
                self.devices(Change::LimitTightened, &format!("{place}/{keyword}"));
            }
        }
        if let Some(pattern) = new.get("pattern")
            && old.get("pattern") != Some(pattern)
        {
            self.devices(Change::PatternChanged, &format!("{place}/pattern"));
        }
    }

    fn composition(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, place: &str) {
        for keyword in COMPOSED {
            let stated = new.get(*keyword);
            if stated.is_some() && stated != old.get(*keyword) {
                self.devices(Change::CompositionChanged, &format!("{place}/{keyword}"));
            }
        }
    }

    fn required(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, place: &str) {
        let names = |schema: &Map<String, Value>| -> BTreeSet<String> {
            let names = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            names.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        for name in names(new).difference(&names(old)) {
            self.devices(Change::FieldRequired, &format!("{place}/properties/{name}"));
        }
    }

    fn properties(
        &mut self,
        old: &'s Map<String, Value>,
        new: &'s Map<String, Value>,
        place: &str,
    ) {
        let named =
            |schema: &'s Map<String, Value>| schema.get("properties").and_then(Value::as_object);
        let rest = new.get("additionalProperties");
        for (name, before) in named(old).into_iter().flatten() {
            let place = format!("{place}/properties/{name}");
            match (named(new).and_then(|properties| properties.get(name)), rest) {
                (Some(after), _) | (None, Some(after)) => self.schemas(before, after, &place),
                (None, None) => {}
            }
        }
        let place = format!("{place}/additionalProperties");
        match (old.get("additionalProperties"), rest) {
            (Some(before), Some(after)) => self.schemas(before, after, &place),
            (None, Some(Value::Bool(false))) => self.devices(Change::FieldRefused, &place),
            (None, Some(after)) if after.is_object() => {
                self.devices(Change::CompositionChanged, &place);
            }
            _ => {}
        }
    }

    fn items(&mut self, old: &'s Map<String, Value>, new: &'s Map<String, Value>, place: &str) {
        for keyword in ["items", "prefixItems", "additionalItems"] {
            let place = format!("{place}/{keyword}");
            match (old.get(keyword), new.get(keyword)) {
                (Some(before), Some(after)) if before.is_object() && after.is_object() => {
                    self.schemas(before, after, &place);
                }
                (before, Some(after)) if before != Some(after) => {
                    self.devices(Change::CompositionChanged, &place);
                }
                _ => {}
            }
        }
    }
}

/// Follows references; each leads further on in a checked schema.
fn resolved<'s>(root: &'s Value, schema: &'s Value, place: &str) -> (&'s Value, String) {
    const REFERENCES_MAX: usize = 256;
    let (mut schema, mut place) = (schema, place.to_owned());
    for _ in 0..REFERENCES_MAX {
        let reference = schema.get("$ref").and_then(Value::as_str);
        let Some(pointer) = reference.and_then(|reference| reference.strip_prefix('#')) else {
            break;
        };
        let Some(target) = root.pointer(pointer) else { break };
        schema = target;
        pointer.clone_into(&mut place);
    }
    (schema, place)
}

/// The types that a schema allows; an integer is a number.
fn types(schema: &Map<String, Value>) -> BTreeSet<&str> {
    let all = ["array", "boolean", "integer", "null", "number", "object", "string"];
    let mut types: BTreeSet<&str> = match schema.get("type") {
        Some(Value::String(one)) => BTreeSet::from([one.as_str()]),
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => all.into(),
    };
    if types.contains("number") {
        types.insert("integer");
    }
    types
}

/// The values that a schema lists.
fn listed(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    match (schema.get("const"), schema.get("enum").and_then(Value::as_array)) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(values)) => Some(values.iter().collect()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(old: &str, new: &str, expected: Expect) {
        let mut found = Breaks::default();
        compare(old, new, &mut found);
        let lines: Vec<String> =
            found.0.iter().map(|each| format!("{} {}", each.change.as_str(), each.place)).collect();
        expected.assert_eq(&lines.join(", "));
    }

    #[test]
    fn wider_is_compatible() {
        check(r#"{"type":"integer"}"#, r#"{"type":["number","null"]}"#, expect![""]);
        check(r#"{"enum":[1]}"#, r#"{"enum":[1,2]}"#, expect![""]);
        check(r#"{"const":1}"#, r#"{"enum":[1,2]}"#, expect![""]);
        check(r#"{"minimum":1.50}"#, r#"{"minimum":1.5}"#, expect![""]);
        check(r#"{"required":["a","b"]}"#, r#"{"required":["a"]}"#, expect![""]);
        check(r#"{"pattern":"a"}"#, "{}", expect![""]);
        check(r#"{"additionalProperties":false}"#, "{}", expect![""]);
        check(r#"{"properties":{"a":{"type":"string"}}}"#, "true", expect![""]);
        check(r#"{"properties":{"a":{}}}"#, r#"{"properties":{"a":{},"b":{}}}"#, expect![""]);
    }

    #[test]
    fn narrower_breaks_devices() {
        check(r#"{"type":"number"}"#, r#"{"type":"integer"}"#, expect!["type-narrowed /type"]);
        check("{}", r#"{"type":"object"}"#, expect!["type-narrowed /type"]);
        check(r#"{"enum":[1,2]}"#, r#"{"const":1}"#, expect!["value-excluded /const"]);
        check("{}", r#"{"maxLength":9}"#, expect!["limit-tightened /maxLength"]);
        check(r#"{"pattern":"a"}"#, r#"{"pattern":"b"}"#, expect!["pattern-changed /pattern"]);
        check(
            r#"{"properties":{"a":{}}}"#,
            r#"{"additionalProperties":false}"#,
            expect!["field-refused /additionalProperties, field-refused /properties/a"],
        );
        check(
            r#"{"items":{"type":"number"}}"#,
            r#"{"items":{"type":"string"}}"#,
            expect!["type-narrowed /items/type"],
        );
        check(
            r#"{"anyOf":[{"type":"string"}]}"#,
            r#"{"anyOf":[{"type":"number"}]}"#,
            expect!["composition-changed /anyOf"],
        );
    }

    #[test]
    fn references_are_followed() {
        check(
            r##"{"properties":{"a":{"$ref":"#/$defs/t"}},"$defs":{"t":{"type":"number"}}}"##,
            r#"{"properties":{"a":{"type":"string"}}}"#,
            expect!["type-narrowed /$defs/t/type"],
        );
    }
}
