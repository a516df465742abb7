//! Blocks, read-write sets and validation as pure rules.
