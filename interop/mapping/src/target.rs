use pervade_rdf::Quad;

use crate::source::{Compression, TextEncoding};

/// Where quads go ([RML-IO, logical targets](https://w3id.org/rml/io/spec)).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct LogicalTarget {
    /// Path of the file, inside the folder that the mapping is run in.
    pub path: String,
    /// How it is written.
    pub serialization: Serialization,
    /// How its characters are bytes.
    pub encoding: TextEncoding,
    /// How its bytes are packed.
    pub compression: Compression,
}

/// Ways to write RDF, as <http://www.w3.org/ns/formats/> names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Serialization {
    /// N-Quads; what is written unless the mapping says otherwise.
    NQuads,
    /// N-Triples.
    NTriples,
    /// Turtle.
    Turtle,
    /// `TriG`.
    TriG,
    /// N3.
    N3,
    /// JSON-LD.
    JsonLd,
    /// RDF/XML.
    RdfXml,
    /// RDF/JSON.
    RdfJson,
}

/// What a run of a mapping off the ledger gives.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Produced {
    /// The quads that no target takes, sorted and each once.
    pub quads: Vec<Quad>,
    /// The targets that the mapping's term maps name, each with its quads.
    pub targets: Vec<(LogicalTarget, Vec<Quad>)>,
}
