use std::cell::Cell;

use pervade_mapping::{Nested, Outside, Record, RecordQuery, SourceError, Value, Within};
use roxmltree::{Document, ParsingOptions};

use crate::table::inside;
use crate::xpath::{Found, Item, XPATH_STEPS_MAX, XPath, XPathError};

/// Most elements, texts and attributes of one XML document.
pub const XML_NODES_MAX: u32 = 20_000_000;

/// The records of an XML document. Documents with a type declaration are refused: they could
/// name entities without end.
pub(crate) fn records(
    text: &str,
    namespaces: &[(String, String)],
    query: &RecordQuery,
    outside: &dyn Outside,
) -> Result<Vec<Record>, SourceError> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: XML_NODES_MAX,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        SourceError::Syntax { line: u64::from(error.pos().row), reason: error.to_string() }
    })?;
    let compiled = Compiled::new(query, namespaces)?;
    let steps = Cell::new(XPATH_STEPS_MAX);
    select(&Item::node(document.root()), &compiled, outside, &steps)
}

/// A query whose expressions are read.
struct Compiled<'q> {
    iterator: XPath,
    references: Vec<XPath>,
    nested: Vec<(Within, Inner<'q>)>,
}

enum Inner<'q> {
    Here(Compiled<'q>),
    Text(&'q RecordQuery),
}

impl<'q> Compiled<'q> {
    fn new(query: &'q RecordQuery, namespaces: &[(String, String)]) -> Result<Self, SourceError> {
        let parse = |text: &str| XPath::parse(text, namespaces).map_err(|error| wrong(&error));
        let references =
            query.references.iter().map(|text| parse(text)).collect::<Result<_, _>>()?;
        let mut nested = Vec::new();
        for Nested { within, query } in &query.nested {
            let inner = match within {
                Within::Record => Inner::Here(Compiled::new(query, namespaces)?),
                Within::Text(_) => Inner::Text(query),
            };
            nested.push((*within, inner));
        }
        Ok(Self { iterator: parse(query.iterator.as_deref().unwrap_or("/*"))?, references, nested })
    }
}

fn wrong(error: &XPathError) -> SourceError {
    match error {
        XPathError::Cost { limit } => {
            SourceError::Limit { what: "steps of an XPath", limit: *limit }
        }
        XPathError::Expected { .. } | XPathError::Unknown { .. } | XPathError::NoNodes { .. } => {
            SourceError::Syntax { line: 0, reason: error.to_string() }
        }
    }
}

fn select(
    from: &Item<'_>,
    query: &Compiled<'_>,
    outside: &dyn Outside,
    steps: &Cell<u64>,
) -> Result<Vec<Record>, SourceError> {
    let items = query.iterator.items(from, steps).map_err(|error| wrong(&error))?;
    items.iter().map(|item| record(item, query, outside, steps)).collect()
}

fn record(
    item: &Item<'_>,
    query: &Compiled<'_>,
    outside: &dyn Outside,
    steps: &Cell<u64>,
) -> Result<Record, SourceError> {
    let mut values = Vec::new();
    for reference in &query.references {
        let found = reference.evaluate(item, steps).map_err(|error| wrong(&error))?;
        values.push(match found {
            Found::Items(items) => items.iter().map(|item| Value::Text(item.text())).collect(),
            Found::Text(text) => vec![Value::Text(text)],
            Found::Boolean(value) => vec![Value::Boolean(value)],
            Found::Number(number) if number.is_finite() => vec![Value::Number(number.to_string())],
            Found::Number(_) => Vec::new(),
        });
    }
    let mut nested = Vec::new();
    for (within, inner) in &query.nested {
        nested.push(match (within, inner) {
            (Within::Text(place), Inner::Text(query)) => {
                let texts = values.get(*place).into_iter().flatten();
                texts.map(|value| inside(value, query, outside)).collect::<Result<_, _>>()?
            }
            (Within::Record | Within::Text(_), Inner::Here(query)) => {
                vec![select(item, query, outside, steps)?]
            }
            (Within::Record, Inner::Text(_)) => Vec::new(),
        });
    }
    Ok(Record { values, nested })
}
