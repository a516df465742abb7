//! The call that a transaction serves: by whom, when, in what.

use std::time::Duration;

use fabric_protos::id::{ChaincodeName, ChannelId, TxId};

use crate::invocation::SignedBytes;
use crate::{ClaimedTime, ContractError, Creator, Fault, ReadTransaction, Secret, Status};

impl ReadTransaction {
    /// Who signed the proposal; see [`Invocation::creator`](crate::Invocation::creator).
    #[must_use]
    pub fn creator(&self) -> &Creator {
        self.invocation.creator()
    }

    /// The transaction's identifier.
    #[must_use]
    pub fn tx_id(&self) -> &TxId {
        self.invocation.tx_id()
    }

    /// The channel.
    #[must_use]
    pub fn channel(&self) -> &ChannelId {
        self.invocation.channel()
    }

    /// The time that the client claims; see [`ClaimedTime`] before deciding anything on it.
    #[must_use]
    pub fn client_claimed_time(&self) -> ClaimedTime {
        self.invocation.client_claimed_time()
    }

    /// Fails the transaction unless the time that the client claims is near the peer's.
    ///
    /// This is the only thing that depends on a clock, and nothing of the clock is to be learnt
    /// from it: outside the window the transaction fails, even if the error is swallowed. Peers
    /// whose clocks differ disagree near the window's edges; such a transaction is not endorsed
    /// by all of them, and the client may try again.
    ///
    /// It shows that the transaction is endorsed at about that time, not that it is committed
    /// then: a deadline needs more.
    ///
    /// ```
    /// # use pervade_chaincode::{ClientTimeError, ReadTransaction, TimeWindow};
    /// # use std::time::Duration;
    /// # fn guard(tx: &ReadTransaction) -> Result<(), ClientTimeError> {
    /// let window = TimeWindow { past: Duration::from_secs(60), future: Duration::from_secs(10) };
    /// tx.require_client_time_within(window)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the time is outside the window, or the host has no clock.
    pub fn require_client_time_within(&self, window: TimeWindow) -> Result<(), ClientTimeError> {
        let result = match self.invocation.client_time_offset() {
            None => Err(ClientTimeError::NoClock),
            Some(offset) if window.holds(offset) => Ok(()),
            Some(_) => Err(ClientTimeError::Outside),
        };
        if let Err(error) = &result {
            self.ledger.fail(ContractError::of(error));
        }
        result
    }

    /// The chaincode that the client called; see
    /// [`Invocation::outermost_chaincode`](crate::Invocation::outermost_chaincode).
    #[must_use]
    pub fn outermost_chaincode(&self) -> &ChaincodeName {
        self.invocation.outermost_chaincode()
    }

    /// Data that came with the proposal and stays off the ledger.
    #[must_use]
    pub fn transient(&self, name: &str) -> Option<&Secret> {
        self.invocation.transient(name)
    }

    /// Whether the call initialises the chaincode; see
    /// [`Invocation::is_init`](crate::Invocation::is_init).
    #[must_use]
    pub fn is_init(&self) -> bool {
        self.invocation.is_init()
    }

    /// What binds the call to its proposal; see
    /// [`Invocation::binding`](crate::Invocation::binding).
    #[must_use]
    pub fn binding(&self) -> [u8; 32] {
        self.invocation.binding()
    }

    /// What the peer's decorators added to the call. Peers may differ in it.
    #[must_use]
    pub fn decoration(&self, name: &str) -> Option<&[u8]> {
        self.invocation.decoration(name)
    }

    /// The proposal as the client signed it.
    #[must_use]
    pub fn signed_proposal(&self) -> SignedBytes<'_> {
        self.invocation.signed_proposal()
    }
}

/// How far the time that a client claims may lie from the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct TimeWindow {
    /// How far before it.
    pub past: Duration,
    /// How far behind it.
    pub future: Duration,
}

impl TimeWindow {
    /// Whether a time lies within, in nanoseconds from the peer's; negative ones are earlier.
    fn holds(&self, offset: i128) -> bool {
        let most = if offset < 0 { self.past } else { self.future };
        offset.unsigned_abs() <= most.as_nanos()
    }
}

/// Why the time that the client claims was refused. Which side it lies on is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientTimeError {
    /// It lies outside the window.
    #[error("the proposal's time is too far from the peer's")]
    Outside,
    /// The host gave the call no reading of its clock.
    #[error("there is no clock to compare the proposal's time with")]
    NoClock,
}

impl Fault for ClientTimeError {
    fn status(&self) -> Status {
        match self {
            Self::Outside => Status::BAD_REQUEST,
            Self::NoClock => Status::INTERNAL,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Outside => "CLIENT_TIME",
            Self::NoClock => "NO_CLOCK",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::TimeWindow;

    #[test]
    fn a_window_has_two_sides_and_includes_its_edges() {
        let window = TimeWindow { past: Duration::from_secs(2), future: Duration::from_nanos(1) };
        for (offset, holds) in [
            (0, true),
            (1, true),
            (2, false),
            (-2_000_000_000, true),
            (-2_000_000_001, false),
            (i128::MAX, false),
            (i128::MIN, false),
        ] {
            assert_eq!(window.holds(offset), holds, "{offset}");
        }
    }
}
