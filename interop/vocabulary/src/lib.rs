//! Pervade's own terms, as `ontology/` defines them: meaning, domain and range, alignment with
//! other vocabularies, and the shapes that constrain them.
//!
//! The files are part of the program, so every term resolves offline: [`Vocabulary::own`] reads
//! them once, [`Vocabulary::term`] finds a term, [`Vocabulary::search`] finds terms by a word,
//! and [`page`] writes `docs/vocabulary.md`.
//!
//! **Invariant:** pure; a term that the files do not define does not resolve.

mod names;
mod page;
mod reading;
mod shapes;
mod vocabulary;

pub use names::{NAMESPACE, compact};
pub use page::page;
pub use reading::SHAPES;
pub use vocabulary::{Alignment, Constraint, Term, UnknownTerm, Vocabulary};
