//! What is wrong with a device type, as people and programs read it.

use std::fmt;

use serde::Serialize;

/// One thing wrong, where it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Told {
    pub(crate) document: String,
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) code: String,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suggestion: Option<String>,
}

impl Told {
    /// Something about a whole document.
    pub(crate) fn whole(document: &str, code: &str, message: impl Into<String>) -> Self {
        Self {
            document: document.to_owned(),
            line: 1,
            column: 1,
            code: code.to_owned(),
            message: message.into(),
            suggestion: None,
        }
    }

    pub(crate) fn suggesting(self, suggestion: impl Into<String>) -> Self {
        Self { suggestion: Some(suggestion.into()), ..self }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { document, line, column, code, message, suggestion } = self;
        write!(f, "{document}:{line}:{column}: {message}")?;
        if let Some(suggestion) = suggestion {
            write!(f, "; {suggestion}")?;
        }
        write!(f, " [{code}]")
    }
}

impl From<&pervade_package::Problem> for Told {
    fn from(problem: &pervade_package::Problem) -> Self {
        Self {
            document: problem.document.clone(),
            line: problem.line,
            column: problem.column,
            code: problem.code.to_string(),
            message: problem.message.clone(),
            suggestion: None,
        }
    }
}

impl From<&pervade_authoring::Problem> for Told {
    fn from(problem: &pervade_authoring::Problem) -> Self {
        Self {
            document: problem.document.clone(),
            line: problem.line,
            column: problem.column,
            code: problem.code.to_string(),
            message: problem.message.clone(),
            suggestion: problem.suggestion.clone(),
        }
    }
}

/// `n things`, or `1 thing`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}
