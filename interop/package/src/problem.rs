use std::fmt;

/// One thing wrong with a package, shown where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file inside the package, such as `mapping.ttl`.
    pub document: String,
    /// Line from 1; 1 where the problem is about the whole document.
    pub line: u64,
    /// Column in characters from 1.
    pub column: u64,
    /// Which rule is broken.
    pub code: ProblemCode,
    /// What is wrong, in words for the author.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { document, line, column, code, message } = self;
        write!(f, "{document}:{line}:{column}: {message} [{code}]")
    }
}

/// Stable names of the rules a package can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProblemCode {
    /// A file is missing, too long or not UTF-8.
    File,
    /// `package.json` is malformed.
    Manifest,
    /// `schema.json` is not JSON or not a usable schema.
    Schema,
    /// `mapping.ttl` is not Turtle.
    MappingSyntax,
    /// `mapping.ttl` is Turtle but not a mapping the ledger runs; the mapping's own code.
    Mapping(&'static str),
    /// `shapes.ttl` is not Turtle, or not shapes that the ledger validates; SHACL's own code.
    Shapes(&'static str),
    /// A unit is not of its quantity kind, or a kind not that of its property.
    Dimension,
    /// There is no example.
    NoExample,
    /// An example's payload does not validate.
    ExampleInvalid,
    /// An example's payload validates but cannot be mapped.
    ExampleFails,
    /// An example's graph does not conform to the shapes.
    ExampleShape,
    /// An example's expected quads are not N-Quads.
    ExpectedSyntax,
    /// An expected quad is not among the quads mapped.
    QuadMissing,
    /// A quad is mapped that is not expected.
    QuadExtra,
}

impl ProblemCode {
    /// The code as text, such as `quad-missing`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Manifest => "manifest",
            Self::Schema => "schema",
            Self::MappingSyntax => "mapping-syntax",
            Self::Mapping(code) | Self::Shapes(code) => code,
            Self::Dimension => "dimension",
            Self::NoExample => "no-example",
            Self::ExampleInvalid => "example-invalid",
            Self::ExampleFails => "example-fails",
            Self::ExampleShape => "example-shape",
            Self::ExpectedSyntax => "expected-syntax",
            Self::QuadMissing => "quad-missing",
            Self::QuadExtra => "quad-extra",
        }
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
