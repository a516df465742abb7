//! A device type's package: JSON Schema, RML mapping, examples with their expected quads.
//!
//! A vendor describes a device type once, as a folder:
//!
//! ```text
//! package.json        vendor, model, version, title, payload language and dialect, transports
//! schema.json         JSON Schema of the payloads
//! mapping.ttl         RML mapping of the payloads
//! shapes.ttl          SHACL shapes of the graphs, beside the ontology's; may be left out
//! examples/a.json     a payload (.jsonl, .cbor, .csv or .xml if it is one) …
//! examples/a.nq       … and exactly the quads it must give
//! ```
//!
//! [`check`] accepts the package or lists every problem. A checked package
//! [normalises](CheckedPackage::normalise) payloads: read, validate, map, check against
//! the shapes, digest.
//!
//! **Where the quads go.** All quads of one payload are in the named graph
//! `urn:pervade:tx:<channel>:<txid>#payload` ([`Context::graph_iri`]). The mapping's base IRI is
//! `urn:pervade:tx:<channel>:<txid>#`, so a subject template `soil/temperature` names
//! `urn:pervade:tx:<channel>:<txid>#soil/temperature`. Expected quads of examples carry the
//! IRIs of [`Context::example`].
//!
//! **Invariant:** pure: no I/O, no clock, no float, no hash order.

mod check;
mod compatibility;
mod context;
mod dimension;
mod model;
mod normalise;
mod problem;
mod schema;
mod shapes;
mod shipped;
mod unknown;
mod vocabulary;

pub use check::check;
pub use compatibility::{Affected, BREAKS_MAX, Break, Change, Version, compare};
pub use context::{Context, ContextError};
pub use model::{
    DevicePackage, Example, FormatError, Manifest, PACKAGE_BYTES_MAX, PackageId, PayloadTextError,
    Transport,
};
pub use normalise::{CheckedPackage, InvalidValue, NormaliseError, Normalised};
pub use problem::{Problem, ProblemCode};
pub use shapes::ShapeViolation;
pub use shipped::shipped;
pub use unknown::{UNKNOWN_FIELDS_MAX, UnknownFields};
pub use vocabulary::VOCABULARY_NAMES_MAX;
