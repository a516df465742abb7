//! One case: a file that names a data graph, a shapes graph and the report they give.

use std::path::Path;
use std::{fs, io};

use pervade_rdf::{NamedOrBlankNode, PositionedTriple, Term, Triple, parse_turtle};
use pervade_shapes::{Graph, Node, Severity, Shapes, ValidationResult};

const MF: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#";
const SHT: &str = "http://www.w3.org/ns/shacl-test#";
const SH: &str = "http://www.w3.org/ns/shacl#";
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// What relative IRIs of the cases are put after.
const BASE: &str = "http://example.org/suite/";

/// Runs the case in a file; `None` if there is none.
pub(super) fn judge(file: &Path) -> io::Result<Option<Result<(), String>>> {
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else { return Ok(None) };
    if !name.ends_with(".ttl") {
        return Ok(None);
    }
    let own = Read { folder: file.parent().unwrap_or(file), name };
    let triples = match own.triples(&format!("{BASE}{name}"))? {
        Ok(triples) => triples,
        Err(error) => return Ok(Some(Err(error))),
    };
    let manifest = Said(&triples);
    let Some(test) = manifest.instance_of(&format!("{SHT}Validate")) else { return Ok(None) };
    let action = manifest.object(&test, &format!("{MF}action"));
    let graph = |property: &str| {
        let found = action.as_ref().and_then(|a| manifest.object(a, &format!("{SHT}{property}")));
        found.map(|node| shown(&node, true)).unwrap_or_default()
    };
    let (data, shapes) = (graph("dataGraph"), graph("shapesGraph"));
    let is_one_file = data == shapes && data == format!("<{BASE}{name}>");
    let (data, shapes) = (
        own.triples(data.trim_matches(['<', '>']))?,
        own.triples(shapes.trim_matches(['<', '>']))?,
    );
    Ok(Some(match (data, shapes) {
        (Ok(data), Ok(shapes)) => compare(&manifest, &test, (&data, &shapes), is_one_file),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }))
}

/// Where a case's files are.
struct Read<'f> {
    folder: &'f Path,
    name: &'f str,
}

impl Read<'_> {
    fn triples(&self, iri: &str) -> io::Result<Result<Vec<PositionedTriple>, String>> {
        let file = iri.strip_prefix(BASE).filter(|file| !file.is_empty()).unwrap_or(self.name);
        let text = fs::read_to_string(self.folder.join(file))?;
        Ok(parse_turtle(&text, Some(&format!("{BASE}{file}"))).map_err(|error| error.to_string()))
    }
}

fn compare(
    manifest: &Said<'_>,
    test: &Term,
    (data, shapes): (&[PositionedTriple], &[PositionedTriple]),
    is_one_file: bool,
) -> Result<(), String> {
    let result = manifest.object(test, &format!("{MF}result")).ok_or("no result is expected")?;
    let compiled = Shapes::of_triples(shapes);
    if shown(&result, true) == format!("<{SHT}Failure>") {
        return compiled.err().map(drop).ok_or_else(|| "a failure is expected".to_owned());
    }
    let compiled = compiled.map_err(|problems| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    })?;
    let data: Vec<Triple> = data.iter().map(|positioned| positioned.triple.clone()).collect();
    let report = compiled.validate(&mut Graph::of_triples(&data)).map_err(|e| e.to_string())?;
    let conforms = manifest.object(&result, &format!("{SH}conforms"));
    let conforms = conforms.is_some_and(|node| shown(&node, true).starts_with("\"true\""));
    let nodes = manifest.objects(&result, &format!("{SH}result"));
    let mut expected: Vec<[String; 7]> =
        nodes.iter().map(|node| manifest.result(node, is_one_file)).collect();
    let tells_messages = expected.iter().any(|result| !result[6].is_empty());
    let ours = |result: &ValidationResult| told(result, is_one_file, tells_messages);
    let mut found: Vec<[String; 7]> = report.results.iter().map(ours).collect();
    expected.sort();
    found.sort();
    if report.conforms() == conforms && found == expected {
        return Ok(());
    }
    Err(format!("\n  ours: {found:#?}\n  theirs: {expected:#?}"))
}

/// Focus, path, component, shape, severity, value, message.
fn told(result: &ValidationResult, keeps_blanks: bool, tells_messages: bool) -> [String; 7] {
    let node = |node: &Node| {
        let is_hidden = matches!(node, Node::Blank(_)) && !keeps_blanks;
        if is_hidden { "_:".to_owned() } else { node.to_string() }
    };
    let severity = match &result.severity {
        Severity::Violation => format!("<{SH}Violation>"),
        Severity::Warning => format!("<{SH}Warning>"),
        Severity::Info => format!("<{SH}Info>"),
        Severity::Other(iri) => format!("<{iri}>"),
    };
    [
        node(&result.focus),
        result.path.clone().unwrap_or_default(),
        format!("<{SH}{}>", result.component),
        node(&result.shape),
        severity,
        result.value.as_ref().map(node).unwrap_or_default(),
        if tells_messages { result.message.clone() } else { String::new() },
    ]
}

/// What a graph says.
struct Said<'t>(&'t [PositionedTriple]);

impl Said<'_> {
    fn objects(&self, subject: &Term, predicate: &str) -> Vec<Term> {
        let is_of = |triple: &Triple| match (&triple.subject, subject) {
            (NamedOrBlankNode::NamedNode(a), Term::NamedNode(b)) => a == b,
            (NamedOrBlankNode::BlankNode(a), Term::BlankNode(b)) => a == b,
            _ => false,
        };
        let triples = self.0.iter().map(|positioned| &positioned.triple);
        let triples = triples.filter(|t| t.predicate.as_str() == predicate && is_of(t));
        triples.map(|triple| triple.object.clone()).collect()
    }

    fn object(&self, subject: &Term, predicate: &str) -> Option<Term> {
        self.objects(subject, predicate).into_iter().next()
    }

    fn instance_of(&self, class: &str) -> Option<Term> {
        let triples = self.0.iter().map(|positioned| &positioned.triple);
        let mut typed = triples.filter(|triple| {
            triple.predicate.as_str() == format!("{RDF}type")
                && matches!(&triple.object, Term::NamedNode(node) if node.as_str() == class)
        });
        typed.next().map(|triple| triple.subject.clone().into())
    }

    fn result(&self, node: &Term, keeps_blanks: bool) -> [String; 7] {
        let of = |property: &str| {
            let found = self.object(node, &format!("{SH}{property}"));
            found.map(|node| shown(&node, keeps_blanks)).unwrap_or_default()
        };
        let path = self.object(node, &format!("{SH}resultPath"));
        let message = match self.object(node, &format!("{SH}resultMessage")) {
            Some(Term::Literal(literal)) => literal.value().to_owned(),
            _ => String::new(),
        };
        [
            of("focusNode"),
            path.map(|path| self.path(&path)).unwrap_or_default(),
            of("sourceConstraintComponent"),
            of("sourceShape"),
            of("resultSeverity"),
            of("value"),
            message,
        ]
    }

    /// A path as SPARQL writes it.
    fn path(&self, node: &Term) -> String {
        if matches!(node, Term::NamedNode(_)) {
            return shown(node, true);
        }
        let joined = |list: &Term, with: &str| {
            let parts: Vec<String> = self.list(list).iter().map(|part| self.path(part)).collect();
            format!("({})", parts.join(with))
        };
        if self.object(node, &format!("{RDF}first")).is_some() {
            return joined(node, "/");
        }
        let of = |property: &str| self.object(node, &format!("{SH}{property}"));
        if let Some(list) = of("alternativePath") {
            return joined(&list, "|");
        }
        if let Some(inside) = of("inversePath") {
            return format!("^{}", self.path(&inside));
        }
        let repeated = [("zeroOrMorePath", '*'), ("oneOrMorePath", '+'), ("zeroOrOnePath", '?')];
        let found = repeated.iter().find_map(|(property, sign)| Some((of(property)?, sign)));
        found.map(|(inside, sign)| format!("{}{sign}", self.path(&inside))).unwrap_or_default()
    }

    fn list(&self, head: &Term) -> Vec<Term> {
        let mut members = Vec::new();
        let mut cell = head.clone();
        while let Some(first) = self.object(&cell, &format!("{RDF}first")) {
            members.push(first);
            let Some(rest) = self.object(&cell, &format!("{RDF}rest")) else { break };
            cell = rest;
        }
        members
    }
}

/// A term as reports are compared: blank nodes of two files have no common names.
fn shown(term: &Term, keeps_blanks: bool) -> String {
    match term {
        Term::NamedNode(node) => format!("<{}>", node.as_str()),
        Term::BlankNode(_) if !keeps_blanks => "_:".to_owned(),
        Term::BlankNode(node) => format!("_:{}", node.as_str()),
        Term::Literal(literal) => {
            let (value, datatype) = (literal.value(), literal.datatype().as_str());
            match literal.language() {
                Some(language) => format!("\"{value}\"@{language}"),
                None if datatype.ends_with("#string") => format!("\"{value}\""),
                None => format!("\"{value}\"^^<{datatype}>"),
            }
        }
    }
}
