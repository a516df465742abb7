//! RDF terms and quads, their canonical text and its digest.
//!
//! A [`Dataset`] is a sorted set of quads without blank nodes. Because nothing in it needs
//! renaming, its canonical form is simply its N-Quads lines in byte order ([`nquads`]), and
//! two parties that hold the same quads compute the same SHA-256 ([`digest`]).
//!
//! [`parse_turtle`] reads authored documents and keeps the line and column of every triple,
//! so that a problem can be shown where it was written.
//!
//! **Invariant:** no I/O, no clock; blank nodes are numbered in the order of their first
//! appearance, so the same text gives the same triples. This is the only crate below the
//! store that names the RDF libraries; their term types are re-exported from here.

mod dataset;
mod line;
mod positions;
mod turtle;
pub mod vocabulary;

pub use dataset::{
    DATASET_QUADS_MAX, Dataset, DatasetError, NQuadsError, NQuadsReason, digest, nquads,
    parse_nquads,
};
pub use line::{nquads_line, write_nquads_line};
pub use oxrdf::{
    BlankNode, BlankNodeIdParseError, GraphName, IriParseError, LanguageTagParseError, Literal,
    NamedNode, NamedOrBlankNode, Quad, Term, Triple,
};
pub use positions::Position;
pub use turtle::{
    PositionedTriple, TURTLE_BYTES_MAX, TURTLE_DEPTH_MAX, TURTLE_TRIPLES_MAX, TurtleDocument,
    TurtleError, parse_turtle, parse_turtle_document,
};
