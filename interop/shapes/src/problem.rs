use std::fmt;

use pervade_rdf::Position;

/// Most problems told of one shapes graph; further ones are dropped.
pub const PROBLEMS_MAX: usize = 100;

/// One thing wrong with a shapes graph, where it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a place, a rule and words")]
pub struct Problem {
    /// Where.
    pub at: Position,
    /// Which rule is broken.
    pub code: ProblemCode,
    /// What is wrong, in words for the author.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.at, self.message, self.code.as_str())
    }
}

/// Stable names of the rules a shapes graph can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProblemCode {
    /// Not Turtle.
    Syntax,
    /// A property of SHACL's namespace that is not SHACL's.
    UnknownTerm,
    /// A value of the wrong kind.
    WrongValue,
    /// A property that may be given once is given more often.
    Several,
    /// Not a property path.
    Path,
    /// Not a pattern that runs in linear time.
    Pattern,
    /// A shape that leads back to itself.
    Recursive,
    /// Beyond SHACL Core.
    Unsupported,
    /// More of something than one shapes graph may have.
    Limit,
}

impl ProblemCode {
    /// The code as text, such as `unknown-term`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::UnknownTerm => "unknown-term",
            Self::WrongValue => "wrong-value",
            Self::Several => "several",
            Self::Path => "path",
            Self::Pattern => "pattern",
            Self::Recursive => "recursive",
            Self::Unsupported => "unsupported",
            Self::Limit => "limit",
        }
    }
}
