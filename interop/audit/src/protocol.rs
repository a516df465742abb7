//! What the worker is asked and what it answers: one JSON object a line.

use serde::{Deserialize, Serialize};

use crate::{Answer, Located};

/// Longest line either side reads, in bytes.
pub const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Request {
    /// Answer once the graph holds at least so many blocks.
    Reach {
        /// How many blocks.
        height: u64,
    },
    /// Answer a SPARQL query.
    Query {
        /// The query.
        sparql: String,
    },
    /// Say which transaction a quad of a payload comes from.
    Locate {
        /// The quad as one line of N-Quads.
        quad: String,
    },
    /// Say which transaction a payload's graph comes from, and all its quads.
    Payload {
        /// The graph's IRI.
        graph: String,
    },
    /// Say the SHA-256 of the whole graph as sorted N-Quads.
    Digest,
}

/// The reply to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reply {
    /// The graph holds so many blocks.
    Height {
        /// How many blocks.
        height: u64,
    },
    /// The answer to a query.
    Answer(Answer),
    /// Where a quad or a payload comes from.
    Located(Located),
    /// The graph's digest, at a height.
    Digest {
        /// How many blocks the graph holds.
        height: u64,
        /// How many quads.
        quads: u64,
        /// SHA-256, in lower-case hexadecimal.
        sha256: String,
    },
    /// The request was not done.
    Error {
        /// Which kind of error.
        code: ErrorCode,
        /// What a person should read.
        message: String,
    },
}

/// Why a request was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ErrorCode {
    /// The line is no request.
    BadRequest,
    /// The query was not let in.
    QueryRefused,
    /// The query failed while it ran.
    QueryFailed,
    /// No payload holds this quad, or has this graph.
    UnknownQuad,
    /// The source of blocks ended or broke before the height was reached.
    SourceEnded,
    /// A block does not fit the graph.
    BadBlock,
}
