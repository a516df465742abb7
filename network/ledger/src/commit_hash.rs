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

#[cfg(test)]
mod tests {
    use super::{next, update_bytes, varint, version_bytes};
    use crate::state::{Update, UpdateBatch, Version};

    /// What blocks of a Fabric 3.1.5 network changed, and their commit hashes.
    #[test]
    fn commit_hashes_are_fabrics() {
        check(
            "put ops a 1, put ops b 2, put ops c 3",
            (5, "b8bd3152670647ab0cda31788b2899e772806d4898ef931e1c402ee05bdb4c08"),
            "4a4e0452613372061bf3c1fd7c06370c0a9ba2207e6ffa15475ed10977111f77",
        );
        check(
            "put ops a 9, delete ops c",
            (7, "f154a2771849ff885879f56177c43dbbca2e71613761057adbbd5a98ed763e1a"),
            "429c4e6d0228714a0e35c5c09986acc531fac5ef6021cda4f742ec8d4201e3e5",
        );
        check(
            "delete ops/c1 p, put ops mix 1",
            (12, "2fe4f2e4c9e39c7aeb8b83d38b96419c6afa6e9265b2a0426beeb4772dc8ae82"),
            "9ceb93cc806855d503de7492fd602fb552c62d1d549ad981bb33afc59cc0fe07",
        );
    }

    /// A name stands only where it changes, and the channel's own namespace not at all.
    #[test]
    fn names_are_not_repeated() {
        let batch = batch("put b k 1, put a k 1, put a/y k 1, put a/x k 1, put a l 1", 1);
        let text = String::from_utf8_lossy(&update_bytes(&batch)).into_owned();
        for name in ["a", "b", "x", "y"] {
            assert_eq!(text.matches(&format!("\u{1}{name}")).count(), 1, "{name} in {text:?}");
        }
        assert!(text.find("\u{1}x") < text.find("\u{1}y"), "collections are sorted");
        assert!(text.find("\u{1}l") < text.find("\u{1}x"), "public keys come first");
        let mut with_config = batch.clone();
        let version = Version { block: 1, transaction: 0 };
        with_config.public.insert((String::new(), "config".into()), Update::Delete { version });
        assert_eq!(update_bytes(&with_config), update_bytes(&batch));
    }

    #[test]
    fn versions_are_short_and_sortable() {
        let bytes = |block, transaction| hex::encode(version_bytes(Version { block, transaction }));
        assert_eq!(bytes(0, 0), "0000");
        assert_eq!(bytes(1, 255), "010101ff");
        assert_eq!(bytes(256, u64::MAX), "02010008ffffffffffffffff");
    }

    #[test]
    fn counts_are_variable_length() {
        assert_eq!(varint(0), [0]);
        assert_eq!(varint(127), [0x7f]);
        assert_eq!(varint(300), [0xac, 0x02]);
    }

    #[track_caller]
    fn check(changes: &str, (block, previous): (u64, &str), hash: &str) {
        let previous = hex::decode(previous).unwrap();
        let next = next(Some(&previous), &[0], &batch(changes, block));
        assert_eq!(hex::encode(next), hash, "block {block}");
    }

    /// `put namespace key value`, `delete namespace/collection key`: all by transaction 0.
    fn batch(changes: &str, block: u64) -> UpdateBatch {
        let version = Version { block, transaction: 0 };
        let mut batch = UpdateBatch::default();
        for change in changes.split(", ") {
            let words: Vec<_> = change.split(' ').collect();
            let (verb, namespace, key) = (words[0], words[1], words[2].to_owned());
            let put = |value| Update::Put { value, metadata: None, version };
            let value = words.get(3).map(|value| value.as_bytes().to_vec());
            let update =
                if verb == "put" { put(value.unwrap()) } else { Update::Delete { version } };
            match namespace.split_once('/') {
                None => _ = batch.public.insert((namespace.to_owned(), key), update),
                Some((namespace, collection)) => {
                    let key = crate::rwset::sha256(key.as_bytes());
                    let place = (namespace.to_owned(), collection.to_owned(), key);
                    batch.hashed.insert(place, update);
                }
            }
        }
        batch
    }
}
