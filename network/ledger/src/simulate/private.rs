//! Private data in a simulation: hashes for the ledger, values for the members.

use std::collections::{BTreeMap, VecDeque};

use fabric_protos::id::MspId;

use super::recorder::PrivateWrite;
use super::{RANGE_CHUNK, ReadOnly, SimulateError, Simulator, metadata_of, range};
use crate::collection;
use crate::lifecycle;
use crate::query::Chunk;
use crate::rwset::{VALIDATION_PARAMETER, sha256};
use crate::state::{PrivateView, StateView, Version, Versioned};

/// A range of private keys that is being read. What is read of it is not recorded.
#[derive(Debug)]
pub struct PrivateRange {
    place: Place,
    end: String,
    /// Where the next chunk begins; `None` after the last one.
    resume: Option<String>,
    ready: VecDeque<(String, Versioned)>,
}

/// A collection as the peers of one organisation see it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) namespace: String,
    pub(super) collection: String,
    is_member: bool,
}

impl<S: StateView> Simulator<S> {
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
        writes.insert(key.to_owned(), PrivateWrite::Purge);
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

    fn read_private(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<Option<Versioned>, SimulateError> {
        let hashed = self.state.get_hashed(namespace, collection, &sha256(key.as_bytes()))?;
        let version = hashed.as_ref().map(|versioned| versioned.version);
        self.record_read((namespace, collection, key), version);
        Ok(hashed)
    }

    fn record_read(
        &mut self,
        (namespace, collection, key): (&str, &str, &str),
        version: Option<Version>,
    ) {
        self.recorder.collection(namespace, collection).reads.insert(key.to_owned(), version);
    }
}

impl<S: StateView + PrivateView> Simulator<S> {
    /// A private value as a peer of this organisation reads it: values of collections that it is
    /// no member of are not there.
    ///
    /// # Errors
    /// If the ledger knows a value that the peer does not have, or the state cannot be read.
    pub fn get_private(
        &mut self,
        organization: &MspId,
        (namespace, collection, key): (&str, &str, &str),
    ) -> Result<Option<Vec<u8>>, SimulateError> {
        let place = self.place(organization, namespace, collection)?;
        let known = self.state.get_hashed(namespace, collection, &sha256(key.as_bytes()))?;
        let value = match &known {
            None => None,
            Some(known) => {
                let kept = self.state.private(namespace, collection, key)?;
                let kept = kept.filter(|value| place.is_member && sha256(value) == known.value);
                let public = known.version;
                Some(kept.ok_or(SimulateError::NotAvailable { public })?)
            }
        };
        self.interest.read_private(namespace, collection);
        self.record_read((namespace, collection, key), known.map(|known| known.version));
        Ok(value)
    }

    /// Opens the range `start <= key < end` of a collection as a peer of this organisation sees
    /// it; an empty end means no upper bound. Only for transactions that write nothing.
    ///
    /// # Errors
    /// If the transaction wrote already, or the state cannot be read.
    pub fn private_range(
        &mut self,
        organization: &MspId,
        (namespace, collection): (&str, &str),
        (start, end): (&str, &str),
    ) -> Result<PrivateRange, SimulateError> {
        let place = self.begin_private_query(organization, (namespace, collection))?;
        Ok(PrivateRange {
            place,
            end: end.to_owned(),
            resume: Some(start.to_owned()),
            ready: VecDeque::new(),
        })
    }

    /// The next entry of a range of private keys.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn next_private(
        &mut self,
        range: &mut PrivateRange,
    ) -> Result<Option<(String, Vec<u8>)>, SimulateError> {
        while range.ready.is_empty()
            && let Some(start) = range.resume.take()
        {
            let (chunk, resume) = self.private_chunk(&range.place, (&start, &range.end))?;
            (range.ready, range.resume) = (chunk.into(), resume);
        }
        Ok(range.ready.pop_front().map(|(key, found)| (key, found.value)))
    }

    pub(super) fn begin_private_query(
        &mut self,
        organization: &MspId,
        (namespace, collection): (&str, &str),
    ) -> Result<Place, SimulateError> {
        if self.wrote {
            return Err(SimulateError::PrivateQueryAfterWrite);
        }
        self.read_only.get_or_insert(ReadOnly::PrivateQuery);
        self.place(organization, namespace, collection)
    }

    /// Some entries that are on the ledger as the peer holds them, and where to go on.
    pub(super) fn private_chunk(
        &self,
        place: &Place,
        (start, end): (&str, &str),
    ) -> Result<Chunk, SimulateError> {
        let Place { namespace, collection, is_member } = place;
        if !is_member {
            return Ok((Vec::new(), None));
        }
        let kept = self.state.private_range((namespace, collection), (start, end), RANGE_CHUNK)?;
        let is_whole = kept.len() >= RANGE_CHUNK;
        let resume = kept.last().filter(|_| is_whole).map(|(key, _)| range::after(key));
        let mut found = Vec::with_capacity(kept.len());
        for (key, value) in kept {
            let known = self.state.get_hashed(namespace, collection, &sha256(key.as_bytes()))?;
            if let Some(known) = known.filter(|known| known.value == sha256(&value)) {
                found.push((key, Versioned { value, ..known }));
            }
        }
        Ok((found, resume))
    }

    /// Lifecycle's own records need no definition: every collection there is an implicit one.
    fn place(
        &mut self,
        organization: &MspId,
        namespace: &str,
        collection: &str,
    ) -> Result<Place, SimulateError> {
        let is_member = if namespace == lifecycle::NAMESPACE {
            lifecycle::implicit_collection(organization) == collection
        } else {
            let definition = self.definition(namespace)?;
            let config = definition.and_then(|definition| collection::find(definition, collection));
            config.is_some_and(|config| collection::has_member(&config, organization))
        };
        let (namespace, collection) = (namespace.to_owned(), collection.to_owned());
        Ok(Place { namespace, collection, is_member })
    }
}
