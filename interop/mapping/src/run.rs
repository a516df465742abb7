mod engine;
mod gather;
mod joins;
mod json;
mod open;
mod row;
mod terms;
mod views;

use pervade_rdf::{Dataset, DatasetError, GraphName, NamedNode, Quad};

use crate::document::Document;
use crate::functions::FunctionError;
use crate::plan::Plan;
use crate::source::SourceError;
use crate::term::TermError;
use engine::{Engine, Inputs, Names};
pub use json::json_records;

/// Most iterations of one run, over all maps; a join counts every pair.
pub const ITERATIONS_MAX: usize = 50_000;

/// Most quads of one run, duplicates counted.
pub const QUADS_MAX: usize = 10_000;

/// Most terms of one run; every combination of a template's values is one.
pub const TERMS_MAX: usize = 100_000;

/// As [`ITERATIONS_MAX`], off the ledger.
pub const OPEN_ITERATIONS_MAX: usize = 20_000_000;

/// As [`QUADS_MAX`], off the ledger.
pub const OPEN_QUADS_MAX: usize = 20_000_000;

/// As [`TERMS_MAX`], off the ledger.
pub const OPEN_TERMS_MAX: usize = 100_000_000;

/// What the quads of one run are named after.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers make it")]
pub struct Context {
    /// Put before every IRI that is not absolute.
    pub base: String,
    /// The named graph of all quads.
    pub graph: String,
    /// What [`Function::ThisRecord`](crate::Function::ThisRecord) gives.
    pub record: String,
    /// What [`Function::ThisDevice`](crate::Function::ThisDevice) gives.
    pub device: String,
}

impl Plan {
    /// Maps one document; all quads are in the context's graph.
    ///
    /// # Errors
    /// The first data error, in the order of the mapping, or a limit; nothing is mapped then.
    pub fn run(&self, document: &Document, context: &Context) -> Result<Dataset, RunError> {
        let inputs = Inputs { payload: Some(document), documents: &[], tables: &[] };
        let names = Names { base: &context.base, record: &context.record, device: &context.device };
        let quads = Engine::new(self, inputs, names).run()?.quads;
        let whole =
            |reason: RunReason| RunError { map: String::new(), path: String::new(), reason };
        let graph = NamedNode::new(&context.graph)
            .map_err(|_| whole(TermError::Iri { iri: context.graph.clone() }.into()))?;
        let mut dataset = Dataset::new();
        for quad in quads {
            let quad = Quad { graph_name: GraphName::NamedNode(graph.clone()), ..quad };
            dataset.insert(quad).map_err(|error| whole(error.into()))?;
        }
        Ok(dataset)
    }
}

impl Plan {
    /// Maps one document, as [`Plan::run`] does, to the canonical text of the dataset.
    ///
    /// # Errors
    /// As [`Plan::run`].
    pub fn run_to_nquads(
        &self,
        document: &Document,
        context: &Context,
    ) -> Result<String, RunError> {
        let inputs = Inputs { payload: Some(document), documents: &[], tables: &[] };
        let names = Names { base: &context.base, record: &context.record, device: &context.device };
        let graph = NamedNode::new(&context.graph).ok();
        // What is wrong with the document is told first, as there.
        let written = graph.clone().unwrap_or_else(|| NamedNode::new_unchecked(""));
        let text = Engine::new(self, inputs, names).run_to_lines(written.into())?;
        match graph {
            Some(_) => Ok(text),
            None => Err(RunError {
                map: String::new(),
                path: String::new(),
                reason: TermError::Iri { iri: context.graph.clone() }.into(),
            }),
        }
    }
}

/// Why a document cannot be mapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{map} at /{path}: {reason}")]
pub struct RunError {
    /// The triples map that was running.
    pub map: String,
    /// The iteration, as steps from the document's root.
    pub path: String,
    /// What went wrong.
    pub reason: RunReason,
}

/// See [`RunError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunReason {
    /// A value is not the term it should become.
    #[error(transparent)]
    Term(#[from] TermError),
    /// A function gave an error.
    #[error(transparent)]
    Function(#[from] FunctionError),
    /// More of something than one run may make.
    #[error("more than {limit} {what}")]
    Limit {
        /// What there are too many of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A quad that a canonical dataset cannot hold.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A source the plan names was not given.
    #[error("the source {name} is missing")]
    Source {
        /// The source's name.
        name: String,
    },
    /// Off the ledger: a text inside a record cannot be read.
    #[error(transparent)]
    Outside(#[from] SourceError),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lower::lower;

    const MAPPING: &str = r#"
@prefix rml: <http://w3id.org/rml/> . @prefix pv: <urn:pervade:vocab#> . @prefix e: <http://e/> .
<#m> rml:logicalSource [ rml:source pv:Payload ; rml:referenceFormulation rml:JSONPath ; rml:iterator "$[*]" ] ;
  rml:subjectMap [ rml:template "x/{$.a}" ; rml:class e:C , e:D ] ;
  rml:predicateObjectMap [ rml:predicate e:p , e:q ; rml:objectMap [ rml:reference "$['b'][*]" ] , [ rml:reference "$.b[0]" ; rml:language "en" ] ] ."#;

    proptest! {
        /// The text is that of the dataset, and so are the errors.
        #[test]
        fn lines_are_those_of_the_dataset(
            rows in proptest::collection::vec(
                ("[a-c \u{0}-\u{7f}]{0,3}", proptest::collection::vec("[\\PC\n\"]{0,3}|-?[0-9]{1,3}(\\.[0-9]{1,2})?", 0..4)),
                0..5,
            ),
            graph in "urn:g|no iri",
        ) {
            let rows: Vec<serde_json::Value> =
                rows.into_iter().map(|(a, b)| serde_json::json!({ "a": a, "b": b })).collect();
            let text = serde_json::Value::Array(rows).to_string();
            let document = Document::parse(text.as_bytes()).unwrap();
            let plan = lower(MAPPING).plan.unwrap();
            let context = Context {
                base: "urn:b#".into(), graph, record: "urn:b".into(), device: "urn:d".into(),
            };
            let whole = plan.run(&document, &context).map(|dataset| pervade_rdf::nquads(&dataset));
            prop_assert_eq!(plan.run_to_nquads(&document, &context), whole);
        }
    }
}
