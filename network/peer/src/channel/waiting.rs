use std::collections::BTreeMap;
use std::sync::Mutex;

use fabric_protos::id::TxId;
use pervade_storage::TxPosition;
use thiserror::Error;
use tokio::sync::oneshot;

use crate::limits::STATUS_WAITERS_MAX;
use crate::lock;

/// Those who wait for transactions to be committed.
#[derive(Default)]
pub(super) struct Waiting(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    by_transaction: BTreeMap<(TxId, u64), oneshot::Sender<TxPosition>>,
    joined: u64,
}

impl Waiting {
    /// Takes a place, which is given back when it is dropped.
    pub(super) fn join(&self, tx_id: &TxId) -> Result<Place<'_>, TooManyWaiting> {
        let mut queue = lock(&self.0);
        if queue.by_transaction.len() >= STATUS_WAITERS_MAX {
            return Err(TooManyWaiting);
        }
        let key = (tx_id.clone(), queue.joined);
        let (sender, committed) = oneshot::channel();
        queue.by_transaction.insert(key.clone(), sender);
        queue.joined = queue.joined.wrapping_add(1);
        Ok(Place { waiting: self, key, committed })
    }

    /// Tells everyone who waits for a transaction where it is.
    pub(super) fn committed(&self, tx_id: &TxId, position: TxPosition) {
        let mut queue = lock(&self.0);
        let span = (tx_id.clone(), u64::MIN)..=(tx_id.clone(), u64::MAX);
        let told: Vec<_> = queue.by_transaction.range(span).map(|(key, _)| key.clone()).collect();
        for key in told {
            let Some(sender) = queue.by_transaction.remove(&key) else { continue };
            // One that has stopped waiting need not be told.
            _ = sender.send(position);
        }
    }
}

/// A place in the queue.
pub(super) struct Place<'a> {
    waiting: &'a Waiting,
    key: (TxId, u64),
    committed: oneshot::Receiver<TxPosition>,
}

impl Place<'_> {
    /// Where the transaction is, once it is committed.
    pub(super) async fn position(&mut self) -> TxPosition {
        match (&mut self.committed).await {
            Ok(position) => position,
            // The queue keeps the sender for as long as there is a place.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(&self.waiting.0).by_transaction.remove(&self.key);
    }
}

/// As many wait for transactions of a channel as are let in.
#[derive(Clone, Copy, Debug, Error)]
#[error("more than {STATUS_WAITERS_MAX} callers wait for transactions to be committed")]
pub struct TooManyWaiting;
