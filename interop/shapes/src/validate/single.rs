//! Constraints that each value meets or breaks by itself.

use std::cmp::Ordering;

use super::{Checking, Looked};
use crate::graph::Id;
use crate::literal::{compare, is_well_formed};
use crate::node::Key;
use crate::shape::{Bound, Single};

impl<'s> Checking<'s, '_, '_> {
    /// The values that break a constraint.
    pub(super) fn single(&self, looked: &Looked<'s>, constraint: &Single) -> Vec<Id> {
        let broken_by = |breaks: &dyn Fn(Id, Key<'_>) -> bool| {
            let values = looked.values.iter().copied();
            values.filter(|value| breaks(*value, self.graph.key(*value))).collect()
        };
        match constraint {
            Single::Class(class) => broken_by(&|value, _| !self.graph.is_instance(value, class)),
            Single::Datatype(datatype) => broken_by(&|_, key| !is_of(key, datatype)),
            Single::NodeKind(kind) => broken_by(&|_, key| match key {
                Key::Iri(_) => !kind.allows_iri,
                Key::Blank(_) => !kind.allows_blank,
                Key::Literal { .. } => !kind.allows_literal,
            }),
            Single::Bound(bound, limit) => {
                broken_by(&|_, key| !is_within(*bound, compare(key, limit.key())))
            }
            Single::MinLength(least) => {
                broken_by(&|_, key| text(key).is_none_or(|text| text.chars().count() < *least))
            }
            Single::MaxLength(most) => {
                broken_by(&|_, key| text(key).is_none_or(|text| text.chars().count() > *most))
            }
            Single::Pattern(pattern) => {
                broken_by(&|_, key| text(key).is_none_or(|text| !pattern.is_match(text)))
            }
            Single::LanguageIn(tags) => broken_by(&|_, key| !is_in_language(key, tags)),
            Single::In(values) => broken_by(&|_, key| !values.contains(&key.to_node())),
        }
    }
}

/// The text that lengths and patterns are about; a blank node has none.
pub(super) fn text(key: Key<'_>) -> Option<&str> {
    match key {
        Key::Iri(text) | Key::Literal { value: text, .. } => Some(text),
        Key::Blank(_) => None,
    }
}

fn is_of(key: Key<'_>, wanted: &str) -> bool {
    matches!(key, Key::Literal { value, datatype, .. }
        if datatype == wanted && is_well_formed(value, datatype))
}

fn is_within(bound: Bound, found: Option<Ordering>) -> bool {
    match (bound, found) {
        (_, None) => false,
        (Bound::MinExclusive, Some(order)) => order == Ordering::Greater,
        (Bound::MinInclusive, Some(order)) => order != Ordering::Less,
        (Bound::MaxExclusive, Some(order)) => order == Ordering::Less,
        (Bound::MaxInclusive, Some(order)) => order != Ordering::Greater,
    }
}

/// [Basic filtering](https://www.rfc-editor.org/rfc/rfc4647#section-3.3.1): a tag or one under it.
fn is_in_language(key: Key<'_>, tags: &[String]) -> bool {
    let Key::Literal { language: Some(language), .. } = key else { return false };
    let language = language.to_ascii_lowercase();
    tags.iter().any(|tag| {
        let under = language.strip_prefix(tag.as_str());
        under.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}
