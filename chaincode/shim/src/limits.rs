//! What a stream is opened with.

use pervade_rpc::MESSAGE_BYTES_MAX;

/// What a stream may hold and take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Most transactions of a stream that run at a time. A further one is refused at once,
    /// rather than left to the peer's timeout.
    pub in_flight_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { in_flight_max: 16_384 }
    }
}

/// What a stream is opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamOptions {
    /// What the peer knows the chaincode's package by: `label:hash`.
    pub package_id: String,
    /// What the stream may hold and take.
    pub limits: Limits,
    /// Most bytes of a message, either way.
    pub message_bytes_max: usize,
}

impl StreamOptions {
    /// A package's streams, with the usual limits.
    #[must_use]
    pub fn new(package_id: &str) -> Self {
        Self {
            package_id: package_id.to_owned(),
            limits: Limits::default(),
            message_bytes_max: MESSAGE_BYTES_MAX,
        }
    }
}
