use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use oxrdf::{GraphName, NamedOrBlankNode, Quad, Term};
use oxrdfio::{RdfFormat, RdfSerializer};
use pervade_mapping::{LogicalTarget, Produced, Serialization};
use serde_json::{Value as Json, json};

use crate::folder::{Folder, FolderError};
use crate::packing::packed;
use crate::text::encoded;

impl Folder {
    /// Writes the targets of a run, all or none unless the disk fails.
    ///
    /// # Errors
    /// A target is outside the folder, its format cannot hold its quads, or the disk fails.
    pub fn write(&self, produced: &Produced) -> Result<(), WriteError> {
        let mut files = Vec::new();
        for (target, quads) in &produced.targets {
            let place = self.place(&target.path)?;
            files.push((place, target_bytes(target, quads)?));
        }
        for (place, bytes) in files {
            fs::write(&place, bytes).map_err(|source| FolderError::io(&place, source))?;
        }
        Ok(())
    }
}

/// Why targets are not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The file cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The target's format has no graphs, but a quad is in one.
    #[error("{path}: a quad is in a graph, and this format has none")]
    Graph {
        /// The target's path.
        path: String,
    },
    /// The quads cannot be written in this format.
    #[error("{path} cannot be written")]
    Format {
        /// The target's path.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

fn target_bytes(target: &LogicalTarget, quads: &[Quad]) -> Result<Vec<u8>, WriteError> {
    let path = || target.path.clone();
    let text = serialized(quads, target.serialization).map_err(|source| {
        if source.kind() == io::ErrorKind::InvalidInput {
            WriteError::Graph { path: path() }
        } else {
            WriteError::Format { path: path(), source }
        }
    })?;
    let name = Path::new(&target.path).file_name().and_then(|name| name.to_str());
    let inside = name.unwrap_or("quads");
    let suffixes = [".gz", ".zip", ".tar.gz", ".tgz", ".tar.xz"];
    let inside = suffixes.iter().fold(inside, |name, end| name.strip_suffix(end).unwrap_or(name));
    let inside = inside.strip_suffix(".tar").unwrap_or(inside);
    packed(encoded(text, target.encoding), target.compression, inside)
        .map_err(|source| WriteError::Format { path: path(), source })
}

/// Quads as text, in the order they are given.
///
/// # Errors
/// A quad is in a graph and the format has none (`InvalidInput`), or a predicate has no XML name.
pub fn serialized(quads: &[Quad], serialization: Serialization) -> io::Result<String> {
    let format = match serialization {
        Serialization::NQuads => {
            let line = |quad| pervade_rdf::nquads_line(quad) + "\n";
            return Ok(quads.iter().map(line).collect());
        }
        Serialization::RdfJson => return rdf_json(quads),
        Serialization::NTriples => RdfFormat::NTriples,
        Serialization::Turtle => RdfFormat::Turtle,
        Serialization::TriG => RdfFormat::TriG,
        Serialization::N3 => RdfFormat::N3,
        Serialization::JsonLd => RdfFormat::JsonLd { profile: oxrdfio::JsonLdProfileSet::empty() },
        Serialization::RdfXml => RdfFormat::RdfXml,
        other => return Err(io::Error::other(format!("{other:?} is not written"))),
    };
    let mut serializer = RdfSerializer::from_format(format).for_writer(Vec::new());
    for quad in quads {
        serializer.serialize_quad(quad)?;
    }
    String::from_utf8(serializer.finish()?).map_err(io::Error::other)
}

/// [RDF 1.1 JSON](https://www.w3.org/TR/rdf-json/).
fn rdf_json(quads: &[Quad]) -> io::Result<String> {
    let mut subjects: BTreeMap<String, BTreeMap<String, Vec<Json>>> = BTreeMap::new();
    for quad in quads {
        if quad.graph_name != GraphName::DefaultGraph {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let subject = match &quad.subject {
            NamedOrBlankNode::NamedNode(node) => node.as_str().to_owned(),
            NamedOrBlankNode::BlankNode(node) => format!("_:{}", node.as_str()),
        };
        let object = match &quad.object {
            Term::NamedNode(node) => json!({ "type": "uri", "value": node.as_str() }),
            Term::BlankNode(node) => {
                json!({ "type": "bnode", "value": format!("_:{}", node.as_str()) })
            }
            Term::Literal(literal) => match literal.language() {
                Some(tag) => json!({ "type": "literal", "value": literal.value(), "lang": tag }),
                None => json!({
                    "type": "literal",
                    "value": literal.value(),
                    "datatype": literal.datatype().as_str(),
                }),
            },
        };
        let predicates = subjects.entry(subject).or_default();
        predicates.entry(quad.predicate.as_str().to_owned()).or_default().push(object);
    }
    serde_json::to_string_pretty(&subjects).map(|text| text + "\n").map_err(io::Error::other)
}
