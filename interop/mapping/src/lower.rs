mod gather;
mod graph;
mod maps;
mod scope;
mod sources;
mod targets;
mod terms;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use pervade_rdf::{Position, Term, TurtleError, parse_turtle_document};

use crate::names::name_distance;
use crate::plan::{Execution, ObjectMap, Plan, Profile, Rows, Table, TriplesMap};
use crate::problem::{PROBLEMS_MAX, Problem, ProblemCode};
use crate::source::{LogicalSource, Outside};
use crate::target::LogicalTarget;
use crate::vocabulary::{OPEN_PROPERTIES, PROPERTIES, RML};
use graph::{Found, MappingGraph};
use scope::Scope;

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
    lower_in(turtle, Profile::Ledger, None)
}

/// Reads a mapping that is run off the ledger, with all of RML.
///
/// The base that the text itself states (`@base`) becomes that of the terms, unless the run is
/// given another.
pub fn lower_open(turtle: &str, outside: &dyn Outside) -> Lowered {
    lower_in(turtle, Profile::Open, Some(outside))
}

fn lower_in(turtle: &str, profile: Profile, outside: Option<&dyn Outside>) -> Lowered {
    let document = match parse_turtle_document(turtle, Some(MAPPING_BASE)) {
        Ok(document) => document,
        Err(error) => return Lowered { plan: None, problems: vec![syntax_problem(&error)] },
    };
    let base = document.base.filter(|base| base != MAPPING_BASE);
    let graph = MappingGraph::new(document.triples);
    let mut lowering = Lowering::new(&graph, profile, outside);
    lowering.folder = folder_of(base.as_deref());
    lowering.report_unknown_terms();
    let maps = lowering.triples_maps();
    lowering.check_parents(&maps);
    let problems: Vec<Problem> = lowering.problems.into_iter().take(PROBLEMS_MAX).collect();
    let plan = problems.is_empty().then_some(Plan {
        profile,
        maps,
        executions: lowering.executions,
        documents: lowering.documents,
        tables: lowering.tables,
        targets: lowering.targets,
        base,
    });
    Lowered { plan, problems }
}

/// What relative IRIs come to begin with, under this base.
fn folder_of(base: Option<&str>) -> String {
    match base.and_then(|base| base.rfind('/').and_then(|end| base.get(..=end))) {
        Some(folder) => folder.to_owned(),
        // Of `MAPPING_BASE` its scheme is left.
        None => "urn:".to_owned(),
    }
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
    outside: Option<&'g dyn Outside>,
    /// What relative IRIs of the mapping begin with.
    folder: String,
    problems: BTreeSet<Problem>,
    executions: Vec<Execution>,
    /// Executions already lowered, by node and by what their references are into; `None` for
    /// one that has problems.
    known_executions: BTreeMap<(String, Option<usize>), Option<usize>>,
    /// Executions that are being read, the outermost first.
    open_executions: Vec<String>,
    /// Places of the triples maps, by node.
    places: BTreeMap<String, usize>,
    /// What each triples map is run over; `None` if that has problems.
    rows: Vec<Option<Rows>>,
    documents: Vec<(Position, LogicalSource)>,
    tables: Vec<(Position, Table)>,
    /// Views already lowered, by node; `None` for one that has problems or is being lowered.
    views: BTreeMap<String, Option<usize>>,
    targets: Vec<LogicalTarget>,
    /// What references are into, just now.
    scope: Scope,
    /// Scopes so far, and the number of the present one.
    scopes: usize,
    scope_number: usize,
    /// The table whose records the present scope is of, if it is a map's.
    scope_table: Option<usize>,
    joins: usize,
    term_maps: usize,
    /// Term maps and fields inside one another, just now.
    depth: usize,
}

impl<'g> Lowering<'g> {
    fn new(graph: &'g MappingGraph, profile: Profile, outside: Option<&'g dyn Outside>) -> Self {
        Self {
            graph,
            profile,
            outside,
            folder: String::new(),
            problems: BTreeSet::new(),
            executions: Vec::new(),
            known_executions: BTreeMap::new(),
            open_executions: Vec::new(),
            places: BTreeMap::new(),
            rows: Vec::new(),
            documents: Vec::new(),
            tables: Vec::new(),
            views: BTreeMap::new(),
            targets: Vec::new(),
            scope: Scope::Document,
            scopes: 0,
            scope_number: 0,
            scope_table: None,
            joins: 0,
            term_maps: 0,
            depth: 0,
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
            if PROPERTIES.contains(&local) {
                continue;
            }
            if OPEN_PROPERTIES.contains(&local) {
                self.refuse_on_ledger(triple.predicate, &format!("rml:{local}"));
                continue;
            }
            let hint = nearest(local, self.profile)
                .map_or_else(String::new, |near| format!("; is rml:{near} meant?"));
            let message = format!("rml:{local} is no property read here{hint}");
            self.report(triple.predicate, ProblemCode::UnknownTerm, message);
        }
    }

    /// A parent without join conditions is mapped from its child's records.
    fn check_parents(&mut self, maps: &[TriplesMap]) {
        for map in maps {
            let objects = map.predicate_objects.iter().flat_map(|po| &po.objects);
            for object in objects {
                let ObjectMap::Parent(parent) = object else { continue };
                let Some(other) = maps.get(parent.map) else { continue };
                let same = match (&map.rows, &other.rows) {
                    (Rows::Table(ours), Rows::Table(theirs)) => ours == theirs,
                    (Rows::Table(_), _) | (_, Rows::Table(_)) => false,
                    (Rows::Payload(_) | Rows::Document(..), _) => true,
                };
                if parent.conditions.is_empty() && !same {
                    let message = "a parent without join conditions has the same logical source";
                    self.report(map.at, ProblemCode::WrongValue, message);
                }
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

/// Longest name that is compared, in bytes.
const NAME_BYTES_MAX: usize = 40;

/// The known property that differs in at most two letters.
fn nearest(local: &str, profile: Profile) -> Option<&'static str> {
    if local.len() > NAME_BYTES_MAX {
        return None;
    }
    let open = if profile == Profile::Open { OPEN_PROPERTIES } else { &[] };
    PROPERTIES
        .iter()
        .chain(open)
        .map(|known| (name_distance(local, known), *known))
        .filter(|(distance, _)| *distance <= 2)
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::document::Document;
    use crate::source::{Formulation, QueryPart, Record, RecordQuery, SourceError, Unreadable};

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

    /// There is nothing outside: every reference is one, and no source can be had.
    struct Nothing;

    impl Outside for Nothing {
        fn check(&self, _: &Formulation, _: QueryPart, _: &str) -> Result<(), Unreadable> {
            Ok(())
        }

        fn document(&self, source: &LogicalSource) -> Result<Document, SourceError> {
            let reason = "there is nothing".to_owned();
            Err(SourceError::File { path: source.path.clone(), reason })
        }

        fn records(
            &self,
            source: &LogicalSource,
            _: &RecordQuery,
        ) -> Result<Vec<Record>, SourceError> {
            self.document(source).map(|_| Vec::new())
        }

        fn parse(&self, _: &str, _: &RecordQuery) -> Result<Vec<Record>, SourceError> {
            Ok(Vec::new())
        }
    }

    fn check_open(body: &str, expected: Expect) {
        let lowered = lower_open(&format!("{HEAD}{body}"), &Nothing);
        assert_eq!(lowered.plan.is_some(), lowered.problems.is_empty(), "a plan or problems");
        let mut problems = lowered.problems;
        problems.extend(lowered.plan.and_then(|plan| plan.run_open(None, &Nothing).err()));
        let lines: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
        expected.assert_eq(&lines);
    }

    const TABLE: &str = "rml:source [ rml:path \"a.csv\" ] ; rml:referenceFormulation rml:CSV";

    #[test]
    fn what_is_missing_off_the_ledger() {
        check_open(
            &format!(
                "<#m> rml:logicalSource [ {TABLE} ] ; rml:subjectMap [ rml:template \"x/{{a}}\" ] ."
            ),
            expect![[r#"
                2:37: a.csv cannot be read: there is nothing [data]
            "#]],
        );
        check_open(
            "<#m> rml:logicalSource [ rml:source [ rml:root rml:MappingDirectory ] ; rml:referenceFormulation rml:SQL2008Table ] ;\n rml:subjectMap [ rml:gather ( [ rml:reference \"a\" ] \"b\" ) ; rml:gatherAs rml:List ; rml:logicalTarget [ rml:serialization e:f ] ] .",
            expect![[r#"
                2:37: no file is named (rml:path): only files are read [missing]
                2:98: no reference formulation that is read: rml:JSONPath, rml:CSV, rml:XPath [unsupported]
                3:75: terms are gathered as rdf:List, rdf:Bag, rdf:Seq or rdf:Alt [wrong-value]
                3:104: the logical target has no rml:target [missing]
            "#]],
        );
    }

    #[test]
    fn what_no_view_can_be() {
        let map = "<#m> rml:logicalSource <#v> ;\n rml:subjectMap [ rml:template \"x/{b}\" ] ; rml:predicateObjectMap [ rml:predicate e:p ; rml:objectMap [ rml:reference \"#\" ] ] .";
        check_open(
            &format!(
                "{map}\n<#s> {TABLE} . <#v> rml:viewOn <#s> ;\n rml:field [ rml:fieldName \"a\" ; rml:reference \"x\" ] ."
            ),
            expect![[r#"
                3:32: the view has no field "b" [field]
            "#]],
        );
        check_open(
            &format!(
                "{map}\n<#s> {TABLE} . <#v> rml:viewOn <#s> ;\n rml:field [ rml:fieldName \"b\" ; rml:reference \"x\" ] , [ rml:fieldName \"b\" ; rml:reference \"y\" ] ."
            ),
            expect![[r#"
                5:56: there are two fields "b" [field]
            "#]],
        );
        check_open(
            &format!("{map}\n<#v> rml:viewOn <#w> . <#w> rml:viewOn <#v> ."),
            expect![[r#"
                4:40: the view is built on itself [cycle]
            "#]],
        );
        check_open(
            &format!(
                "{map}\n<#s> {TABLE} . <#v> rml:viewOn <#s> ;\n rml:field <#f> . <#f> rml:fieldName \"b\" ; rml:iterator \"i\" ; rml:field <#f> ."
            ),
            expect![[r#"
                5:73: more than 16 levels inside one another [cycle]
            "#]],
        );
    }

    /// A term map that is its own datatype map would be read for ever.
    #[test]
    fn nothing_is_read_for_ever() {
        check(
            &format!(
                "<#m> {SOURCE} ; rml:subject e:s ; rml:predicateObjectMap [ rml:predicate e:p ; rml:objectMap <#o> ] .\n<#o> rml:reference \"$.a\" ; rml:datatypeMap <#o> ."
            ),
            expect![[r#"
                3:44: more than 16 levels inside one another [cycle]
            "#]],
        );
        check_open(
            &format!(
                "<#m> rml:logicalSource [ {TABLE} ] ; rml:subjectMap <#g> .\n<#g> rml:gatherAs <http://www.w3.org/1999/02/22-rdf-syntax-ns#List> ; rml:gather ( <#g> ) ."
            ),
            expect![[r#"
                3:84: more than 16 levels inside one another [cycle]
            "#]],
        );
    }
}
