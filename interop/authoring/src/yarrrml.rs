//! Mappings in [YARRRML](https://rml.io/yarrrml/spec/), read to RML.
//!
//! Read are prefixes, a base, sources by name and in place, subjects, predicates and objects in
//! every short form, types and languages, `~iri` and `~lang`, templates with escapes, functions,
//! conditions, joins, graphs and external references. What is not read, such as databases and
//! targets, is a problem at its line.

mod maps;
mod names;
mod sources;
mod terms;
mod text;

use std::collections::BTreeMap;

use pervade_rdf::Position;

use crate::node::{Member, Node};
use crate::problem::{PROBLEMS_MAX, Problem, ProblemCode};
use crate::read::{Notation, read};

/// What became of a YARRRML text.
#[derive(Debug, Clone)]
#[must_use]
pub struct Yarrrml {
    /// The RML mapping in Turtle; there only if there is no problem.
    pub mapping: Option<String>,
    /// Every problem found, in the order of the file.
    pub problems: Vec<Problem>,
    /// Where each line of the mapping comes from.
    places: Vec<Position>,
}

impl Yarrrml {
    /// Line and column of the YARRRML text that a line of the mapping comes from.
    #[must_use]
    pub fn position(&self, line: u64) -> (u64, u64) {
        let index = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
        self.places.get(index).map_or((1, 1), |at| (at.line, at.column))
    }
}

/// Reads a YARRRML text. `file` is its name, for the problems.
pub fn yarrrml(file: &str, text: &str) -> Yarrrml {
    let (root, mut problems) = read(text, Notation::Yaml);
    let mut reading = Reading::default();
    if let Some(root) = &root {
        reading.root(root);
    }
    problems.append(&mut reading.problems);
    for problem in &mut problems {
        file.clone_into(&mut problem.document);
    }
    problems.sort();
    problems.dedup();
    problems.truncate(PROBLEMS_MAX);
    let mapping = problems.is_empty().then_some(reading.turtle);
    Yarrrml { mapping, problems, places: reading.places }
}

/// Keys with the short forms that the specification gives them.
const KEYS: &[(&str, &[&str])] = &[
    ("prefixes", &["prefixes", "prefix"]),
    ("base", &["base"]),
    ("sources", &["sources", "source"]),
    ("mappings", &["mappings", "mapping", "m"]),
    ("subjects", &["subjects", "subject", "s"]),
    ("predicateobjects", &["predicateobjects", "predicateobject", "po"]),
    ("predicates", &["predicates", "predicate", "p"]),
    ("objects", &["objects", "object", "o"]),
    ("graphs", &["graphs", "graph", "g"]),
    ("function", &["function", "fn", "f"]),
    ("parameters", &["parameters", "pms"]),
    ("parameter", &["parameter", "pm"]),
    ("value", &["value", "v"]),
    ("condition", &["condition", "conditions", "c"]),
    ("datatype", &["datatype", "d"]),
    ("language", &["language", "l"]),
    ("type", &["type"]),
    ("access", &["access", "a"]),
    ("referenceFormulation", &["referenceFormulation", "r"]),
    ("iterator", &["iterator", "i"]),
    ("external", &["external"]),
    ("authors", &["authors", "author"]),
    ("targets", &["targets", "target", "t"]),
    ("inversepredicates", &["inversepredicates", "inversepredicate", "ip"]),
    ("from", &["from"]),
];

/// The member of an object under a key, in any of its forms.
fn keyed<'n>(node: &'n Node, key: &str) -> Option<&'n Member> {
    let forms = KEYS.iter().find(|(known, _)| *known == key).map(|(_, forms)| *forms);
    let forms = forms.unwrap_or_default();
    node.members().iter().find(|member| forms.contains(&member.name.as_str()))
}

fn value<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    keyed(node, key).map(|member| &member.value)
}

/// The items of a list, or the value itself.
fn each(node: &Node) -> Vec<&Node> {
    node.list().map_or_else(|| vec![node], |items| items.iter().collect())
}

/// Most lines of the mapping that a text comes to: sources, subjects and objects multiply.
const LINES_MAX: usize = 50_000;

/// A YARRRML text being read.
#[derive(Debug, Default)]
struct Reading {
    prefixes: BTreeMap<String, String>,
    external: BTreeMap<String, String>,
    sources: BTreeMap<String, Vec<sources::Source>>,
    /// Names of the triples maps that each mapping comes to.
    maps: BTreeMap<String, Vec<String>>,
    /// How references of each mapping are written.
    formulations: BTreeMap<String, sources::Formulation>,
    problems: Vec<Problem>,
    turtle: String,
    places: Vec<Position>,
}

impl Reading {
    fn report(&mut self, at: Position, code: ProblemCode, message: impl Into<String>) {
        self.problems.push(Problem::at(at, code, message));
    }

    fn unsupported(&mut self, at: Position, what: &str) {
        let message = format!("{what} is not read here");
        self.report(at, ProblemCode::Unsupported, message);
    }

    /// One line of the mapping, and where it comes from.
    fn line(&mut self, at: Position, line: &str) {
        if self.places.len() >= LINES_MAX {
            let is_told = self.problems.iter().any(|found| found.code == ProblemCode::TooLarge);
            if !is_told {
                let message = format!("the mapping comes to more than {LINES_MAX} lines");
                self.report(at, ProblemCode::TooLarge, message);
            }
            return;
        }
        self.turtle.push_str(line);
        self.turtle.push('\n');
        self.places.push(at);
    }

    fn root(&mut self, root: &Node) {
        self.refuse_unknown(
            root,
            &["prefixes", "base", "sources", "mappings", "external", "authors", "targets"],
        );
        for prefix in value(root, "prefixes").map(Node::members).unwrap_or_default() {
            match prefix.value.text() {
                Some(namespace) => {
                    self.prefixes.insert(prefix.name.clone(), namespace.to_owned());
                }
                None => self.report(prefix.value.at, ProblemCode::WrongValue, "a prefix is an IRI"),
            }
        }
        for external in value(root, "external").map(Node::members).unwrap_or_default() {
            let text = external.value.scalar().unwrap_or_default().to_owned();
            self.external.insert(external.name.clone(), text);
        }
        if let Some(targets) = keyed(root, "targets") {
            self.unsupported(targets.at, "a target");
        }
        self.line(root.at, "@prefix rml: <http://w3id.org/rml/> .");
        if let Some(base) = value(root, "base") {
            let iri = base.text().unwrap_or_default().to_owned();
            if pervade_rdf::NamedNode::new(&iri).is_ok() {
                self.line(base.at, &format!("@base <{iri}> ."));
            } else {
                self.report(base.at, ProblemCode::WrongValue, "the base is an absolute IRI");
            }
        }
        self.named_sources(root);
        self.mappings(root);
    }

    /// Members that YARRRML does not have here.
    fn refuse_unknown(&mut self, node: &Node, known: &[&str]) {
        let forms: Vec<&str> = KEYS
            .iter()
            .filter(|(key, _)| known.contains(key))
            .flat_map(|(_, forms)| forms.iter().copied())
            .collect();
        for member in node.members() {
            if forms.contains(&member.name.as_str()) {
                continue;
            }
            let message = format!("{} is no key here", member.name);
            let near = crate::nearest::nearest(&member.name, known.iter().copied());
            self.problems
                .push(Problem::at(member.at, ProblemCode::UnknownKeyword, message).near(near));
        }
    }
}
