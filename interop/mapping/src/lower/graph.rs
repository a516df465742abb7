use std::collections::{BTreeMap, BTreeSet};

use pervade_rdf::vocabulary::rdf;
use pervade_rdf::{NamedOrBlankNode, Position, PositionedTriple, Term};

use crate::vocabulary::rml;

/// Most members of one list in a mapping.
const LIST_MEMBERS_MAX: usize = 1_000;

/// The mapping's triples by subject and predicate.
pub(super) struct MappingGraph {
    triples: Vec<PositionedTriple>,
    by_subject: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
}

/// An object and where it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'g> {
    pub(super) term: &'g Term,
    pub(super) predicate_at: Position,
    pub(super) at: Position,
}

impl MappingGraph {
    pub(super) fn new(triples: Vec<PositionedTriple>) -> Self {
        let mut by_subject: BTreeMap<String, BTreeMap<String, Vec<usize>>> = BTreeMap::new();
        for (place, triple) in triples.iter().enumerate() {
            by_subject
                .entry(subject_key(&triple.triple.subject))
                .or_default()
                .entry(triple.triple.predicate.as_str().to_owned())
                .or_default()
                .push(place);
        }
        Self { triples, by_subject }
    }

    pub(super) fn triples(&self) -> &[PositionedTriple] {
        &self.triples
    }

    /// The objects of an RML property of `node`, in the order of the text.
    pub(super) fn found(&self, node: &str, property: &str) -> Vec<Found<'_>> {
        self.objects(node, &rml(property))
    }

    /// The objects of any property of `node`, in the order of the text.
    pub(super) fn objects(&self, node: &str, property: &str) -> Vec<Found<'_>> {
        self.by_subject
            .get(node)
            .and_then(|properties| properties.get(property))
            .into_iter()
            .flatten()
            .filter_map(|place| self.triples.get(*place))
            .map(|triple| Found {
                term: &triple.triple.object,
                predicate_at: triple.predicate,
                at: triple.object,
            })
            .collect()
    }

    /// The members of the RDF list at `head`; `None` if it is none, or too long.
    pub(super) fn list(&self, head: &Term) -> Option<Vec<Found<'_>>> {
        let mut members = Vec::new();
        let mut seen = BTreeSet::new();
        let mut cell = key(head)?;
        while cell != rdf::NIL {
            if members.len() >= LIST_MEMBERS_MAX || !seen.insert(cell.clone()) {
                return None;
            }
            members.push(self.objects(&cell, rdf::FIRST).into_iter().next()?);
            cell = key(self.objects(&cell, rdf::REST).first()?.term)?;
        }
        Some(members)
    }

    /// Where `node` is first a subject.
    pub(super) fn written_at(&self, node: &str) -> Position {
        self.by_subject
            .get(node)
            .into_iter()
            .flat_map(BTreeMap::values)
            .flatten()
            .min()
            .and_then(|place| self.triples.get(*place))
            .map_or(Position::START, |triple| triple.subject)
    }

    /// The nodes that have one of `properties` or the type `class`, in the order of the text.
    pub(super) fn nodes_with(&self, properties: &[&str], class: &str) -> Vec<String> {
        let wanted: Vec<String> = properties.iter().map(|property| rml(property)).collect();
        let class = rml(class);
        let mut nodes: Vec<String> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for PositionedTriple { triple, .. } in &self.triples {
            let typed = triple.predicate.as_str() == rdf::TYPE
                && matches!(&triple.object, Term::NamedNode(node) if node.as_str() == class);
            let node = subject_key(&triple.subject);
            let fits = typed || wanted.iter().any(|iri| iri == triple.predicate.as_str());
            if fits && seen.insert(node.clone()) {
                nodes.push(node);
            }
        }
        nodes
    }
}

/// How nodes are told apart; `None` for a literal.
pub(super) fn key(term: &Term) -> Option<String> {
    match term {
        Term::NamedNode(node) => Some(node.as_str().to_owned()),
        Term::BlankNode(node) => Some(format!("_:{}", node.as_str())),
        Term::Literal(_) => None,
    }
}

fn subject_key(subject: &NamedOrBlankNode) -> String {
    match subject {
        NamedOrBlankNode::NamedNode(node) => node.as_str().to_owned(),
        NamedOrBlankNode::BlankNode(node) => format!("_:{}", node.as_str()),
    }
}
