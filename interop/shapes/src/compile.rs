mod document;
mod parameters;
mod paths;

use std::collections::{BTreeMap, BTreeSet};

use pervade_rdf::vocabulary::rdf;
use pervade_rdf::{Position, PositionedTriple, TurtleError, parse_turtle};

use crate::node::{Key, Node};
use crate::problem::{PROBLEMS_MAX, Problem, ProblemCode};
use crate::report::Severity;
use crate::shape::{Shape, Shapes, Target};
use document::{Document, Stated};
use parameters::{KNOWN, UNSUPPORTED};

pub(super) const SH: &str = "http://www.w3.org/ns/shacl#";
const RDFS_CLASS: &str = "http://www.w3.org/2000/01/rdf-schema#Class";

/// Most shapes of one shapes graph, those inside others counted.
const SHAPES_MAX: usize = 2_000;

/// Most shapes inside one another.
const DEPTH_MAX: usize = 32;

impl Shapes {
    /// Reads a shapes graph in Turtle. Relative IRIs need `base`, or the text's own.
    ///
    /// # Errors
    /// Every problem found, in the order of the text; a text that is not Turtle is one problem.
    pub fn compile(turtle: &str, base: Option<&str>) -> Result<Self, Vec<Problem>> {
        let triples = parse_turtle(turtle, base).map_err(|error| {
            let message = match &error {
                TurtleError::Syntax { detail, .. } => detail.clone(),
                TurtleError::Base { .. } | TurtleError::TooLong { .. } | _ => error.to_string(),
            };
            vec![Problem { at: error.position(), code: ProblemCode::Syntax, message }]
        })?;
        Self::of_triples(&triples)
    }

    /// Reads a shapes graph that is read already.
    ///
    /// # Errors
    /// As [`Self::compile`].
    pub fn of_triples(triples: &[PositionedTriple]) -> Result<Self, Vec<Problem>> {
        let document = Document::new(triples);
        let mut compiling = Compiling {
            document: &document,
            problems: BTreeSet::new(),
            shapes: Self::default(),
            known: BTreeMap::new(),
            depth: 0,
        };
        compiling.roots();
        if compiling.problems.is_empty() {
            return Ok(compiling.shapes);
        }
        Err(compiling.problems.into_iter().take(PROBLEMS_MAX).collect())
    }
}

struct Compiling<'d> {
    document: &'d Document<'d>,
    problems: BTreeSet<Problem>,
    shapes: Shapes,
    /// Shapes by node; `None` while one is read, or if it has problems.
    known: BTreeMap<Key<'d>, Option<usize>>,
    depth: usize,
}

impl<'d> Compiling<'d> {
    fn report(&mut self, at: Position, code: ProblemCode, message: impl Into<String>) {
        self.problems.insert(Problem { at, code, message: message.into() });
    }

    /// Reads every shape that has a target or says that it is a shape.
    fn roots(&mut self) {
        self.report_graph();
        let document = self.document;
        for (node, said) in document.subjects() {
            let types = || said.iter().filter(|stated| stated.predicate == rdf::TYPE);
            let is_typed = types().any(|stated| {
                ["NodeShape", "PropertyShape"].iter().any(|name| is_sh(stated.object, name))
            });
            let targets = said.iter().filter(|stated| {
                stated.predicate.strip_prefix(SH).is_some_and(|name| name.starts_with("target"))
            });
            let targets: Vec<&Stated<'_>> = targets.collect();
            if !is_typed && targets.is_empty() {
                continue;
            }
            let at = said.first().map_or(Position::START, |stated| stated.subject_at);
            if types().any(|stated| is_sh(stated.object, "PropertyShape")) {
                self.needs_path(node, at);
            }
            let Some(place) = self.shape(node, at) else { continue };
            for target in targets {
                self.target(target, place);
            }
            let is_class = types().any(|stated| document.is_class(stated.object, RDFS_CLASS));
            if let (Key::Iri(class), true, true) = (node, is_class, is_typed) {
                self.shapes.by_class.entry(class.to_owned()).or_default().push(place);
            }
        }
    }

    /// Reports what changes the meaning of the whole graph.
    fn report_graph(&mut self) {
        for stated in self.document.stated() {
            let Some(name) = stated.predicate.strip_prefix(SH) else { continue };
            if let Some((_, why)) = UNSUPPORTED.iter().find(|(refused, _)| *refused == name) {
                let message = format!("sh:{name} is not run here: {why}");
                self.report(stated.predicate_at, ProblemCode::Unsupported, message);
            }
        }
    }

    fn target(&mut self, stated: &Stated<'_>, place: usize) {
        let name = stated.predicate.strip_prefix(SH).unwrap_or_default();
        let node = stated.object;
        let target = match (name, node) {
            ("targetClass", Key::Iri(class)) => {
                return self.shapes.by_class.entry(class.to_owned()).or_default().push(place);
            }
            ("targetNode", Key::Iri(_) | Key::Literal { .. }) => Target::Node(node.to_node()),
            ("targetSubjectsOf", Key::Iri(iri)) => Target::SubjectsOf(iri.to_owned()),
            ("targetObjectsOf", Key::Iri(iri)) => Target::ObjectsOf(iri.to_owned()),
            ("targetClass" | "targetNode" | "targetSubjectsOf" | "targetObjectsOf", _) => {
                let message = format!("sh:{name} is an IRI");
                return self.report(stated.at, ProblemCode::WrongValue, message);
            }
            // Other targets are reported with the unknown and the unsupported.
            _ => return,
        };
        self.shapes.by_target.push((target, place));
    }

    /// The place of the shape that a node is.
    fn shape(&mut self, node: Key<'d>, at: Position) -> Option<usize> {
        match self.known.get(&node) {
            Some(Some(place)) => return Some(*place),
            Some(None) => {
                self.report(at, ProblemCode::Recursive, "a shape leads back to itself here");
                return None;
            }
            None => {}
        }
        if self.depth >= DEPTH_MAX || self.known.len() >= SHAPES_MAX {
            let message =
                format!("more than {SHAPES_MAX} shapes, or {DEPTH_MAX} inside one another");
            self.report(at, ProblemCode::Limit, message);
            return None;
        }
        self.known.insert(node, None);
        self.depth += 1;
        let shape = self.shape_here(node);
        self.depth -= 1;
        let place = self.shapes.shapes.len();
        self.shapes.shapes.push(shape);
        self.known.insert(node, Some(place));
        Some(place)
    }

    fn shape_here(&mut self, node: Key<'d>) -> Shape {
        let document = self.document;
        for stated in document.of(node) {
            let name = stated.predicate.strip_prefix(SH);
            let is_known = |name: &str| {
                KNOWN.contains(&name) || UNSUPPORTED.iter().any(|(refused, _)| *refused == name)
            };
            if let Some(name) = name.filter(|name| !is_known(name)) {
                let message = format!("sh:{name} is no property of a shape");
                self.report(stated.predicate_at, ProblemCode::UnknownTerm, message);
            }
        }
        let path = self.at_most_one(node, "path").and_then(|stated| self.path(stated));
        let severity = match self.at_most_one(node, "severity").map(|stated| stated.object) {
            None => Severity::Violation,
            Some(object) if is_sh(object, "Violation") => Severity::Violation,
            Some(object) if is_sh(object, "Warning") => Severity::Warning,
            Some(object) if is_sh(object, "Info") => Severity::Info,
            Some(object) => Severity::Other(name_of(object)),
        };
        let message = document.values(node, "message").find_map(|stated| match stated.object {
            Key::Literal { value, .. } => Some(value.to_owned()),
            Key::Iri(_) | Key::Blank(_) => None,
        });
        let is_deactivated =
            self.at_most_one(node, "deactivated").is_some_and(|stated| is_true(stated.object));
        let constraints = self.constraints(node);
        Shape { id: node.to_node(), path, constraints, severity, message, is_deactivated }
    }

    /// The value of a property that may be there once.
    fn at_most_one(&mut self, node: Key<'d>, name: &str) -> Option<&'d Stated<'d>> {
        let document = self.document;
        let mut values = document.values(node, name);
        let first = values.next();
        if let Some(second) = values.next() {
            let message = format!("sh:{name} is given more than once");
            self.report(second.predicate_at, ProblemCode::Several, message);
        }
        first
    }
}

pub(super) fn is_sh(node: Key<'_>, name: &str) -> bool {
    matches!(node, Key::Iri(iri) if iri.strip_prefix(SH) == Some(name))
}

pub(super) fn is_true(node: Key<'_>) -> bool {
    matches!(node, Key::Literal { value: "true", .. })
}

fn name_of(node: Key<'_>) -> String {
    match node.to_node() {
        Node::Iri(iri) => iri,
        other @ (Node::Blank(_) | Node::Literal { .. }) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(body: &str, expected: Expect) {
        let text = format!("@prefix sh: <{SH}> . @prefix e: <http://e/> .\n{body}");
        expected.assert_eq(&match Shapes::compile(&text, None) {
            Ok(shapes) => format!("{} shapes", shapes.len()),
            Err(problems) => problems.iter().map(|problem| format!("{problem}\n")).collect(),
        });
    }

    /// Every problem is told where it is written.
    #[test]
    fn what_is_no_shapes_graph() {
        check(
            "e:S a sh:NodeShape ; sh:property [ sh:path e:p ; sh:minCout 1 ] .",
            expect![[r#"
            2:50: sh:minCout is no property of a shape [unknown-term]
        "#]],
        );
        check(
            "e:S a sh:NodeShape ; sh:sparql [ sh:select 'x' ] .",
            expect![[r#"
            2:22: sh:sparql is not run here: SPARQL has no bound on what it takes [unsupported]
            2:34: sh:select is not run here: SPARQL has no bound on what it takes [unsupported]
        "#]],
        );
        check(
            "e:S a sh:NodeShape ; sh:property [ sh:minCount 1 ] .",
            expect![[r#"
            2:34: a property shape has a sh:path [path]
        "#]],
        );
        check(
            "e:S a sh:NodeShape ; sh:minLength 'long' ; sh:nodeKind e:Kind .",
            expect![[r#"
            2:35: a whole number, not below zero, is expected [wrong-value]
            2:56: not a kind of node that SHACL names [wrong-value]
        "#]],
        );
        check(
            "e:S a sh:NodeShape ; sh:pattern '(a)\\\\1' .",
            expect![[r#"
            2:33: not a pattern that runs in linear time and bounded space [pattern]
        "#]],
        );
        check(
            "e:S a sh:NodeShape ; sh:datatype e:a , e:b .",
            expect![[r#"
            2:22: sh:datatype is given more than once [several]
        "#]],
        );
        check(
            "e:S a sh:NodeShape ; sh:in ( 1 2 ) ; sh:or e:T .",
            expect![[r#"
            2:44: a list is expected [wrong-value]
        "#]],
        );
        check(
            "e:S a sh:PropertyShape ; sh:path [ sh:inversePath 'x' ] .",
            expect![[r#"
            2:34: no property path: an IRI, a list, or a node with one of sh:alternativePath, sh:inversePath, sh:zeroOrMorePath, sh:oneOrMorePath, sh:zeroOrOnePath; at most 64 parts and 16 inside one another [path]
        "#]],
        );
        check(
            "e:S a sh:PropertyShape ; sh:path ( ) .",
            expect![[r#"
            2:34: no property path: an IRI, a list, or a node with one of sh:alternativePath, sh:inversePath, sh:zeroOrMorePath, sh:oneOrMorePath, sh:zeroOrOnePath; at most 64 parts and 16 inside one another [path]
        "#]],
        );
        check(
            "e:S a sh:NodeShape .\n e:S sh:minCount",
            expect![[r#"
            3:17: Unexpected end [syntax]
        "#]],
        );
        check(
            "e:x sh:entailment <http://www.w3.org/ns/entailment/RDFS> .",
            expect![[r#"
                2:5: sh:entailment is not run here: a graph is what it says, and no more [unsupported]
            "#]],
        );
    }

    #[test]
    fn recursion_is_refused() {
        check(
            "e:S a sh:NodeShape ; sh:node e:S .",
            expect![[r#"
            2:30: a shape leads back to itself here [recursive]
        "#]],
        );
        check(
            "e:S a sh:NodeShape ; sh:property e:P .\n e:P sh:path e:p ; sh:or ( e:T e:U ) .\n e:U sh:not e:S .",
            expect![[r#"
                4:13: a shape leads back to itself here [recursive]
            "#]],
        );
        let deep: String = (0..40).map(|at| format!("e:S{at} sh:node e:S{} .\n", at + 1)).collect();
        check(
            &format!("e:S0 a sh:NodeShape .\n{deep}"),
            expect![[r#"
            34:15: more than 2000 shapes, or 32 inside one another [limit]
        "#]],
        );
    }

    #[test]
    fn good_shapes() {
        check(
            "e:S a sh:NodeShape ; sh:targetClass e:C ; sh:closed true ; sh:ignoredProperties ( e:q ) ;
               sh:property [ sh:path ( e:a [ sh:zeroOrMorePath e:b ] ) ; sh:minCount 1 ; sh:name 'x' ] ,
               [ sh:path [ sh:alternativePath ( e:a [ sh:inversePath e:b ] ) ] ; sh:pattern '^a+$' ; sh:flags 'i' ] .",
            expect!["3 shapes"],
        );
    }
}
