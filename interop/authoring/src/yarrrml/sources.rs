//! Where records come from.

use pervade_rdf::Position;

use super::{Reading, each, value};
use crate::nearest::nearest;
use crate::node::{Node, Value};
use crate::problem::{Problem, ProblemCode};
use crate::turtle::literal;

/// How records and references are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Formulation {
    Csv,
    #[default]
    JsonPath,
    XPath,
}

/// A logical source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) at: Position,
    pub(super) access: String,
    pub(super) formulation: Formulation,
    pub(super) iterator: Option<String>,
}

/// Formulations by their names.
const FORMULATIONS: &[(&str, Formulation)] = &[
    ("csv", Formulation::Csv),
    ("jsonpath", Formulation::JsonPath),
    ("xpath", Formulation::XPath),
];

/// The payload of the transaction, on the ledger.
const PAYLOAD: &str = "pv:Payload";

impl Source {
    /// As Turtle writes it.
    pub(super) fn turtle(&self) -> String {
        let formulation = match self.formulation {
            Formulation::Csv => "CSV",
            Formulation::JsonPath => "JSONPath",
            Formulation::XPath => "XPath",
        };
        let source = if self.access == PAYLOAD {
            "<urn:pervade:vocab#Payload>".to_owned()
        } else {
            format!("[ rml:path {} ]", literal(&self.access))
        };
        let iterator = self
            .iterator
            .as_ref()
            .map_or_else(String::new, |iterator| format!(" ; rml:iterator {}", literal(iterator)));
        format!(
            "rml:logicalSource [ rml:source {source} ; rml:referenceFormulation rml:{formulation}{iterator} ] ;"
        )
    }
}

impl Reading {
    /// Sources that mappings name.
    pub(super) fn named_sources(&mut self, root: &Node) {
        for member in value(root, "sources").map(Node::members).unwrap_or_default() {
            let sources: Vec<Source> = self.source(&member.value).into_iter().collect();
            self.sources.insert(member.name.clone(), sources);
        }
    }

    /// The sources of a mapping: names, short forms `[file~formulation, iterator]`, or objects.
    pub(super) fn sources_of(&mut self, mapping: &Node, at: Position) -> Vec<Source> {
        let Some(stated) = value(mapping, "sources") else {
            self.report(at, ProblemCode::Missing, "the mapping has no source");
            return Vec::new();
        };
        let is_short = stated
            .items()
            .first()
            .is_some_and(|first| first.text().is_some_and(|text| text.contains('~')));
        let listed = if is_short { vec![stated] } else { each(stated) };
        let mut sources = Vec::new();
        for source in listed {
            let Some(name) = source.text().filter(|text| !text.contains('~')) else {
                sources.extend(self.source(source));
                continue;
            };
            match self.sources.get(name) {
                Some(known) => sources.extend(known.iter().cloned()),
                None => {
                    let near = nearest(name, self.sources.keys().map(String::as_str));
                    let message = format!("there is no source {name:?}");
                    let problem =
                        Problem::at(source.at, ProblemCode::Reference, message).near(near);
                    self.problems.push(problem);
                }
            }
        }
        sources
    }

    fn source(&mut self, node: &Node) -> Option<Source> {
        match &node.value {
            Value::List(items) => {
                let access = items.first()?;
                let iterator = items.get(1).and_then(Node::text);
                self.short(access, iterator)
            }
            Value::Text(_) => self.short(node, None),
            Value::Object(_) => self.long(node),
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                self.report(node.at, ProblemCode::WrongValue, "a source is [file~formulation]");
                None
            }
        }
    }

    /// `file~formulation`
    fn short(&mut self, node: &Node, iterator: Option<&str>) -> Option<Source> {
        let text = node.text().unwrap_or_default();
        let Some((access, formulation)) = text.rsplit_once('~') else {
            let problem =
                Problem::at(node.at, ProblemCode::Missing, "the source has no formulation");
            self.problems
                .push(problem.suggesting(format!("write {text}~jsonpath, ~csv or ~xpath")));
            return None;
        };
        let formulation = self.formulation(formulation, node.at)?;
        Some(Source {
            at: node.at,
            access: access.to_owned(),
            formulation,
            iterator: iterator.map(str::to_owned),
        })
    }

    fn long(&mut self, node: &Node) -> Option<Source> {
        for member in node.members() {
            let unread =
                ["type", "credentials", "queryFormulation", "query", "delimiter", "encoding"];
            let is_local = member.name == "type"
                && member.value.text().is_some_and(|kind| ["localfile", "file"].contains(&kind));
            if unread.contains(&member.name.as_str()) && !is_local {
                self.unsupported(member.at, &format!("{} of a source", member.name));
                return None;
            }
        }
        self.refuse_unknown(node, &["access", "referenceFormulation", "iterator", "type"]);
        let access = value(node, "access").and_then(Node::text);
        let stated = value(node, "referenceFormulation");
        let (Some(access), Some(stated)) = (access, stated) else {
            let message = "a source has access and referenceFormulation";
            self.report(node.at, ProblemCode::Missing, message);
            return None;
        };
        let formulation = self.formulation(stated.text().unwrap_or_default(), stated.at)?;
        Some(Source {
            at: node.at,
            access: access.to_owned(),
            formulation,
            iterator: value(node, "iterator").and_then(Node::text).map(str::to_owned),
        })
    }

    fn formulation(&mut self, name: &str, at: Position) -> Option<Formulation> {
        let found = FORMULATIONS.iter().find(|(known, _)| *known == name);
        if found.is_none() {
            let message = format!("the formulation {name:?} is not read here");
            let near = nearest(name, FORMULATIONS.iter().map(|(known, _)| *known));
            let problem = Problem::at(at, ProblemCode::Unsupported, message);
            self.problems.push(match near {
                Some(_) => problem.near(near),
                None => problem.suggesting("csv, jsonpath or xpath"),
            });
        }
        found.map(|(_, formulation)| *formulation)
    }
}
