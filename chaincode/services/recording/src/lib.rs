//! The recording contract: payloads validated, normalised and kept.

pub mod record;
