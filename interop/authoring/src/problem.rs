use std::fmt;

use pervade_rdf::Position;

/// Most problems reported for one file; further ones are dropped.
pub const PROBLEMS_MAX: usize = 100;

/// One thing wrong with an authored file, where it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a place, a rule, and words")]
pub struct Problem {
    /// The file, as the caller names it.
    pub document: String,
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
    /// Which rule is broken.
    pub code: ProblemCode,
    /// What is wrong, in words for the author.
    pub message: String,
    /// What may be meant, or what to do.
    pub suggestion: Option<String>,
}

impl Problem {
    pub(crate) fn at(at: Position, code: ProblemCode, message: impl Into<String>) -> Self {
        let Position { line, column } = at;
        Self {
            document: String::new(),
            line,
            column,
            code,
            message: message.into(),
            suggestion: None,
        }
    }

    pub(crate) fn suggesting(self, suggestion: impl Into<String>) -> Self {
        Self { suggestion: Some(suggestion.into()), ..self }
    }

    /// The same problem, with a name that may be meant.
    pub(crate) fn near(self, near: Option<&str>) -> Self {
        match near {
            Some(near) => self.suggesting(format!("is {near} meant?")),
            None => self,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { document, line, column, code, message, suggestion } = self;
        write!(f, "{document}:{line}:{column}: {message}")?;
        if let Some(suggestion) = suggestion {
            write!(f, "; {suggestion}")?;
        }
        write!(f, " [{code}]")
    }
}

/// Stable names of the rules an authored file can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProblemCode {
    /// Not YAML, or not JSON.
    Syntax,
    /// Longer, deeper or with more values than may be.
    TooLarge,
    /// A name is given twice.
    DuplicateKey,
    /// YAML that has no place here: tags, several documents, numbers that JSON has not.
    NotPlain,
    /// A keyword that does not exist, or not there.
    UnknownKeyword,
    /// A value of the wrong kind.
    WrongValue,
    /// Something required is missing.
    Missing,
    /// An observed property that the vocabulary does not have.
    UnknownProperty,
    /// A unit that no code list has.
    UnknownUnit,
    /// A quantity kind that does not exist.
    UnknownKind,
    /// A unit of another quantity kind.
    WrongUnit,
    /// A number without a unit.
    NoUnit,
    /// A field that says neither what it means nor why it is left out.
    NoMeaning,
    /// Two meanings where there can be one.
    Conflict,
    /// A field is named that is not there.
    UnknownField,
    /// More than one field fits.
    Ambiguous,
    /// A reference that leads nowhere, outside, or back to itself.
    Reference,
    /// What YARRRML has and is not read here.
    Unsupported,
}

impl ProblemCode {
    /// The code as text, such as `no-meaning`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::TooLarge => "too-large",
            Self::DuplicateKey => "duplicate-key",
            Self::NotPlain => "not-plain",
            Self::UnknownKeyword => "unknown-keyword",
            Self::WrongValue => "wrong-value",
            Self::Missing => "missing",
            Self::UnknownProperty => "unknown-property",
            Self::UnknownUnit => "unknown-unit",
            Self::UnknownKind => "unknown-kind",
            Self::WrongUnit => "wrong-unit",
            Self::NoUnit => "no-unit",
            Self::NoMeaning => "no-meaning",
            Self::Conflict => "conflict",
            Self::UnknownField => "unknown-field",
            Self::Ambiguous => "ambiguous",
            Self::Reference => "reference",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
