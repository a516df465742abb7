//! The plaintexts of private data, beside the blocks that hold their hashes.
//!
//! ```text
//! private.values: | header | record | record | …
//!
//! header: | magic (8) | format version (4) | CRC-32C of the 12 bytes before (4) |
//!
//! record: as in a segment file (`format.rs`), with this body:
//!         | count (4) | { place in the block (8) | TxPvtReadWriteSet } …
//!         | count (4) | { place in the block (8) | namespace | collection | key hash } …
//! ```
//!
//! There is one record for each block that writes to a collection: the write sets that were at
//! hand, and the keys that it purges. It is on disk before its block is, so that no block is
//! acknowledged whose private data could be lost.
//!
//! These bytes cannot be built again from the blocks. To forget a value the whole file is written
//! anew without it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fabric_protos::Message as _;
use fabric_protos::rwset::TxPvtReadWriteSet;
use pervade_ledger::private::PrivateWrites;
use pervade_ports::{File, OpenMode, Vfs};
use thiserror::Error;

use crate::block_file::{Access, ReadError, WriteError};
use crate::codec::{Reader, Writer};
use crate::damage::{Damage, DamageKind};
use crate::format::{Checked, RECORD_HEAD_LEN, RecordHead, sealed, unsealed};

const MAGIC: [u8; 8] = *b"PVPRIVAT";
const VERSION: u32 = 1;
const VERSION_AT: usize = MAGIC.len();
const CRC_AT: usize = VERSION_AT + 4;
const HEADER_LEN: usize = CRC_AT + 4;
const _: () = assert!(HEADER_LEN == 16, "files of private values have 16-byte headers");

const NAME: &str = "private.values";
const NEW_NAME: &str = "private.values.new";

/// The file of one channel's private values.
pub(crate) struct PrivateFile {
    vfs: Arc<dyn Vfs>,
    folder: PathBuf,
    access: Access,
    open: Mutex<Opened>,
}

/// The file as it is now; none before the first private value.
#[derive(Default)]
struct Opened {
    file: Option<Box<dyn File>>,
    end: u64,
    /// Where each block's record begins.
    places: BTreeMap<u64, u64>,
    /// A write failed in a way that leaves the file's content unknown.
    is_broken: bool,
}

/// Why private values could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenPrivateError {
    /// The file system failed.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// The file is in a layout of another release.
    #[error("{} has format version {version}, which this program does not know", path.display())]
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// The version it names.
        version: u32,
    },
    /// The first bytes of the file are not those once written.
    #[error("{} does not begin like a file of private values", path.display())]
    Header {
        /// The file.
        path: PathBuf,
    },
    /// A record is damaged, and there is no other copy of it.
    #[error("private values are damaged")]
    Damaged(#[from] Damage),
}

/// One record, with the block whose private data it is.
pub(crate) type Kept = (u64, PrivateWrites);

impl PrivateFile {
    /// Opens the file of a folder and returns what it holds, in order.
    ///
    /// Records from block `height` on were never acknowledged and are cut. `owes` says whether a
    /// block from a number up to `height` must have a record: then a last record that cannot be
    /// read is damage, and no trace of a power cut.
    pub(crate) fn open(
        vfs: Arc<dyn Vfs>,
        folder: &Path,
        (access, height): (Access, u64),
        owes: &dyn Fn(u64) -> bool,
    ) -> Result<(Self, Vec<Kept>), OpenPrivateError> {
        let path = folder.join(NAME);
        let failed = |source| OpenPrivateError::Io { path: path.clone(), source };
        if access == Access::ReadWrite && vfs.exists(&folder.join(NEW_NAME)) {
            vfs.remove(&folder.join(NEW_NAME)).map_err(failed)?;
        }
        let mut opened = Opened::default();
        let mut kept = Vec::new();
        if vfs.exists(&path) {
            let mode = match access {
                Access::ReadWrite => OpenMode::Existing,
                Access::ReadOnly => OpenMode::ReadOnly,
            };
            let file = vfs.open(&path, mode).map_err(failed)?;
            let bytes = read_whole(file.as_ref()).map_err(failed)?;
            let mut walk = Walk::of(&path, &bytes, height)?;
            while let Some((offset, writes)) = walk.record(owes)? {
                opened.places.insert(writes.0, offset);
                kept.push(writes);
            }
            opened.end = walk.offset();
            if access == Access::ReadWrite && opened.end < bytes.len() as u64 {
                tracing::warn!(file = %path.display(), "cutting an unfinished append");
                file.set_len(opened.end).and_then(|()| file.sync()).map_err(failed)?;
            }
            opened.file = Some(file);
        }
        let folder = folder.to_owned();
        Ok((Self { vfs, folder, access, open: Mutex::new(opened) }, kept))
    }

    /// Keeps what blocks that come next write; returns once it is on disk.
    pub(crate) fn append(&self, blocks: &[(u64, &PrivateWrites)]) -> Result<(), WriteError> {
        if blocks.is_empty() {
            return Ok(());
        }
        if self.access == Access::ReadOnly {
            return Err(WriteError::ReadOnly);
        }
        let mut open = self.opened();
        if open.is_broken {
            return Err(WriteError::Broken);
        }
        if open.file.is_none() {
            *open = self.create(NAME, &[])?;
        }
        let offset = open.end;
        let (bytes, starts) = encode(blocks)?;
        let Some(file) = &open.file else { return Err(WriteError::Broken) };
        let unknown = |source| WriteError::Unknown { path: self.folder.join(NAME), source };
        if let Err(source) = file.write_at(offset, &bytes) {
            let restored = file.set_len(offset);
            open.is_broken = restored.is_err();
            restored.map_err(unknown)?;
            return Err(WriteError::Refused { path: self.folder.join(NAME), source });
        }
        if let Err(source) = file.sync() {
            open.is_broken = true;
            return Err(unknown(source));
        }
        open.end = offset + bytes.len() as u64;
        open.places.extend(starts.into_iter().map(|(block, start)| (block, offset + start)));
        Ok(())
    }

    /// Gives up the records from a block on, which was not stored after all.
    pub(crate) fn give_up_from(&self, block: u64) {
        let mut open = self.opened();
        let given_up = open.places.split_off(&block);
        let Some(end) = given_up.into_values().next() else { return };
        let cut = open.file.as_ref().map(|file| file.set_len(end));
        open.is_broken |= matches!(cut, Some(Err(_)));
        open.end = end;
    }

    /// What is kept of a block's private data; `None` if it has none.
    pub(crate) fn read(&self, block: u64) -> Result<Option<PrivateWrites>, ReadError> {
        let open = self.opened();
        let (Some(offset), Some(file)) = (open.places.get(&block), &open.file) else {
            return Ok(None);
        };
        let path = self.folder.join(NAME);
        let failed = |source| ReadError::Io { path: path.clone(), source };
        let mut head = [0; RECORD_HEAD_LEN];
        file.read_at(*offset, &mut head).map_err(failed)?;
        let damaged = |what| Damage { file: path.clone(), offset: *offset, block, what };
        let head = RecordHead::read_intact(&head).ok_or_else(|| damaged(DamageKind::Checksum))?;
        let mut body = vec![0; head.length as usize];
        file.read_at(offset + RECORD_HEAD_LEN as u64, &mut body).map_err(failed)?;
        if head.check(&body) != Checked::Intact {
            return Err(damaged(DamageKind::Checksum).into());
        }
        let writes = decode(&mut Reader(&body)).ok_or_else(|| damaged(DamageKind::NoBlock))?;
        Ok(Some(writes))
    }

    /// Every record, in order.
    pub(crate) fn read_all(&self) -> Result<Vec<Kept>, ReadError> {
        let blocks: Vec<u64> = self.opened().places.keys().copied().collect();
        let read = |block| Ok((block, self.read(block)?.unwrap_or_default()));
        blocks.into_iter().map(read).collect()
    }

    /// Replaces everything, and wipes what was there before.
    pub(crate) fn replace(&self, kept: &[Kept]) -> Result<(), ForgetError> {
        let records: Vec<_> = kept.iter().map(|(block, writes)| (*block, writes)).collect();
        let mut open = self.opened();
        let renewed = self.create(NEW_NAME, &records)?;
        let failed = |source| ForgetError::Io { path: self.folder.join(NAME), source };
        let (new, name) = (self.folder.join(NEW_NAME), self.folder.join(NAME));
        self.vfs.rename(&new, &name).map_err(failed)?;
        let former = std::mem::replace(&mut *open, renewed);
        self.vfs.sync_dir(&self.folder).map_err(failed)?;
        // The bytes must not be left to whoever reads the disk below the file system.
        if let Some(file) = former.file {
            wipe(file.as_ref(), former.end).map_err(failed)?;
        }
        Ok(())
    }

    fn create(&self, name: &str, records: &[(u64, &PrivateWrites)]) -> Result<Opened, WriteError> {
        let path = self.folder.join(name);
        let refused = |source| WriteError::Refused { path: path.clone(), source };
        let (records, starts) = encode(records)?;
        let bytes = [header().as_slice(), &records].concat();
        let file = self.vfs.open(&path, OpenMode::CreateIfMissing).map_err(refused)?;
        file.set_len(0).map_err(refused)?;
        file.write_at(0, &bytes).map_err(refused)?;
        file.sync().map_err(refused)?;
        self.vfs.sync_dir(&self.folder).map_err(refused)?;
        let starts = starts.into_iter();
        Ok(Opened {
            file: Some(file),
            end: bytes.len() as u64,
            places: starts.map(|(block, start)| (block, start + HEADER_LEN as u64)).collect(),
            is_broken: false,
        })
    }

    fn opened(&self) -> MutexGuard<'_, Opened> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why values could not be forgotten. They are still there then; the next try may succeed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ForgetError {
    /// The file could not be read.
    #[error("cannot read private values")]
    Read(#[from] ReadError),
    /// The file could not be written anew.
    #[error("cannot write private values")]
    Write(#[from] WriteError),
    /// The former file could not be replaced or wiped.
    #[error("cannot replace {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The file system's answer.
        source: io::Error,
    },
}

/// Looks at the private values in a folder, which a network may be writing, and says how many
/// blocks they are of.
pub(crate) fn inspect(vfs: &dyn Vfs, folder: &Path) -> Result<u64, OpenPrivateError> {
    let path = folder.join(NAME);
    if !vfs.exists(&path) {
        return Ok(0);
    }
    let read = || read_whole(vfs.open(&path, OpenMode::ReadOnly)?.as_ref());
    let bytes = read().map_err(|source| OpenPrivateError::Io { path: path.clone(), source })?;
    let mut walk = Walk::of(&path, &bytes, u64::MAX)?;
    let mut blocks = 0;
    while walk.record(&|_| false)?.is_some() {
        blocks += 1;
    }
    Ok(blocks)
}

/// Reads a file from its bytes.
struct Walk<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    at: usize,
    height: u64,
    /// The least block that the next record may be of.
    next: u64,
}

impl<'a> Walk<'a> {
    fn of(path: &'a Path, bytes: &'a [u8], height: u64) -> Result<Self, OpenPrivateError> {
        let header = bytes.get(..HEADER_LEN).and_then(unsealed);
        let Some(header) = header.filter(|header| header.starts_with(&MAGIC)) else {
            return Err(OpenPrivateError::Header { path: path.to_owned() });
        };
        let version = Reader(header.get(VERSION_AT..).unwrap_or_default()).u32();
        match version.unwrap_or_default() {
            VERSION => Ok(Self { path, bytes, at: HEADER_LEN, height, next: 0 }),
            version => Err(OpenPrivateError::UnknownVersion { path: path.to_owned(), version }),
        }
    }

    /// The next record and where it begins; `None` at the end of what was acknowledged.
    fn record(&mut self, owes: &dyn Fn(u64) -> bool) -> Result<Option<(u64, Kept)>, Damage> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let Some((head, body)) = rest.split_first_chunk::<RECORD_HEAD_LEN>() else {
            return self.unreadable(owes, DamageKind::Missing);
        };
        let (head, checked) = RecordHead::read(head);
        match checked {
            Checked::Intact => {}
            Checked::Flipped { at, bit } => {
                return Err(self.damage(at, head.number, DamageKind::FlippedBit { bit }));
            }
            Checked::Wrong => return self.unreadable(owes, DamageKind::Checksum),
        }
        if head.number >= self.height {
            return Ok(None);
        }
        let damage = |at, what| self.damage(at, head.number, what);
        if head.number < self.next {
            return Err(damage(0, DamageKind::OutOfOrder { found: head.number }));
        }
        let Some(body) = body.get(..head.length as usize) else {
            return Err(damage(0, DamageKind::Missing));
        };
        match head.check(body) {
            Checked::Intact => {}
            Checked::Flipped { at, bit } => {
                return Err(damage(RECORD_HEAD_LEN + at, DamageKind::FlippedBit { bit }));
            }
            Checked::Wrong => return Err(damage(0, DamageKind::Checksum)),
        }
        let writes = decode(&mut Reader(body)).ok_or_else(|| damage(0, DamageKind::NoBlock))?;
        let offset = self.offset();
        self.at += RECORD_HEAD_LEN + body.len();
        self.next = head.number + 1;
        Ok(Some((offset, (head.number, writes))))
    }

    fn unreadable(
        &self,
        owes: &dyn Fn(u64) -> bool,
        what: DamageKind,
    ) -> Result<Option<(u64, Kept)>, Damage> {
        match (self.next..self.height).find(|block| owes(*block)) {
            None => Ok(None),
            Some(block) => Err(self.damage(0, block, what)),
        }
    }

    fn damage(&self, at: usize, block: u64, what: DamageKind) -> Damage {
        let offset = self.offset() + at as u64;
        Damage { file: self.path.to_owned(), offset, block, what }
    }

    fn offset(&self) -> u64 {
        self.at as u64
    }
}

fn read_whole(file: &dyn File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(file.len()?).unwrap_or(usize::MAX)];
    file.read_at(0, &mut bytes)?;
    Ok(bytes)
}

/// Overwrites a file that has no name any more.
fn wipe(file: &dyn File, length: u64) -> io::Result<()> {
    const PIECE: usize = 64 * 1024;
    let zeros = [0; PIECE];
    let mut at = 0;
    while at < length {
        let piece = usize::try_from(length - at).unwrap_or(PIECE).min(PIECE);
        file.write_at(at, zeros.get(..piece).unwrap_or_default())?;
        at += piece as u64;
    }
    file.sync()
}

fn header() -> Vec<u8> {
    sealed(&[MAGIC.as_slice(), &VERSION.to_be_bytes()].concat())
}

/// Blocks, and where their records begin.
type Starts = Vec<(u64, u64)>;

/// Records that follow each other, and where in the bytes each begins.
fn encode(blocks: &[(u64, &PrivateWrites)]) -> Result<(Vec<u8>, Starts), WriteError> {
    let (mut bytes, mut starts) = (Vec::new(), Vec::with_capacity(blocks.len()));
    let durable = blocks.first().map_or(0, |(first, _)| *first);
    for (number, writes) in blocks {
        let body = encode_body(writes);
        let too_long = WriteError::TooLong { number: *number, bytes: body.len() };
        let head = RecordHead::of(*number, durable, &body).ok_or(too_long)?;
        starts.push((*number, bytes.len() as u64));
        bytes.extend_from_slice(&head.to_bytes());
        bytes.extend_from_slice(&body);
    }
    Ok((bytes, starts))
}

fn encode_body(writes: &PrivateWrites) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut sink = |field: &[u8]| bytes.extend_from_slice(field);
    let mut writer = Writer(&mut sink);
    writer.u32(u32::try_from(writes.sets.len()).unwrap_or(u32::MAX));
    for (place, set) in &writes.sets {
        writer.u64(*place);
        writer.bytes(&set.encode_to_vec());
    }
    writer.u32(u32::try_from(writes.purges.len()).unwrap_or(u32::MAX));
    for (place, (namespace, collection, key_hash)) in &writes.purges {
        writer.u64(*place);
        writer.bytes(namespace.as_bytes());
        writer.bytes(collection.as_bytes());
        writer.bytes(key_hash);
    }
    bytes
}

fn decode(reader: &mut Reader<'_>) -> Option<PrivateWrites> {
    let mut writes = PrivateWrites::default();
    for _ in 0..reader.u32()? {
        let place = reader.u64()?;
        writes.sets.insert(place, TxPvtReadWriteSet::decode(reader.bytes()?).ok()?);
    }
    let mut purges = BTreeSet::new();
    for _ in 0..reader.u32()? {
        let place = reader.u64()?;
        let key = (reader.text()?, reader.text()?, reader.bytes()?.to_vec());
        purges.insert((place, key));
    }
    writes.purges = purges;
    reader.is_empty().then_some(writes)
}

#[cfg(test)]
mod tests;
