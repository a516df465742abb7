//! The commit hash: one number that two peers share exactly if they gave every transaction the
//! same verdict and made the same changes.

use fabric_protos::Message;
use sha2::{Digest, Sha256};

use crate::state::{Update, UpdateBatch, Version};

/// The commit hash of a block: SHA-256 over the number of verdicts, the verdicts, the changes in
/// [canonical form](update_bytes) and the previous block's commit hash.
///
/// Blocks have one from number 1 on, so `previous` is `None` for block 1 alone.
#[must_use]
pub fn next(previous: Option<&[u8]>, verdicts: &[u8], batch: &UpdateBatch) -> [u8; 32] {
    Sha256::new()
        .chain_update(varint(verdicts.len()))
        .chain_update(verdicts)
        .chain_update(update_bytes(batch))
        .chain_update(previous.unwrap_or_default())
        .finalize()
        .into()
}

/// A block's changes in canonical form: namespaces in order, in each the public keys in order,
/// then its collections in order with their hashed keys in order. A namespace's name stands at its
/// first change only, a collection's likewise. Metadata is not part of it.
#[must_use]
pub fn update_bytes(batch: &UpdateBatch) -> Vec<u8> {
    let public = batch.public.iter().map(|((namespace, key), update)| {
        (Place { namespace, collection: None, key: key.as_bytes() }, update)
    });
    let hashed = batch.hashed.iter().map(|((namespace, collection, key), update)| {
        (Place { namespace, collection: Some(collection), key }, update)
    });
    let mut changes: Vec<_> =
        public.chain(hashed).filter(|(place, _)| !place.namespace.is_empty()).collect();
    changes.sort_unstable_by_key(|(place, _)| *place);
    let mut written = Vec::with_capacity(changes.len());
    let mut before: Option<Place<'_>> = None;
    for (place, update) in changes {
        written.push(write(place, before, update));
        before = Some(place);
    }
    Updates { writes: written }.encode_to_vec()
}

/// Where a change lies; the order of places is the order of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    namespace: &'a str,
    collection: Option<&'a String>,
    key: &'a [u8],
}

fn write(place: Place<'_>, before: Option<Place<'_>>, update: &Update) -> Write {
    let new_namespace = before.is_none_or(|before| before.namespace != place.namespace);
    let new_collection =
        new_namespace || before.is_none_or(|before| before.collection != place.collection);
    let (value, is_delete) = match update {
        Update::Put { value, .. } => (value.clone(), false),
        Update::Delete { .. } => (Vec::new(), true),
    };
    Write {
        namespace: if new_namespace { place.namespace.to_owned() } else { String::new() },
        collection: place.collection.filter(|_| new_collection).cloned().unwrap_or_default(),
        key: place.key.to_vec(),
        is_delete,
        value,
        version: version_bytes(update.version()),
    }
}

/// The canonical form as a message, which is in no file of definitions as no service carries it.
#[derive(Clone, PartialEq, prost::Message)]
struct Updates {
    #[prost(message, repeated, tag = "1")]
    writes: Vec<Write>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Write {
    #[prost(string, tag = "1")]
    namespace: String,
    #[prost(string, tag = "2")]
    collection: String,
    #[prost(bytes = "vec", tag = "3")]
    key: Vec<u8>,
    #[prost(bool, tag = "4")]
    is_delete: bool,
    #[prost(bytes = "vec", tag = "5")]
    value: Vec<u8>,
    #[prost(bytes = "vec", tag = "6")]
    version: Vec<u8>,
}

/// A number in protobuf's variable-length form.
fn varint(number: usize) -> Vec<u8> {
    let mut rest = number;
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap_or(0);
        rest >>= 7;
        if rest == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// Block and transaction, each as a count of bytes and then as few big-endian bytes as it needs.
fn version_bytes(version: Version) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in [version.block, version.transaction] {
        let significant: Vec<u8> =
            number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        bytes.push(u8::try_from(significant.len()).unwrap_or(8));
        bytes.extend(significant);
    }
    bytes
}
