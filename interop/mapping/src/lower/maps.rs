use pervade_rdf::{Position, Term};

use super::Lowering;
use super::graph::Found;
use super::terms::Role;
use crate::plan::{
    Expression, JoinCondition, ObjectMap, Parent, PredicateObject, TermMap, TriplesMap,
};
use crate::problem::ProblemCode;
use crate::vocabulary::rml;

/// Most triples maps in one mapping.
const TRIPLES_MAPS_MAX: usize = 512;

impl<'g> Lowering<'g> {
    pub(super) fn triples_maps(&mut self) -> Vec<TriplesMap> {
        let properties = ["logicalSource", "subjectMap", "subject", "predicateObjectMap"];
        let nodes = self.graph.nodes_with(&properties, "TriplesMap");
        if nodes.is_empty() {
            self.report(Position::START, ProblemCode::Empty, "there is no triples map");
        }
        if nodes.len() > TRIPLES_MAPS_MAX {
            let message = format!("more than {TRIPLES_MAPS_MAX} triples maps");
            self.report(Position::START, ProblemCode::NotOnLedger, message);
            return Vec::new();
        }
        self.places =
            nodes.iter().cloned().enumerate().map(|(place, node)| (node, place)).collect();
        // Joins refer to records of maps further down.
        self.rows = nodes.iter().map(|node| self.rows_of(node)).collect();
        // A map with problems leaves a gap, but then there is no plan either.
        (0..).zip(&nodes).filter_map(|(place, node)| self.triples_map(place, node)).collect()
    }

    fn triples_map(&mut self, place: usize, node: &str) -> Option<TriplesMap> {
        let rows = self.rows.get(place).cloned().flatten();
        let base = self.base_iri(node);
        let (subject, predicate_objects) = self.within_rows(rows.as_ref(), |lowering| {
            let subject = lowering.subject(node);
            let mut predicate_objects = Vec::new();
            for found in lowering.found(node, "predicateObjectMap") {
                if let Some(node) = lowering.node(found, "a predicate-object map") {
                    predicate_objects.push(lowering.predicate_object(&node));
                }
            }
            (subject, predicate_objects)
        });
        let (subject, classes, graphs) = subject?;
        let name = node.rsplit('#').next().unwrap_or(node).to_owned();
        let (rows, at) = (rows?, self.graph.written_at(node));
        Some(TriplesMap { name, at, rows, base, subject, classes, graphs, predicate_objects })
    }

    fn base_iri(&mut self, node: &str) -> Option<String> {
        let found = self.at_most_one(node, "baseIRI")?;
        if self.refuse_on_ledger(found.predicate_at, "rml:baseIRI: the base is the record") {
            return None;
        }
        self.iri(found, "a base").map(str::to_owned)
    }

    fn subject(&mut self, map: &str) -> Option<(TermMap, Vec<Term>, Vec<TermMap>)> {
        let maps = self.found(map, "subjectMap");
        let constants = self.found(map, "subject");
        if let Some(second) = maps.iter().chain(&constants).nth(1) {
            let message = "a triples map has one subject map";
            self.report(second.predicate_at, ProblemCode::Several, message);
        }
        let Some(found) = maps.first() else {
            let Some(constant) = constants.first() else {
                let at = self.graph.written_at(map);
                self.report(at, ProblemCode::Missing, "the triples map has no rml:subjectMap");
                return None;
            };
            return Some((self.constant(*constant, Role::Subject)?, Vec::new(), Vec::new()));
        };
        let node = self.node(*found, "a subject map")?;
        let subject = self.term_map(&node, found.at, Role::Subject);
        let classes = self.found(&node, "class");
        let classes = classes
            .into_iter()
            .filter(|class| self.iri(*class, "a class").is_some())
            .map(|class| class.term.clone())
            .collect();
        let graphs = self.graphs(&node);
        Some((subject?, classes, graphs))
    }

    fn graphs(&mut self, node: &str) -> Vec<TermMap> {
        let found = [self.found(node, "graphMap"), self.found(node, "graph")].concat();
        if let Some(first) = found.first()
            && self.refuse_on_ledger(
                first.predicate_at,
                "graphs: all quads are in the payload's graph",
            )
        {
            return Vec::new();
        }
        self.term_maps(node, "graph", Role::Graph)
    }

    fn predicate_object(&mut self, node: &str) -> PredicateObject {
        let at = self.graph.written_at(node);
        let predicates = self.term_maps(node, "predicate", Role::Predicate);
        let objects = self.object_maps(node);
        for (property, role) in [("predicate", Role::Predicate), ("object", Role::Object)] {
            let count = self.found(node, property).len()
                + self.found(node, &format!("{property}Map")).len();
            if count == 0 {
                let message = format!("the predicate-object map has no {}", role.name());
                self.report(at, ProblemCode::Missing, message);
            }
        }
        let graphs = self.graphs(node);
        PredicateObject { predicates, objects, graphs }
    }

    fn object_maps(&mut self, node: &str) -> Vec<ObjectMap> {
        let mut objects = Vec::new();
        for found in self.found(node, "object") {
            objects.extend(self.constant(found, Role::Object).map(ObjectMap::Term));
        }
        for found in self.found(node, "objectMap") {
            if let Some(object) = self.node(found, "an object map") {
                objects.extend(self.object_map(&object, found.at));
            }
        }
        objects
    }

    pub(super) fn object_map(&mut self, node: &str, at: Position) -> Option<ObjectMap> {
        if self.found(node, "parentTriplesMap").is_empty() {
            self.term_map(node, at, Role::Object).map(ObjectMap::Term)
        } else {
            self.parent(node)
        }
    }

    fn parent(&mut self, node: &str) -> Option<ObjectMap> {
        let found = self.at_most_one(node, "parentTriplesMap")?;
        let parent = self.node(found, "a parent triples map")?;
        let Some(map) = self.places.get(&parent).copied() else {
            self.report(found.at, ProblemCode::WrongValue, "there is no such triples map");
            return None;
        };
        let mut conditions = Vec::new();
        for found in self.found(node, "joinCondition") {
            if self.refuse_on_ledger(found.predicate_at, "joins") {
                return None;
            }
            let condition = self.node(found, "a join condition")?;
            let child = self.join_side(&condition, "child", found)?;
            let theirs = self.rows.get(map).cloned().flatten();
            let parent = self.within_rows(theirs.as_ref(), |lowering| {
                lowering.join_side(&condition, "parent", found)
            })?;
            conditions.push(JoinCondition { child, parent });
        }
        let targets = self.targets_of(node);
        self.joins += 1;
        Some(ObjectMap::Parent(Parent { id: self.joins, map, conditions, targets }))
    }

    /// `rml:child "$.a"` is short for `rml:childMap [ rml:reference "$.a" ]`.
    pub(super) fn join_side(
        &mut self,
        condition: &str,
        side: &str,
        at: Found<'g>,
    ) -> Option<Expression> {
        if let Some(found) = self.at_most_one(condition, side) {
            let text = self.text(found, "a reference")?;
            return self.reference(text, found.at).map(Expression::Reference);
        }
        let Some(found) = self.at_most_one(condition, &format!("{side}Map")) else {
            let message = format!("the join condition has no rml:{side}");
            self.report(at.at, ProblemCode::Missing, message);
            return None;
        };
        let node = self.node(found, "an expression map")?;
        self.expression(&node, found.at, Role::Join)
    }
}

pub(super) fn is_rml(term: &Term, local: &str) -> bool {
    matches!(term, Term::NamedNode(node) if node.as_str() == rml(local))
}
