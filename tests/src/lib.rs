//! Evidence, by kind.
