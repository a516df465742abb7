//! What lies beyond the ledger for an RML mapping: the files it reads and writes.
//!
//! [`Folder`] is the only folder that a run touches, whatever the mapping says. [`run`] reads a
//! mapping's sources there (JSON, CSV, XML, RDF by a SPARQL query; plain, in gzip, ZIP or tar; in
//! UTF-8 or UTF-16), has the engine of `interop/mapping` run it, and [`write`](Folder::write) puts
//! its targets there.
//!
//! Off the ledger only: nothing that a chaincode links depends on this crate.
//!
//! **Invariant:** no network, no path outside the folder (links included), no input without a
//! limit.

mod folder;
mod packing;
mod rdf;
mod reader;
mod table;
mod text;
mod write;
mod xml;
mod xpath;

pub use folder::{FILE_BYTES_MAX, Folder, FolderError};
pub use packing::UNPACKED_BYTES_MAX;
pub use rdf::SPARQL_RESULTS_MAX;
pub use reader::Reader;
pub use table::TABLE_ROWS_MAX;
pub use write::{WriteError, serialized};
pub use xml::XML_NODES_MAX;
pub use xpath::XPATH_STEPS_MAX;

use pervade_mapping::{Problem, Produced, lower_open};

/// What is wrong with a mapping, without running it over the files of a folder.
#[must_use]
pub fn check(mapping: &str, folder: &Folder) -> Vec<Problem> {
    lower_open(mapping, &Reader::new(folder)).problems
}

/// Reads a mapping and runs it over the files of `folder`; its targets are not written yet.
///
/// # Errors
/// Everything that is wrong with the mapping, or the first thing that is wrong with its data.
pub fn run(mapping: &str, base: Option<&str>, folder: &Folder) -> Result<Produced, Vec<Problem>> {
    let reader = Reader::new(folder);
    let lowered = lower_open(mapping, &reader);
    let plan = lowered.plan.ok_or(lowered.problems)?;
    plan.run_open(base, &reader).map_err(|problem| vec![problem])
}
