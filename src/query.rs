//! `pervade query`: SPARQL over a channel's graph.

mod table;

use std::fmt;
use std::fs;
use std::time::Duration;

use clap::Args;
use pervade_audit::{Answer, Term, questions};
use serde::Serialize;
use serde_json::{Value, json};

use crate::auditor::{Auditor, Origin, Source};
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;
use table::{Cells, Table};

/// A question to the graph.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Query {
    /// A saved question's name, SPARQL, or `@FILE` with SPARQL in it [saved: warm, vendors, power,
    /// custody, endorsers]
    #[arg(value_name = "NAME|SPARQL|@FILE")]
    question: String,
    #[command(flatten)]
    patience: Patience,
    /// Print terms in full, however long, and every column
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    source: Source,
}

/// How long the worker may take.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How long the question may take
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
}

impl Patience {
    pub(crate) fn duration(self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

const EXAMPLES: &str = "\
Examples:
  pervade query warm
  pervade query 'SELECT (COUNT(*) AS ?quads) { GRAPH ?g { ?s ?p ?o } }'
  pervade query @mine.rq --json
  pervade query endorsers --offline --data pervade-data

With --json the answer is SPARQL 1.1 Query Results JSON, with the height it holds at.
Without a running network the ledger's files are read, and nothing else.";

impl Query {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let sparql = sparql(&self.question)?;
        let origin = Origin::find(&self.source, output).await?;
        let mut auditor = Auditor::start(&self.source, &origin, self.patience.duration()).await?;
        let answer = auditor.query(&sparql).await?;
        let saved = questions::named(&self.question).is_some();
        output.report(&Answered { answer, source: origin.word(), full: self.full, saved })
    }
}

/// A question in SPARQL, by name, by file, or as it is.
pub(crate) fn sparql(question: &str) -> Result<String, Failure> {
    if let Some(path) = question.strip_prefix('@') {
        return fs::read_to_string(path).or_fail_with("NO_FILE", || format!("cannot read {path}"));
    }
    if let Some(question) = questions::named(question) {
        return Ok(question.sparql.to_owned());
    }
    if question.contains('{') {
        return Ok(question.to_owned());
    }
    let known: Vec<&str> = questions::QUESTIONS.iter().map(|question| question.name).collect();
    let known = known.join(", ");
    let text =
        format!("no question is called {question:?}, and it is no SPARQL; there are {known}");
    Err(Failure::usage(text))
}

struct Answered {
    answer: Answer,
    source: &'static str,
    full: bool,
    /// The question is one of ours, by name.
    saved: bool,
}

/// Columns of saved questions that proofs are made from; people see them with `--full` only.
const FOR_PROOFS: &[&str] = &["observation", "graph"];

/// [SPARQL 1.1 Query Results JSON](https://www.w3.org/TR/sparql11-results-json/), and beside it the
/// height, the source, and whether rows were left out.
impl Serialize for Answered {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Answer { height, columns, rows, cut, .. } = &self.answer;
        let mut object = json!({
            "head": { "vars": columns },
            "height": height,
            "source": self.source,
            "cut": cut,
        });
        let (key, value) = match self.boolean() {
            Some(boolean) => ("boolean", Value::Bool(boolean)),
            None => ("results", json!({ "bindings": rows })),
        };
        if let Value::Object(members) = &mut object {
            members.insert(key.to_owned(), value);
        }
        object.serialize(serializer)
    }
}

impl Answered {
    /// The columns that people are shown.
    fn columns(&self) -> impl Iterator<Item = &String> {
        let left_out = |column: &String| FOR_PROOFS.contains(&column.as_str());
        let brief = self.saved && !self.full;
        self.answer.columns.iter().filter(move |column| !(brief && left_out(column)))
    }

    /// The answer to an `ASK`.
    fn boolean(&self) -> Option<bool> {
        let asked = self.answer.columns == ["boolean"] && self.answer.rows.len() == 1;
        match self.answer.text(0, "boolean") {
            "true" if asked => Some(true),
            "false" if asked => Some(false),
            _ => None,
        }
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(boolean) = self.boolean() {
            return write!(f, "{boolean}");
        }
        let shown: Vec<String> = self.columns().cloned().collect();
        let cells = if self.full { Cells::Full } else { Cells::Short };
        let rows = self.answer.rows.iter().map(|row| {
            let cell = |column: &String| row.get(column).map_or("", Term::text);
            shown.iter().map(cell).collect()
        });
        let mut table = Table::new(&shown, cells);
        rows.for_each(|row: Vec<&str>| table.push(&row));
        write!(f, "{table}")?;
        let rows = self.answer.rows.len();
        let plural = if rows == 1 { "" } else { "s" };
        let more = if self.answer.cut { ", and more that were left out" } else { "" };
        let (height, source) = (self.answer.height, self.source);
        write!(f, "{rows} row{plural}{more}, after {height} blocks, from the {source}")
    }
}

#[cfg(test)]
mod tests {
    use pervade_audit::Answer;

    use super::{Answered, sparql};

    #[test]
    fn columns_for_proofs_are_shown_in_full_answers_and_in_ones_own_questions() {
        let columns = |saved, full| {
            let json = r#"{"height":1,"columns":["value","graph"],"rows":[],"cut":false}"#;
            let answer: Answer = serde_json::from_str(json).unwrap();
            let answered = Answered { answer, source: "files", full, saved };
            answered.columns().cloned().collect::<Vec<_>>()
        };
        assert_eq!(columns(true, false), ["value"]);
        assert_eq!(columns(true, true), ["value", "graph"]);
        assert_eq!(columns(false, false), ["value", "graph"]);
    }

    #[test]
    fn a_question_is_a_name_or_sparql() {
        assert!(sparql("warm").is_ok(), "a saved question");
        assert_eq!(sparql("ASK {}").unwrap(), "ASK {}");
        let refused = sparql("wram").unwrap_err().message();
        assert!(refused.contains("\"wram\"") && refused.contains("warm, "), "{refused}");
    }
}
