//! Records: named fields under a common name, with a key that lists them.
//!
//! ```text
//! <space>/metadata/<name>          StateMetadata{datatype, fields}
//! <space>/fields/<name>/<field>    StateData, one for each field
//! ```
//!
//! A field that keeps its value is not written again, so that what a transaction writes is what it
//! changes.

use std::collections::BTreeMap;

use fabric_protos::{
    Message,
    lifecycle::{StateData, StateMetadata, state_data},
};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{AccessError, LedgerAccess};

/// A record that cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The ledger fails.
    #[error("could not access key {key}: {source}")]
    Access {
        /// The key.
        key: String,
        /// Why.
        source: AccessError,
    },
    /// What is stored is no record.
    #[error("could not unmarshal state for key {key}: {source}")]
    Malformed {
        /// The key.
        key: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A field has a value of another kind.
    #[error("expected key {key} to encode a value of type {expected}")]
    Kind {
        /// The key.
        key: String,
        /// The kind expected.
        expected: &'static str,
    },
    /// A record is of another type.
    #[error("type name mismatch '{expected}' != '{found}'")]
    Datatype {
        /// The type expected.
        expected: &'static str,
        /// The type found.
        found: String,
    },
    /// A name under which a record is stored cannot be read.
    #[error("invalid private name format: {name}")]
    Name {
        /// The name.
        name: String,
    },
}

/// Reads the committed value of a key.
pub(crate) type Read<'a> = &'a mut dyn FnMut(&str) -> Result<Option<Vec<u8>>, AccessError>;

/// Where the two kinds of record are.
pub(super) const NAMESPACES: &str = "namespaces";
pub(super) const CHAINCODE_SOURCES: &str = "chaincode-sources";

pub(super) fn metadata_key(space: &str, name: &str) -> String {
    format!("{space}/metadata/{name}")
}

pub(super) fn field_key(space: &str, name: &str, field: &str) -> String {
    format!("{space}/fields/{name}/{field}")
}

/// A record as it is stored, whoever stores it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub(super) datatype: &'static str,
    pub(super) fields: Vec<(&'static str, state_data::Type)>,
}

impl Record {
    fn metadata(&self) -> Vec<u8> {
        StateMetadata {
            datatype: self.datatype.to_owned(),
            fields: self.fields.iter().map(|(name, _)| (*name).to_owned()).collect(),
        }
        .encode_to_vec()
    }

    /// Writes what differs from what is stored, and deletes fields that this record does not have.
    pub(super) fn write(
        &self,
        place: &mut Place<'_>,
        space: &str,
        name: &str,
    ) -> Result<(), RecordError> {
        let metadata = metadata(&mut |key| place.get(key), space, name)?.unwrap_or_default();
        let mut stored = BTreeMap::new();
        for field in &metadata.fields {
            let key = field_key(space, name, field);
            let value = place.get(&key).map_err(|source| access(&key, source))?;
            stored.insert(key, value.unwrap_or_default());
        }
        for (field, value) in &self.fields {
            let key = field_key(space, name, field);
            let value = StateData { r#type: Some(value.clone()) }.encode_to_vec();
            if stored.remove(&key).as_ref() != Some(&value) {
                place.put(&key, value).map_err(|source| access(&key, source))?;
            }
        }
        let same_shape = stored.is_empty()
            && metadata.datatype == self.datatype
            && metadata.fields.len() == self.fields.len();
        if !same_shape {
            let key = metadata_key(space, name);
            place.put(&key, self.metadata()).map_err(|source| access(&key, source))?;
        }
        for key in stored.into_keys() {
            place.delete(&key).map_err(|source| access(&key, source))?;
        }
        Ok(())
    }

    /// What of a record known by its hashes only differs from this one: the type, or else each
    /// field that does.
    pub(super) fn differences(
        &self,
        ledger: &mut dyn LedgerAccess,
        collection: &str,
        space: &str,
        name: &str,
    ) -> Result<Vec<&'static str>, RecordError> {
        let mut hash = |key: &str| {
            ledger.get_private_hash(collection, key).map_err(|source| access(key, source))
        };
        let stored_metadata = hash(&metadata_key(space, name))?;
        let mut stored = Vec::new();
        for (field, value) in &self.fields {
            let value = StateData { r#type: Some(value.clone()) }.encode_to_vec();
            stored.push((*field, value, hash(&field_key(space, name, field))?));
        }
        if !is_hash_of(stored_metadata.as_deref(), &self.metadata()) {
            return Ok(vec![self.datatype]);
        }
        let differing =
            stored.iter().filter(|(_, value, hash)| !is_hash_of(hash.as_deref(), value));
        Ok(differing.map(|(field, _, _)| *field).collect())
    }
}

fn is_hash_of(hash: Option<&[u8]>, value: &[u8]) -> bool {
    hash.is_some_and(|hash| hash == Sha256::digest(value).as_slice())
}

/// Where a record is written: in public, or in a collection.
pub(super) struct Place<'a> {
    pub(super) ledger: &'a mut dyn LedgerAccess,
    pub(super) collection: Option<&'a str>,
}

impl Place<'_> {
    pub(super) fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, AccessError> {
        match self.collection {
            None => self.ledger.get(key),
            Some(collection) => self.ledger.get_private(collection, key),
        }
    }

    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), AccessError> {
        match self.collection {
            None => self.ledger.put(key, value),
            Some(collection) => self.ledger.put_private(collection, key, value),
        }
    }

    fn delete(&mut self, key: &str) -> Result<(), AccessError> {
        match self.collection {
            None => self.ledger.delete(key),
            Some(collection) => self.ledger.delete_private(collection, key),
        }
    }
}

/// The list of a record's fields; `None` if there is no such record.
pub(super) fn metadata(
    read: Read<'_>,
    space: &str,
    name: &str,
) -> Result<Option<StateMetadata>, RecordError> {
    let key = metadata_key(space, name);
    let value = read(&key).map_err(|source| access(&key, source))?;
    value.map(|value| decode(&key, &value)).transpose()
}

/// Refuses a record of another type.
pub(super) fn expect_type(
    metadata: &StateMetadata,
    expected: &'static str,
) -> Result<(), RecordError> {
    if metadata.datatype == expected {
        return Ok(());
    }
    Err(RecordError::Datatype { expected, found: metadata.datatype.clone() })
}

/// A number; 0 if there is none.
pub(super) fn integer(
    read: Read<'_>,
    space: &str,
    name: &str,
    field: &str,
) -> Result<i64, RecordError> {
    let key = field_key(space, name, field);
    match field_value(read, &key)? {
        None => Ok(0),
        Some(state_data::Type::Int64(value)) => Ok(value),
        Some(state_data::Type::Bytes(_) | state_data::Type::String(_)) => {
            Err(RecordError::Kind { key, expected: "Int64" })
        }
    }
}

/// A text; empty if there is none.
pub(super) fn text(
    read: Read<'_>,
    space: &str,
    name: &str,
    field: &str,
) -> Result<String, RecordError> {
    let key = field_key(space, name, field);
    match field_value(read, &key)? {
        None => Ok(String::new()),
        Some(state_data::Type::String(value)) => Ok(value),
        Some(state_data::Type::Bytes(_) | state_data::Type::Int64(_)) => {
            Err(RecordError::Kind { key, expected: "String" })
        }
    }
}

/// A message; empty if there is none.
pub(super) fn message<M: Message + Default>(
    read: Read<'_>,
    space: &str,
    name: &str,
    field: &str,
) -> Result<M, RecordError> {
    let key = field_key(space, name, field);
    match field_value(read, &key)? {
        None => Ok(M::default()),
        Some(state_data::Type::Bytes(value)) => decode(&key, &value),
        Some(state_data::Type::String(_) | state_data::Type::Int64(_)) => {
            Err(RecordError::Kind { key, expected: "[]byte" })
        }
    }
}

fn field_value(read: Read<'_>, key: &str) -> Result<Option<state_data::Type>, RecordError> {
    let value = read(key).map_err(|source| access(key, source))?.unwrap_or_default();
    decode::<StateData>(key, &value).map(|data| data.r#type)
}

pub(super) fn decode<M: Message + Default>(key: &str, value: &[u8]) -> Result<M, RecordError> {
    let malformed =
        |source| RecordError::Malformed { key: key.to_owned(), source: Box::new(source) };
    M::decode(value).map_err(malformed)
}

pub(super) fn access(key: &str, source: AccessError) -> RecordError {
    RecordError::Access { key: key.to_owned(), source }
}
