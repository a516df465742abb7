//! What comes of each field of a payload: the payload is mapped again without it.

use std::collections::BTreeSet;

use pervade_mapping::{Context as MappingContext, Document, Plan, lower};
use pervade_package::{Context, DevicePackage};
use pervade_rdf::{Dataset, Quad};
use serde_json::Value;

/// Most fields of one payload that are looked at.
const FIELDS_MAX: usize = 500;

/// A field of a payload that holds one value.
#[derive(Debug)]
pub(crate) struct Usage {
    /// Names and indices from the root, joined by slashes.
    pub(crate) path: String,
    pub(crate) value: Value,
    /// The quads that are not there without it.
    pub(crate) effects: Vec<Quad>,
    /// Whether nothing at all is mapped without it.
    pub(crate) is_needed: bool,
}

/// What a payload gives.
pub(crate) fn quads(package: &DevicePackage, payload: &[u8]) -> Option<Dataset> {
    let plan = lower(&package.mapping).plan?;
    let document = package.manifest.payload.read(payload, &package.manifest.dialect).ok()?;
    plan.run(&document, &context()).ok()
}

/// What comes of every field of a payload that can be mapped.
pub(crate) fn usage(package: &DevicePackage, payload: &[u8]) -> Vec<Usage> {
    let Some(plan) = lower(&package.mapping).plan else { return Vec::new() };
    let read = package.manifest.payload.read(payload, &package.manifest.dialect);
    let Ok(document) = read else { return Vec::new() };
    let Ok(whole) = plan.run(&document, &context()) else { return Vec::new() };
    let root = document.into_value();
    let mut fields = Vec::new();
    leaves(&root, &mut Vec::new(), &mut fields);
    fields.into_iter().map(|(path, value)| used(&plan, &root, &whole, (path, value))).collect()
}

fn context() -> MappingContext {
    let example = Context::example();
    MappingContext {
        base: format!("{}#", example.record_iri()),
        graph: example.graph_iri(),
        record: example.record_iri().to_owned(),
        device: example.device_iri().to_owned(),
    }
}

fn used(plan: &Plan, root: &Value, whole: &Dataset, (path, value): (Vec<String>, Value)) -> Usage {
    let mut without = root.clone();
    blank(&mut without, &path);
    let run = Document::from_value(without)
        .ok()
        .and_then(|document| plan.run(&document, &context()).ok());
    let effects = match &run {
        Some(left) => whole.iter().filter(|quad| !left.contains(quad)).cloned().collect(),
        None => Vec::new(),
    };
    Usage { path: path.join("/"), value, effects, is_needed: run.is_none() }
}

/// Puts `null`, which maps as nothing, in the place of a value.
fn blank(root: &mut Value, path: &[String]) {
    let mut here = root;
    for step in path {
        let inside = match here {
            Value::Object(members) => members.get_mut(step),
            Value::Array(items) => step.parse::<usize>().ok().and_then(|at| items.get_mut(at)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        let Some(inside) = inside else { return };
        here = inside;
    }
    *here = Value::Null;
}

fn leaves(value: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, Value)>) {
    if found.len() >= FIELDS_MAX {
        return;
    }
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                path.push(name.clone());
                leaves(value, path, found);
                path.pop();
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                path.push(index.to_string());
                leaves(value, path, found);
                path.pop();
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => found.push((path.clone(), value.clone())),
    }
}

/// The subjects of quads.
pub(crate) fn subjects(quads: &[Quad]) -> BTreeSet<String> {
    quads.iter().map(|quad| quad.subject.to_string()).collect()
}
