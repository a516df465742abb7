//! Mappings, with their predicates and objects.

use pervade_rdf::Position;

use super::sources::{Formulation, Source};
use super::terms::{Constant, Role};
use super::text::{Piece, pieces, reference};
use super::{Reading, each, keyed, value};
use crate::nearest::nearest;
use crate::node::{Node, Value};
use crate::problem::{Problem, ProblemCode};
use crate::turtle::literal;

/// Most triples maps that one text may come to.
const MAPS_MAX: usize = 1_000;

/// Parts of a triples map that all its sources and subjects share.
struct Shared {
    graphs: Vec<(Position, String)>,
    condition: Option<String>,
}

impl Reading {
    pub(super) fn mappings(&mut self, root: &Node) {
        let mappings = value(root, "mappings").map(Node::members).unwrap_or_default();
        if mappings.is_empty() {
            self.report(root.at, ProblemCode::Missing, "there are no mappings");
        }
        let mut prepared = Vec::new();
        for mapping in mappings {
            let sources = self.sources_of(&mapping.value, mapping.at);
            let subjects = value(&mapping.value, "subjects").map(each).unwrap_or_default();
            let count = sources.len() * subjects.len().max(1);
            let plain: String = mapping
                .name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect();
            let place = prepared.len();
            let names: Vec<String> = (0..count.min(MAPS_MAX))
                .map(|number| match number {
                    0 => format!("{plain}-{place}"),
                    _ => format!("{plain}-{place}-{number}"),
                })
                .collect();
            if let Some(first) = sources.first() {
                self.formulations.insert(mapping.name.clone(), first.formulation);
            }
            self.maps.insert(mapping.name.clone(), names);
            prepared.push((mapping, sources));
        }
        let total: usize = self.maps.values().map(Vec::len).sum();
        if total > MAPS_MAX {
            let message = format!("more than {MAPS_MAX} triples maps");
            self.report(root.at, ProblemCode::TooLarge, message);
            return;
        }
        for (mapping, sources) in prepared {
            self.mapping(&mapping.name, &mapping.value, mapping.at, &sources);
        }
    }

    fn mapping(&mut self, name: &str, mapping: &Node, at: Position, sources: &[Source]) {
        let known = [
            "sources",
            "subjects",
            "predicateobjects",
            "graphs",
            "condition",
            "targets",
            "authors",
        ];
        self.refuse_unknown(mapping, &known);
        if let Some(targets) = keyed(mapping, "targets") {
            self.unsupported(targets.at, "a target");
        }
        let names = self.maps.get(name).cloned().unwrap_or_default();
        let subjects = value(mapping, "subjects").map(each).unwrap_or_default();
        let mut names = names.iter();
        for source in sources {
            let shared = self.shared(mapping, source.formulation);
            let all: Vec<Option<&Node>> = match subjects.as_slice() {
                [] => vec![None],
                subjects => subjects.iter().map(|subject| Some(*subject)).collect(),
            };
            for subject in all {
                let Some(name) = names.next() else { return };
                self.line(at, &format!("<#{name}> a <http://w3id.org/rml/TriplesMap> ;"));
                self.line(source.at, &format!("    {}", source.turtle()));
                self.subject(subject, at, (&shared, source.formulation));
                let objects = value(mapping, "predicateobjects").map(each).unwrap_or_default();
                for pair in predicate_objects(mapping, objects) {
                    self.predicate_object(pair, source.formulation);
                }
                self.line(at, "    .");
            }
        }
    }

    fn shared(&mut self, mapping: &Node, formulation: Formulation) -> Shared {
        let mut graphs = Vec::new();
        for graph in value(mapping, "graphs").map(each).unwrap_or_default() {
            let term = self.term(graph, Role::Graph, formulation);
            graphs.extend(term.map(|term| (graph.at, term)));
        }
        let condition = value(mapping, "condition").map(|node| self.condition(node, formulation));
        Shared { graphs, condition: condition.flatten() }
    }

    fn condition(&mut self, node: &Node, formulation: Formulation) -> Option<String> {
        let called = self.function(node, formulation, 0);
        if called.is_none() && keyed(node, "function").is_none() {
            self.report(node.at, ProblemCode::Missing, "a condition is a function");
        }
        called.map(|called| format!(" ; rml:condition [ {called} ]"))
    }

    /// A mapping without a subject has a blank node for each record.
    fn subject(&mut self, subject: Option<&Node>, at: Position, around: (&Shared, Formulation)) {
        let (shared, formulation) = around;
        let place = subject.map_or(at, |subject| subject.at);
        let term = match subject {
            Some(subject) => self.term(subject, Role::Subject, formulation),
            None => Some("rml:termType rml:BlankNode".to_owned()),
        };
        let Some(term) = term else { return };
        let condition = shared.condition.clone().unwrap_or_default();
        self.line(place, &format!("    rml:subjectMap [ {term}{condition}"));
        for (at, graph) in &shared.graphs {
            self.line(*at, &format!("        ; rml:graphMap [ {graph} ]"));
        }
        self.line(place, "    ] ;");
    }

    fn predicate_object(&mut self, pair: &Node, formulation: Formulation) {
        let (predicates, objects, kind) = match &pair.value {
            Value::List(items) => (items.first(), items.get(1), items.get(2)),
            Value::Object(_) => {
                let known = ["predicates", "objects", "graphs", "condition", "inversepredicates"];
                self.refuse_unknown(pair, &known);
                (value(pair, "predicates"), value(pair, "objects"), None)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => (None, None, None),
        };
        if let Some(inverse) = keyed(pair, "inversepredicates") {
            return self.unsupported(inverse.at, "an inverse predicate");
        }
        let (Some(predicates), Some(objects)) = (predicates, objects) else {
            let problem = Problem::at(
                pair.at,
                ProblemCode::Missing,
                "a predicate and an object are expected",
            );
            self.problems.push(problem.suggesting("for example [foaf:name, $(name)]"));
            return;
        };
        let is_type = each(predicates)
            .iter()
            .all(|predicate| matches!(predicate.text(), Some("a" | "rdf:type")));
        let constant = if is_type { Constant::Iri } else { Constant::Literal };
        self.line(pair.at, "    rml:predicateObjectMap [");
        let mut separator = ' ';
        for predicate in each(predicates) {
            if let Some(term) = self.term(predicate, Role::Predicate, formulation) {
                self.line(
                    predicate.at,
                    &format!("        {separator} rml:predicateMap [ {term} ]"),
                );
                separator = ';';
            }
        }
        let condition = value(pair, "condition").and_then(|node| self.condition(node, formulation));
        for object in listed_objects(objects) {
            let term = self.object(object, (constant, kind), formulation);
            let Some(term) = term else { continue };
            let condition = condition.clone().unwrap_or_default();
            self.line(
                object.at,
                &format!("        {separator} rml:objectMap [ {term}{condition} ]"),
            );
            separator = ';';
        }
        for graph in value(pair, "graphs").map(each).unwrap_or_default() {
            if let Some(term) = self.term(graph, Role::Graph, formulation) {
                self.line(graph.at, &format!("        {separator} rml:graphMap [ {term} ]"));
                separator = ';';
            }
        }
        self.line(pair.at, "    ] ;");
    }

    /// An object, perhaps `[value, datatype or language~lang]`, or another mapping's subject.
    fn object(
        &mut self,
        object: &Node,
        (constant, kind): (Constant, Option<&Node>),
        formulation: Formulation,
    ) -> Option<String> {
        if let Some(mapping) = keyed(object, "mappings") {
            return self.parent(object, &mapping.value, formulation);
        }
        let (value, kind) = match object.list() {
            Some(items) => (items.first()?, items.get(1).or(kind)),
            None => (object, kind),
        };
        let role = Role::Object(constant);
        let condition = super::value(value, "condition")
            .filter(|_| value.is_object())
            .and_then(|node| self.condition(node, formulation))
            .unwrap_or_default();
        let term = self.term(value, role, formulation)?;
        let Some(kind) = kind else { return Some(format!("{term}{condition}")) };
        let text = kind.text().unwrap_or_default();
        let literal_only = term.replace(" ; rml:termType rml:Literal", "");
        if let Some(tag) = text.strip_suffix("~lang") {
            let language = self.language(tag, kind.at)?;
            return Some(format!("{literal_only} ; {language}{condition}"));
        }
        let datatype = self.iri(text, kind.at)?;
        Some(format!("{literal_only} ; rml:datatype {datatype}{condition}"))
    }

    /// The subjects of another mapping, joined where a condition says so.
    fn parent(
        &mut self,
        object: &Node,
        mapping: &Node,
        formulation: Formulation,
    ) -> Option<String> {
        let name = mapping.text().unwrap_or_default();
        let Some(maps) = self.maps.get(name).cloned() else {
            let near = nearest(name, self.maps.keys().map(String::as_str));
            let message = format!("there is no mapping {name:?}");
            self.problems.push(Problem::at(mapping.at, ProblemCode::Reference, message).near(near));
            return None;
        };
        let [map] = maps.as_slice() else {
            self.unsupported(object.at, "a join with a mapping of several sources or subjects");
            return None;
        };
        let parent = self.formulations.get(name).copied().unwrap_or_default();
        let mut joins = String::new();
        for condition in value(object, "condition").map(each).unwrap_or_default() {
            let (child, parent) = self.join(condition, (formulation, parent))?;
            let join = format!(" ; rml:joinCondition [ rml:child {child} ; rml:parent {parent} ]");
            joins.push_str(&join);
        }
        Some(format!("rml:parentTriplesMap <#{map}>{joins}"))
    }

    /// `equal` of a reference into our record and one into the other's.
    fn join(
        &mut self,
        condition: &Node,
        (child, parent): (Formulation, Formulation),
    ) -> Option<(String, String)> {
        let function = value(condition, "function");
        let name = function.and_then(Node::text).unwrap_or_default();
        let is_equal = name == "equal" || self.expanded(name).ends_with("#equal");
        if !is_equal {
            let at = function.map_or(condition.at, |function| function.at);
            self.unsupported(at, &format!("a join by {name:?}, only by equal,"));
            return None;
        }
        let mut ours = None;
        let mut theirs = None;
        for parameter in value(condition, "parameters").map(each).unwrap_or_default() {
            let parts = join_parameter(parameter);
            let Some((name, text, from)) = parts else {
                self.report(parameter.at, ProblemCode::WrongValue, "a join compares references");
                return None;
            };
            // Without a letter the first is ours and the second is theirs.
            let is_theirs = match from {
                Some(letter) => letter == "o",
                None => name.ends_with('2'),
            };
            if is_theirs {
                theirs = Some(literal(&reference(&text, parent)));
            } else {
                ours = Some(literal(&reference(&text, child)));
            }
        }
        let found = ours.zip(theirs);
        if found.is_none() {
            let problem =
                Problem::at(condition.at, ProblemCode::Missing, "a join compares two references");
            let hint = "parameters: [[str1, $(id), s], [str2, $(ref), o]]";
            self.problems.push(problem.suggesting(hint));
        }
        found
    }
}

/// Name, reference and `s` or `o` of a parameter of a join.
fn join_parameter(parameter: &Node) -> Option<(String, String, Option<String>)> {
    let (name, stated, from) = match parameter.list() {
        Some(items) => (items.first()?, items.get(1)?, items.get(2)),
        None => {
            (value(parameter, "parameter")?, value(parameter, "value")?, value(parameter, "from"))
        }
    };
    let from = from.and_then(Node::text).map(|text| match text {
        "subject" => "s".to_owned(),
        "object" => "o".to_owned(),
        other => other.to_owned(),
    });
    match pieces(stated.text()?).ok()?.as_slice() {
        [Piece::Reference(reference)] => Some((name.text()?.to_owned(), reference.clone(), from)),
        _ => None,
    }
}

/// The pairs of a mapping: one pair may stand without a list around it.
fn predicate_objects<'n>(mapping: &'n Node, listed: Vec<&'n Node>) -> Vec<&'n Node> {
    let whole = value(mapping, "predicateobjects");
    match whole {
        Some(whole) if listed.first().is_some_and(|first| first.text().is_some()) => vec![whole],
        _ => listed,
    }
}

/// The objects of a pair. `[value, xsd:integer]` in the place of the objects is two objects, in the
/// place of one object it is one with its type.
fn listed_objects(objects: &Node) -> Vec<&Node> {
    each(objects)
}
