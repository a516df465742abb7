//! IRIs and their prefixes.

use pervade_rdf::{NamedNode, Position};

use super::Reading;
use crate::nearest::nearest;
use crate::problem::{Problem, ProblemCode};

/// Prefixes that need no declaration.
const COMMON: &[(&str, &str)] = &[
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("dc", "http://purl.org/dc/terms/"),
    ("schema", "https://schema.org/"),
    ("prov", "http://www.w3.org/ns/prov#"),
    ("sosa", "http://www.w3.org/ns/sosa/"),
    ("qudt", "http://qudt.org/schema/qudt/"),
    ("pv", "urn:pervade:vocab#"),
    ("grel", "http://users.ugent.be/~bjdmeest/function/grel.ttl#"),
    ("idlab-fn", "https://w3id.org/imec/idlab/function#"),
];

/// Schemes of IRIs that are no prefix.
const SCHEMES: &[&str] = &["http", "https", "urn", "mailto", "tel", "did", "data", "geo", "file"];

/// Parameters as older mappings name them.
const RENAMED: &[(&str, &str)] = &[
    ("grel.ttl#valueParameter", "grel.ttl#valueParam"),
    ("grel.ttl#valueParameter2", "grel.ttl#valueParam2"),
];

impl Reading {
    /// The text with its prefix replaced; a text without a known one stays as it is.
    pub(super) fn expanded(&self, text: &str) -> String {
        let Some((prefix, rest)) = text.split_once(':') else { return text.to_owned() };
        if rest.starts_with("//") {
            return text.to_owned();
        }
        let common = || COMMON.iter().find(|(known, _)| *known == prefix).map(|(_, iri)| *iri);
        match self.prefixes.get(prefix).map(String::as_str).or_else(common) {
            Some(namespace) => format!("{namespace}{rest}"),
            None => text.to_owned(),
        }
    }

    /// The absolute IRI that a text names, as Turtle writes it.
    pub(super) fn iri(&mut self, text: &str, at: Position) -> Option<String> {
        if text == "a" {
            return Some("<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>".to_owned());
        }
        let expanded = self.expanded(text);
        let known = RENAMED.iter().find(|(old, _)| expanded.ends_with(old));
        let iri = match known {
            Some((old, new)) => expanded.replace(old, new),
            None => expanded,
        };
        self.check_prefix(text, &iri, at)?;
        if NamedNode::new(&iri).is_ok() {
            return Some(format!("<{iri}>"));
        }
        self.report(at, ProblemCode::WrongValue, format!("{text:?} is no IRI"));
        None
    }

    /// Refuses a prefix that nobody declared.
    fn check_prefix(&mut self, text: &str, iri: &str, at: Position) -> Option<()> {
        let Some((prefix, _)) = text.split_once(':').filter(|_| iri == text) else {
            return Some(());
        };
        if SCHEMES.contains(&prefix) {
            return Some(());
        }
        let known = self.prefixes.keys().map(String::as_str);
        let near = nearest(prefix, known.chain(COMMON.iter().map(|(known, _)| *known)));
        let message = format!("the prefix {prefix:?} is not declared");
        let problem = Problem::at(at, ProblemCode::Reference, message).near(near);
        self.problems.push(problem);
        None
    }
}
