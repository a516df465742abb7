//! The contract attribute and its derives.
