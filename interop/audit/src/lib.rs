//! Follows a channel, keeps the graph in Oxigraph, answers SPARQL.
//!
//! The graph lives in a process of its own, the *worker*: it reads blocks from a source that the
//! command line gives it, and answers requests, one JSON object a line, on its standard input and
//! output. A query that exhausts its memory or its time takes the worker down and nothing else:
//! the graph is derived from the ledger and is built again.
//!
//! - [`Graph`]: the store and how far it has followed the channel.
//! - [`door`]: which queries are let in.
//! - [`questions`]: the questions auditors ask most.
//! - [`worker`]: the loop inside the process; [`process`]: the handle outside it.

mod answer;
pub mod door;
mod graph;
pub mod process;
pub mod protocol;
pub mod questions;
pub mod worker;

pub use answer::{Answer, Term};
pub use graph::{Graph, GraphError, Located};
