//! What a command says: text for people or JSON for programs on standard output, the rest on
//! standard error.

use std::fmt::Display;
use std::io::{self, Write as _};

use serde::Serialize;

use crate::failure::{Failure, OrFail as _};

/// Where a command's words go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Output {
    /// Sentences and tables.
    Human,
    /// One JSON object a line.
    Json,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        if json { Self::Json } else { Self::Human }
    }

    pub(crate) fn is_json(self) -> bool {
        matches!(self, Self::Json)
    }

    /// Prints a result.
    pub(crate) fn report(self, report: &(impl Display + Serialize)) -> Result<(), Failure> {
        match self {
            Self::Human => self.text(&report.to_string()),
            Self::Json => self.json(report),
        }
    }

    /// Prints text for people.
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        line(text)
    }

    /// Prints text as it is.
    pub(crate) fn raw(self, text: &str) -> Result<(), Failure> {
        printed(text.as_bytes())
    }

    /// Tells people and programs, beside the result, what is wrong.
    pub(crate) fn complain(self, report: &(impl Display + Serialize)) {
        match self {
            Self::Human => complain(&report.to_string()),
            Self::Json => match serde_json::to_string(report) {
                Ok(text) => complain(&text),
                Err(error) => tracing::debug!(%error, "the report is no JSON"),
            },
        }
    }

    /// Prints one JSON object.
    pub(crate) fn json(self, object: &impl Serialize) -> Result<(), Failure> {
        line(&serde_json::to_string(object).or_fail("OUTPUT", "the result is no JSON")?)
    }

    /// Tells people on the way what is going on; programs are not told.
    pub(crate) fn note(self, text: impl Display) {
        if let Self::Human = self {
            complain(&text.to_string());
        }
    }

    /// Prints why the command failed.
    pub(crate) fn fail(self, failure: &Failure) {
        match self {
            Self::Human => complain(&format!("error: {}", failure.message())),
            Self::Json => complain(&failure.json()),
        }
    }
}

/// A line on standard output.
fn line(text: &str) -> Result<(), Failure> {
    printed(format!("{}\n", text.trim_end_matches('\n')).as_bytes())
}

/// Bytes on standard output. A reader that went away has seen enough.
fn printed(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.or_fail("OUTPUT", "the result cannot be printed"),
    }
}

fn complain(text: &str) {
    if let Err(error) = writeln!(io::stderr().lock(), "{text}") {
        tracing::debug!(%error, "standard error is closed");
    }
}
