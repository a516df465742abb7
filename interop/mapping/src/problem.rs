use std::fmt;

use pervade_rdf::Position;

/// Most problems reported for one mapping; further ones are dropped.
pub const PROBLEMS_MAX: usize = 100;

/// One thing wrong with a mapping, where it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
    /// Which rule is broken.
    pub code: ProblemCode,
    /// What is wrong, in words for the author.
    pub message: String,
}

impl Problem {
    pub(crate) fn at(position: Position, code: ProblemCode, message: impl Into<String>) -> Self {
        let Position { line, column } = position;
        Self { line, column, code, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} [{}]", self.line, self.column, self.message, self.code)
    }
}

/// Stable names of the rules a mapping can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProblemCode {
    /// Not Turtle.
    Syntax,
    /// No triples map at all.
    Empty,
    /// A required property is missing.
    Missing,
    /// A property is given more often than once.
    Several,
    /// A term of the RML namespace that RML does not have, or not there.
    UnknownTerm,
    /// A value of the wrong kind, such as a literal for an IRI.
    WrongValue,
    /// A term map cannot give terms of this type here.
    TermType,
    /// Not a path (RFC 9535), or one that the ledger does not bound.
    Path,
    /// Not a template.
    Template,
    /// An unknown function, parameter or output.
    Function,
    /// RML that the ledger does not run.
    NotOnLedger,
    /// RML that is not read anywhere.
    Unsupported,
    /// A field of a logical view that cannot be, or is not there.
    Field,
    /// Something that is built on itself, or on too much.
    Cycle,
    /// A run that ended: a source cannot be used, or a value does not become a term.
    Data,
}

impl ProblemCode {
    /// The code as text, such as `unknown-term`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Empty => "empty",
            Self::Missing => "missing",
            Self::Several => "several",
            Self::UnknownTerm => "unknown-term",
            Self::WrongValue => "wrong-value",
            Self::TermType => "term-type",
            Self::Path => "path",
            Self::Template => "template",
            Self::Function => "function",
            Self::NotOnLedger => "not-on-ledger",
            Self::Unsupported => "unsupported",
            Self::Field => "field",
            Self::Cycle => "cycle",
            Self::Data => "data",
        }
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
