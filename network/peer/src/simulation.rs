//! The state that one proposal sees, shared by every chaincode that works on it.

use std::sync::{Arc, Mutex};

use fabric_protos::id::MspId;
use fabric_protos::protos::StateMetadata;
use pervade_ledger::simulate::{Page, RangeCursor, SimulateError, SimulationResult, Simulator};
use pervade_storage::StateSnapshot;
use thiserror::Error;

use crate::channel::{Channel, PrivateKey};
use crate::collections;
use crate::lock;

/// One transaction's simulation. Clones are the same simulation.
#[derive(Clone)]
pub(crate) struct Simulation(Arc<Inner>);

struct Inner {
    channel: Arc<Channel>,
    snapshot: Arc<StateSnapshot>,
    /// Gone once the simulation is over; what a chaincode asks afterwards is refused.
    running: Mutex<Option<Simulator<Arc<StateSnapshot>>>>,
}

impl Simulation {
    /// Begins on the state as it is now.
    pub(crate) fn new(channel: &Arc<Channel>) -> Self {
        let snapshot = Arc::new(channel.snapshot());
        let running = Mutex::new(Some(Simulator::new(Arc::clone(&snapshot))));
        Self(Arc::new(Inner { channel: Arc::clone(channel), snapshot, running }))
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

    pub(crate) fn metadata(
        &self,
        namespace: &str,
        key: &str,
    ) -> Result<Vec<StateMetadata>, SimulationError> {
        let entries = self.with(|simulator| simulator.get_metadata(namespace, key))?;
        let entries = entries.into_iter().map(|(metakey, value)| StateMetadata { metakey, value });
        Ok(entries.collect())
    }

    /// Makes `entry` the only metadata of a key.
    pub(crate) fn put_metadata(
        &self,
        namespace: &str,
        key: &str,
        entry: StateMetadata,
    ) -> Result<(), SimulationError> {
        not_empty(key)?;
        let metadata = [(entry.metakey, entry.value)].into();
        self.with(|simulator| simulator.put_metadata(namespace, key, metadata))
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

    pub(crate) fn page(
        &self,
        namespace: &str,
        range: (&str, &str),
        size: usize,
    ) -> Result<Page, SimulationError> {
        self.with(|simulator| simulator.page(namespace, range, size))
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
        let known =
            self.with(|simulator| simulator.note_private_read(namespace, collection, key))?;
        let Some(known) = known else { return Ok(None) };
        let is_member = collections::of(self.0.snapshot.as_ref(), namespace, collection)
            .is_some_and(|config| collections::has_member(&config, organization));
        let value = self.0.channel.private_value(place, &known.value);
        value.filter(|_| is_member).map(Some).ok_or(SimulationError::NotAvailable)
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

    fn with<T>(
        &self,
        work: impl FnOnce(&mut Simulator<Arc<StateSnapshot>>) -> Result<T, SimulateError>,
    ) -> Result<T, SimulationError> {
        let mut running = lock(&self.0.running);
        let simulator = running.as_mut().ok_or(SimulationError::Over)?;
        work(simulator).map_err(|source| SimulationError::Simulate { source })
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
    #[error("private data matching public hash version is not available")]
    NotAvailable,
    #[error("{source}")]
    Simulate {
        #[source]
        source: SimulateError,
    },
}
