//! Constraints made of other shapes, and `sh:closed`.

use std::collections::BTreeSet;

use super::{Checking, Looked};
use crate::constraint::{QUALIFIED_MAX, QUALIFIED_MIN, component};
use crate::graph::Id;
use crate::node::Key;
use crate::path::Spent;
use crate::shape::{Constraint, Logical, Qualified};

impl<'s> Checking<'s, '_, '_> {
    /// Whether a value meets a constraint that is made of other shapes.
    pub(super) fn meets(&mut self, constraint: &Logical, value: Id) -> Result<bool, Spent> {
        Ok(match constraint {
            Logical::Not(place) => !self.conforms(*place, value)?,
            Logical::Node(place) => self.conforms(*place, value)?,
            Logical::And(places) => self.conforming(places, value)? == places.len(),
            Logical::Or(places) => self.conforming(places, value)? > 0,
            Logical::Xone(places) => self.conforming(places, value)? == 1,
        })
    }

    /// How many of the shapes a value conforms to; a shape that is listed twice counts twice.
    fn conforming(&mut self, places: &[usize], value: Id) -> Result<usize, Spent> {
        let mut count = 0;
        for place in places {
            count += usize::from(self.conforms(*place, value)?);
        }
        Ok(count)
    }

    pub(super) fn qualified(
        &mut self,
        looked: &Looked<'s>,
        constraint: &Constraint,
        qualified: &Qualified,
    ) -> Result<(), Spent> {
        let mut count = 0;
        for value in &looked.values {
            let counts = self.conforms(qualified.shape, *value)?
                && self.conforming(&qualified.siblings, *value)? == 0;
            count += usize::from(counts);
        }
        let path = looked.shape.path.as_ref().map(ToString::to_string);
        if qualified.least.is_some_and(|least| count < least) {
            self.tell(looked, (QUALIFIED_MIN, constraint), path.clone(), None);
        }
        if qualified.most.is_some_and(|most| count > most) {
            self.tell(looked, (QUALIFIED_MAX, constraint), path, None);
        }
        Ok(())
    }

    /// One for every value of a property that is not allowed.
    pub(super) fn closed(
        &mut self,
        looked: &Looked<'s>,
        constraint: &Constraint,
        allowed: &BTreeSet<String>,
    ) {
        let mut extra = Vec::new();
        for value in &looked.values {
            for (predicate, object) in self.graph.said_of(*value) {
                let Key::Iri(iri) = self.graph.key(predicate) else { continue };
                if !allowed.contains(iri) {
                    extra.push((format!("<{iri}>"), object));
                }
            }
        }
        for (path, object) in extra {
            self.tell(looked, (component(constraint), constraint), Some(path), Some(object));
        }
    }
}
