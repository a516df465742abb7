//! Device types as their makers write them, compiled to the texts of a package.
//!
//! A maker describes the payloads of a device in one file: JSON Schema, in JSON or YAML, whose
//! fields say what they mean in keywords that begin with `x-` (`docs/device-types.md` has them
//! all). [`compile`] gives the three texts of a package: `package.json`, `schema.json` and an RML
//! mapping. [`scaffold`] drafts such a file from sample payloads.
//!
//! [`yarrrml`] reads mappings in [YARRRML](https://rml.io/yarrrml/spec/) and gives RML.
//!
//! Everything that is wrong comes back at once, each [`Problem`] with its line, column, a stable
//! code and, where there is one, a suggestion.
//!
//! **Invariant:** pure: no I/O, no clock, no float, no hash order. Same text, same bytes.

mod device;
mod nearest;
mod node;
mod problem;
mod read;
mod scaffold;
mod turtle;
mod yarrrml;

#[cfg(test)]
mod tests;

pub use device::describe::Field;
pub use device::meaning::symbol;
pub use device::{Compiled, Texts, compile};
pub use problem::{PROBLEMS_MAX, Problem, ProblemCode};
pub use scaffold::{Draft, Drafted, Guess, scaffold};
pub use yarrrml::{Yarrrml, yarrrml};
