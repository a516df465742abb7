//! The state that one proposal sees, shared by every chaincode that works on it.

use std::sync::{Arc, Mutex};

use fabric_protos::id::MspId;
use pervade_ledger::simulate::{RangeCursor, SimulateError, SimulationResult, Simulator};
use pervade_storage::StateSnapshot;
use thiserror::Error;

use crate::channel::{Channel, PrivateKey};
use crate::lock;

/// One transaction's simulation. Clones are the same simulation.
#[derive(Clone)]
pub(crate) struct Simulation(Arc<Inner>);

struct Inner {
    snapshot: Arc<StateSnapshot>,
    /// Gone once the simulation is over; what a chaincode asks afterwards is refused.
    running: Mutex<Option<Simulator<Arc<StateSnapshot>>>>,
}

impl Simulation {
    /// Begins on the state as it is now.
    pub(crate) fn new(channel: &Arc<Channel>) -> Self {
        let snapshot = Arc::new(channel.snapshot());
        let running = Mutex::new(Some(Simulator::new(Arc::clone(&snapshot))));
        Self(Arc::new(Inner { snapshot, running }))
    }

    /// The state that is simulated on; reading it leaves no trace.
    pub(crate) fn state(&self) -> &StateSnapshot {
        &self.0.snapshot
    }

    /// Ends the simulation.
    pub(crate) fn finish(&self) -> Result<SimulationResult, SimulationError> {
        let running = lock(&self.0.running).take();
        Ok(running.ok_or(SimulationError::Over)?.finish())
    }

    pub(crate) fn get(
        &self,
        namespace: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, SimulationError> {
        self.with(|simulator| simulator.get(namespace, key))
    }

    pub(crate) fn put(
        &self,
        namespace: &str,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), SimulationError> {
        not_empty(key)?;
        self.with(|simulator| simulator.put(namespace, key, value))
    }

    pub(crate) fn delete(&self, namespace: &str, key: &str) -> Result<(), SimulationError> {
        not_empty(key)?;
        self.with(|simulator| simulator.delete(namespace, key))
    }

    pub(crate) fn range(
        &self,
        namespace: &str,
        start: &str,
        end: &str,
    ) -> Result<RangeCursor, SimulationError> {
        self.with(|simulator| simulator.range(namespace, start, end))
    }

    pub(crate) fn next(
        &self,
        cursor: RangeCursor,
    ) -> Result<Option<(String, Vec<u8>)>, SimulationError> {
        self.with(|simulator| simulator.next(cursor))
    }

    /// The SHA-256 of a private value.
    pub(crate) fn private_hash(
        &self,
        place: PrivateKey<'_>,
    ) -> Result<Option<Vec<u8>>, SimulationError> {
        let PrivateKey { namespace, collection, key } = place;
        self.with(|simulator| simulator.get_private_hash(namespace, collection, key))
    }

    /// A private value, if a peer of `organization` has it.
    pub(crate) fn get_private(
        &self,
        organization: &MspId,
        place: PrivateKey<'_>,
    ) -> Result<Option<Vec<u8>>, SimulationError> {
        let PrivateKey { namespace, collection, key } = place;
        self.with(|simulator| simulator.get_private(organization, (namespace, collection, key)))
    }

    /// Entries of a private collection in order of their keys, at most `limit`, as a peer of
    /// `organization` holds them.
    pub(crate) fn private_range(
        &self,
        organization: &MspId,
        place: (&str, &str),
        (bounds, limit): ((&str, &str), usize),
    ) -> Result<Vec<(String, Vec<u8>)>, SimulationError> {
        self.with(|simulator| {
            let mut range = simulator.private_range(organization, place, bounds)?;
            let mut found = Vec::new();
            while found.len() < limit
                && let Some(entry) = simulator.next_private(&mut range)?
            {
                found.push(entry);
            }
            Ok(found)
        })
    }

    pub(crate) fn put_private(
        &self,
        place: PrivateKey<'_>,
        value: Vec<u8>,
    ) -> Result<(), SimulationError> {
        let PrivateKey { namespace, collection, key } = place;
        not_empty(key)?;
        self.with(|simulator| simulator.put_private(namespace, collection, key, value))
    }

    pub(crate) fn delete_private(&self, place: PrivateKey<'_>) -> Result<(), SimulationError> {
        let PrivateKey { namespace, collection, key } = place;
        not_empty(key)?;
        self.with(|simulator| simulator.delete_private(namespace, collection, key))
    }

    /// Works on the simulation, if it is not over.
    pub(crate) fn running<T>(
        &self,
        work: impl FnOnce(&mut Simulator<Arc<StateSnapshot>>) -> T,
    ) -> Result<T, SimulationError> {
        let mut running = lock(&self.0.running);
        Ok(work(running.as_mut().ok_or(SimulationError::Over)?))
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut Simulator<Arc<StateSnapshot>>) -> Result<T, SimulateError>,
    ) -> Result<T, SimulationError> {
        self.running(work)?.map_err(|source| SimulationError::Simulate { source })
    }
}

fn not_empty(key: &str) -> Result<(), SimulationError> {
    if key.is_empty() { Err(SimulationError::EmptyKey) } else { Ok(()) }
}

/// Why the state cannot be read or written. A chaincode reads the text.
#[derive(Debug, Error)]
pub(crate) enum SimulationError {
    #[error("no ledger context")]
    Over,
    #[error("key must not be empty")]
    EmptyKey,
    #[error("{source}")]
    Simulate {
        #[source]
        source: SimulateError,
    },
}
