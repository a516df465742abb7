//! Constraints that compare values with one another, or with those of another property.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::{Checking, Looked};
use crate::graph::Id;
use crate::literal::compare;
use crate::node::Key;
use crate::shape::Together;

impl<'s> Checking<'s, '_, '_> {
    /// What is broken: values, or `None` where it is all of them.
    pub(super) fn together(&self, looked: &Looked<'s>, constraint: &Together) -> Vec<Option<Id>> {
        let values = &looked.values;
        let once = |is_broken: bool| if is_broken { vec![None] } else { Vec::new() };
        match constraint {
            Together::MinCount(least) => once(values.len() < *least),
            Together::MaxCount(most) => once(values.len() > *most),
            Together::HasValue(value) => {
                once(!self.graph.id(value.key()).is_some_and(|value| values.contains(&value)))
            }
            Together::Equals(other) => {
                let others = self.others(looked.focus, other);
                values.symmetric_difference(&others).map(|value| Some(*value)).collect()
            }
            Together::Disjoint(other) => {
                let others = self.others(looked.focus, other);
                values.intersection(&others).map(|value| Some(*value)).collect()
            }
            Together::LessThan(other) => {
                self.not_ordered(looked, other, |order| order == Ordering::Less)
            }
            Together::LessThanOrEquals(other) => {
                self.not_ordered(looked, other, |order| order != Ordering::Greater)
            }
            Together::UniqueLang => self.repeated_languages(values),
        }
    }

    /// The values of another property of the focus node.
    fn others(&self, focus: Id, predicate: &str) -> BTreeSet<Id> {
        let predicate = self.graph.iri(predicate);
        predicate.map(|iri| self.graph.objects(focus, iri).collect()).unwrap_or_default()
    }

    /// One for every pair that is not in order.
    fn not_ordered(
        &self,
        looked: &Looked<'s>,
        other: &str,
        is_right: fn(Ordering) -> bool,
    ) -> Vec<Option<Id>> {
        let mut broken = Vec::new();
        let others = self.others(looked.focus, other);
        for value in &looked.values {
            let wrong = others.iter().filter(|other| {
                let order = compare(self.graph.key(*value), self.graph.key(**other));
                !order.is_some_and(is_right)
            });
            broken.extend(wrong.map(|_| Some(*value)));
        }
        broken
    }

    /// One for every language that several values are in.
    fn repeated_languages(&self, values: &BTreeSet<Id>) -> Vec<Option<Id>> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for value in values {
            if let Key::Literal { language: Some(language), .. } = self.graph.key(*value) {
                *counts.entry(language.to_ascii_lowercase()).or_default() += 1;
            }
        }
        counts.values().filter(|count| **count > 1).map(|_| None).collect()
    }
}
