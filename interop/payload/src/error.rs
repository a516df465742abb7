use std::fmt;

use pervade_mapping::{DocumentError, DocumentReason, SenmlError};
use pervade_rdf::Position;
use pervade_units::{EuiError, NumberError};

/// Why bytes are no payload of a language, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}{reason}")]
#[expect(clippy::exhaustive_structs, reason = "a place and a reason")]
pub struct PayloadError {
    /// Where reading stopped.
    pub place: Place,
    /// What is wrong there.
    pub reason: PayloadReason,
}

/// A place in a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The payload as a whole.
    Whole,
    /// A line and column of a text.
    Text(Position),
    /// A byte, from 0.
    Byte(usize),
    /// A value, as a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
    Pointer(String),
}

/// The place and `": "`; the whole has none.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Text(position) => write!(f, "{position}: "),
            Self::Byte(byte) => write!(f, "byte {byte}: "),
            Self::Pointer(pointer) if pointer.is_empty() => write!(f, "/: "),
            Self::Pointer(pointer) => write!(f, "{pointer}: "),
        }
    }
}

/// See [`PayloadError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadReason {
    /// Not JSON, or beyond a limit that all documents have.
    #[error(transparent)]
    Document(#[from] DocumentReason),
    /// Bytes that are no characters.
    #[error("not {encoding}")]
    Encoding {
        /// The encoding expected.
        encoding: &'static str,
    },
    /// Not CBOR that is read here.
    #[error(transparent)]
    Cbor(#[from] CborReason),
    /// Not a SenML pack.
    #[error(transparent)]
    Senml(#[from] SenmlError),
    /// Not a table.
    #[error(transparent)]
    Csv(#[from] CsvReason),
    /// Not XML that is read here.
    #[error("not XML: {detail}")]
    Xml {
        /// What the reader of XML says.
        detail: String,
    },
    /// A value is not what the language has at this place.
    #[error("expected {expected}")]
    Shape {
        /// What it has there.
        expected: &'static str,
    },
    /// A prefix of an inline context stands for no IRI, for one that is too long, or for another
    /// than the standard gives it.
    #[error("the prefix is not usable")]
    Prefix,
    /// A member comes twice when its spellings are made one.
    #[error("a member is there twice")]
    Twice,
    /// Not an EUI-64.
    #[error(transparent)]
    Eui(#[from] EuiError),
}

/// Why bytes are no CBOR that is read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborReason {
    /// The bytes end inside an item.
    #[error("the item does not end")]
    End,
    /// Bytes after the item.
    #[error("bytes after the item")]
    Rest,
    /// A first byte that means nothing, or nothing at this place.
    #[error("no item begins with {first:#04x} here")]
    Item {
        /// The byte.
        first: u8,
    },
    /// A tag whose meaning is not known here, or whose content is of another type.
    #[error("tag {tag} is not read here, or not with this content")]
    Tag {
        /// The tag.
        tag: u64,
    },
    /// Text that is not UTF-8.
    #[error("text that is not UTF-8")]
    Text,
    /// NaN, or an infinity.
    #[error("not a finite number")]
    NotFinite,
    /// A number too long or too large to be read exactly.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// A key that is neither text, integer, byte string, boolean nor null; in SenML, a label that
    /// [RFC 8428, section 6](https://www.rfc-editor.org/rfc/rfc8428#section-6) does not have.
    #[error("no key is read here")]
    Key,
    /// A key that is there before.
    #[error("the key is there twice")]
    DuplicateKey,
}

/// Why a text is no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsvReason {
    /// There is no record that names the columns.
    #[error("no record names the columns")]
    NoNames,
    /// A column's name is missing, there twice, or longer than may be.
    #[error("column {column} needs a name of its own, of at most {limit} bytes")]
    Name {
        /// Which column, from 1.
        column: usize,
        /// The limit.
        limit: usize,
    },
    /// A record has more or fewer cells than there are columns.
    #[error("{found} cells for {expected} columns")]
    Cells {
        /// Cells there.
        found: usize,
        /// Columns named.
        expected: usize,
    },
    /// A quote that does not end, or text after one that does.
    #[error("a quoted cell ends with a quote, before a separator or the end of the line")]
    Quote,
}

impl PayloadError {
    pub(crate) const fn at(place: Place, reason: PayloadReason) -> Self {
        Self { place, reason }
    }

    pub(crate) fn pointer(pointer: &str, reason: impl Into<PayloadReason>) -> Self {
        Self { place: Place::Pointer(pointer.to_owned()), reason: reason.into() }
    }

    /// A shape error at a JSON pointer.
    pub(crate) fn shape(pointer: &str, expected: &'static str) -> Self {
        Self::pointer(pointer, PayloadReason::Shape { expected })
    }

    /// The error of a value, seen from the value around it, where it is at `step`.
    pub(crate) fn under(mut self, step: &str) -> Self {
        if let Place::Pointer(pointer) = &mut self.place {
            pointer.insert_str(0, step);
            pointer.insert(0, '/');
        }
        self
    }

    /// Line and column, where the payload is a text and the place is known so exactly.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        match &self.place {
            Place::Text(position) => Some(*position),
            Place::Whole | Place::Byte(_) | Place::Pointer(_) => None,
        }
    }
}

impl From<DocumentError> for PayloadError {
    fn from(error: DocumentError) -> Self {
        Self { place: Place::Text(error.position), reason: error.reason.into() }
    }
}
