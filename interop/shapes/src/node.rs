use std::fmt;

use pervade_rdf::vocabulary::xsd;
use pervade_rdf::{NamedOrBlankNode, Term};

/// A node of a graph, owned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "RDF has these three")]
pub enum Node {
    /// An IRI.
    Iri(String),
    /// A blank node, by its label.
    Blank(String),
    /// A literal.
    Literal {
        /// The lexical form.
        value: String,
        /// The datatype's IRI.
        datatype: String,
        /// The language tag.
        language: Option<String>,
    },
}

/// A node that borrows its texts; ordered as [`Node`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key<'a> {
    Iri(&'a str),
    Blank(&'a str),
    Literal { value: &'a str, datatype: &'a str, language: Option<&'a str> },
}

impl Node {
    pub(crate) fn key(&self) -> Key<'_> {
        match self {
            Self::Iri(iri) => Key::Iri(iri),
            Self::Blank(label) => Key::Blank(label),
            Self::Literal { value, datatype, language } => {
                Key::Literal { value, datatype, language: language.as_deref() }
            }
        }
    }
}

impl<'a> Key<'a> {
    pub(crate) fn of_term(term: &'a Term) -> Self {
        match term {
            Term::NamedNode(node) => Self::Iri(node.as_str()),
            Term::BlankNode(node) => Self::Blank(node.as_str()),
            Term::Literal(literal) => Self::Literal {
                value: literal.value(),
                datatype: literal.datatype().as_str(),
                language: literal.language(),
            },
        }
    }

    pub(crate) fn of_subject(subject: &'a NamedOrBlankNode) -> Self {
        match subject {
            NamedOrBlankNode::NamedNode(node) => Self::Iri(node.as_str()),
            NamedOrBlankNode::BlankNode(node) => Self::Blank(node.as_str()),
        }
    }

    pub(crate) fn to_node(self) -> Node {
        match self {
            Self::Iri(iri) => Node::Iri(iri.to_owned()),
            Self::Blank(label) => Node::Blank(label.to_owned()),
            Self::Literal { value, datatype, language } => Node::Literal {
                value: value.to_owned(),
                datatype: datatype.to_owned(),
                language: language.map(str::to_owned),
            },
        }
    }
}

/// As in N-Triples, without escapes.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iri(iri) => write!(f, "<{iri}>"),
            Self::Blank(label) => write!(f, "_:{label}"),
            Self::Literal { value, language: Some(language), .. } => {
                write!(f, "\"{value}\"@{language}")
            }
            Self::Literal { value, datatype, .. } if datatype == xsd::STRING => {
                write!(f, "\"{value}\"")
            }
            Self::Literal { value, datatype, .. } => write!(f, "\"{value}\"^^<{datatype}>"),
        }
    }
}
