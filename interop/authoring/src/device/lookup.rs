use std::collections::{BTreeMap, BTreeSet};

use pervade_rdf::Position;

use crate::device::meaning::{IdentifierForm, Meaning, Meanings};
use crate::device::places::{Places, Step, json_path};
use crate::nearest::nearest;
use crate::node::Node;
use crate::problem::{Problem, ProblemCode};

/// How a value is had from an iteration over a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    /// In the iterated value, by this path; `$` is the value itself.
    Inside(String),
    /// In the nearest value around it that has something at this path.
    Around(String),
}

/// Finds the fields that others name, and the times that others are at.
pub(crate) struct Lookup<'a, 'n> {
    pub(crate) places: &'a Places<'n>,
    pub(crate) meanings: &'a Meanings,
    pub(crate) problems: Vec<Problem>,
    /// What each field is used for, by the fields that name it.
    pub(crate) used: BTreeMap<usize, BTreeSet<String>>,
}

impl<'a, 'n> Lookup<'a, 'n> {
    pub(crate) const fn new(places: &'a Places<'n>, meanings: &'a Meanings) -> Self {
        Self { places, meanings, problems: Vec::new(), used: BTreeMap::new() }
    }

    fn at(&self, place: usize) -> Position {
        self.places.get(place).map_or(Position::START, |found| found.at)
    }

    pub(crate) fn use_as(&mut self, place: usize, what: impl Into<String>) {
        self.used.entry(place).or_default().insert(what.into());
    }

    /// The field that an annotation of `place` names: in the value itself if it is an object,
    /// else beside it, else around that. A name with points leads down.
    pub(crate) fn field(
        &mut self,
        place: usize,
        name: &str,
        what: &str,
    ) -> Option<(usize, Access)> {
        let mut around = Some(place);
        while let Some(ancestor) = around {
            if let Some(found) = self.below(ancestor, name) {
                self.use_as(found, format!("{what} of {}", self.places.name(place)));
                return self.access(place, ancestor, found);
            }
            around = self.places.get(ancestor).and_then(|found| found.parent);
        }
        let message = format!("there is no field {name:?} beside or around this one");
        let names: Vec<String> = self
            .places
            .all
            .iter()
            .filter_map(|p| match &p.step {
                Some(Step::Name(name)) => Some(name.clone()),
                _ => None,
            })
            .collect();
        let near = nearest(name, names.iter().map(String::as_str));
        let problem = Problem::at(self.at(place), ProblemCode::UnknownField, message).near(near);
        self.problems.push(problem);
        None
    }

    /// The descendant of `ancestor` that a name leads to: a member of that name, or one after
    /// another where the name has points.
    fn below(&self, ancestor: usize, name: &str) -> Option<usize> {
        if let Some(child) = self.places.child(ancestor, &Step::Name(name.to_owned())) {
            return Some(child);
        }
        let (first, rest) = name.split_once('.')?;
        let child = self.places.child(ancestor, &Step::Name(first.to_owned()))?;
        self.below(child, rest)
    }

    /// How `found` is had from an iteration over `place`.
    pub(crate) fn reach(&mut self, place: usize, found: usize) -> Option<Access> {
        let shared = self.shared(place, found);
        self.access(place, shared, found).map(|(_, access)| access)
    }

    /// An event that must have a time has none.
    pub(crate) fn need_time(&mut self, place: usize, kind: &str) {
        let message = format!("a change of {kind} says when");
        let problem = Problem::at(self.at(place), ProblemCode::Missing, message);
        self.problems.push(problem.suggesting("give a field beside it x-time"));
    }

    fn access(&mut self, place: usize, ancestor: usize, found: usize) -> Option<(usize, Access)> {
        let Some(steps) = self.single_steps(found, ancestor) else {
            let message = format!("{} is more than one field", self.places.name(found));
            self.problems.push(Problem::at(self.at(place), ProblemCode::Ambiguous, message));
            return None;
        };
        let path = json_path(&steps.iter().collect::<Vec<_>>());
        let access = if ancestor == place { Access::Inside(path) } else { Access::Around(path) };
        Some((found, access))
    }

    /// The time of what `place` says: the field that is named, or the nearest that has a time.
    pub(crate) fn time(&mut self, place: usize, named: Option<&str>) -> Option<(usize, Access)> {
        if let Some(name) = named {
            let found = self.field(place, name, "time")?;
            if !matches!(self.meanings.get(&found.0), Some(Meaning::Time(_))) {
                let message = format!("{name} has no x-time");
                self.problems.push(Problem::at(self.at(place), ProblemCode::Missing, message));
                return None;
            }
            return Some(found);
        }
        let is_time = |meaning: &Meaning| matches!(meaning, Meaning::Time(_));
        self.nearest_of(place, is_time, "time")
    }

    /// The name of the sensor that `place` is of.
    pub(crate) fn sensor(&mut self, place: usize) -> Option<(usize, Access)> {
        let is_name = |meaning: &Meaning| matches!(meaning, Meaning::Identifier(id) if id.form == IdentifierForm::SensorName);
        self.nearest_of(place, is_name, "sensor name")
    }

    /// Of all fields that mean so, the one that shares the most steps with `place`; of those the
    /// one that stands highest.
    fn nearest_of(
        &mut self,
        place: usize,
        means: impl Fn(&Meaning) -> bool,
        what: &str,
    ) -> Option<(usize, Access)> {
        let mut best: Vec<(usize, usize, usize, usize)> = Vec::new();
        for (found, meaning) in self.meanings {
            if !means(meaning) {
                continue;
            }
            let shared = self.shared(place, *found);
            let Some(steps) = self.single_steps(*found, shared) else { continue };
            let depth = self.places.get(shared).map_or(0, |p| p.depth);
            best.push((usize::MAX - depth, steps.len(), *found, shared));
        }
        best.sort_unstable();
        let (depth, length, found, shared) = *best.first()?;
        if let Some((other_depth, other_length, other, _)) = best.get(1)
            && (depth, length) == (*other_depth, *other_length)
        {
            let message = format!(
                "{} and {} are both a {what} of this field",
                self.places.name(found),
                self.places.name(*other)
            );
            let problem = Problem::at(self.at(place), ProblemCode::Ambiguous, message);
            self.problems.push(
                problem.suggesting("name one with x-time-from, or state the other with x-states"),
            );
            return None;
        }
        self.use_as(found, format!("{what} of {}", self.places.name(place)));
        self.access(place, shared, found)
    }

    /// The steps from an ancestor to the one value at `found`; `None` if there may be several. A list
    /// that has one item at most is no reason.
    fn single_steps(&self, found: usize, ancestor: usize) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        let mut here = found;
        while here != ancestor {
            let place = self.places.get(here)?;
            let step = place.step.clone()?;
            let parent = place.parent?;
            if step == Step::Each(0, None) && self.has_one_item(parent) {
                steps.push(Step::Index(0));
            } else if step.is_wild() {
                return None;
            } else {
                steps.push(step);
            }
            here = parent;
        }
        steps.reverse();
        Some(steps)
    }

    /// Whether an object may be without a member, or with `null` for it.
    pub(crate) fn may_lack(&self, object: usize, member: &str) -> bool {
        let Some(place) = self.places.get(object) else { return true };
        let required = place.schemas.iter().filter_map(|schema| schema.get("required"));
        let is_required = required.flat_map(Node::items).any(|name| name.text() == Some(member));
        let child = self.places.child(object, &Step::Name(member.to_owned()));
        let child = child.and_then(|child| self.places.get(child));
        let types =
            child.into_iter().flat_map(|place| &place.schemas).filter_map(|s| s.get("type"));
        let mut nulls =
            types.flat_map(|kind| kind.items()).filter(|kind| kind.text() == Some("null"));
        !is_required || nulls.next().is_some()
    }

    fn has_one_item(&self, list: usize) -> bool {
        let limits = |schema: &&Node| {
            schema.get("maxItems").and_then(Node::scalar).is_some_and(|limit| limit == "1")
        };
        self.places.get(list).is_some_and(|place| place.schemas.iter().any(limits))
    }

    /// The deepest place that holds both.
    fn shared(&self, one: usize, other: usize) -> usize {
        let ancestors: BTreeSet<usize> = self.ancestors(one).into_iter().collect();
        self.ancestors(other).into_iter().find(|place| ancestors.contains(place)).unwrap_or(0)
    }

    /// The place itself and all around it, the nearest first.
    fn ancestors(&self, place: usize) -> Vec<usize> {
        let mut ancestors = vec![place];
        let mut here = place;
        while let Some(parent) = self.places.get(here).and_then(|found| found.parent) {
            ancestors.push(parent);
            here = parent;
        }
        ancestors
    }
}
