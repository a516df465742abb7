//! Names of fields: `owner.name`, with `\.` for a dot that belongs to a name.

use serde_json::{Map, Value};

use super::QueryError;

/// A field inside a value; the empty path is the value itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(Vec<String>);

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self, QueryError> {
        let mut names = vec![String::new()];
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            let Some(name) = names.last_mut() else { break };
            match letter {
                '\\' if letters.next_if_eq(&'.').is_some() => name.push('.'),
                '.' => names.push(String::new()),
                letter => name.push(letter),
            }
        }
        if names.iter().any(String::is_empty) {
            return Err(QueryError::Field { name: text.to_owned() });
        }
        Ok(Self(names))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This path and another one below it.
    pub(super) fn join(&self, below: Self) -> Self {
        let mut names = self.0.clone();
        names.extend(below.0);
        Self(names)
    }

    /// The field in a value, if it is there. A number names an element of an array, from 0.
    pub(super) fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |value, name| match value {
            Value::Object(fields) => fields.get(name),
            Value::Array(elements) => elements.get(name.parse::<usize>().ok()?),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        })
    }

    /// Puts a field where it was found, making the objects around it.
    pub(super) fn put(&self, found: Value, into: &mut Map<String, Value>) {
        let Some((last, around)) = self.0.split_last() else { return };
        let mut place = into;
        for name in around {
            let inner = place.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(inner) = inner else { return };
            place = inner;
        }
        place.insert(last.clone(), found);
    }
}
