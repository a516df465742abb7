//! The checkpoint file: the derived half of a channel as it was at one height.
//!
//! ```text
//! | magic (8) | format version (4) | SHA-256 of the version and of all that follows (32)
//! | height (8) | hash of the last block's header (32) | entries …
//!
//! entry: | 1 | namespace | key | value | metadata | version |
//!        | 2 | namespace | collection | key hash | value | metadata | version |
//!        | 3 | transaction id | block (8) | index (4) | verdict (1) |
//!        | 4 | namespace | key | count (4) | block (8) … |
//! metadata: | 0 | or | 1 | bytes |        version: | block (8) | transaction (8) |
//! ```
//!
//! Texts and bytes have a four-byte length before them; integers are big-endian. The first three
//! fields stay where they are in every later version, so that an unknown version can be told
//! from a damaged one.

use std::io;
use std::path::{Path, PathBuf};

use fabric_protos::id::TxId;
use fabric_protos::protos::TxValidationCode;
use pervade_ledger::state::{StateView as _, Version, Versioned};
use pervade_ports::{OpenMode, Vfs};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::codec::{Reader, Writer};
use crate::index::{Index, TxPosition};
use crate::state::{Loaded, LoadedPlace, State, StateSnapshot};

/// The derived half of a channel, as loaded.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(crate) height: u64,
    pub(crate) tip_hash: [u8; 32],
    pub(crate) state: State,
    pub(crate) index: Index,
}

/// A checkpoint that must not be passed over.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// It was written by another release; rebuilding would throw away what that one knows.
    #[error("{} has format version {version}, which this program does not know", path.display())]
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// The version it names.
        version: u32,
    },
    /// The file system failed.
    #[error("cannot read or write {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
}

const MAGIC: [u8; 8] = *b"PVSTATE\0";
const VERSION: u32 = 1;
const VERSION_AT: usize = MAGIC.len();
const DIGEST_AT: usize = VERSION_AT + 4;
const CONTENT_AT: usize = DIGEST_AT + 32;
const _: () = assert!(CONTENT_AT == 44, "checkpoints on disk begin with 44 fixed bytes");

const NAME: &str = "state.checkpoint";
const NEW_NAME: &str = "state.checkpoint.new";

const PUBLIC: u8 = 1;
const HASHED: u8 = 2;
const TRANSACTION: u8 = 3;
const WRITERS: u8 = 4;

/// The checkpoint in a folder; `None` if there is none or it is damaged.
pub(crate) fn load(vfs: &dyn Vfs, folder: &Path) -> Result<Option<Checkpoint>, CheckpointError> {
    let Some(bytes) = read(vfs, folder)? else { return Ok(None) };
    let checkpoint = bytes.get(CONTENT_AT..).and_then(|content| decode(&mut Reader(content)));
    if checkpoint.is_none() {
        tracing::warn!(folder = %folder.display(), "the checkpoint cannot be read: rebuilding");
    }
    Ok(checkpoint)
}

/// How many blocks the checkpoint in a folder says are on disk.
pub(crate) fn height_on_disk(vfs: &dyn Vfs, folder: &Path) -> Result<u64, CheckpointError> {
    let bytes = read(vfs, folder)?.unwrap_or_default();
    Ok(bytes.get(CONTENT_AT..).and_then(|content| Reader(content).u64()).unwrap_or(0))
}

/// What the checkpoint file of a folder is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum CheckpointFile {
    /// There is none; the blocks alone are enough.
    Absent,
    /// Its bytes are not those once written. It will be built again from the blocks.
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Its bytes are those once written.
    Intact {
        /// How many blocks it is of.
        height: u64,
        /// Hash of the last of these blocks' headers.
        tip_hash: [u8; 32],
        /// SHA-256 of height and state in canonical order, as [`crate::ChannelStore::state_digest`].
        state_digest: [u8; 32],
    },
}

/// Reads the checkpoint file of a folder without believing it.
///
/// # Errors
/// If it is of an unknown version, or the file system fails.
pub(crate) fn inspect(vfs: &dyn Vfs, folder: &Path) -> Result<CheckpointFile, CheckpointError> {
    let path = folder.join(NAME);
    if !vfs.exists(&path) {
        return Ok(CheckpointFile::Absent);
    }
    Ok(match load(vfs, folder)? {
        None => CheckpointFile::Damaged { path },
        Some(Checkpoint { height, tip_hash, state, .. }) => CheckpointFile::Intact {
            height,
            tip_hash,
            state_digest: state_digest(&state.snapshot()),
        },
    })
}

/// Writes the checkpoint of a folder, replacing the one before in one step.
pub(crate) fn save(vfs: &dyn Vfs, folder: &Path, content: &[u8]) -> Result<(), CheckpointError> {
    let path = folder.join(NEW_NAME);
    let write = || {
        let file = vfs.open(&path, OpenMode::CreateIfMissing)?;
        file.set_len(0)?;
        file.write_at(0, &framed(content))?;
        file.sync()?;
        vfs.rename(&path, &folder.join(NAME))?;
        vfs.sync_dir(folder)
    };
    write().map_err(|source| CheckpointError::Io { path: path.clone(), source })
}

/// What [`save`] writes for a state and an index, which must be of the same height.
pub(crate) fn encode_index(index: &Index, tip_hash: &[u8; 32], height: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut sink = |field: &[u8]| bytes.extend_from_slice(field);
    let mut writer = Writer(&mut sink);
    writer.u64(height);
    writer.raw(tip_hash);
    for (tx_id, TxPosition { block, index, code }) in &index.transactions {
        writer.u8(TRANSACTION);
        writer.bytes(tx_id.as_str().as_bytes());
        writer.u64(*block);
        writer.u32(*index);
        writer.u8(u8::try_from(i32::from(*code)).unwrap_or(u8::MAX));
    }
    for ((namespace, key), blocks) in &index.writers {
        writer.u8(WRITERS);
        writer.bytes(namespace.as_bytes());
        writer.bytes(key.as_bytes());
        writer.u32(u32::try_from(blocks.len()).unwrap_or(u32::MAX));
        blocks.iter().for_each(|block| writer.u64(*block));
    }
    bytes
}

/// Hands every entry of a state to `sink` in the one canonical order.
pub(crate) fn encode_state(state: &StateSnapshot, sink: &mut dyn FnMut(&[u8])) {
    let mut writer = Writer(sink);
    state.for_each_public(&mut |namespace, key, value| {
        writer.u8(PUBLIC);
        writer.bytes(namespace.as_bytes());
        writer.bytes(key.as_bytes());
        encode_value(&mut writer, value);
    });
    state.for_each_hashed(&mut |namespace, collection, key_hash, value| {
        writer.u8(HASHED);
        writer.bytes(namespace.as_bytes());
        writer.bytes(collection.as_bytes());
        writer.bytes(key_hash);
        encode_value(&mut writer, value);
    });
}

/// SHA-256 over the height and every entry of a state in canonical order.
pub(crate) fn state_digest(state: &StateSnapshot) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(state.height().to_be_bytes());
    encode_state(state, &mut |field| hash.update(field));
    hash.finalize().into()
}

fn encode_value(writer: &mut Writer<'_>, value: &Versioned) {
    writer.bytes(&value.value);
    match &value.metadata {
        None => writer.u8(0),
        Some(metadata) => {
            writer.u8(1);
            writer.bytes(metadata);
        }
    }
    writer.u64(value.version.block);
    writer.u64(value.version.transaction);
}

/// The file's bytes, if there is a file and its digest is right.
fn read(vfs: &dyn Vfs, folder: &Path) -> Result<Option<Vec<u8>>, CheckpointError> {
    let path = folder.join(NAME);
    if !vfs.exists(&path) {
        return Ok(None);
    }
    let read = || {
        let file = vfs.open(&path, OpenMode::ReadOnly)?;
        let mut bytes = vec![0; usize::try_from(file.len()?).unwrap_or(usize::MAX)];
        file.read_at(0, &mut bytes)?;
        Ok(bytes)
    };
    let bytes: Vec<u8> =
        read().map_err(|source| CheckpointError::Io { path: path.clone(), source })?;
    let Some(version) = intact_version(&bytes) else {
        tracing::warn!(file = %path.display(), "the checkpoint is damaged: rebuilding");
        return Ok(None);
    };
    if version != VERSION {
        return Err(CheckpointError::UnknownVersion { path, version });
    }
    Ok(Some(bytes))
}

/// The version that the bytes name, if magic and digest are right.
fn intact_version(bytes: &[u8]) -> Option<u32> {
    let mut reader = Reader(bytes);
    let magic: [u8; 8] = reader.array()?;
    let version = reader.u32()?;
    let digest: [u8; 32] = reader.array()?;
    let right = magic == MAGIC && digest == digest_of(version, reader.0);
    right.then_some(version)
}

fn framed(content: &[u8]) -> Vec<u8> {
    let digest = digest_of(VERSION, content);
    [&MAGIC, VERSION.to_be_bytes().as_slice(), &digest, content].concat()
}

pub(crate) fn digest_of(version: u32, content: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(version.to_be_bytes()).chain_update(content).finalize().into()
}

fn decode(reader: &mut Reader<'_>) -> Option<Checkpoint> {
    let height = reader.u64()?;
    let tip_hash = reader.array()?;
    let (state, mut index) = (State::default(), Index::default());
    while !reader.is_empty() {
        match reader.u8()? {
            PUBLIC => {
                let place = LoadedPlace::Public { namespace: reader.text()?, key: reader.text()? };
                state.load(Loaded { place, value: decode_value(reader)? });
            }
            HASHED => {
                let place = LoadedPlace::Hashed {
                    namespace: reader.text()?,
                    collection: reader.text()?,
                    key_hash: reader.bytes()?.to_vec(),
                };
                state.load(Loaded { place, value: decode_value(reader)? });
            }
            TRANSACTION => {
                let tx_id = TxId::new(reader.text()?).ok()?;
                index.transactions.insert(tx_id, decode_position(reader)?);
            }
            WRITERS => {
                let key = (reader.text()?, reader.text()?);
                let count = reader.u32()?;
                let blocks = (0..count).map(|_| reader.u64()).collect::<Option<_>>()?;
                index.writers.insert(key, blocks);
            }
            _ => return None,
        }
    }
    state.set_height(height);
    state.find_expiries();
    Some(Checkpoint { height, tip_hash, state, index })
}

fn decode_value(reader: &mut Reader<'_>) -> Option<Versioned> {
    let value = reader.bytes()?.to_vec();
    let metadata = match reader.u8()? {
        0 => None,
        _ => Some(reader.bytes()?.to_vec()),
    };
    let version = Version { block: reader.u64()?, transaction: reader.u64()? };
    Some(Versioned { value, metadata, version })
}

fn decode_position(reader: &mut Reader<'_>) -> Option<TxPosition> {
    let (block, index) = (reader.u64()?, reader.u32()?);
    let code = TxValidationCode::try_from(i32::from(reader.u8()?)).ok()?;
    Some(TxPosition { block, index, code })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use std::collections::BTreeMap;

    use pervade_ledger::state::{Update, UpdateBatch, Version};
    use pervade_ports::system::SystemFiles;

    use super::{CheckpointFile, NAME, encode_index, encode_state, inspect, save, state_digest};
    use crate::index::Index;
    use crate::state::State;

    #[test]
    fn a_checkpoint_tells_the_digest_of_its_state() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(inspect(&SystemFiles, folder.path()).unwrap(), CheckpointFile::Absent);
        let state = state();
        write(folder.path(), &state);
        let expected = CheckpointFile::Intact {
            height: 1,
            tip_hash: [7; 32],
            state_digest: state_digest(&state.snapshot()),
        };
        assert_eq!(inspect(&SystemFiles, folder.path()).unwrap(), expected);
    }

    #[test]
    fn every_flipped_bit_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &state());
        let path = folder.path().join(NAME);
        let good = fs::read(&path).unwrap();
        let damaged = CheckpointFile::Damaged { path: path.clone() };
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, bytes).unwrap();
            let found = inspect(&SystemFiles, folder.path()).unwrap();
            assert_eq!(found, damaged, "bit {bit} of the file is flipped");
        }
    }

    fn state() -> State {
        let state = State::default();
        let version = Version { block: 0, transaction: 0 };
        let update = Update::Put { value: b"21.5".to_vec(), metadata: None, version };
        let mut batch = UpdateBatch::default();
        batch.public.insert(("recording".to_owned(), "record/1".to_owned()), update);
        state.apply(0, batch, BTreeMap::new());
        state
    }

    fn write(folder: &std::path::Path, state: &State) {
        let mut content = encode_index(&Index::default(), &[7; 32], 1);
        encode_state(&state.snapshot(), &mut |field| content.extend_from_slice(field));
        save(&SystemFiles, folder, &content).unwrap();
    }
}
