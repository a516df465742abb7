//! A whole permissioned network in one process.
