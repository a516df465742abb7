use std::collections::{BTreeMap, BTreeSet};

use pervade_rdf::vocabulary::rdf;
use pervade_rdf::{Position, PositionedTriple};

use super::SH;
use crate::node::Key;

/// Most members of one list.
const LIST_MEMBERS_MAX: usize = 10_000;

const SUB_CLASS_OF: &str = "http://www.w3.org/2000/01/rdf-schema#subClassOf";

/// One thing said of a node, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stated<'d> {
    pub(super) predicate: &'d str,
    pub(super) object: Key<'d>,
    pub(super) subject_at: Position,
    pub(super) predicate_at: Position,
    pub(super) at: Position,
}

/// A shapes graph by subject, in the order of the text.
pub(super) struct Document<'d> {
    order: Vec<Key<'d>>,
    by_subject: BTreeMap<Key<'d>, Vec<Stated<'d>>>,
}

impl<'d> Document<'d> {
    pub(super) fn new(triples: &'d [PositionedTriple]) -> Self {
        let mut order = Vec::new();
        let mut by_subject: BTreeMap<Key<'d>, Vec<Stated<'d>>> = BTreeMap::new();
        for PositionedTriple { triple, subject, predicate, object } in triples {
            let node = Key::of_subject(&triple.subject);
            let stated = Stated {
                predicate: triple.predicate.as_str(),
                object: Key::of_term(&triple.object),
                subject_at: *subject,
                predicate_at: *predicate,
                at: *object,
            };
            let said = by_subject.entry(node).or_default();
            if said.is_empty() {
                order.push(node);
            }
            // A graph is a set.
            let is_there = said
                .iter()
                .any(|known| known.predicate == stated.predicate && known.object == stated.object);
            if !is_there {
                said.push(stated);
            }
        }
        Self { order, by_subject }
    }

    pub(super) fn subjects(&self) -> impl Iterator<Item = (Key<'d>, &[Stated<'d>])> {
        self.order.iter().map(|node| (*node, self.of(*node)))
    }

    pub(super) fn stated(&self) -> impl Iterator<Item = &Stated<'d>> {
        self.by_subject.values().flatten()
    }

    pub(super) fn of(&self, node: Key<'d>) -> &[Stated<'d>] {
        self.by_subject.get(&node).map(Vec::as_slice).unwrap_or_default()
    }

    /// The values of a property of SHACL.
    pub(super) fn values<'a>(
        &'a self,
        node: Key<'d>,
        name: &str,
    ) -> impl Iterator<Item = &'a Stated<'d>> {
        self.of(node).iter().filter(move |stated| stated.predicate.strip_prefix(SH) == Some(name))
    }

    /// The first value of any property.
    pub(super) fn value(&self, node: Key<'d>, predicate: &str) -> Option<&Stated<'d>> {
        self.of(node).iter().find(|stated| stated.predicate == predicate)
    }

    /// The members of the list at `head`; `None` if that is none, or too long.
    pub(super) fn list(&self, head: Key<'d>) -> Option<Vec<&Stated<'d>>> {
        let mut members = Vec::new();
        let mut seen = BTreeSet::new();
        let mut cell = head;
        while cell != Key::Iri(rdf::NIL) {
            if members.len() >= LIST_MEMBERS_MAX || !seen.insert(cell) {
                return None;
            }
            members.push(self.value(cell, rdf::FIRST)?);
            cell = self.value(cell, rdf::REST)?.object;
        }
        Some(members)
    }

    /// Whether a class is another, or below it in this document.
    pub(super) fn is_class(&self, class: Key<'d>, wanted: &str) -> bool {
        let mut seen = BTreeSet::from([class]);
        let mut waiting = vec![class];
        while let Some(class) = waiting.pop() {
            if class == Key::Iri(wanted) {
                return true;
            }
            let above = self.of(class).iter().filter(|stated| stated.predicate == SUB_CLASS_OF);
            waiting.extend(above.map(|stated| stated.object).filter(|node| seen.insert(*node)));
        }
        false
    }
}
