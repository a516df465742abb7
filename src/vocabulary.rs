//! `pervade vocabulary`: what a term of Pervade's own means, offline.

use std::fmt;

use clap::Args;
use pervade_vocabulary::{Alignment, Constraint, Term, Vocabulary as Own, compact};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;

/// Which term to tell of.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Vocabulary {
    /// A term as pv:Name, a full IRI, a bare name, or a word of its label; all terms unless named
    term: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  pervade vocabulary
  pervade vocabulary pv:deviceTime
  pervade vocabulary urn:pervade:vocab#AirTemperature --json
  pervade vocabulary humidity

The terms are part of the program; nothing is fetched. docs/vocabulary.md shows them all.
Exit codes: 0 found, 1 no such term, 2 called wrongly.";

impl Vocabulary {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        let Some(text) = self.term else { return output.report(&List::of(Own::own().terms())) };
        let unknown = match Own::own().term(&text) {
            Ok(term) => return output.report(&Told::new(term)),
            Err(unknown) => unknown,
        };
        match Own::own().search(&text).as_slice() {
            [] => Err(Failure::new("NO_TERM", unknown.to_string())),
            [one] => output.report(&Told::new(one)),
            several => output.report(&List::of(several.iter().copied())),
        }
    }
}

/// One term, in full.
#[derive(Serialize)]
struct Told<'a> {
    term: String,
    iri: String,
    label: &'a str,
    meaning: &'a str,
    types: &'a [String],
    part_of: &'a [String],
    domain: &'a [String],
    range: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity_kind: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    takes: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    gives: &'a [String],
    alignments: Vec<Related<'a>>,
    shapes: Vec<Asked<'a>>,
}

#[derive(Serialize)]
struct Related<'a> {
    relation: &'a str,
    term: &'a str,
}

#[derive(Serialize)]
struct Asked<'a> {
    shape: &'a str,
    demand: &'a str,
}

impl<'a> Told<'a> {
    fn new(term: &'a Term) -> Self {
        let related =
            |Alignment { relation, other }: &'a Alignment| Related { relation, term: other };
        let asked = |Constraint { shape, demand }: &'a Constraint| Asked { shape, demand };
        Self {
            term: format!("pv:{}", term.name),
            iri: term.iri(),
            label: &term.label,
            meaning: &term.meaning,
            types: &term.types,
            part_of: &term.above,
            domain: &term.domain,
            range: &term.range,
            quantity_kind: term.quantity_kind.as_deref(),
            takes: &term.expects,
            gives: &term.returns,
            alignments: term.alignments.iter().map(related).collect(),
            shapes: term.constraints.iter().map(asked).collect(),
        }
    }
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})\n{}\n{}\n", self.term, self.label, self.iri, self.meaning)?;
        let kind = self.quantity_kind.map(compact).into_iter().collect::<Vec<_>>();
        for (name, values) in [
            ("is", self.types),
            ("part of", self.part_of),
            ("said of", self.domain),
            ("values", self.range),
            ("quantity kind", &kind),
            ("takes", self.takes),
            ("gives", self.gives),
        ] {
            if !values.is_empty() {
                writeln!(f, "{name:<13}  {}", values.join(", "))?;
            }
        }
        for Related { relation, term } in &self.alignments {
            writeln!(f, "aligned        {relation} {term}")?;
        }
        for Asked { shape, demand } in &self.shapes {
            writeln!(f, "asked          {demand} ({shape})")?;
        }
        Ok(())
    }
}

/// Several terms, a line each.
#[derive(Serialize)]
struct List<'a> {
    terms: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    term: String,
    label: &'a str,
    meaning: &'a str,
}

impl<'a> List<'a> {
    fn of(terms: impl Iterator<Item = &'a Term>) -> Self {
        let line = |term: &'a Term| Line {
            term: format!("pv:{}", term.name),
            label: &term.label,
            meaning: &term.meaning,
        };
        Self { terms: terms.map(line).collect() }
    }
}

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.terms.iter().map(|line| line.term.len()).max().unwrap_or(0);
        for Line { term, meaning, .. } in &self.terms {
            writeln!(f, "{term:<width$}  {meaning}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use pervade_vocabulary::Vocabulary as Own;

    use super::{List, Told};

    fn check(name: &str, expected: Expect) {
        let term = Own::own().term(name).expect("there");
        expected.assert_eq(&Told::new(term).to_string());
    }

    /// T-69: a term is told with its meaning, its alignment and what is asked of it.
    #[test]
    fn a_term_in_full() {
        check(
            "pv:taskState",
            expect![[r#"
            pv:taskState (task state)
            urn:pervade:vocab#taskState
            What the step made of the task.

            is             owl:ObjectProperty
            said of        pv:TaskStep
            values         pv:TaskState
            asked          exactly 1, one of pv:TaskOpened, pv:TaskAccepted, pv:TaskCompleted, pv:TaskFailed, pv:TaskDisputed (shape:TaskStep)
        "#]],
        );
        check(
            "urn:pervade:vocab#AirTemperature",
            expect![[r#"
            pv:AirTemperature (Air temperature)
            urn:pervade:vocab#AirTemperature
            Temperature of the air.

            is             sosa:ObservableProperty
            quantity kind  kind:Temperature
            aligned        skos:broadMatch saref:Temperature
        "#]],
        );
    }

    #[test]
    fn terms_that_hold_a_word() {
        let found = Own::own().search("turbid");
        expect![[r#"
            pv:WaterTurbidity  Turbidity of water.
        "#]]
        .assert_eq(&List::of(found.into_iter()).to_string());
    }
}
