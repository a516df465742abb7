//! What a stream is opened with.

use std::sync::Arc;
use std::time::Duration;

use fabric_protos::Timestamp;
use pervade_denials::Denials;
use pervade_ports::Clock;
use pervade_ports::system::SystemClock;
use pervade_rpc::MESSAGE_BYTES_MAX;

use crate::record::Recording;

/// What a stream may hold and take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Most transactions of a stream that run at a time. A further one is refused at once,
    /// rather than left to the peer's timeout.
    pub in_flight_max: usize,
    /// Most bytes of a message, either way. An answer that is longer fails its transaction.
    pub message_bytes_max: usize,
    /// How long a transaction may take. It is answered then, whether its contract has ended or
    /// not. Peers wait for 30 s unless told otherwise (`chaincode.executetimeout`), and tell the
    /// client nothing of why; so the default is a second less.
    pub deadline: Duration,
    /// How long the transactions that run when the process is asked to end may go on.
    pub grace: Duration,
    /// How often each call is run.
    pub runs: Runs,
    /// The clock that contracts have proposals' times held against.
    pub clock: HostClock,
}

/// The clock that contracts have proposals' times held against; see
/// [`require_client_time_within`](pervade_chaincode::ReadTransaction::require_client_time_within).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum HostClock {
    /// The system's.
    System,
    /// One that stands still, for tests that can be repeated.
    At(Timestamp),
}

impl HostClock {
    pub(crate) fn now(self) -> Timestamp {
        match self {
            Self::System => {
                let now = SystemClock.now();
                let nanos = i32::try_from(now.nanos()).unwrap_or_default();
                Timestamp { seconds: now.seconds(), nanos }
            }
            Self::At(time) => time,
        }
    }
}

/// How often each call is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Runs {
    /// Once.
    Once,
    /// Twice, side by side and with the same replies. A call whose two runs ask or answer
    /// differently fails: it would at two peers. For trials, at twice the cost.
    Twice,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight_max: 16_384,
            message_bytes_max: MESSAGE_BYTES_MAX,
            deadline: Duration::from_secs(29),
            grace: Duration::from_secs(10),
            runs: Runs::Once,
            clock: HostClock::System,
        }
    }
}

/// What a stream is opened with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StreamOptions {
    /// What the peer knows the chaincode's package by: `label:hash`.
    pub package_id: String,
    /// What the stream may hold and take.
    pub limits: Limits,
    /// Where each stream is written down, if it is.
    pub recording: Option<Recording>,
    /// Who hears of the calls that the chaincode refuses, if anybody.
    pub denials: Option<Arc<dyn Denials>>,
}

impl StreamOptions {
    /// A package's streams, with the usual limits.
    #[must_use]
    pub fn new(package_id: &str) -> Self {
        Self {
            package_id: package_id.to_owned(),
            limits: Limits::default(),
            recording: None,
            denials: None,
        }
    }
}
