use std::fmt;

use crate::node::Node;

/// Most results of one report; further ones are dropped.
pub const RESULTS_MAX: usize = 200;

/// What came of a validation: its results, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Every rule that is broken, by focus node; at most [`RESULTS_MAX`].
    pub results: Vec<ValidationResult>,
}

impl Report {
    /// Whether nothing is broken, of whatever severity.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.results.is_empty()
    }

    /// The results that are neither warnings nor information.
    pub fn violations(&self) -> impl Iterator<Item = &ValidationResult> {
        self.results
            .iter()
            .filter(|result| !matches!(result.severity, Severity::Warning | Severity::Info))
    }
}

/// One broken rule ([validation result](https://www.w3.org/TR/shacl/#results-validation-result)).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct ValidationResult {
    /// The node that was looked at.
    pub focus: Node,
    /// The path from it to the value, as SPARQL writes paths.
    pub path: Option<String>,
    /// The constraint component, such as `DatatypeConstraintComponent`.
    pub component: &'static str,
    /// The shape that asks for it.
    pub shape: Node,
    /// How much it matters.
    pub severity: Severity,
    /// What is asked for, in the shape's own words if it has some.
    pub message: String,
    /// The value that breaks the rule. It is a value of the data, and not displayed.
    pub value: Option<Node>,
}

/// `FOCUS PATH: MESSAGE (SHAPE)`; values are not told.
impl fmt::Display for ValidationResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.focus {
            focus @ (Node::Iri(_) | Node::Blank(_)) => write!(f, "{focus}")?,
            Node::Literal { .. } => f.write_str("a literal")?,
        }
        if let Some(path) = &self.path {
            write!(f, " {path}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Node::Iri(shape) = &self.shape {
            write!(f, " (<{shape}>)")?;
        }
        Ok(())
    }
}

/// How much a broken rule matters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "what SHACL names, and all else")]
pub enum Severity {
    /// `sh:Violation`, which a shape has unless it says otherwise.
    Violation,
    /// `sh:Warning`
    Warning,
    /// `sh:Info`
    Info,
    /// Another IRI.
    Other(String),
}
