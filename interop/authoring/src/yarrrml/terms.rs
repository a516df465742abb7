//! Subjects, predicates, objects and graphs.

use pervade_rdf::Position;

use super::sources::Formulation;
use super::text::{Piece, pieces, reference, template};
use super::{Reading, each, keyed, value};
use crate::node::{Node, Value};
use crate::problem::{Problem, ProblemCode};
use crate::turtle::literal;

/// What a term is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Subject,
    Predicate,
    /// An object; the predicate says whether a constant is an IRI.
    Object(Constant),
    Graph,
    /// An input of a function.
    Input,
}

/// What a text without a reference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Constant {
    Iri,
    Literal,
}

/// Most functions inside one another.
const FUNCTIONS_DEPTH_MAX: usize = 16;

impl Reading {
    /// The statements of a term map.
    pub(super) fn term(
        &mut self,
        node: &Node,
        role: Role,
        formulation: Formulation,
    ) -> Option<String> {
        match &node.value {
            Value::Object(_) if keyed(node, "function").is_some() => {
                let called = self.function(node, formulation, 0)?;
                self.with_kind(node, &called, role)
            }
            Value::Object(_) => {
                let Some(stated) = value(node, "value") else {
                    self.report(node.at, ProblemCode::Missing, "there is no value");
                    return None;
                };
                let known = ["value", "datatype", "language", "type", "targets", "condition"];
                self.refuse_unknown(node, &known);
                if let Some(targets) = keyed(node, "targets") {
                    self.unsupported(targets.at, "a target");
                    return None;
                }
                let is_iri = value(node, "type").and_then(Node::text) == Some("iri");
                let role = if is_iri { Role::Object(Constant::Iri) } else { role };
                let body = self.text(stated, role, formulation)?;
                self.with_kind(node, &body, role)
            }
            Value::List(_) => {
                self.report(node.at, ProblemCode::WrongValue, "one term is expected, not a list");
                None
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {
                self.text(node, role, formulation)
            }
        }
    }

    /// `type`, `datatype` and `language` beside a value.
    fn with_kind(&mut self, node: &Node, body: &str, role: Role) -> Option<String> {
        let mut body = body.to_owned();
        if let Some(datatype) = value(node, "datatype") {
            let iri = self.iri(datatype.text().unwrap_or_default(), datatype.at)?;
            body = format!("{body} ; rml:datatype {iri}");
        }
        if let Some(language) = value(node, "language") {
            let tag = language.text().unwrap_or_default().trim_end_matches("~lang").to_owned();
            body = format!("{body} ; {}", self.language(&tag, language.at)?);
        }
        match value(node, "type").map(|kind| (kind.at, kind.text().unwrap_or_default())) {
            Some((_, "iri")) if !body.contains("rml:termType") => {
                body.push_str(" ; rml:termType rml:IRI");
            }
            Some((_, "blank")) => body.push_str(" ; rml:termType rml:BlankNode"),
            Some((_, "iri" | "literal")) => {}
            Some((at, other)) => {
                let message = format!("{other:?} is no type of a term");
                let problem = Problem::at(at, ProblemCode::WrongValue, message);
                self.problems.push(problem.suggesting("iri, literal or blank"));
                return None;
            }
            None if keyed(node, "function").is_some()
                && matches!(role, Role::Subject | Role::Predicate | Role::Graph) =>
            {
                body.push_str(" ; rml:termType rml:IRI");
            }
            None => {}
        }
        Some(body)
    }

    pub(super) fn language(&mut self, tag: &str, at: Position) -> Option<String> {
        let is_tag = !tag.is_empty()
            && tag.split('-').all(|part| {
                (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
            });
        if is_tag {
            return Some(format!("rml:language {}", literal(tag)));
        }
        self.report(at, ProblemCode::WrongValue, format!("{tag:?} is no language"));
        None
    }

    /// A text: a constant, a reference or a template, perhaps with `~iri`.
    fn text(&mut self, node: &Node, role: Role, formulation: Formulation) -> Option<String> {
        let Some(text) = node.scalar() else {
            let message = format!("a term is text, not {}", node.kind());
            self.report(node.at, ProblemCode::WrongValue, message);
            return None;
        };
        let (text, is_iri) = match text.strip_suffix("~iri") {
            Some(before) if !before.ends_with('\\') => (before, true),
            _ => (text, false),
        };
        let parts = match pieces(text) {
            Ok(parts) => parts,
            Err(message) => {
                self.report(node.at, ProblemCode::Syntax, message);
                return None;
            }
        };
        let parts = self.with_external(parts);
        let wants_iri = is_iri
            || matches!(
                role,
                Role::Subject | Role::Predicate | Role::Graph | Role::Object(Constant::Iri)
            );
        match parts.as_slice() {
            [Piece::Text(constant)] => self.constant(node, constant, (role, wants_iri)),
            [Piece::Reference(name)] => {
                let reference = literal(&reference(name, formulation));
                let kind = if wants_iri { " ; rml:termType rml:IRI" } else { "" };
                Some(format!("rml:reference {reference}{kind}"))
            }
            _ => {
                let parts = self.with_prefix(parts, wants_iri);
                let template = literal(&template(&parts, formulation));
                let kind = if wants_iri { "rml:IRI" } else { "rml:Literal" };
                Some(format!("rml:template {template} ; rml:termType {kind}"))
            }
        }
    }

    fn constant(
        &mut self,
        node: &Node,
        text: &str,
        (role, wants_iri): (Role, bool),
    ) -> Option<String> {
        if !wants_iri {
            let is_number = matches!(node.value, Value::Number(_)) && role != Role::Input;
            let constant = if is_number { text.to_owned() } else { literal(text) };
            return Some(format!("rml:constant {constant}"));
        }
        // An IRI that is relative becomes absolute under the base.
        if !text.contains(':') && text != "a" {
            let relative = template(&[Piece::Text(text.to_owned())], Formulation::Csv);
            return Some(format!("rml:template {} ; rml:termType rml:IRI", literal(&relative)));
        }
        self.iri(text, node.at).map(|iri| format!("rml:constant {iri}"))
    }

    /// `$(_name)` is what `external` says of the name.
    fn with_external(&self, parts: Vec<Piece>) -> Vec<Piece> {
        let mut joined: Vec<Piece> = Vec::new();
        for part in parts {
            let part = match &part {
                Piece::Reference(name) => name
                    .strip_prefix('_')
                    .and_then(|name| self.external.get(name))
                    .map_or(part.clone(), |text| Piece::Text(text.clone())),
                Piece::Text(_) => part,
            };
            match (joined.last_mut(), part) {
                (Some(Piece::Text(before)), Piece::Text(after)) => before.push_str(&after),
                (_, part) => joined.push(part),
            }
        }
        joined
    }

    /// A template of an IRI may begin with a prefix.
    fn with_prefix(&self, mut parts: Vec<Piece>, wants_iri: bool) -> Vec<Piece> {
        if let Some(Piece::Text(first)) = parts.first_mut()
            && wants_iri
        {
            *first = self.expanded(first);
        }
        parts
    }

    /// A function's execution ([RML-FNML](https://w3id.org/rml/fnml/spec)).
    pub(super) fn function(
        &mut self,
        node: &Node,
        formulation: Formulation,
        depth: usize,
    ) -> Option<String> {
        let stated = value(node, "function")?;
        if depth > FUNCTIONS_DEPTH_MAX {
            let message = format!("more than {FUNCTIONS_DEPTH_MAX} functions inside one another");
            self.report(node.at, ProblemCode::TooLarge, message);
            return None;
        }
        let text = stated.text().unwrap_or_default();
        let (name, inline) = match text.split_once('(') {
            Some((name, rest)) => (name.trim(), rest.trim_end().strip_suffix(')')),
            None => (text, None),
        };
        let function = self.iri(name, stated.at)?;
        let mut inputs = Vec::new();
        for pair in inline.into_iter().flat_map(|inline| inline.split(',')) {
            let (parameter, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = Node { at: stated.at, value: Value::Text(value.trim().to_owned()) };
            inputs.push(self.input(parameter.trim(), stated.at, (&value, formulation, depth))?);
        }
        for parameter in value(node, "parameters").map(each).unwrap_or_default() {
            let (name, value) = match parameter.list() {
                Some(items) => (items.first(), items.get(1)),
                None => (value(parameter, "parameter"), value(parameter, "value")),
            };
            let (Some(name), Some(value)) = (name, value) else {
                let message = "a parameter has a name and a value";
                self.report(parameter.at, ProblemCode::Missing, message);
                return None;
            };
            let text = name.text().unwrap_or_default();
            inputs.push(self.input(text, name.at, (value, formulation, depth))?);
        }
        let inputs = if inputs.is_empty() {
            String::new()
        } else {
            format!(" ; rml:input {}", inputs.join(" , "))
        };
        Some(format!("rml:functionExecution [ rml:function {function}{inputs} ]"))
    }

    fn input(
        &mut self,
        parameter: &str,
        at: Position,
        (value, formulation, depth): (&Node, Formulation, usize),
    ) -> Option<String> {
        let parameter = self.iri(parameter, at)?;
        let term = if keyed(value, "function").is_some() {
            self.function(value, formulation, depth + 1)?
        } else {
            self.term(value, Role::Input, formulation)?
        };
        Some(format!("[ rml:parameter {parameter} ; rml:inputValueMap [ {term} ] ]"))
    }
}
