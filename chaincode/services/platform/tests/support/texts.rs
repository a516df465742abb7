//! The fields of a state that hold text.

use pervade_chaincode::{Schemas, State};
use serde_json::{Map, Value};

/// Where text lies on the ledger in a state: `type.field.field`, in order. A word of a closed set is no
/// text.
pub(crate) fn texts_of<T: State>() -> Vec<String> {
    let mut schemas = Schemas::new();
    let schema = T::schema(&mut schemas);
    let mut found = Vec::new();
    collect(&schema, T::TYPE, &schemas.into_components(), &mut found);
    found.sort();
    found
}

fn collect(schema: &Value, path: &str, named: &Map<String, Value>, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        collect(&named[name], path, named, found);
    }
    let is_text = schema["type"] == "string" || schema["type"][0] == "string";
    if is_text && schema["enum"].is_null() {
        found.push(path.to_owned());
    }
    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
        collect(schema, &format!("{path}.{field}"), named, found);
    }
    // What has a description of its own, or may be absent, refers from within a list.
    for schema in ["allOf", "anyOf"].iter().filter_map(|part| schema[*part].as_array()).flatten() {
        collect(schema, path, named, found);
    }
    for part in ["items", "additionalProperties"] {
        if schema[part].is_object() {
            collect(&schema[part], &format!("{path}[]"), named, found);
        }
    }
}
