use pervade_rdf::vocabulary::xsd;
use pervade_rdf::{Position, Term};

use super::graph::Found;
use super::maps::is_rml;
use super::{Lowering, TERM_MAPS_MAX};
use crate::functions::{Function, Output, Parameter, shortened};
use crate::path::PathUse;
use crate::plan::{
    Encoding, Execution, Expression, Gather, Input, TemplatePart, TermKind, TermMap,
};
use crate::problem::ProblemCode;
use crate::template::{Piece, parse_template};

/// What a term map's terms are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Subject,
    Predicate,
    Object,
    Graph,
    Datatype,
    Language,
    Join,
    Input,
    Field,
    Condition,
}

impl Role {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Predicate => "predicate",
            Self::Object => "object",
            Self::Graph => "graph",
            Self::Datatype => "datatype",
            Self::Language => "language",
            Self::Join => "join side",
            Self::Input => "input",
            Self::Field => "field",
            Self::Condition => "condition",
        }
    }

    /// Whether terms of this role may be IRIs, blank nodes, literals.
    const fn allows(self) -> [bool; 3] {
        match self {
            Self::Subject | Self::Graph => [true, true, false],
            Self::Predicate | Self::Datatype => [true, false, false],
            Self::Object => [true, true, true],
            Self::Language | Self::Join | Self::Input | Self::Field | Self::Condition => {
                [true, false, true]
            }
        }
    }

    const fn wants(self) -> &'static str {
        match self {
            Self::Subject | Self::Graph => "an IRI or a blank node",
            Self::Predicate | Self::Datatype => "an IRI",
            Self::Object => "a term",
            Self::Language | Self::Join | Self::Input | Self::Field | Self::Condition => "a value",
        }
    }
}

/// Most function executions inside one another.
const EXECUTIONS_DEPTH_MAX: usize = 8;

impl<'g> Lowering<'g> {
    /// All term maps of a property and its constant shortcut, such as `rml:predicateMap` and
    /// `rml:predicate`.
    pub(super) fn term_maps(&mut self, node: &str, property: &str, role: Role) -> Vec<TermMap> {
        let mut maps = Vec::new();
        for found in self.found(node, property) {
            maps.extend(self.constant(found, role));
        }
        for found in self.found(node, &format!("{property}Map")) {
            if let Some(map) = self.node(found, "a term map") {
                maps.extend(self.term_map(&map, found.at, role));
            }
        }
        maps
    }

    pub(super) fn constant(&mut self, found: Found<'g>, role: Role) -> Option<TermMap> {
        self.count()?;
        let kind = self.kind_of_constant(found, role)?;
        Some(TermMap {
            at: found.at,
            expression: Expression::Constant(found.term.clone()),
            kind,
            condition: None,
            gather: None,
            targets: Vec::new(),
        })
    }

    fn kind_of_constant(&mut self, found: Found<'g>, role: Role) -> Option<TermKind> {
        let [iri, _, literal] = role.allows();
        match found.term {
            Term::NamedNode(_) if iri => Some(TermKind::Iri(Encoding::Iri)),
            Term::Literal(_) if literal => {
                Some(TermKind::Literal { datatype: None, language: None })
            }
            Term::NamedNode(_) | Term::BlankNode(_) | Term::Literal(_) => {
                let name = role.name();
                let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
                let message = format!("{article} {name} is {}", role.wants());
                self.report(found.at, ProblemCode::TermType, message);
                None
            }
        }
    }

    fn count(&mut self) -> Option<()> {
        self.term_maps += 1;
        if self.term_maps > TERM_MAPS_MAX {
            let message = format!("more than {TERM_MAPS_MAX} term maps");
            self.report(Position::START, ProblemCode::NotOnLedger, message);
            return None;
        }
        Some(())
    }

    pub(super) fn term_map(&mut self, node: &str, at: Position, role: Role) -> Option<TermMap> {
        self.count()?;
        self.deeper(at, |lowering| lowering.term_map_here(node, at, role))
    }

    fn term_map_here(&mut self, node: &str, at: Position, role: Role) -> Option<TermMap> {
        let kind = self.term_kind(node, role);
        let gather = self.gathered(node, at, role);
        let fresh = matches!(kind, Some(TermKind::Blank));
        let expression = if fresh && !self.has_expression(node) {
            Some(Expression::Fresh)
        } else {
            self.expression(node, at, role)
        };
        let condition = self.condition(node);
        let mut targets = self.targets_of(node);
        let (kind, expression) = (kind?, expression?);
        if let TermKind::Literal { datatype, language } = &kind {
            let parts = datatype.iter().chain(language);
            targets.extend(parts.flat_map(|part| part.targets.iter().copied()));
        }
        if let Expression::Constant(term) = &expression {
            let fits = matches!(
                (term, &kind),
                (Term::NamedNode(_), TermKind::Iri(_))
                    | (Term::Literal(_), TermKind::Literal { .. })
            );
            if !fits {
                self.report(at, ProblemCode::TermType, "the constant is not of the term type");
                return None;
            }
        }
        Some(TermMap { at, expression, kind, condition: condition?, gather: gather?, targets })
    }

    /// The gather map of a subject or object; the outer `None` is a problem.
    fn gathered(&mut self, node: &str, at: Position, role: Role) -> Option<Option<Box<Gather>>> {
        if self.found(node, "gather").is_empty() {
            return Some(None);
        }
        if !matches!(role, Role::Subject | Role::Object) {
            let message = format!("a {} cannot be a collection", role.name());
            self.report(at, ProblemCode::TermType, message);
            return None;
        }
        self.gather(node).map(|gather| Some(Box::new(gather)))
    }

    /// Where the term is made ([RML-FNML](https://w3id.org/rml/fnml/spec), condition); the
    /// outer `None` is a problem.
    fn condition(&mut self, node: &str) -> Option<Option<Expression>> {
        let Some(found) = self.at_most_one(node, "condition") else { return Some(None) };
        let condition = self.node(found, "a condition")?;
        self.expression(&condition, found.at, Role::Condition).map(Some)
    }

    fn term_kind(&mut self, node: &str, role: Role) -> Option<TermKind> {
        let datatype = self.literal_part(node, "datatype", Role::Datatype);
        let language = self.literal_part(node, "language", Role::Language);
        let stated = self.at_most_one(node, "termType");
        let named = |local: &str| stated.is_some_and(|found| is_rml(found.term, local));
        let literal = TermKind::Literal { datatype, language };
        let kind = match stated {
            None => self.default_kind(node, role, literal),
            Some(_) if named("IRI") => TermKind::Iri(Encoding::Iri),
            Some(_) if named("URI") => TermKind::Iri(Encoding::Uri),
            Some(_) if named("UnsafeIRI") || named("UnsafeURI") => TermKind::Iri(Encoding::Unsafe),
            Some(_) if named("BlankNode") => TermKind::Blank,
            Some(_) if named("Literal") => literal,
            Some(found) => {
                self.report(found.at, ProblemCode::WrongValue, "not a term type");
                return None;
            }
        };
        let at = stated.map_or_else(|| self.graph.written_at(node), |found| found.at);
        self.admit(kind, role, at)
    }

    fn admit(&mut self, kind: TermKind, role: Role, at: Position) -> Option<TermKind> {
        let [iri, blank, literal] = role.allows();
        let allowed = match &kind {
            TermKind::Iri(_) => iri,
            TermKind::Blank => blank,
            TermKind::Literal { .. } => literal,
        };
        if !allowed {
            let message = format!("a {} cannot have this term type", role.name());
            self.report(at, ProblemCode::TermType, message);
            return None;
        }
        let off_ledger = match kind {
            TermKind::Blank => self.refuse_on_ledger(at, "blank nodes"),
            TermKind::Iri(Encoding::Unsafe) => self.refuse_on_ledger(at, "unsafe IRIs"),
            TermKind::Iri(_) | TermKind::Literal { .. } => false,
        };
        (!off_ledger).then_some(kind)
    }

    /// [RML core, default term type](https://w3id.org/rml/core/spec#termtype).
    fn default_kind(&self, node: &str, role: Role, literal: TermKind) -> TermKind {
        let has = |property: &str| !self.found(node, property).is_empty();
        if has("gather") && !self.has_expression(node) {
            return TermKind::Blank;
        }
        let stated = ["datatype", "datatypeMap", "language", "languageMap"].iter().any(|p| has(p));
        let by_value = (has("reference") || has("functionExecution") || stated) && !has("gather");
        let constant_literal = self
            .found(node, "constant")
            .first()
            .is_some_and(|c| matches!(c.term, Term::Literal(_)));
        match role {
            Role::Object if by_value || constant_literal => literal,
            Role::Language | Role::Join | Role::Input | Role::Field | Role::Condition => literal,
            Role::Subject | Role::Predicate | Role::Object | Role::Graph | Role::Datatype => {
                if constant_literal {
                    literal
                } else {
                    TermKind::Iri(Encoding::Iri)
                }
            }
        }
    }

    fn literal_part(&mut self, node: &str, property: &str, role: Role) -> Option<Box<TermMap>> {
        let maps =
            [self.found(node, property), self.found(node, &format!("{property}Map"))].concat();
        if let Some(second) = maps.get(1) {
            self.report(
                second.predicate_at,
                ProblemCode::Several,
                format!("rml:{property} is given more than once"),
            );
        }
        let first = maps.first()?;
        let float = matches!(first.term, Term::NamedNode(iri)
            if [xsd::DOUBLE, "http://www.w3.org/2001/XMLSchema#float"].contains(&iri.as_str()));
        if float && self.refuse_on_ledger(first.at, "floating-point literals: use xsd:decimal") {
            return None;
        }
        self.term_maps(node, property, role).into_iter().next().map(Box::new)
    }

    fn has_expression(&self, node: &str) -> bool {
        EXPRESSIONS.iter().any(|property| !self.found(node, property).is_empty())
    }

    pub(super) fn expression(
        &mut self,
        node: &str,
        at: Position,
        role: Role,
    ) -> Option<Expression> {
        let found: Vec<(&str, Found<'g>)> = EXPRESSIONS
            .iter()
            .flat_map(|property| {
                self.found(node, property).into_iter().map(|found| (*property, found))
            })
            .collect();
        if let Some((_, second)) = found.get(1) {
            self.report(second.predicate_at, ProblemCode::Several, "a term map has one expression");
        }
        let Some((property, found)) = found.into_iter().next() else {
            let message = format!(
                "the {} map has no rml:constant, rml:reference, rml:template or rml:functionExecution",
                role.name()
            );
            self.report(at, ProblemCode::Missing, message);
            return None;
        };
        match property {
            "constant" => Some(Expression::Constant(found.term.clone())),
            "reference" => {
                let text = self.text(found, "a reference")?;
                self.reference(text, found.at).map(Expression::Reference)
            }
            "template" => self.template(found),
            _ => self.function(node, found),
        }
    }

    fn template(&mut self, found: Found<'g>) -> Option<Expression> {
        let text = self.text(found, "a template")?;
        let pieces = match parse_template(text) {
            Ok(pieces) => pieces,
            Err(message) => {
                self.report(found.at, ProblemCode::Template, message);
                return None;
            }
        };
        let mut parts = Vec::new();
        for piece in pieces {
            parts.push(match piece {
                Piece::Text(text) => TemplatePart::Text(text),
                Piece::Reference(text) => TemplatePart::Reference(self.reference(&text, found.at)?),
            });
        }
        Some(Expression::Template(parts))
    }

    fn function(&mut self, node: &str, found: Found<'g>) -> Option<Expression> {
        let execution_node = self.node(found, "a function execution")?;
        let execution = self.execution(&execution_node, found.at, 0)?;
        let function = self.executions.get(execution)?.function;
        let stated = match self.at_most_one(node, "return") {
            Some(found) => Some(found),
            None => self.constant_of(node, "returnMap"),
        };
        let output = match stated {
            Some(found) => {
                let iri = self.iri(found, "an output")?;
                let output = Output::find(iri).filter(|output| function.outputs().contains(output));
                if output.is_none() {
                    let name = iri.rsplit(['#', '/']).next().unwrap_or(iri);
                    let message = format!("{} has no output {name}", function.name());
                    self.report(found.at, ProblemCode::Function, message);
                }
                output?
            }
            None => *function.outputs().first()?,
        };
        Some(Expression::Function { execution, output })
    }

    fn execution(&mut self, node: &str, at: Position, depth: usize) -> Option<usize> {
        let key = (node.to_owned(), self.scope_key());
        if self.open_executions.iter().any(|open| open == node) {
            self.report(at, ProblemCode::Function, "a function execution is its own input");
            return None;
        }
        if let Some(known) = self.known_executions.get(&key) {
            return *known;
        }
        if depth >= EXECUTIONS_DEPTH_MAX {
            let message =
                format!("more than {EXECUTIONS_DEPTH_MAX} function executions inside one another");
            self.report(at, ProblemCode::Function, message);
            return None;
        }
        // Known before its inputs are read: one that is its own input must not be read again and
        // again, in every way that its inputs can be chosen.
        self.known_executions.insert(key.clone(), None);
        self.open_executions.push(node.to_owned());
        let execution = self.lower_execution(node, depth);
        self.open_executions.pop();
        let place = execution.map(|execution| {
            self.executions.push(execution);
            self.executions.len() - 1
        });
        self.known_executions.insert(key, place);
        place
    }

    fn lower_execution(&mut self, node: &str, depth: usize) -> Option<Execution> {
        let at = self.graph.written_at(node);
        let function = self.called_function(node, at)?;
        let (mut named, mut inputs) = (Vec::new(), Vec::new());
        for found in self.found(node, "input") {
            let Some(node) = self.node(found, "an input") else { continue };
            let Some(parameter) = self.parameter(&node, function) else { continue };
            named.push(parameter);
            let at = self.graph.written_at(&node);
            let value = self.input_value(&node, at, depth);
            inputs.extend(value.map(|(expression, at)| Input { parameter, expression, at }));
        }
        self.check_inputs(&named, function, at);
        let enclosing = match (function, inputs.first().map(|input| &input.expression)) {
            (Function::Enclosing, Some(Expression::Constant(Term::Literal(path)))) => {
                Some(self.path(path.value(), at, PathUse::Enclosing)?)
            }
            (Function::Enclosing, _) => {
                let message = "pv:enclosing takes a constant pv:path, a JSONPath";
                self.report(at, ProblemCode::Function, message);
                return None;
            }
            _ => None,
        };
        Some(Execution { function, inputs, enclosing })
    }

    fn called_function(&mut self, node: &str, at: Position) -> Option<Function> {
        let found = match self.at_most_one(node, "function") {
            Some(found) => Some(found),
            None => self.constant_of(node, "functionMap"),
        };
        let Some(found) = found else {
            self.report(at, ProblemCode::Missing, "the function execution has no rml:function");
            return None;
        };
        let iri = self.iri(found, "a function")?;
        let function = Function::find(iri, self.profile);
        if function.is_none() {
            self.report(
                found.at,
                ProblemCode::Function,
                format!("{iri} is no function of the library"),
            );
        }
        function
    }

    /// The `rml:constant` of the map that `property` leads to.
    fn constant_of(&mut self, node: &str, property: &str) -> Option<Found<'g>> {
        let found = self.at_most_one(node, property)?;
        let map = self.node(found, "a term map")?;
        self.at_most_one(&map, "constant")
    }

    fn parameter(&mut self, node: &str, function: Function) -> Option<Parameter> {
        let at = self.graph.written_at(node);
        let found = match self.at_most_one(node, "parameter") {
            Some(found) => Some(found),
            None => self.constant_of(node, "parameterMap"),
        };
        let Some(found) = found else {
            self.report(at, ProblemCode::Missing, "the input has no rml:parameter");
            return None;
        };
        let iri = self.iri(found, "a parameter")?;
        let (required, optional) = function.parameters();
        let parameter =
            Parameter::find(iri).filter(|p| required.contains(p) || optional.contains(p));
        if parameter.is_none() {
            let message = format!("{} does not take {}", function.name(), shortened(iri));
            self.report(found.at, ProblemCode::Function, message);
            return None;
        }
        parameter
    }

    /// The value of an input, and where it is written.
    fn input_value(
        &mut self,
        node: &str,
        at: Position,
        depth: usize,
    ) -> Option<(Expression, Position)> {
        if let Some(found) = self.at_most_one(node, "inputValue") {
            return self.constant(found, Role::Input).map(|map| (map.expression, found.at));
        }
        let Some(found) = self.at_most_one(node, "inputValueMap") else {
            self.report(at, ProblemCode::Missing, "the input has no value");
            return None;
        };
        let map = self.node(found, "a term map")?;
        for nested in self.found(&map, "functionExecution") {
            // Lowered here first, so that nesting is counted.
            let execution = self.node(nested, "a function execution")?;
            self.execution(&execution, nested.at, depth + 1)?;
        }
        self.expression(&map, found.at, Role::Input).map(|expression| (expression, found.at))
    }

    fn check_inputs(&mut self, named: &[Parameter], function: Function, at: Position) {
        for needed in function.parameters().0 {
            if !named.contains(needed) {
                let message = format!("{} needs the input {}", function.name(), needed.name());
                self.report(at, ProblemCode::Function, message);
            }
        }
        let repeated = named.iter().enumerate().any(|(place, parameter)| {
            *parameter != Parameter::Entry && named.iter().take(place).any(|each| each == parameter)
        });
        if repeated {
            self.report(at, ProblemCode::Several, "an input is given more than once");
        }
    }
}

const EXPRESSIONS: &[&str] = &["constant", "reference", "template", "functionExecution"];
