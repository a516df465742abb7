//! `pervade mapping test`: what the examples give, beside what they must give.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use pervade_package::{CheckedPackage, Context, DevicePackage, Example};
use pervade_rdf::{Dataset, GraphName, NamedOrBlankNode, Quad, Term, nquads, parse_nquads};
use pervade_vocabulary::compact;
use serde::Serialize;

use super::folder::{Loaded, broken};
use super::problems::{Told, count};
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// Which device type's examples to run.
#[derive(Args, Debug)]
pub(crate) struct Test {
    /// The device type's folder
    dir: PathBuf,
    /// Write what the examples give as what they must give, after showing it
    #[arg(long)]
    update: bool,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  pervade mapping test logger
  pervade mapping test logger --update
  pervade mapping test schemas/decentlab/dl-5tm --json

A line with - is expected and not given, a line with + is given and not expected. <#x> is the
statement of field x. Read what --update writes: it is what the world will be told.
Exit codes: 0 all hold, 1 some do not or something is wrong, 2 called wrongly.";

impl Test {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let loaded = Loaded::read(&self.dir)?;
        let compiled = compiled(&loaded, output)?;
        let package = loaded.package.as_ref().ok_or_else(|| broken(&self.dir, 1))?;
        if package.examples.is_empty() {
            let text = format!("{} has no example in examples/", self.dir.display());
            return Err(Failure::new("NO_EXAMPLE", text));
        }
        let mut report = Report { examples: Vec::new() };
        for example in &package.examples {
            report.examples.push(Ran::of(package, &compiled, example));
        }
        output.report(&report)?;
        if self.update {
            return self.write(&report, output);
        }
        match report.examples.iter().filter(|ran| !ran.holds()).count() {
            0 => Ok(()),
            failed => {
                let text = format!("{} of {}", count(failed, "example"), self.dir.display());
                Err(Failure::new("EXAMPLES", format!("{text} do not hold")))
            }
        }
    }

    /// Writes the quads of every example that can be mapped.
    fn write(&self, report: &Report, output: Output) -> Result<(), Failure> {
        let mut refused = 0;
        for ran in &report.examples {
            let Some(quads) = &ran.quads else {
                refused += 1;
                continue;
            };
            if ran.holds() {
                continue;
            }
            let path = self.dir.join(format!("examples/{}.nq", ran.name));
            fs::write(&path, quads)
                .or_fail_with("NOT_WRITTEN", || format!("cannot write {}", path.display()))?;
            output.note(format!("wrote {}", path.display()));
        }
        if refused > 0 {
            let text = format!("{} cannot be mapped", count(refused, "example"));
            return Err(Failure::new("EXAMPLES", text));
        }
        Ok(())
    }
}

/// The compiled package; its problems are told first.
pub(super) fn compiled(loaded: &Loaded, output: Output) -> Result<CheckedPackage, Failure> {
    let compiled = loaded.package.as_ref().map(CheckedPackage::compile);
    if let Some(Ok(compiled)) = compiled {
        return Ok(compiled);
    }
    let problems = loaded.problems();
    for problem in &problems {
        output.note(problem);
    }
    Err(broken(&loaded.dir, problems.len()))
}

/// What all examples gave.
#[derive(Debug, Serialize)]
struct Report {
    examples: Vec<Ran>,
}

/// What one example gave.
#[derive(Debug, Serialize)]
struct Ran {
    name: String,
    holds: bool,
    given: usize,
    missing: Vec<String>,
    extra: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Told>,
    #[serde(skip)]
    quads: Option<String>,
}

impl Ran {
    fn of(package: &DevicePackage, compiled: &CheckedPackage, example: &Example) -> Self {
        let mut ran = Self {
            name: example.name.clone(),
            holds: false,
            given: 0,
            missing: Vec::new(),
            extra: Vec::new(),
            problems: Vec::new(),
            quads: None,
        };
        let document =
            format!("examples/{}.{}", example.name, package.manifest.payload.extension());
        let payload = example.payload_bytes(&package.manifest);
        let given = match payload.map(|payload| compiled.normalise(&payload, &Context::example())) {
            Ok(Ok(normalised)) => normalised.quads,
            Ok(Err(error)) => {
                let told = Told::whole(&document, "example-fails", chain(&error));
                ran.problems.push(told);
                return ran;
            }
            Err(error) => {
                ran.problems.push(Told::whole(&document, "example-fails", error.to_string()));
                return ran;
            }
        };
        let expected = parse_nquads(&example.expected).unwrap_or_else(|error| {
            let document = format!("examples/{}.nq", example.name);
            let told = Told::whole(&document, "expected-syntax", error.reason.to_string());
            ran.problems.push(Told {
                line: error.position.line,
                column: error.position.column,
                ..told
            });
            Dataset::new()
        });
        let (given_lines, expected_lines) = (short_lines(&given), short_lines(&expected));
        ran.missing = expected_lines.difference(&given_lines).cloned().collect();
        ran.extra = given_lines.difference(&expected_lines).cloned().collect();
        ran.given = given.len();
        ran.quads = Some(nquads(&given));
        ran.holds = ran.missing.is_empty() && ran.extra.is_empty() && ran.problems.is_empty();
        ran
    }

    const fn holds(&self) -> bool {
        self.holds
    }
}

/// An error with what caused it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    for _ in 0..CAUSES_MAX {
        let Some(error) = cause else { break };
        let told = error.to_string();
        if !text.ends_with(&told) {
            text = format!("{text}: {told}");
        }
        cause = error.source();
    }
    text
}

/// Most causes that are told.
const CAUSES_MAX: usize = 8;

fn short_lines(quads: &Dataset) -> BTreeSet<String> {
    quads.iter().map(short).collect()
}

/// A quad as people read it: prefixes, and `<#x>` for what belongs to the payload.
pub(super) fn short(quad: &Quad) -> String {
    let subject = match &quad.subject {
        NamedOrBlankNode::NamedNode(node) => short_iri(node.as_str()),
        NamedOrBlankNode::BlankNode(node) => node.to_string(),
    };
    let predicate = match quad.predicate.as_str() {
        TYPE => "a".to_owned(),
        predicate => short_iri(predicate),
    };
    let object = short_term(&quad.object);
    let is_own = match &quad.graph_name {
        GraphName::NamedNode(graph) => graph.as_str() == Context::example().graph_iri(),
        GraphName::DefaultGraph | GraphName::BlankNode(_) => false,
    };
    let graph = if is_own { String::new() } else { format!(" in {}", quad.graph_name) };
    format!("{subject} {predicate} {object}{graph}")
}

const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

pub(super) fn short_term(term: &Term) -> String {
    match term {
        Term::NamedNode(node) => short_iri(node.as_str()),
        Term::Literal(literal) => {
            let value = format!("{:?}", literal.value());
            match (literal.language(), literal.datatype().as_str()) {
                (Some(language), _) => format!("{value}@{language}"),
                (None, "http://www.w3.org/2001/XMLSchema#string") => value,
                (None, datatype) => format!("{value}^^{}", compact(datatype)),
            }
        }
        Term::BlankNode(node) => node.to_string(),
    }
}

fn short_iri(iri: &str) -> String {
    let record = Context::example();
    match iri.strip_prefix(record.record_iri()) {
        Some(rest) => format!("<{rest}>"),
        None if iri == record.device_iri() => "<device>".to_owned(),
        None => compact(iri),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, ran) in self.examples.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            write!(f, "{ran}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, given, missing, extra, problems, .. } = self;
        if self.holds {
            return write!(f, "{name}: holds, {}", count(*given, "quad"));
        }
        write!(f, "{name}: {} missing, {} extra", missing.len(), extra.len())?;
        for problem in problems {
            write!(f, "\n  {problem}")?;
        }
        for line in missing {
            write!(f, "\n  - {line}")?;
        }
        for line in extra {
            write!(f, "\n  + {line}")?;
        }
        Ok(())
    }
}
