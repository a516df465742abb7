//! Queries over values that are JSON objects, in the language of CouchDB's
//! [`_find`](https://docs.couchdb.org/en/stable/api/database/find.html), as Fabric's peers with
//! CouchDB take them.
//!
//! What is understood, and nothing else; anything else is refused by its name:
//!
//! - **`selector`**, required: fields by name with dots between (`\.` is a dot in a name, a number
//!   is a place in an array, `_id` is the key); a bare value means `$eq`; several conditions mean
//!   all of them. Operators: `$eq $ne $lt $lte $gt $gte`, `$in $nin`, `$exists $type`,
//!   `$and $or $nor $not`, `$elemMatch $allMatch $all $size`, `$mod`, `$regex`.
//! - **`sort`**: fields, all ascending or all descending. Values without one of the fields are left
//!   out. Without it results come in the order of their keys.
//! - **`fields`**: the fields that are returned; the rest of the value is left out.
//! - **`skip`**: results to pass over, on each page. **`bookmark`**: where a page begins.
//! - **`limit`**: read, and without effect, because a peer puts its own in its place. Ask for a
//!   page.
//! - **`use_index`**: read, and without effect: there are no indexes.
//!
//! A field that is not there fails every condition but `"$exists": false`, `$ne` and `$not` too.
//! Values of different types compare in CouchDB's order: null, false, true, numbers, strings,
//! arrays, objects. Unlike CouchDB, numbers are compared as they are written and never rounded,
//! strings by code point, and a pattern is matched in linear time, so that look-around and
//! back-references are not to be had.

mod collation;
mod number;
mod path;
mod run;
mod selector;

use serde_json::{Map, Value};
use thiserror::Error;

use path::Path;
use selector::Selector;

pub use run::{Chunk, Found, QueryRun};

/// Longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 64 * 1024;

/// Most conditions within one another.
pub const SELECTOR_DEPTH_MAX: usize = 32;

/// Most conditions of one query.
pub const SELECTOR_NODES_MAX: usize = 1_000;

/// Longest pattern of a `$regex`, in bytes.
pub const PATTERN_BYTES_MAX: usize = 1_024;

/// Most memory that one compiled pattern takes, in bytes.
pub const PATTERN_PROGRAM_BYTES_MAX: usize = 1024 * 1024;

/// Most fields to sort by, and most fields to return.
pub const FIELDS_MAX: usize = 100;

/// Most values that one sorted query finds.
pub const SORTED_MAX: usize = 100_000;

/// A query that was read.
#[derive(Clone, Debug)]
pub struct Query {
    selector: Selector,
    sort: Vec<Path>,
    direction: Direction,
    fields: Option<Vec<Path>>,
    skip: u64,
    bookmark: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Direction {
    #[default]
    Ascending,
    Descending,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// If it is no query, asks for what is not understood, or is beyond a limit.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.len() > QUERY_BYTES_MAX {
            return Err(QueryError::TooLong);
        }
        let written: Value =
            serde_json::from_str(text).map_err(|source| QueryError::NotJson { source })?;
        let Value::Object(mut written) = written else { return Err(QueryError::NotAnObject) };
        let selector = written.remove("selector").ok_or(QueryError::NoSelector)?;
        let Value::Object(selector) = selector else { return Err(option("selector", "an object")) };
        let mut query = Self {
            selector: Selector::parse(&selector)?,
            sort: Vec::new(),
            direction: Direction::default(),
            fields: None,
            skip: 0,
            bookmark: String::new(),
        };
        for (name, value) in written {
            query.set(&name, &value)?;
        }
        Ok(query)
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), QueryError> {
        match name {
            "sort" => (self.sort, self.direction) = sort(value)?,
            "fields" => self.fields = fields(value)?,
            "skip" => self.skip = value.as_u64().ok_or_else(|| option("skip", "a count"))?,
            "limit" => {
                value.as_u64().ok_or_else(|| option("limit", "a count"))?;
            }
            "bookmark" => {
                let text = value.as_str().ok_or_else(|| option("bookmark", "a text"))?;
                text.clone_into(&mut self.bookmark);
            }
            "use_index" => {}
            name => return Err(QueryError::Option { name: name.to_owned() }),
        }
        Ok(())
    }

    /// Whether a value is found under a key. Only JSON objects are.
    #[must_use]
    pub fn matches(&self, key: &str, value: &[u8]) -> bool {
        self.document(key, value).is_some()
    }

    /// The value as it was searched, if it is found.
    fn document(&self, key: &str, value: &[u8]) -> Option<Value> {
        let Ok(Value::Object(mut fields)) = serde_json::from_slice(value) else { return None };
        fields.insert(KEY_FIELD.to_owned(), Value::String(key.to_owned()));
        let document = Value::Object(fields);
        let has_place = self.sort.iter().all(|field| field.find(&document).is_some());
        (has_place && self.selector.matches(&document)).then_some(document)
    }

    /// What is returned of a value that was found.
    fn shown(&self, value: Vec<u8>, document: &Value) -> Vec<u8> {
        let Some(fields) = &self.fields else { return value };
        let mut shown = Map::new();
        for field in fields {
            if let Some(found) = field.find(document) {
                field.put(found.clone(), &mut shown);
            }
        }
        // As on a peer, which takes out what CouchDB added.
        shown.remove(KEY_FIELD);
        Value::Object(shown).to_string().into_bytes()
    }
}

/// The field that is a value's key.
const KEY_FIELD: &str = "_id";

/// `["a"]`, `[{"a": "desc"}]`; in CouchDB too, one direction for all.
fn sort(value: &Value) -> Result<(Vec<Path>, Direction), QueryError> {
    let wrong = || option("sort", "an array of fields, each with \"asc\" or \"desc\" or alone");
    let written = value.as_array().filter(|all| all.len() <= FIELDS_MAX).ok_or_else(wrong)?;
    let mut sorted = Vec::with_capacity(written.len());
    for one in written {
        let (name, direction) = match (one.as_str(), one.as_object()) {
            (Some(name), _) => (name, "asc"),
            (None, Some(one)) if one.len() == 1 => {
                let (name, direction) = one.iter().next().ok_or_else(wrong)?;
                (name.as_str(), direction.as_str().ok_or_else(wrong)?)
            }
            (None, _) => return Err(wrong()),
        };
        let direction = match direction {
            "asc" => Direction::Ascending,
            "desc" => Direction::Descending,
            _ => return Err(wrong()),
        };
        sorted.push((Path::parse(name)?, direction));
    }
    let first = sorted.first().map(|(_, direction)| *direction).unwrap_or_default();
    if sorted.iter().any(|(_, direction)| *direction != first) {
        return Err(QueryError::Directions);
    }
    Ok((sorted.into_iter().map(|(path, _)| path).collect(), first))
}

/// No fields mean all of them.
fn fields(value: &Value) -> Result<Option<Vec<Path>>, QueryError> {
    let wrong = || option("fields", "an array of fields");
    let written = value.as_array().filter(|all| all.len() <= FIELDS_MAX).ok_or_else(wrong)?;
    let fields = written.iter().map(|name| Path::parse(name.as_str().ok_or_else(wrong)?));
    let fields: Vec<_> = fields.collect::<Result<_, _>>()?;
    Ok((!fields.is_empty()).then_some(fields))
}

fn option(name: &'static str, expected: &'static str) -> QueryError {
    QueryError::Value { name, expected }
}

/// Why a query is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// It is longer than [`QUERY_BYTES_MAX`].
    #[error("the query is longer than {QUERY_BYTES_MAX} bytes")]
    TooLong,
    /// It is not JSON.
    #[error("the query is not JSON: {source}")]
    NotJson {
        /// Where, and why.
        #[source]
        source: serde_json::Error,
    },
    /// It is JSON, but no object.
    #[error("the query is no JSON object")]
    NotAnObject,
    /// It has no selector.
    #[error("the query has no \"selector\"")]
    NoSelector,
    /// A part of the query that is not understood.
    #[error("\"{name}\" is not supported in a query")]
    Option {
        /// Its name.
        name: String,
    },
    /// A part of the query with a wrong value.
    #[error("\"{name}\" must be {expected}")]
    Value {
        /// Its name.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// An operator that is not understood.
    #[error("operator {name} is not supported in a selector")]
    Operator {
        /// Its name.
        name: String,
    },
    /// An operator with a wrong argument.
    #[error("{operator} takes {expected}")]
    Argument {
        /// The operator.
        operator: String,
        /// What it takes.
        expected: &'static str,
    },
    /// A name that is no field's.
    #[error("{name:?} names no field")]
    Field {
        /// The name.
        name: String,
    },
    /// A pattern that cannot be matched in linear time and bounded memory, or is none.
    #[error("$regex cannot match this pattern: {source}")]
    Pattern {
        /// Why.
        #[source]
        source: Box<regex::Error>,
    },
    /// A pattern that is longer than [`PATTERN_BYTES_MAX`].
    #[error("$regex takes {PATTERN_BYTES_MAX} bytes at most")]
    PatternTooLong,
    /// Fields sorted in different directions.
    #[error("sort supports a single direction for all fields")]
    Directions,
    /// Conditions deeper than [`SELECTOR_DEPTH_MAX`].
    #[error("conditions may stand {SELECTOR_DEPTH_MAX} within one another at most")]
    TooDeep,
    /// More than [`SELECTOR_NODES_MAX`] conditions.
    #[error("a query may have {SELECTOR_NODES_MAX} conditions at most")]
    TooMany,
    /// A bookmark that no page gave.
    #[error("the bookmark is not one that a page of this query returned")]
    Bookmark,
    /// More values to sort than [`SORTED_MAX`].
    #[error("a sorted query may find {SORTED_MAX} values at most")]
    TooManyFound,
}

#[cfg(test)]
mod tests;
