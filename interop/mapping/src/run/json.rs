use serde_json::Value as Json;

use crate::document::Document;
use crate::path::{Path, PathUse};
use crate::plan::Profile;
use crate::source::{Nested, Outside, Record, RecordQuery, SourceError, Unreadable, Within};
use crate::term::{TermError, Value};

/// The records of a JSON document, for an [`Outside`] that is asked for them.
///
/// `outside` reads texts inside values, which may be in other formulations.
///
/// # Errors
/// A path of the query is none, a value is an array or object, or a text inside cannot be read.
pub fn json_records(
    document: &Document,
    query: &RecordQuery,
    outside: &dyn Outside,
) -> Result<Vec<Record>, SourceError> {
    records(document.value(), &Compiled::new(query)?, outside)
}

/// A query whose paths are read.
struct Compiled<'q> {
    iterator: Path,
    references: Vec<(Path, References)>,
    nested: Vec<(Within, Inner<'q>)>,
}

/// Whether a reference may select arrays and objects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum References {
    Scalars,
    /// Other records are inside it: its text is looked into.
    Texts,
}

enum Inner<'q> {
    Here(Compiled<'q>),
    Text(&'q RecordQuery),
}

impl<'q> Compiled<'q> {
    fn new(query: &'q RecordQuery) -> Result<Self, SourceError> {
        let path = |text: &str, path_use| {
            let unreadable = |reason| SourceError::Syntax { line: 0, reason };
            Path::parse(text, path_use, Profile::Open)
                .map_err(|reason| unreadable(Unreadable::new(reason).to_string()))
        };
        let iterator = path(query.iterator.as_deref().unwrap_or("$"), PathUse::Iterator)?;
        let mut references = Vec::new();
        for (place, text) in query.references.iter().enumerate() {
            let looked_into = query.nested.iter().any(|n| n.within == Within::Text(place));
            let kind = if looked_into { References::Texts } else { References::Scalars };
            references.push((path(text, PathUse::Reference)?, kind));
        }
        let mut nested = Vec::new();
        for Nested { within, query } in &query.nested {
            let inner = match within {
                Within::Record => Inner::Here(Compiled::new(query)?),
                Within::Text(_) => Inner::Text(query),
            };
            nested.push((*within, inner));
        }
        Ok(Self { iterator, references, nested })
    }
}

fn records(
    root: &Json,
    query: &Compiled<'_>,
    outside: &dyn Outside,
) -> Result<Vec<Record>, SourceError> {
    let nodes = query.iterator.select(root).into_iter().filter(|node| !node.is_null());
    nodes.map(|node| record(node, query, outside)).collect()
}

fn record(node: &Json, query: &Compiled<'_>, outside: &dyn Outside) -> Result<Record, SourceError> {
    let mut values = Vec::new();
    for (path, kind) in &query.references {
        let selected = path.select(node).into_iter().map(|json| value(json, *kind));
        values.push(selected.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?);
    }
    let mut nested = Vec::new();
    for (within, inner) in &query.nested {
        nested.push(match (within, inner) {
            (Within::Text(place), Inner::Text(query)) => {
                let texts = values.get(*place).into_iter().flatten();
                let read = |value: &Value| outside.parse(&value.text(Profile::Open)?, query);
                texts.map(read).collect::<Result<Vec<_>, SourceError>>()?
            }
            (Within::Record | Within::Text(_), Inner::Here(query)) => {
                vec![records(node, query, outside)?]
            }
            (Within::Record, Inner::Text(_)) => Vec::new(),
        });
    }
    Ok(Record { values, nested })
}

fn value(json: &Json, kind: References) -> Result<Option<Value>, TermError> {
    match json {
        Json::Array(_) | Json::Object(_) if kind == References::Texts => {
            Ok(Some(Value::Text(json.to_string())))
        }
        Json::Null
        | Json::Bool(_)
        | Json::Number(_)
        | Json::String(_)
        | Json::Array(_)
        | Json::Object(_) => Value::of(json),
    }
}
