//! RML: read, check, run.
