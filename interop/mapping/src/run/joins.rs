use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pervade_rdf::Term;

use super::engine::{Engine, Step, limit};
use super::row::Row;
use crate::plan::{Expression, JoinCondition, Parent};

/// The rows of a parent map by the values of a join's conditions.
pub(super) struct JoinIndex {
    keys: BTreeMap<Vec<String>, Vec<usize>>,
    /// Of each row.
    subjects: Vec<Vec<Term>>,
}

impl<'a> Engine<'a> {
    /// Subjects of the parent map: of the same row without conditions, else of every parent
    /// row whose values meet the row's.
    pub(super) fn parents(&mut self, parent: &'a Parent, row: &mut Row<'a>) -> Step<Vec<Term>> {
        if parent.conditions.is_empty() {
            return self.parent_subjects(parent.map, row);
        }
        let index = match self.joins.get(&parent.id) {
            Some(index) => Rc::clone(index),
            None => {
                let index = Rc::new(self.join_index(parent)?);
                self.joins.insert(parent.id, Rc::clone(&index));
                index
            }
        };
        let sides = child_sides(&parent.conditions);
        let mut matches = BTreeSet::new();
        for key in self.join_keys(sides, row)? {
            matches.extend(index.keys.get(&key).into_iter().flatten().copied());
        }
        let mut subjects = Vec::new();
        for place in matches {
            self.count_iteration()?;
            subjects.extend(index.subjects.get(place).into_iter().flatten().cloned());
        }
        Ok(subjects)
    }

    fn join_index(&mut self, parent: &'a Parent) -> Step<JoinIndex> {
        let plan = self.plan;
        let mut index = JoinIndex { keys: BTreeMap::new(), subjects: Vec::new() };
        let Some(map) = plan.maps.get(parent.map) else { return Ok(index) };
        for mut row in self.rows(parent.map, map)? {
            let place = index.subjects.len();
            for key in self.join_keys(parent_sides(&parent.conditions), &mut row)? {
                index.keys.entry(key).or_default().push(place);
            }
            index.subjects.push(self.parent_subjects(parent.map, &mut row)?);
        }
        Ok(index)
    }

    /// The subjects alone: collections are written for the map's own rows.
    fn parent_subjects(&mut self, map: usize, row: &mut Row<'a>) -> Step<Vec<Term>> {
        let plan = self.plan;
        let Some(parent) = plan.maps.get(map) else { return Ok(Vec::new()) };
        let (name, heads) = (row.name, row.heads);
        row.name.0 = map;
        row.heads = 0;
        let kept = self.gathered.pending();
        let subjects = self.terms(&parent.subject, row)?;
        self.gathered.forget(kept);
        (row.name, row.heads) = (name, heads);
        Ok(subjects)
    }

    /// Every combination of the values of the conditions' sides.
    pub(super) fn join_keys(
        &mut self,
        sides: impl Iterator<Item = &'a Expression>,
        row: &mut Row<'a>,
    ) -> Step<Vec<Vec<String>>> {
        let mut keys: Vec<Vec<String>> = vec![Vec::new()];
        for side in sides {
            let texts: BTreeSet<String> = self.texts(side, row)?.into_iter().collect();
            let size = keys.len().saturating_mul(texts.len());
            limit("terms", self.terms.saturating_add(size), self.limits.terms)?;
            let longer = keys.iter().flat_map(|key| {
                texts.iter().map(|text| [key.as_slice(), std::slice::from_ref(text)].concat())
            });
            keys = longer.collect();
        }
        Ok(keys)
    }
}

pub(super) fn parent_sides(conditions: &[JoinCondition]) -> impl Iterator<Item = &Expression> {
    conditions.iter().map(|condition| &condition.parent)
}

pub(super) fn child_sides(conditions: &[JoinCondition]) -> impl Iterator<Item = &Expression> {
    conditions.iter().map(|condition| &condition.child)
}
