use pervade_rdf::{Position, Term};

use super::Lowering;
use super::graph::Found;
use super::terms::Role;
use crate::path::{Path, PathUse};
use crate::plan::{
    Expression, JoinCondition, ObjectMap, PredicateObject, Source, TermMap, TriplesMap,
};
use crate::problem::ProblemCode;
use crate::vocabulary::{PERVADE, rml};

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
        // A map with problems leaves a gap, but then there is no plan either.
        nodes.iter().filter_map(|node| self.triples_map(node)).collect()
    }

    fn triples_map(&mut self, node: &str) -> Option<TriplesMap> {
        let source = self.logical_source(node);
        let base = self.base_iri(node);
        let subject = self.subject(node);
        let mut predicate_objects = Vec::new();
        for found in self.found(node, "predicateObjectMap") {
            if let Some(node) = self.node(found, "a predicate-object map") {
                predicate_objects.push(self.predicate_object(&node));
            }
        }
        let (subject, classes, graphs) = subject?;
        let (source, iterator) = source?;
        let name = node.rsplit('#').next().unwrap_or(node).to_owned();
        Some(TriplesMap {
            name,
            source,
            iterator,
            base,
            subject,
            classes,
            graphs,
            predicate_objects,
        })
    }

    fn base_iri(&mut self, node: &str) -> Option<String> {
        let found = self.at_most_one(node, "baseIRI")?;
        if self.refuse_on_ledger(found.predicate_at, "rml:baseIRI: the base is the record") {
            return None;
        }
        self.iri(found, "a base").map(str::to_owned)
    }

    fn logical_source(&mut self, map: &str) -> Option<(Source, Path)> {
        let Some(found) = self.at_most_one(map, "logicalSource") else {
            let at = self.graph.written_at(map);
            self.report(at, ProblemCode::Missing, "the triples map has no rml:logicalSource");
            return None;
        };
        let node = self.node(found, "a logical source")?;
        let source = self.source(&node, found.at);
        match self.at_most_one(&node, "referenceFormulation") {
            None => {
                let message = "the logical source has no rml:referenceFormulation";
                self.report(found.at, ProblemCode::Missing, message);
            }
            Some(formulation) => {
                if !is_rml(formulation.term, "JSONPath") {
                    self.report(
                        formulation.at,
                        ProblemCode::NotOnLedger,
                        "only rml:JSONPath is read",
                    );
                }
            }
        }
        let iterator = match self.at_most_one(&node, "iterator") {
            Some(found) => {
                let text = self.text(found, "an iterator")?;
                self.path(text, found.at, PathUse::Iterator)
            }
            None => self.path("$", found.at, PathUse::Iterator),
        };
        Some((source?, iterator?))
    }

    fn source(&mut self, logical_source: &str, at: Position) -> Option<Source> {
        let Some(found) = self.at_most_one(logical_source, "source") else {
            self.report(at, ProblemCode::Missing, "the logical source has no rml:source");
            return None;
        };
        let payload = matches!(found.term, Term::NamedNode(node) if node.as_str() == format!("{PERVADE}Payload"));
        match (payload, self.on_ledger()) {
            (true, _) => Some(Source::Payload),
            (false, true) => {
                self.report(
                    found.at,
                    ProblemCode::NotOnLedger,
                    "the ledger's only source is pv:Payload",
                );
                None
            }
            (false, false) => {
                let node = self.node(found, "a source")?;
                let path = self.at_most_one(&node, "path");
                if path.is_none() {
                    self.report(found.at, ProblemCode::Missing, "the source has no rml:path");
                }
                let path = path?;
                self.text(path, "a path").map(|path| Source::File(path.to_owned()))
            }
        }
    }

    pub(super) fn path(&mut self, text: &str, at: Position, path_use: PathUse) -> Option<Path> {
        Path::parse(text, path_use, self.profile)
            .map_err(|message| self.report(at, ProblemCode::Path, message))
            .ok()
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
            let Some(object) = self.node(found, "an object map") else { continue };
            if self.found(&object, "parentTriplesMap").is_empty() {
                objects.extend(self.term_map(&object, found.at, Role::Object).map(ObjectMap::Term));
            } else {
                objects.extend(self.parent(&object));
            }
        }
        objects
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
            let parent = self.join_side(&condition, "parent", found)?;
            conditions.push(JoinCondition { child, parent });
        }
        Some(ObjectMap::Parent { map, conditions })
    }

    /// `rml:child "$.a"` is short for `rml:childMap [ rml:reference "$.a" ]`.
    fn join_side(&mut self, condition: &str, side: &str, at: Found<'g>) -> Option<Expression> {
        if let Some(found) = self.at_most_one(condition, side) {
            let text = self.text(found, "a reference")?;
            return self.path(text, found.at, PathUse::Reference).map(Expression::Reference);
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
