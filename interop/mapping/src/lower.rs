mod graph;
mod maps;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

use pervade_rdf::{Position, Term, TurtleError, parse_turtle};

use crate::plan::{Execution, Plan, Profile};
use crate::problem::{PROBLEMS_MAX, Problem, ProblemCode};
use crate::vocabulary::{PROPERTIES, RML};
use graph::{Found, MappingGraph};

/// What became of a mapping text.
#[derive(Debug, Clone)]
#[must_use]
pub struct Lowered {
    /// The plan; there only if there is no problem.
    pub plan: Option<Plan>,
    /// Every problem found, in the order of the text.
    pub problems: Vec<Problem>,
}

/// Base of relative IRIs that name the mapping's own nodes, such as `<#Temperature>`.
const MAPPING_BASE: &str = "urn:pervade:mapping";

/// Most term maps one mapping may come to, shared ones counted at every use.
const TERM_MAPS_MAX: usize = 10_000;

/// Reads a mapping for the ledger. Every problem is reported; a text that is not Turtle is
/// one problem.
pub fn lower(turtle: &str) -> Lowered {
    lower_in(turtle, Profile::Ledger, MAPPING_BASE)
}

pub(crate) fn lower_in(turtle: &str, profile: Profile, base: &str) -> Lowered {
    let triples = match parse_turtle(turtle, Some(base)) {
        Ok(triples) => triples,
        Err(error) => return Lowered { plan: None, problems: vec![syntax_problem(&error)] },
    };
    let graph = MappingGraph::new(triples);
    let mut lowering = Lowering::new(&graph, profile);
    lowering.report_unknown_terms();
    let maps = lowering.triples_maps();
    let problems: Vec<Problem> = lowering.problems.into_iter().take(PROBLEMS_MAX).collect();
    let executions = lowering.executions;
    let plan = problems.is_empty().then_some(Plan { profile, maps, executions });
    Lowered { plan, problems }
}

fn syntax_problem(error: &TurtleError) -> Problem {
    let message = match error {
        TurtleError::Syntax { detail, .. } => detail.clone(),
        TurtleError::Base { .. } | TurtleError::TooLong { .. } | _ => error.to_string(),
    };
    Problem::at(error.position(), ProblemCode::Syntax, message)
}

struct Lowering<'g> {
    graph: &'g MappingGraph,
    profile: Profile,
    problems: BTreeSet<Problem>,
    executions: Vec<Execution>,
    /// Executions already lowered, by node; `None` for one that has problems.
    known_executions: BTreeMap<String, Option<usize>>,
    /// Places of the triples maps, by node.
    places: BTreeMap<String, usize>,
    term_maps: usize,
}

impl<'g> Lowering<'g> {
    fn new(graph: &'g MappingGraph, profile: Profile) -> Self {
        Self {
            graph,
            profile,
            problems: BTreeSet::new(),
            executions: Vec::new(),
            known_executions: BTreeMap::new(),
            places: BTreeMap::new(),
            term_maps: 0,
        }
    }

    fn report(&mut self, at: Position, code: ProblemCode, message: impl Into<String>) {
        self.problems.insert(Problem::at(at, code, message));
    }

    fn on_ledger(&self) -> bool {
        self.profile == Profile::Ledger
    }

    /// Reports what the ledger does not run; `true` if so.
    fn refuse_on_ledger(&mut self, at: Position, what: &str) -> bool {
        if self.on_ledger() {
            self.report(at, ProblemCode::NotOnLedger, format!("the ledger does not run {what}"));
        }
        self.on_ledger()
    }

    fn report_unknown_terms(&mut self) {
        for triple in self.graph.triples() {
            let predicate = triple.triple.predicate.as_str();
            let Some(local) = predicate.strip_prefix(RML) else { continue };
            if !PROPERTIES.contains(&local) {
                let hint = nearest(local)
                    .map_or_else(String::new, |near| format!("; is rml:{near} meant?"));
                let message = format!("rml:{local} is no property read here{hint}");
                self.report(triple.predicate, ProblemCode::UnknownTerm, message);
            }
        }
    }

    fn found(&self, node: &str, property: &str) -> Vec<Found<'g>> {
        self.graph.found(node, property)
    }

    /// The value of a property that may be there once.
    fn at_most_one(&mut self, node: &str, property: &str) -> Option<Found<'g>> {
        let found = self.found(node, property);
        if let Some(second) = found.get(1) {
            self.report(
                second.predicate_at,
                ProblemCode::Several,
                format!("rml:{property} is given more than once"),
            );
        }
        found.into_iter().next()
    }

    fn text(&mut self, found: Found<'g>, what: &str) -> Option<&'g str> {
        match found.term {
            Term::Literal(literal) => Some(literal.value()),
            Term::NamedNode(_) | Term::BlankNode(_) => {
                self.report(found.at, ProblemCode::WrongValue, format!("{what} is text"));
                None
            }
        }
    }

    fn iri(&mut self, found: Found<'g>, what: &str) -> Option<&'g str> {
        match found.term {
            Term::NamedNode(node) => Some(node.as_str()),
            Term::Literal(_) | Term::BlankNode(_) => {
                self.report(found.at, ProblemCode::WrongValue, format!("{what} is an IRI"));
                None
            }
        }
    }

    fn node(&mut self, found: Found<'g>, what: &str) -> Option<String> {
        let key = graph::key(found.term);
        if key.is_none() {
            self.report(found.at, ProblemCode::WrongValue, format!("{what} is not a literal"));
        }
        key
    }
}

/// The known property that differs in at most two letters.
fn nearest(local: &str) -> Option<&'static str> {
    PROPERTIES
        .iter()
        .map(|known| (distance(local, known), *known))
        .filter(|(distance, _)| *distance <= 2)
        .min()
        .map(|(_, known)| known)
}

/// Levenshtein distance; names are short.
fn distance(left: &str, right: &str) -> usize {
    if left.len() > 40 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (at, a) in left.chars().enumerate() {
        let mut diagonal = at;
        let mut last = at + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(right.chars()) {
            let change = diagonal + usize::from(a != b);
            diagonal = *cell;
            last = change.min(last + 1).min(*cell + 1);
            *cell = last;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const HEAD: &str = "@prefix rml: <http://w3id.org/rml/> . @prefix pv: <urn:pervade:vocab#> . @prefix e: <http://e/> .\n";

    fn check(body: &str, expected: Expect) {
        let lowered = lower(&format!("{HEAD}{body}"));
        assert_eq!(lowered.plan.is_some(), lowered.problems.is_empty(), "a plan or problems");
        let lines: String = lowered.problems.iter().map(|problem| format!("{problem}\n")).collect();
        expected.assert_eq(&lines);
    }

    const SOURCE: &str = "rml:logicalSource [ rml:source pv:Payload ; rml:referenceFormulation rml:JSONPath ; rml:iterator \"$\" ]";

    #[test]
    fn a_small_mapping_has_no_problem() {
        check(
            &format!(
                "<#m> {SOURCE} ; rml:subjectMap [ rml:template \"x/{{$.a}}\" ; rml:class e:C ] ; rml:predicateObjectMap [ rml:predicate e:p ; rml:object 1 ]."
            ),
            expect![""],
        );
    }

    #[test]
    fn all_problems_are_found_in_one_run() {
        check(
            "<#m> rml:logicalSource [ rml:source <file.json> ; rml:referenceFormulation rml:CSV ; rml:iterator \"$[\" ] ;\n rml:subjectMap [ rml:template \"x{\" ; rml:termType rml:BlankNode ] ;\n rml:predicateObjectMap [ rml:predicate \"p\" ; rml:objectMap [ rml:refrence \"$.a\" ] ] .\n<#n> rml:subject e:s .",
            expect![[r#"
                2:37: the ledger's only source is pv:Payload [not-on-ledger]
                2:76: only rml:JSONPath is read [not-on-ledger]
                2:99: not a JSONPath at character 2: parser error [path]
                3:32: a reference in a template is not closed [template]
                3:52: the ledger does not run blank nodes [not-on-ledger]
                4:41: a predicate is an IRI [term-type]
                4:61: the object map has no rml:constant, rml:reference, rml:template or rml:functionExecution [missing]
                4:63: rml:refrence is no property read here; is rml:reference meant? [unknown-term]
                5:1: the triples map has no rml:logicalSource [missing]
            "#]],
        );
    }

    #[test]
    fn what_the_ledger_does_not_run() {
        check(
            &format!(
                "<#m> {SOURCE} ; rml:baseIRI <http://b/> ;\n rml:subjectMap [ rml:reference \"$.a\" ; rml:termType rml:BlankNode ; rml:graph e:g ] ;\n rml:predicateObjectMap [ rml:predicate e:p ; rml:objectMap [ rml:reference \"$.x\" ; rml:datatype <http://www.w3.org/2001/XMLSchema#double> ] ] ."
            ),
            expect![[r#"
                2:111: the ledger does not run rml:baseIRI: the base is the record [not-on-ledger]
                3:54: the ledger does not run blank nodes [not-on-ledger]
                3:70: the ledger does not run graphs: all quads are in the payload's graph [not-on-ledger]
                4:98: the ledger does not run floating-point literals: use xsd:decimal [not-on-ledger]
            "#]],
        );
    }

    #[test]
    fn functions_are_checked() {
        check(
            &format!(
                "<#m> {SOURCE} ; rml:subjectMap [ rml:functionExecution [ rml:function pv:here ] ; rml:return pv:iri ] ;\n rml:predicateObjectMap [ rml:predicate e:p ; rml:objectMap [ rml:functionExecution <#f> ; rml:return pv:iri ] ] .\n<#f> rml:function pv:convertUnit ; rml:input [ rml:parameter pv:value ; rml:inputValueMap [ rml:reference \"$.v\" ] ] ,\n [ rml:parameter pv:text ; rml:inputValue \"x\" ] .\n<#m2> {SOURCE} ; rml:subject e:s ; rml:predicateObjectMap [ rml:predicate e:p ; rml:objectMap [ rml:functionExecution [ rml:function e:f ] ; rml:return pv:iri ] ] ."
            ),
            expect![[r#"
                3:103: pv:convertUnit has no output iri [function]
                4:1: pv:convertUnit needs the input pv:quantityKind [function]
                4:1: pv:convertUnit needs the input pv:unit [function]
                5:18: pv:convertUnit does not take pv:text [function]
                6:228: http://e/f is no function of the library [function]
            "#]],
        );
    }

    #[test]
    fn a_syntax_error_is_one_problem() {
        check(
            "<#m> rml:subject e:s e:t .",
            expect![[r#"
            2:22: A dot is expected at the end of statements [syntax]
        "#]],
        );
    }

    #[test]
    fn an_empty_mapping_is_a_problem() {
        check("", expect!["1:1: there is no triples map [empty]\n"]);
    }
}
