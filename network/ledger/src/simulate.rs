//! Simulation: runs a transaction against committed state and records what it read and wants to
//! write, without changing anything.
//!
//! A simulation does not see its own writes. What it records depends only on the state and on the
//! calls made, so that every endorser signs the same bytes.

mod init;
mod interest;
mod private;
mod range;
mod recorder;
mod search;

use std::collections::BTreeMap;

use fabric_protos::rwset::TxPvtReadWriteSet;
use thiserror::Error;

use crate::lifecycle::{self, AccessError, ChaincodeDefinition, RecordError};
use crate::query::QueryError;
use crate::rwset::{RwsetError, VALIDATION_PARAMETER, decode_metadata};
use crate::state::{StateError, StateView, Version, Versioned};
use range::Range;
use recorder::Recorder;

pub use init::{InitError, Initialization};
pub use interest::Interest;
pub use private::PrivateRange;
pub use search::Search;

/// Most ranges that one simulation may open.
pub const RANGES_MAX: usize = 4_096;

/// How many entries of a range are read from the state at once.
const RANGE_CHUNK: usize = 128;

/// One transaction being simulated, possibly through several chaincodes.
#[derive(Debug)]
pub struct Simulator<S> {
    state: S,
    recorder: Recorder,
    interest: Interest,
    ranges: Vec<Range>,
    /// Definitions of chaincodes whose collections were used.
    definitions: BTreeMap<String, Option<ChaincodeDefinition>>,
    wrote: bool,
    read_only: Option<ReadOnly>,
}

/// Why a transaction must not write any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadOnly {
    Page,
    PrivateQuery,
}

/// A range that is being read; valid for the simulation that opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeCursor(usize);

/// One page of results and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Keys and values, in the order of the range or the query.
    pub entries: Vec<(String, Vec<u8>)>,
    /// Of a range: the first key of the next page; empty at the end. Of a query: what the next
    /// page is asked for with.
    pub bookmark: String,
}

impl<S: StateView> Simulator<S> {
    /// Starts on the given state.
    pub fn new(state: S) -> Self {
        Self {
            state,
            recorder: Recorder::default(),
            interest: Interest::default(),
            ranges: Vec::new(),
            definitions: BTreeMap::new(),
            wrote: false,
            read_only: None,
        }
    }

    /// The state that is read.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// The committed value of a key.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn get(&mut self, namespace: &str, key: &str) -> Result<Option<Vec<u8>>, SimulateError> {
        Ok(self.read(namespace, key)?.map(|versioned| versioned.value))
    }

    /// The committed metadata of a key, by name; empty if it has none.
    ///
    /// # Errors
    /// If the state cannot be read or holds damaged metadata.
    pub fn get_metadata(
        &mut self,
        namespace: &str,
        key: &str,
    ) -> Result<BTreeMap<String, Vec<u8>>, SimulateError> {
        metadata_of(self.read(namespace, key)?)
    }

    fn read(&mut self, namespace: &str, key: &str) -> Result<Option<Versioned>, SimulateError> {
        let versioned = self.state.get(namespace, key)?;
        let version = versioned.as_ref().map(|versioned| versioned.version);
        self.recorder.namespace(namespace).reads.insert(key.to_owned(), version);
        Ok(versioned)
    }

    /// Writes a value; an empty one deletes the key.
    ///
    /// # Errors
    /// If a page was read before, or the state cannot be read.
    pub fn put(&mut self, namespace: &str, key: &str, value: Vec<u8>) -> Result<(), SimulateError> {
        self.begin_write()?;
        self.recorder.namespace(namespace).writes.insert(key.to_owned(), value);
        self.note_key_policy(namespace, key)
    }

    /// Deletes a key.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn delete(&mut self, namespace: &str, key: &str) -> Result<(), SimulateError> {
        self.put(namespace, key, Vec::new())
    }

    /// Replaces all metadata of a key; an empty map removes it. Without effect on the ledger if
    /// the key does not exist when the transaction is committed.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_metadata(
        &mut self,
        namespace: &str,
        key: &str,
        metadata: BTreeMap<String, Vec<u8>>,
    ) -> Result<(), SimulateError> {
        self.begin_write()?;
        self.recorder.namespace(namespace).metadata_writes.insert(key.to_owned(), metadata);
        self.note_key_policy(namespace, key)
    }

    fn note_key_policy(&mut self, namespace: &str, key: &str) -> Result<(), SimulateError> {
        let mut metadata = metadata_of(self.state.get(namespace, key)?)?;
        self.interest.wrote(namespace, "", metadata.remove(VALIDATION_PARAMETER));
        Ok(())
    }

    /// Opens the range `start <= key < end`; an empty end means no upper bound. Nothing is read
    /// and nothing is recorded as read before the first [`next`](Self::next).
    ///
    /// # Errors
    /// If more than [`RANGES_MAX`] ranges were opened.
    pub fn range(
        &mut self,
        namespace: &str,
        start: &str,
        end: &str,
    ) -> Result<RangeCursor, SimulateError> {
        if self.ranges.len() >= RANGES_MAX {
            return Err(SimulateError::TooManyRanges);
        }
        self.ranges.push(Range::new(namespace, start, end));
        Ok(RangeCursor(self.ranges.len() - 1))
    }

    /// The next entry of a range; `None` at its end, which is then recorded as seen.
    ///
    /// Every entry pulled becomes part of what validation compares, whether it is used or not.
    ///
    /// # Errors
    /// If the cursor is another simulation's, or the state cannot be read.
    pub fn next(
        &mut self,
        cursor: RangeCursor,
    ) -> Result<Option<(String, Vec<u8>)>, SimulateError> {
        let range = self.ranges.get_mut(cursor.0).ok_or(SimulateError::UnknownRange)?;
        range.next(&self.state)
    }

    /// One page of a range, recorded like a range that was read to its end. Only for transactions
    /// that write nothing.
    ///
    /// # Errors
    /// If the transaction wrote already, too many ranges were opened, or the state cannot be read.
    pub fn page(
        &mut self,
        namespace: &str,
        (start, end): (&str, &str),
        size: usize,
    ) -> Result<Page, SimulateError> {
        self.begin_page()?;
        let cursor = self.range(namespace, start, end)?;
        let range = self.ranges.get_mut(cursor.0).ok_or(SimulateError::UnknownRange)?;
        range.page(&self.state, size)
    }

    /// Ends the simulation.
    #[must_use]
    pub fn finish(mut self) -> SimulationResult {
        for range in self.ranges {
            self.recorder.namespace(&range.namespace).add_range(range.info());
        }
        let wrote = self.wrote;
        let (public, private) = self.recorder.into_sets();
        self.interest.touched(public.namespaces.iter().map(|namespace| namespace.name.as_str()));
        SimulationResult { public: public.encode(), private, interest: self.interest, wrote }
    }

    /// The committed definition of a chaincode, as whoever asks for one of its collections reads
    /// it: the reads are recorded. `None` if it has none.
    ///
    /// # Errors
    /// If the state cannot be read, or what is there is no definition.
    pub fn definition(
        &mut self,
        chaincode: &str,
    ) -> Result<Option<&ChaincodeDefinition>, SimulateError> {
        if !self.definitions.contains_key(chaincode) {
            let mut read = |key: &str| -> Result<Option<Vec<u8>>, AccessError> {
                Ok(self.get(lifecycle::NAMESPACE, key)?)
            };
            let found = ChaincodeDefinition::read(&mut read, chaincode)?;
            self.definitions.insert(chaincode.to_owned(), found);
        }
        Ok(self.definitions.get(chaincode).and_then(Option::as_ref))
    }

    fn begin_write(&mut self) -> Result<(), SimulateError> {
        match self.read_only {
            Some(ReadOnly::Page) => return Err(SimulateError::WriteAfterPage),
            Some(ReadOnly::PrivateQuery) => return Err(SimulateError::WriteAfterPrivateQuery),
            None => self.wrote = true,
        }
        Ok(())
    }

    fn begin_page(&mut self) -> Result<(), SimulateError> {
        if self.wrote {
            return Err(SimulateError::PageAfterWrite);
        }
        self.read_only.get_or_insert(ReadOnly::Page);
        Ok(())
    }
}

/// What a simulation found.
#[derive(Debug, Clone)]
pub struct SimulationResult {
    /// The public read-write set, ready for a `ChaincodeAction`.
    pub public: Vec<u8>,
    /// The private write set in plaintext, if private data was written.
    pub private: Option<TxPvtReadWriteSet>,
    /// What a plan for endorsement has to respect.
    pub interest: Interest,
    /// Whether anything was written.
    pub wrote: bool,
}

/// Why a simulation cannot go on. The texts are Fabric's where Fabric has one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// The state cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The state holds metadata that cannot be read.
    #[error("the metadata of a key cannot be read")]
    Metadata(#[from] RwsetError),
    /// Writes are refused after a page was read, as validation cannot re-check pages.
    #[error("Transaction has already performed a paginated query. Writes are not allowed")]
    WriteAfterPage,
    /// Pages are refused after a write, likewise.
    #[error("Paginated queries are supported only in a read-only transaction")]
    PageAfterWrite,
    /// Writes are refused after a query of private data, which is not re-checked either.
    #[error("Transaction has already performed queries on pvt data. Writes are not allowed")]
    WriteAfterPrivateQuery,
    /// Queries of private data are refused after a write, likewise.
    #[error("Queries on pvt data is supported only in a read-only transaction")]
    PrivateQueryAfterWrite,
    /// The ledger knows a private value that this peer does not have.
    #[error(
        "private data matching public hash version is not available. Public hash version = \
         {{BlockNum: {}, TxNum: {}}}, Private data version = <nil>",
        public.block,
        public.transaction
    )]
    NotAvailable {
        /// Which transaction wrote it.
        public: Version,
    },
    /// A definition that is committed cannot be read.
    #[error(transparent)]
    Definition(#[from] RecordError),
    /// A JSON query that is refused.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// More than [`RANGES_MAX`] ranges were opened.
    #[error("a transaction may open {RANGES_MAX} ranges at most")]
    TooManyRanges,
    /// The cursor is another simulation's.
    #[error("the range was not opened by this transaction")]
    UnknownRange,
}

fn metadata_of(versioned: Option<Versioned>) -> Result<BTreeMap<String, Vec<u8>>, SimulateError> {
    let stored = versioned.and_then(|versioned| versioned.metadata);
    Ok(stored.map(|stored| decode_metadata(&stored)).transpose()?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
