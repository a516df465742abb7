//! Simulation: runs a transaction against committed state and records what it read and wants to
//! write, without changing anything.
//!
//! A simulation does not see its own writes. What it records depends only on the state and on the
//! calls made, so that every endorser signs the same bytes.

mod interest;
mod recorder;

use std::collections::{BTreeMap, VecDeque};

use fabric_protos::kvrwset::{KvRead, RangeQueryInfo};
use fabric_protos::rwset::TxPvtReadWriteSet;
use thiserror::Error;

use crate::rwset::{RangeReads, RwsetError, VALIDATION_PARAMETER, decode_metadata, sha256};
use crate::state::{StateError, StateView, Versioned};
use recorder::Recorder;

pub use interest::Interest;

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
    wrote: bool,
    paged: bool,
}

/// A range that is being read; valid for the simulation that opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeCursor(usize);

/// One page of a range and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Keys and values, in key order.
    pub entries: Vec<(String, Vec<u8>)>,
    /// The first key of the next page; empty at the end of the range.
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
            wrote: false,
            paged: false,
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
        if self.wrote {
            return Err(SimulateError::PageAfterWrite);
        }
        self.paged = true;
        let cursor = self.range(namespace, start, end)?;
        let range = self.ranges.get_mut(cursor.0).ok_or(SimulateError::UnknownRange)?;
        range.page(&self.state, size)
    }

    /// Writes a private value: its hashes go to the ledger, the value itself into the private
    /// write set. An empty value deletes the key.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_private(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), SimulateError> {
        self.begin_write()?;
        self.recorder.collection(namespace, collection).writes.insert(key.to_owned(), value.into());
        self.note_private_policy(namespace, collection, key)
    }

    /// Deletes a private key.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn delete_private(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<(), SimulateError> {
        self.put_private(namespace, collection, key, Vec::new())
    }

    /// Deletes a private key and asks every peer to forget its former values as well.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn purge_private(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<(), SimulateError> {
        self.begin_write()?;
        let writes = &mut self.recorder.collection(namespace, collection).writes;
        writes.insert(key.to_owned(), recorder::PrivateWrite::Purge);
        self.note_private_policy(namespace, collection, key)
    }

    /// Replaces all metadata of a private key; an empty map removes it.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_private_metadata(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
        metadata: BTreeMap<String, Vec<u8>>,
    ) -> Result<(), SimulateError> {
        self.begin_write()?;
        let recorded = self.recorder.collection(namespace, collection);
        recorded.metadata_writes.insert(key.to_owned(), metadata);
        self.note_private_policy(namespace, collection, key)
    }

    fn note_private_policy(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<(), SimulateError> {
        let hashed = self.state.get_hashed(namespace, collection, &sha256(key.as_bytes()))?;
        let mut metadata = metadata_of(hashed)?;
        self.interest.wrote(namespace, collection, metadata.remove(VALIDATION_PARAMETER));
        Ok(())
    }

    /// The SHA-256 of a private value, as every peer of the channel knows it.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn get_private_hash(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, SimulateError> {
        Ok(self.read_private(namespace, collection, key)?.map(|versioned| versioned.value))
    }

    /// The committed metadata of a private key, by name.
    ///
    /// # Errors
    /// If the state cannot be read or holds damaged metadata.
    pub fn get_private_metadata(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<BTreeMap<String, Vec<u8>>, SimulateError> {
        metadata_of(self.read_private(namespace, collection, key)?)
    }

    /// Records that a private value itself was read, which this peer's private store gave out.
    ///
    /// Returns what the ledger knows of the key, so that the caller can compare versions and
    /// hashes before it hands the value on.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn note_private_read(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<Option<Versioned>, SimulateError> {
        self.interest.read_private(namespace, collection);
        self.read_private(namespace, collection, key)
    }

    fn read_private(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<Option<Versioned>, SimulateError> {
        let hashed = self.state.get_hashed(namespace, collection, &sha256(key.as_bytes()))?;
        let version = hashed.as_ref().map(|versioned| versioned.version);
        self.recorder.collection(namespace, collection).reads.insert(key.to_owned(), version);
        Ok(hashed)
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

    fn begin_write(&mut self) -> Result<(), SimulateError> {
        if self.paged {
            return Err(SimulateError::WriteAfterPage);
        }
        self.wrote = true;
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

/// Why a simulation cannot go on.
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
    #[error("a transaction that read a page must not write")]
    WriteAfterPage,
    /// Pages are refused after a write, likewise.
    #[error("a transaction that wrote must not read a page")]
    PageAfterWrite,
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

/// A range being read and what it has shown so far.
#[derive(Debug)]
struct Range {
    namespace: String,
    start: String,
    end: String,
    /// Where the next chunk begins; `None` after the last one.
    resume: Option<String>,
    ready: VecDeque<(String, Versioned)>,
    reads: RangeReads,
    last: Option<String>,
    exhausted: bool,
}

impl Range {
    fn new(namespace: &str, start: &str, end: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            start: start.to_owned(),
            end: end.to_owned(),
            resume: Some(start.to_owned()),
            ready: VecDeque::new(),
            reads: RangeReads::new(),
            last: None,
            exhausted: false,
        }
    }

    fn next(&mut self, state: &impl StateView) -> Result<Option<(String, Vec<u8>)>, SimulateError> {
        if self.ready.is_empty() {
            self.fill(state)?;
        }
        let Some((key, versioned)) = self.ready.pop_front() else {
            self.exhausted = true;
            return Ok(None);
        };
        Ok(Some(self.show(key, versioned)))
    }

    fn fill(&mut self, state: &impl StateView) -> Result<(), SimulateError> {
        let Some(start) = self.resume.take() else { return Ok(()) };
        let chunk = state.range(&self.namespace, &start, &self.end, RANGE_CHUNK)?;
        if chunk.len() >= RANGE_CHUNK {
            self.resume = chunk.last().map(|(key, _)| after(key));
        }
        self.ready = chunk.into();
        Ok(())
    }

    fn page(&mut self, state: &impl StateView, size: usize) -> Result<Page, SimulateError> {
        let limit = size.saturating_add(1);
        let mut found = state.range(&self.namespace, &self.start, &self.end, limit)?;
        let next = if found.len() > size { found.pop() } else { None };
        let entries = found.into_iter().map(|(key, value)| self.show(key, value)).collect();
        self.exhausted = true;
        Ok(Page { entries, bookmark: next.map(|(key, _)| key).unwrap_or_default() })
    }

    fn show(&mut self, key: String, versioned: Versioned) -> (String, Vec<u8>) {
        let version = Some(versioned.version.into());
        self.reads.add(KvRead { key: key.clone(), version });
        self.last = Some(key.clone());
        (key, versioned.value)
    }

    /// What validation compares: up to the last key seen, or up to the end if that was seen.
    fn info(self) -> RangeQueryInfo {
        let end_key = if self.exhausted { self.end } else { self.last.unwrap_or_default() };
        RangeQueryInfo {
            start_key: self.start,
            end_key,
            itr_exhausted: self.exhausted,
            reads_info: self.reads.finish(),
        }
    }
}

/// The least key above `key`.
fn after(key: &str) -> String {
    let mut after = key.to_owned();
    after.push('\0');
    after
}
