//! `pervade mapping run`: RML mappings run over files, off the ledger.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use pervade_mapping::{Produced, Serialization};
use pervade_sources::{Folder, run, serialized};
use serde::Serialize;

use super::problems::Told;
use super::turtle::Turtle;
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// Which mapping to run, and over what.
#[derive(Args, Debug)]
pub(crate) struct Run {
    /// The mapping: RML in Turtle, or YARRRML in a file that ends in .yml or .yaml
    mapping: PathBuf,
    /// The folder that sources are read from and targets written to, and no other; the
    /// mapping's own unless named
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// What is put before IRIs that are not absolute; the mapping's `@base` unless named
    #[arg(long, value_name = "IRI", value_parser = absolute)]
    base: Option<String>,
    /// How quads are written
    #[arg(long, value_enum, default_value_t = Format::Nquads)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Nquads,
    Turtle,
    Jsonld,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  pervade mapping run mapping.ttl
  pervade mapping run mapping.ttl --dir data --base http://example.com/ --format turtle
  pervade mapping run mapping.yml

The mapping may use all of RML: sources in JSON, CSV, XML and RDF, views, collections, functions,
logical targets. Problems are told on standard error as FILE:LINE:COLUMN.
Exit codes: 0 done, 1 the mapping or its data is wrong, 2 called wrongly.";

impl Run {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let shown = self.mapping.display();
        let text = fs::read_to_string(&self.mapping)
            .or_fail_with("NO_MAPPING", || format!("cannot read {shown}"))?;
        let beside = self.mapping.parent().filter(|parent| !parent.as_os_str().is_empty());
        let dir = self.dir.as_deref().or(beside).unwrap_or(Path::new("."));
        let folder = Folder::open(dir)
            .or_fail_with("NO_FOLDER", || format!("{} is no folder", dir.display()))?;
        let told = |problems: Vec<Told>| {
            let told = Problems { mapping: shown.to_string(), problems };
            output.complain(&told);
            told.failure()
        };
        let turtle = Turtle::read(&shown.to_string(), text).map_err(told)?;
        let produced = run(&turtle.text, self.base.as_deref(), &folder)
            .map_err(|problems| told(problems.iter().map(|found| turtle.told(found)).collect()))?;
        let ran = Ran::new(&produced, self.format)
            .or_fail_with("BAD_FORMAT", || format!("{shown} cannot be written so"))?;
        folder.write(&produced).or_fail("NOT_WRITTEN", "the targets are not written")?;
        for target in &ran.targets {
            output.note(format!("{}: {} quads", target.path, target.quads));
        }
        match output {
            Output::Human => output.raw(&ran.text),
            Output::Json => output.json(&ran),
        }
    }
}

/// An absolute IRI.
fn absolute(text: &str) -> Result<String, String> {
    match pervade_rdf::NamedNode::new(text) {
        Ok(iri) => Ok(iri.into_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// What a run gave.
#[derive(Debug, Serialize)]
struct Ran {
    quads: usize,
    text: String,
    targets: Vec<Written>,
}

#[derive(Debug, Serialize)]
struct Written {
    path: String,
    quads: usize,
}

impl Ran {
    fn new(produced: &Produced, format: Format) -> Result<Self, std::io::Error> {
        let serialization = match format {
            Format::Nquads => Serialization::NQuads,
            Format::Turtle => Serialization::Turtle,
            Format::Jsonld => Serialization::JsonLd,
        };
        let written = |(target, quads): &(pervade_mapping::LogicalTarget, Vec<_>)| Written {
            path: target.path.clone(),
            quads: quads.len(),
        };
        Ok(Self {
            quads: produced.quads.len(),
            text: serialized(&produced.quads, serialization)?,
            targets: produced.targets.iter().map(written).collect(),
        })
    }
}

/// What is wrong with a mapping.
#[derive(Debug, Serialize)]
struct Problems {
    mapping: String,
    problems: Vec<Told>,
}

impl Problems {
    fn failure(&self) -> Failure {
        let count = self.problems.len();
        let plural = if count == 1 { "" } else { "s" };
        Failure::new("BAD_MAPPING", format!("{} has {count} problem{plural}", self.mapping))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if place > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}
