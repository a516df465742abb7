//! The registry contract: device types, their schemas and mappings.

pub mod record;
