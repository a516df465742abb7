//! [SHACL Core](https://www.w3.org/TR/shacl/): shapes read from Turtle, graphs validated against
//! them.
//!
//! [`Shapes::compile`] reads a shapes graph once and tells every problem at its line and column;
//! [`Shapes::validate`] checks a [`Graph`] against it and gives a [`Report`].
//!
//! All of Core is read: targets, property paths, and every constraint component. Refused with a
//! problem, because their cost has no bound or their meaning is not here: recursive shapes, SPARQL
//! and JavaScript constraints, entailment, and patterns that take more than linear time
//! (back-references). A property in SHACL's namespace that is not SHACL's is a problem too.
//!
//! **Invariant:** pure and bounded: no I/O, every path and every check counted
//! ([`STEPS_MAX`]). Same shapes, same graph ⇒ same report, in the same order. What a report
//! displays names places and rules, never a value.

mod compile;
mod constraint;
mod graph;
mod literal;
mod node;
mod path;
mod problem;
mod report;
mod shape;
mod validate;

pub use graph::Graph;
pub use node::Node;
pub use problem::{PROBLEMS_MAX, Problem, ProblemCode};
pub use report::{RESULTS_MAX, Report, Severity, ValidationResult};
pub use shape::Shapes;
pub use validate::{STEPS_MAX, ValidateError};
