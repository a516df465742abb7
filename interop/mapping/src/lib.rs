//! RML: reads a mapping, checks it, runs it over a document.
//!
//! The language is [RML](https://w3id.org/rml/core/spec) with function executions
//! ([RML-FNML](https://w3id.org/rml/fnml/spec)) over a closed library
//! ([`functions`](crate::Function)). There are two profiles of it:
//!
//! - **Ledger** ([`lower`], [`Plan::run`]): the only source is the transaction's payload, and the
//!   result is a [`Dataset`](pervade_rdf::Dataset): no blank nodes, one graph, no joins, no
//!   floats, every loop bounded. What RML leaves open is pinned here: numbers with a fraction are
//!   `xsd:decimal`, lexical forms are canonical, a `null` iteration is skipped, any data error
//!   aborts the whole run.
//! - **Open** ([`run_rml`]): standard RML over named JSON sources, for its conformance cases.
//!
//! [`Document`] is the JSON read: numbers keep their text, duplicate keys are refused.
//! [`resolve_senml`] turns a SenML pack into its resolved records first.
//!
//! **Invariant:** performs no I/O and reads no clock. Same mapping, same bytes ⇒ same quads.

mod document;
mod functions;
mod lower;
mod path;
mod plan;
mod problem;
mod run;
mod senml;
mod suite;
mod template;
mod term;
mod vocabulary;

pub use document::{
    DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX, Document, DocumentError,
    DocumentReason,
};
pub use functions::{Function, FunctionError};
pub use lower::{Lowered, lower};
pub use plan::Plan;
pub use problem::{PROBLEMS_MAX, Problem, ProblemCode};
pub use run::{Context, ITERATIONS_MAX, QUADS_MAX, RunError, RunReason, TERMS_MAX};
pub use senml::{SenmlError, resolve_senml};
pub use suite::{RmlError, SourceError, run_rml};
pub use term::TermError;
