use std::collections::{BTreeMap, BTreeSet};

use pervade_units::Number;
use serde_json::Value;

/// Most different texts of one field that are kept.
const TEXTS_MAX: usize = 8;

/// Most members of one object, over all samples.
const MEMBERS_MAX: usize = 500;

/// Most objects and lists inside one another; samples come from documents with this limit.
const DEPTH_MAX: usize = 64;

/// What all samples have in one place.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    /// How often there was a value that is not null.
    pub(crate) seen: usize,
    nulls: usize,
    kinds: BTreeSet<&'static str>,
    texts: BTreeSet<String>,
    extremes: Option<(Number, Number)>,
    /// Whether a text was no number.
    is_words: bool,
    /// Members in the order they were met in.
    pub(crate) names: Vec<String>,
    pub(crate) members: BTreeMap<String, Self>,
    pub(crate) items: Option<Box<Self>>,
    /// How many items the longest list has.
    pub(crate) most_items: usize,
}

impl Shape {
    /// Adds a sample.
    pub(crate) fn add(&mut self, value: &Value) {
        self.add_at(value, 0);
    }

    fn add_at(&mut self, value: &Value, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        self.seen += usize::from(!value.is_null());
        match value {
            Value::Null => self.nulls += 1,
            Value::Bool(_) => self.note("boolean"),
            Value::Number(number) => {
                let text = number.to_string();
                self.note(if text.contains(['.', 'e', 'E']) { "number" } else { "integer" });
                self.widen(&text);
            }
            Value::String(text) => {
                self.note("string");
                self.is_words |= Number::parse(text).is_err();
                self.widen(text);
                if self.texts.len() < TEXTS_MAX {
                    self.texts.insert(text.clone());
                }
            }
            Value::Array(items) => {
                self.note("array");
                self.most_items = self.most_items.max(items.len());
                let shape = self.items.get_or_insert_default();
                items.iter().for_each(|item| shape.add_at(item, depth + 1));
            }
            Value::Object(members) => {
                self.note("object");
                for (name, value) in members {
                    self.member(name, value, depth);
                }
            }
        }
    }

    fn member(&mut self, name: &str, value: &Value, depth: usize) {
        if !self.members.contains_key(name) {
            if self.members.len() >= MEMBERS_MAX {
                return;
            }
            self.names.push(name.to_owned());
        }
        self.members.entry(name.to_owned()).or_default().add_at(value, depth + 1);
    }

    fn note(&mut self, kind: &'static str) {
        self.kinds.insert(kind);
    }

    fn widen(&mut self, text: &str) {
        let Ok(number) = Number::parse(text) else { return };
        self.extremes = Some(match self.extremes.take() {
            None => (number.clone(), number),
            Some((low, high)) => (low.min(number.clone()), high.max(number)),
        });
    }

    /// The types that JSON Schema has for the values; an integer is a number where others are.
    pub(crate) fn types(&self) -> Vec<&'static str> {
        let mut types: Vec<&'static str> = self.kinds.iter().copied().collect();
        if types.contains(&"number") {
            types.retain(|kind| *kind != "integer");
        }
        if self.nulls > 0 {
            types.push("null");
        }
        types
    }

    /// Whether all values are numbers, or texts that are.
    pub(crate) fn is_number(&self) -> bool {
        let is_some = ["number", "integer", "string"].iter().any(|kind| self.kinds.contains(kind));
        is_some && !self.is_words
    }

    pub(crate) fn is_integer(&self) -> bool {
        self.kinds.contains("integer") && !self.kinds.contains("number")
    }

    pub(crate) fn is_text(&self) -> bool {
        self.kinds.contains("string")
    }

    pub(crate) fn is_boolean(&self) -> bool {
        self.kinds.contains("boolean")
    }

    /// Whether no sample had anything here.
    pub(crate) fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.nulls == 0
    }

    /// Whether there are members or items to say something of.
    pub(crate) fn has_parts(&self) -> bool {
        !self.names.is_empty() || self.items.as_ref().is_some_and(|items| !items.is_empty())
    }

    /// Least and greatest number, if all values are numbers or texts that are.
    pub(crate) fn extremes(&self) -> Option<&(Number, Number)> {
        self.extremes.as_ref().filter(|_| self.is_number())
    }

    pub(crate) const fn texts(&self) -> &BTreeSet<String> {
        &self.texts
    }
}
