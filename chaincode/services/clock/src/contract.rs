//! The clock's functions.

use std::time::Duration;

use pervade_chaincode::{
    ClaimedTime, LedgerError, ReadTransaction, TimeWindow, Transaction, canonical, contract,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::ClockError;
use crate::rules::{Marker, Seen, Terms, first, following};

/// The clock contract.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock;

/// The certificate attribute, with the value `true`, of who may bind the terms.
pub const MAY_BIND: &str = "platform.init";

/// The certificate attribute, with the value `true`, of who may tick.
pub const MAY_TICK: &str = "platform.ticker";

/// The event of the binding; its payload is the SHA-256 of the bound terms, in hexadecimal.
pub const BOUND: &str = "bound";

/// The event of a tick; its payload is the marker.
pub const TICKED: &str = "ticked";

#[contract(name = "clock", default)]
impl Clock {
    /// Binds the clock's terms and begins epoch 0. Once: a later version of the definition may be
    /// initialised with the same terms, and with no others.
    #[init]
    async fn bind(
        &self,
        tx: &mut Transaction,
        terms: Terms,
        height: u64,
        block_hash: String,
    ) -> Result<(), ClockError> {
        permit(tx, MAY_BIND)?;
        terms.check()?;
        if let Some(bound) = tx.get_json::<Terms>(TERMS).await? {
            return if bound == terms { Ok(()) } else { Err(ClockError::AlreadyInitialized) };
        }
        tx.require_client_time_within(window(&terms))?;
        let written = bytes(TERMS, &terms)?;
        let bound = hex::encode(Sha256::digest(&written));
        let time_ms = milliseconds(tx.client_claimed_time())?;
        let marker = first(bound.clone(), Seen { block_hash, height, time_ms })?;
        tx.put(TERMS, written).await?;
        tx.put_json(epoch_key(0), &marker).await?;
        Ok(tx.set_event(BOUND, bound.into_bytes())?)
    }

    /// Begins epoch `number`, on the last block that the ticker has seen; tells the epoch's marker.
    /// If it has begun already, nothing changes.
    #[submit]
    async fn tick(
        &self,
        tx: &mut Transaction,
        number: u64,
        height: u64,
        block_hash: String,
    ) -> Result<Marker, ClockError> {
        permit(tx, MAY_TICK)?;
        let terms = bound(tx).await?;
        if let Some(marker) = read(tx, number).await? {
            return Ok(marker);
        }
        tx.require_client_time_within(window(&terms))?;
        let before = number.checked_sub(1).ok_or(ClockError::NotInitialized)?;
        let previous = read(tx, before).await?.ok_or(ClockError::NoEpoch { number: before })?;
        let previous_sha256 = hex::encode(Sha256::digest(bytes("epoch", &previous)?));
        let time_ms = milliseconds(tx.client_claimed_time())?;
        let seen = Seen { block_hash, height, time_ms };
        let marker = following(&terms, &previous, previous_sha256, seen)?;
        let written = bytes("epoch", &marker)?;
        tx.put(epoch_key(number), written.clone()).await?;
        tx.set_event(TICKED, written)?;
        Ok(marker)
    }

    /// Whether an epoch has begun. Asked in a transaction, the answer "no" must still hold when
    /// the transaction commits.
    #[external]
    #[evaluate]
    async fn has_begun(&self, tx: &ReadTransaction, number: u64) -> Result<bool, ClockError> {
        Ok(read(tx, number).await?.is_some())
    }

    /// The marker of an epoch.
    #[external]
    #[evaluate]
    async fn marker(&self, tx: &ReadTransaction, number: u64) -> Result<Marker, ClockError> {
        read(tx, number).await?.ok_or(ClockError::NoEpoch { number })
    }

    /// The marker of the present epoch. For clients: a transaction that asked this would conflict
    /// with the next tick.
    #[evaluate]
    async fn latest(&self, tx: &ReadTransaction) -> Result<Marker, ClockError> {
        let mut latest = read(tx, 0).await?.ok_or(ClockError::NotInitialized)?;
        // Epochs have no gaps: strides double while they find a marker, then halve.
        let (mut stride, mut grows) = (1_u64, true);
        while stride > 0 {
            match read(tx, latest.number.saturating_add(stride)).await? {
                Some(marker) => {
                    latest = marker;
                    stride = if grows { stride.saturating_mul(2) } else { stride / 2 };
                }
                None => {
                    grows = false;
                    stride /= 2;
                }
            }
        }
        Ok(latest)
    }

    /// The terms that the clock runs by.
    #[external]
    #[evaluate]
    async fn terms(&self, tx: &ReadTransaction) -> Result<Terms, ClockError> {
        bound(tx).await
    }
}

const TERMS: &str = "terms";

fn epoch_key(number: u64) -> String {
    format!("epoch/{number:010}")
}

async fn read(tx: &ReadTransaction, number: u64) -> Result<Option<Marker>, ClockError> {
    Ok(tx.get_json(epoch_key(number)).await?)
}

async fn bound(tx: &ReadTransaction) -> Result<Terms, ClockError> {
    tx.get_json(TERMS).await?.ok_or(ClockError::NotInitialized)
}

fn permit(tx: &ReadTransaction, role: &'static str) -> Result<(), ClockError> {
    let identity = tx.creator().client_identity()?;
    let is_permitted = identity.attribute(role) == Some("true");
    if is_permitted { Ok(()) } else { Err(ClockError::PermissionDenied { role }) }
}

fn window(terms: &Terms) -> TimeWindow {
    TimeWindow {
        past: Duration::from_millis(terms.behind_ms),
        future: Duration::from_millis(terms.ahead_ms),
    }
}

fn milliseconds(time: ClaimedTime) -> Result<u64, ClockError> {
    let seconds = u64::try_from(time.seconds).map_err(|_negative| ClockError::BeforeTime)?;
    Ok(seconds.saturating_mul(1_000).saturating_add(u64::from(time.nanos / 1_000_000)))
}

fn bytes(key: &str, value: &impl Serialize) -> Result<Vec<u8>, ClockError> {
    let written = canonical::to_vec(value);
    Ok(written.map_err(|source| LedgerError::Json { key: key.to_owned(), source })?)
}
