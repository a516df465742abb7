//! RML: reads a mapping, checks it, runs it over documents.
//!
//! The language is RML's new vocabulary (<https://w3id.org/rml/>): core, collections and
//! containers, functions, logical views, sources and targets. There is one plan and one engine,
//! and two profiles:
//!
//! - **Ledger** ([`lower`], [`Plan::run`]): the only source is the transaction's payload, and the
//!   result is a [`Dataset`](pervade_rdf::Dataset): no blank nodes, one graph, no joins, no
//!   floats, a closed library of [functions](Function), every loop bounded. The profile is a
//!   check: a mapping that leaves it is refused with [`ProblemCode::NotOnLedger`].
//! - **Open** ([`lower_open`], [`Plan::run_open`]): all of RML. What lies beyond this crate, files
//!   and the formulations other than `JSONPath`, is had through [`Outside`].
//!
//! [`Document`] is the JSON read: numbers keep their text, duplicate keys are refused.
//! [`resolve_senml`] turns a SenML pack into its resolved records first.
//!
//! **Invariant:** performs no I/O and reads no clock. Same mapping, same bytes ⇒ same quads.
//!
#![doc = include_str!("../PINS.md")]

mod document;
mod functions;
mod lower;
mod names;
mod path;
mod plan;
mod problem;
mod run;
mod senml;
mod source;
mod target;
mod template;
mod term;
mod vocabulary;

pub use document::{
    DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX, Document, DocumentError,
    DocumentReason, OPEN_DOCUMENT_BYTES_MAX, OPEN_DOCUMENT_NODES_MAX,
};
pub use functions::{Function, FunctionError, LIBRARY_VERSION, TextFunction, place_iri};
pub use lower::{Lowered, lower, lower_open};
pub use names::name_distance;
pub use path::Path as JsonPath;
pub use plan::{Constant, Conversion, Given, Measurement, Origin, Plan, StatedTerms};
pub use problem::{PROBLEMS_MAX, Problem, ProblemCode};
pub use run::{
    Context, ITERATIONS_MAX, OPEN_ITERATIONS_MAX, OPEN_QUADS_MAX, OPEN_TERMS_MAX, QUADS_MAX,
    RunError, RunReason, TERMS_MAX, json_records,
};
pub use senml::{SENML_NAME_BYTES_MAX, SenmlError, resolve_senml};
pub use source::{
    Compression, Dialect, Formulation, LogicalSource, Nested, Outside, QueryPart, Record,
    RecordQuery, SourceError, TextEncoding, Unreadable, Within,
};
pub use target::{LogicalTarget, Produced, Serialization};
pub use term::{TermError, Value};
