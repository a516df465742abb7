//! RDF terms and quads, their canonical order and digest.
