use crate::document::{Document, DocumentError};
use crate::term::{TermError, Value};

/// Where a logical source's text is, and in which language it is written
/// ([RML-IO](https://w3id.org/rml/io/spec)).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct LogicalSource {
    /// Path of the file, inside the folder that the mapping is run in.
    pub path: String,
    /// How its characters are bytes.
    pub encoding: TextEncoding,
    /// How its bytes are packed.
    pub compression: Compression,
    /// Values that stand for no value (`rml:null`).
    pub nulls: Vec<String>,
    /// How iterations and references are written.
    pub formulation: Formulation,
}

/// How characters are bytes; both read a byte order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "RML-IO has these")]
pub enum TextEncoding {
    /// UTF-8.
    Utf8,
    /// UTF-16; little-endian unless a mark says otherwise.
    Utf16,
}

/// How bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "RML-IO has these")]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// A ZIP archive with one file.
    Zip,
    /// A tar archive with one file, packed by gzip.
    TarGzip,
    /// A tar archive with one file, packed by xz.
    TarXz,
}

/// A reference formulation: how iterations and references are written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Formulation {
    /// `rml:JSONPath` ([RFC 9535](https://www.rfc-editor.org/rfc/rfc9535)).
    JsonPath,
    /// `rml:CSV`: every row is an iteration, references are column names.
    Csv(Dialect),
    /// `rml:XPath`, with the namespaces of its prefixes.
    XPath {
        /// Prefix and namespace.
        namespaces: Vec<(String, String)>,
    },
    /// SPARQL over a file of RDF: the iterator is the query, references are its variables.
    SparqlResults,
}

/// How a table is written
/// ([CSVW dialects](https://www.w3.org/TR/tabular-metadata/#dialect-descriptions)).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Dialect {
    /// Between two cells.
    pub delimiter: u8,
    /// Around a cell.
    pub quote: u8,
    /// Before a line that is a comment.
    pub comment: Option<u8>,
    /// Whether the first row names the columns; else they are named `_col.1`, `_col.2`, …
    pub header: bool,
    /// Whether blanks around cells are left out.
    pub trim: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', quote: b'"', comment: None, header: true, trim: false }
    }
}

/// What is asked of a source or of a text: its records and, of each, the values that
/// references select.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "readers take it apart")]
pub struct RecordQuery {
    /// How the iterator and the references are written.
    pub formulation: Formulation,
    /// What the records are; the formulation's default if absent.
    pub iterator: Option<String>,
    /// References of each record.
    pub references: Vec<String>,
    /// Records inside each record.
    pub nested: Vec<Nested>,
}

/// Records inside records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "readers take it apart")]
pub struct Nested {
    /// Where they are.
    pub within: Within,
    /// Which they are.
    pub query: RecordQuery,
}

/// See [`Nested`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "there is no third place")]
pub enum Within {
    /// In the record itself, written as the outer formulation.
    Record,
    /// In the text of each value of this reference, by its place.
    Text(usize),
}

/// One record of a source, as a [`RecordQuery`] asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "readers make it")]
pub struct Record {
    /// The values of each reference.
    pub values: Vec<Vec<Value>>,
    /// For each nested query, for each place it looks in, the records there.
    pub nested: Vec<Vec<Vec<Self>>>,
}

/// What lies beyond the ledger: files, and the formulations that this crate does not read.
pub trait Outside {
    /// Whether `text` is an iterator or reference of `formulation`.
    ///
    /// # Errors
    /// What is wrong with it, in words for the mapping's author.
    fn check(
        &self,
        formulation: &Formulation,
        part: QueryPart,
        text: &str,
    ) -> Result<(), Unreadable>;

    /// The JSON document that `source` holds.
    ///
    /// # Errors
    /// There is none, or it cannot be had.
    fn document(&self, source: &LogicalSource) -> Result<Document, SourceError>;

    /// The records of `source`.
    ///
    /// # Errors
    /// It is not what its formulation reads, or cannot be had.
    fn records(
        &self,
        source: &LogicalSource,
        query: &RecordQuery,
    ) -> Result<Vec<Record>, SourceError>;

    /// The records of a text that stands inside another record.
    ///
    /// # Errors
    /// It is not what its formulation reads.
    fn parse(&self, text: &str, query: &RecordQuery) -> Result<Vec<Record>, SourceError>;
}

/// What a text in a query is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a query has these")]
pub enum QueryPart {
    /// It says what the records are.
    Iterator,
    /// It selects values of a record.
    Reference,
}

/// Why a text is no iterator or reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unreadable {
    reason: String,
}

impl Unreadable {
    /// Not readable, as the words say.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// Why a source cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The file cannot be had.
    #[error("{path} cannot be read: {reason}")]
    File {
        /// Its path, as the mapping says.
        path: String,
        /// Why, in words.
        reason: String,
    },
    /// No JSON document.
    #[error("no JSON document: {0}")]
    Document(#[from] DocumentError),
    /// The text is not what its formulation reads.
    #[error("{}{reason}", at_line(*line))]
    Syntax {
        /// The line, from 1; 0 if it is not known.
        line: u64,
        /// What is wrong, in words.
        reason: String,
    },
    /// There is no such column or variable.
    #[error("there is no {what} {name:?}")]
    NoSuch {
        /// What it should be.
        what: &'static str,
        /// Its name, as the mapping says.
        name: String,
    },
    /// A value cannot be used.
    #[error(transparent)]
    Term(#[from] TermError),
    /// More of something than a run may read.
    #[error("more than {limit} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

fn at_line(line: u64) -> String {
    if line == 0 { String::new() } else { format!("line {line}: ") }
}
