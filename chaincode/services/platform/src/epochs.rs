//! Deadlines by the clock of the set.

use pervade_chaincode::{CallError, Caller, ChaincodeName, ClientError, Fault};
use pervade_clock::ClockClient;

/// The bound clock, as a transaction asks it.
///
/// Answers that something has *not* begun must still hold when the transaction commits. Markers
/// are asked for one by one, by number, so that a transaction conflicts with no tick but that of its own
/// deadline.
#[derive(Clone, Debug)]
pub struct Epochs {
    clock: ChaincodeName,
}

impl Epochs {
    /// Asks the clock with this name.
    #[must_use]
    pub fn new(clock: ChaincodeName) -> Self {
        Self { clock }
    }

    /// Checks that `epoch` is the present one, or the one before: it has begun, and the one after the next has not.
    /// A transaction that is endorsed in the last moment of an epoch survives the tick.
    ///
    /// # Errors
    /// If it is another one.
    pub async fn require_present<C>(&self, tx: &mut C, epoch: u64) -> Result<(), EpochError>
    where
        C: Caller<Error = CallError>,
    {
        let is_over = self.has_begun(tx, epoch.saturating_add(2)).await?;
        if !is_over && self.has_begun(tx, epoch).await? {
            return Ok(());
        }
        Err(EpochError::BadEpoch { epoch })
    }

    /// Whether everything due by the end of `epoch` is late.
    ///
    /// # Errors
    /// If the clock cannot be asked.
    pub async fn is_over<C>(&self, tx: &mut C, epoch: u64) -> Result<bool, EpochError>
    where
        C: Caller<Error = CallError>,
    {
        self.has_begun(tx, epoch.saturating_add(1)).await
    }

    async fn has_begun<C>(&self, tx: &mut C, epoch: u64) -> Result<bool, EpochError>
    where
        C: Caller<Error = CallError>,
    {
        Ok(ClockClient::new(tx, self.clock.clone()).has_begun(epoch).await?)
    }
}

/// Why a deadline cannot be judged.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum EpochError {
    /// Not the present epoch.
    #[error("epoch {epoch} is not the present one")]
    #[fault(status = CONFLICT)]
    BadEpoch {
        /// The one that was named.
        epoch: u64,
    },
    /// The clock failed.
    #[error(transparent)]
    Clock(#[from] ClientError<CallError>),
}
