use std::collections::{BTreeMap, BTreeSet};

use pervade_rdf::Quad;

use crate::document::{Document, DocumentError};
use crate::lower::lower_in;
use crate::plan::{Profile, Source};
use crate::problem::Problem;
use crate::run::{Engine, Names, RunError};

/// A source could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SourceError {
    /// Why, in words.
    pub reason: String,
}

/// Runs standard RML: blank nodes, graphs and joins are welcome, sources are JSON files that
/// `read` gives by the text of their `rml:path`. Duplicates are removed, order is canonical.
///
/// # Errors
/// The mapping has problems, a source is missing or no JSON, or a value cannot be mapped.
pub fn run_rml(
    mapping: &str,
    base_iri: &str,
    read: &dyn Fn(&str) -> Result<Vec<u8>, SourceError>,
) -> Result<Vec<Quad>, RmlError> {
    let lowered = lower_in(mapping, Profile::Open, base_iri);
    let plan = lowered.plan.ok_or(RmlError::Mapping { problems: lowered.problems })?;
    let mut owned = BTreeMap::new();
    let sources: BTreeSet<&Source> = plan.maps.iter().map(|map| &map.source).collect();
    for source in sources {
        let Source::File(path) = source else { continue };
        let bytes =
            read(path).map_err(|error| RmlError::Source { path: path.clone(), source: error })?;
        let document = Document::parse(&bytes)
            .map_err(|error| RmlError::Document { path: path.clone(), source: error })?;
        owned.insert(source.clone(), document);
    }
    let documents = owned.iter().map(|(source, document)| (source.clone(), document)).collect();
    let names = Names { base: base_iri, record: base_iri, device: base_iri };
    let quads = Engine::new(&plan, &documents, names).run().map_err(RmlError::Run)?;
    let sorted: BTreeMap<String, Quad> =
        quads.into_iter().map(|quad| (pervade_rdf::nquads_line(&quad), quad)).collect();
    Ok(sorted.into_values().collect())
}

/// Why [`run_rml`] gave no quads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RmlError {
    /// The mapping has problems.
    #[error("the mapping has {} problems", problems.len())]
    Mapping {
        /// All of them.
        problems: Vec<Problem>,
    },
    /// A source is missing.
    #[error("the source {path} cannot be read")]
    Source {
        /// Its path.
        path: String,
        /// Why.
        #[source]
        source: SourceError,
    },
    /// A source is no JSON document.
    #[error("the source {path} is no document")]
    Document {
        /// Its path.
        path: String,
        /// Why.
        #[source]
        source: DocumentError,
    },
    /// The run failed.
    #[error(transparent)]
    Run(RunError),
}
