use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockWriteGuard};

use pervade_ports::{File, OpenMode, Vfs};
use thiserror::Error;

use crate::damage::{Damage, DamageKind};
use crate::format::{
    BLOCK_BYTES_MAX, Checked, RECORD_HEAD_LEN, RecordHead, SEGMENT_HEADER_LEN, segment_header,
};
use crate::scan::{Found, Record, Records, ScanError, segment_name, segment_paths};

/// The blocks of one channel as bytes: append-only segment files, the store of record.
///
/// Everything else in the folder is derived from these files.
pub(crate) struct BlockFile {
    vfs: Arc<dyn Vfs>,
    folder: PathBuf,
    segment_bytes: u64,
    index: RwLock<Index>,
    tail: Mutex<Tail>,
}

/// Bytes after which a segment is closed and the next one begun.
pub const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;

/// Whether a store may change its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Access {
    /// A torn tail is cut, and blocks may be appended. The caller holds the folder's lock.
    ReadWrite,
    /// Nothing is written, not even a repair.
    ReadOnly,
}

#[derive(Default)]
struct Index {
    /// Number of the first block held.
    first: u64,
    positions: Vec<Position>,
    segments: Vec<Arc<Segment>>,
}

#[derive(Clone, Copy)]
struct Position {
    segment: u32,
    offset: u64,
}

struct Segment {
    path: PathBuf,
    file: Box<dyn File>,
}

/// Where the next record goes.
enum Tail {
    /// At this offset of the last segment.
    Ready(u64),
    /// Nowhere: the folder is open for reading only.
    ReadOnly,
    /// Nowhere: a write failed in a way that leaves the file's content unknown.
    Broken,
}

/// Why blocks could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenBlocksError {
    /// The segments cannot be walked.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// A block that was acknowledged is damaged.
    #[error("the ledger is damaged")]
    Damaged(#[from] Damage),
    /// The file system failed.
    #[error("cannot prepare {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
}

/// Why blocks could not be appended; nothing of them is visible.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Nothing was written; the same append may succeed later, for instance after a full disk
    /// has space again.
    #[error("cannot write {}", path.display())]
    Refused {
        /// The segment.
        path: PathBuf,
        /// The file system's answer.
        source: io::Error,
    },
    /// What is on disk is unknown; the channel must be opened anew.
    #[error("cannot tell what reached {}", path.display())]
    Unknown {
        /// The segment.
        path: PathBuf,
        /// The file system's answer.
        source: io::Error,
    },
    /// An earlier append ended with [`WriteError::Unknown`].
    #[error("an earlier write failed and the channel was not opened anew since")]
    Broken,
    /// The store is open for reading only.
    #[error("the store is open for reading only")]
    ReadOnly,
    /// The block has more bytes than a record may hold.
    #[error("block {number} has {bytes} bytes, more than {BLOCK_BYTES_MAX}")]
    TooLong {
        /// The block.
        number: u64,
        /// Its size.
        bytes: usize,
    },
}

/// Why a block could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes are not those once written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The bytes are as once written, yet they are no block.
    #[error("block {number} cannot be decoded")]
    Undecodable {
        /// The block.
        number: u64,
    },
    /// The file system failed.
    #[error("cannot read {}", path.display())]
    Io {
        /// The segment.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
}

impl BlockFile {
    /// Opens the segments in a folder and hands every block to `visit`, in order. `durable` is
    /// how many blocks are known from elsewhere to have been on disk.
    pub(crate) fn open(
        vfs: Arc<dyn Vfs>,
        folder: &Path,
        access: Access,
        durable: u64,
        visit: &mut dyn FnMut(&Record) -> Result<(), DamageKind>,
    ) -> Result<Self, OpenBlocksError> {
        let mut index = Index::default();
        let mut torn = None;
        for found in Records::new(vfs.as_ref(), folder, durable)? {
            match found? {
                Found::Block(record) => {
                    visit(&record).map_err(|what| unfit(&record, what))?;
                    index.add(&record);
                }
                Found::Damage(damage) => return Err(damage.into()),
                Found::TornTail { file, offset } => torn = Some((file, offset)),
            }
        }
        if let (Some((file, offset)), Access::ReadWrite) = (torn, access) {
            cut(vfs.as_ref(), folder, &file, offset).map_err(open_error(&file))?;
        }
        let tail = index.open_segments(vfs.as_ref(), folder, access)?;
        Ok(Self {
            vfs,
            folder: folder.to_owned(),
            segment_bytes: SEGMENT_BYTES,
            index: RwLock::new(index),
            tail: Mutex::new(tail),
        })
    }

    /// The serialised block with this number; `None` if it is not held.
    pub(crate) fn read(&self, number: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let Some((segment, offset)) = self.locate(number) else { return Ok(None) };
        let io_error = |source| ReadError::Io { path: segment.path.clone(), source };
        let damage =
            |offset, what| Damage { file: segment.path.clone(), offset, block: number, what };
        let mut bytes = [0; RECORD_HEAD_LEN];
        segment.file.read_at(offset, &mut bytes).map_err(io_error)?;
        let (head, checked) = RecordHead::read(&bytes);
        check(checked, offset, &damage)?;
        let mut body = vec![0; head.length as usize];
        let body_offset = offset + RECORD_HEAD_LEN as u64;
        segment.file.read_at(body_offset, &mut body).map_err(io_error)?;
        check(head.check(&body), body_offset, &damage)?;
        Ok(Some(body))
    }

    /// Appends blocks that follow the last one; returns once all are on disk. If a power cut
    /// interrupts, a prefix of them may be there afterwards.
    pub(crate) fn append(&self, first: u64, bodies: &[Vec<u8>]) -> Result<(), WriteError> {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = match *tail {
            Tail::Ready(offset) => offset,
            Tail::ReadOnly => return Err(WriteError::ReadOnly),
            Tail::Broken => return Err(WriteError::Broken),
        };
        let (bytes, starts) = encode(first, bodies)?;
        let full = offset + bytes.len() as u64 > self.segment_bytes;
        let result = match self.last_segment() {
            Some((place, segment)) if !full || offset == SEGMENT_HEADER_LEN as u64 => {
                segment.write(offset, &bytes).map(|()| (place, offset))
            }
            last => {
                let place = last.map_or(0, |(place, _)| place + 1);
                let offset = SEGMENT_HEADER_LEN as u64;
                self.roll(place, first, &bytes).map(|()| (place, offset))
            }
        };
        match result {
            Ok((place, offset)) => {
                *tail = Tail::Ready(offset + bytes.len() as u64);
                self.record(first, &starts, place, offset);
                Ok(())
            }
            Err(error) => {
                if matches!(error, WriteError::Unknown { .. }) {
                    *tail = Tail::Broken;
                }
                Err(error)
            }
        }
    }

    /// Begins a segment with `bytes` as its first records.
    fn roll(&self, place: u32, first: u64, bytes: &[u8]) -> Result<(), WriteError> {
        let path = self.folder.join(segment_name(place));
        let refused = |source| WriteError::Refused { path: path.clone(), source };
        let unknown = |source| WriteError::Unknown { path: path.clone(), source };
        let file = self.vfs.open(&path, OpenMode::CreateIfMissing).map_err(refused)?;
        let segment = Segment { path: path.clone(), file };
        segment.write(0, &[&segment_header(first), bytes].concat())?;
        self.vfs.sync_dir(&self.folder).map_err(unknown)?;
        self.index_mut().segments.push(Arc::new(segment));
        Ok(())
    }

    fn record(&self, first: u64, starts: &[u64], segment: u32, base: u64) {
        let mut index = self.index_mut();
        if index.positions.is_empty() {
            index.first = first;
        }
        let positions = starts.iter().map(|start| Position { segment, offset: base + start });
        index.positions.extend(positions);
    }

    fn locate(&self, number: u64) -> Option<(Arc<Segment>, u64)> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(number.checked_sub(index.first)?).ok()?;
        let position = index.positions.get(place)?;
        let segment = index.segments.get(position.segment as usize)?;
        Some((Arc::clone(segment), position.offset))
    }

    fn last_segment(&self) -> Option<(u32, Arc<Segment>)> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let segment = index.segments.last()?;
        let place = u32::try_from(index.segments.len() - 1).ok()?;
        Some((place, Arc::clone(segment)))
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Segment {
    /// Writes and syncs. If writing fails the file gets its old length back.
    fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), WriteError> {
        let unknown = |source| WriteError::Unknown { path: self.path.clone(), source };
        if let Err(source) = self.file.write_at(offset, bytes) {
            self.file.set_len(offset).map_err(unknown)?;
            return Err(WriteError::Refused { path: self.path.clone(), source });
        }
        // After a failed sync the pages count as clean although they never reached the disk,
        // so a second sync would say nothing.
        self.file.sync().map_err(unknown)
    }
}

impl Index {
    fn add(&mut self, record: &Record) {
        if self.positions.is_empty() {
            self.first = record.number;
        }
        self.positions.push(Position { segment: record.segment, offset: record.offset });
    }

    /// Opens what the walk has found good and finds the place of the next record.
    fn open_segments(
        &mut self,
        vfs: &dyn Vfs,
        folder: &Path,
        access: Access,
    ) -> Result<Tail, OpenBlocksError> {
        let mode = match access {
            Access::ReadWrite => OpenMode::Existing,
            Access::ReadOnly => OpenMode::ReadOnly,
        };
        let mut end = 0;
        for path in segment_paths(vfs, folder)? {
            let file = vfs.open(&path, mode).map_err(open_error(&path))?;
            end = file.len().map_err(open_error(&path))?;
            self.segments.push(Arc::new(Segment { path, file }));
        }
        Ok(match access {
            Access::ReadWrite => Tail::Ready(end),
            Access::ReadOnly => Tail::ReadOnly,
        })
    }
}

/// The records of blocks that follow each other, and where in the bytes each begins.
fn encode(first: u64, bodies: &[Vec<u8>]) -> Result<(Vec<u8>, Vec<u64>), WriteError> {
    let (mut bytes, mut starts) = (Vec::new(), Vec::with_capacity(bodies.len()));
    for (number, body) in (first..).zip(bodies) {
        let head = RecordHead::of(number, first, body)
            .ok_or(WriteError::TooLong { number, bytes: body.len() })?;
        starts.push(bytes.len() as u64);
        bytes.extend_from_slice(&head.to_bytes());
        bytes.extend_from_slice(body);
    }
    Ok((bytes, starts))
}

/// Removes the trace of an append that never finished.
fn cut(vfs: &dyn Vfs, folder: &Path, path: &Path, offset: u64) -> io::Result<()> {
    tracing::warn!(file = %path.display(), offset, "cutting off an unfinished append");
    if offset == 0 {
        vfs.remove(path)?;
        return vfs.sync_dir(folder);
    }
    let file = vfs.open(path, OpenMode::Existing)?;
    file.set_len(offset)?;
    file.sync()
}

fn check(
    checked: Checked,
    offset: u64,
    damage: &dyn Fn(u64, DamageKind) -> Damage,
) -> Result<(), Damage> {
    match checked {
        Checked::Intact => Ok(()),
        Checked::Flipped { at, bit } => {
            Err(damage(offset + at as u64, DamageKind::FlippedBit { bit }))
        }
        Checked::Wrong => Err(damage(offset, DamageKind::Checksum)),
    }
}

fn unfit(record: &Record, what: DamageKind) -> Damage {
    Damage { file: record.file.clone(), offset: record.offset, block: record.number, what }
}

fn open_error(path: &Path) -> impl Fn(io::Error) -> OpenBlocksError + use<> {
    let path = path.to_owned();
    move |source| OpenBlocksError::Io { path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use pervade_ports::system::SystemFiles;

    use super::{Access, BlockFile, OpenBlocksError, ReadError, WriteError};
    use crate::damage::DamageKind;
    use crate::format::{RECORD_HEAD_LEN, SEGMENT_HEADER_LEN};
    use crate::scan;

    /// Every bit of a channel's segments, in every field and every place: one flipped bit is
    /// named by its file, byte and bit, by the walk as well as by the opening.
    #[test]
    fn a_flipped_bit_is_named_by_file_and_byte() {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path(), &["one", "two", "three", "four"], 90);
        assert_eq!(segments(folder.path()).len(), 2, "the segments must have rolled");
        for path in segments(folder.path()) {
            for at in 0..fs::read(&path).unwrap().len() {
                let bit = u8::try_from(at % 8).unwrap();
                flip(&path, at, bit);
                let (damages, _) = scan::damages(&SystemFiles, folder.path()).unwrap();
                let [damage] = damages.as_slice() else { panic!("{path:?} {at}: {damages:?}") };
                assert_eq!((&damage.file, damage.offset), (&path, at as u64));
                assert_eq!(damage.what, DamageKind::FlippedBit { bit });
                let refused = open(folder.path(), Access::ReadWrite, 0).err();
                let Some(OpenBlocksError::Damaged(found)) = refused else { panic!("{refused:?}") };
                assert_eq!(&found, damage);
                flip(&path, at, bit);
            }
        }
        assert_eq!(read_all(folder.path()), ["one", "two", "three", "four"]);
    }

    /// A flipped bit under an open store is found by the next reader of that block.
    #[test]
    fn damage_is_found_when_a_block_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = fill(folder.path(), &["one", "two"], 1_000);
        let at = SEGMENT_HEADER_LEN + RECORD_HEAD_LEN + 1;
        flip(&segments(folder.path())[0], at, 3);
        let error = file.read(0).unwrap_err();
        let ReadError::Damaged(damage) = error else { panic!("{error:?}") };
        assert_eq!((damage.block, damage.offset), (0, at as u64));
        assert_eq!(file.read(1).unwrap().unwrap(), b"two");
    }

    #[test]
    fn an_unfinished_append_of_any_length_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path(), &["one", "two"], 1_000);
        let path = segments(folder.path()).remove(0);
        let good = fs::read(&path).unwrap();
        let end_of_first = SEGMENT_HEADER_LEN + RECORD_HEAD_LEN + 3;
        for len in 0..good.len() {
            for zeros in [0, 1, 40, 600] {
                let torn = [&good[..len], &vec![0; zeros]].concat();
                if torn.starts_with(&good) || good.starts_with(&torn) && torn.len() > len {
                    continue;
                }
                fs::write(&path, torn).unwrap();
                let survivors: &[&str] = if len < end_of_first { &[] } else { &["one"] };
                assert_eq!(read_all(folder.path()), survivors, "{len} bytes and {zeros} zeros");
                let file = open(folder.path(), Access::ReadWrite, 0).unwrap();
                file.append(survivors.len() as u64, &[b"next".to_vec()]).unwrap();
                drop(file);
                assert_eq!(read_all(folder.path()), [survivors, &["next"]].concat());
            }
        }
    }

    #[test]
    fn a_block_that_was_on_disk_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path(), &["one", "two"], 1_000);
        let path = segments(folder.path()).remove(0);
        let good = fs::read(&path).unwrap();
        let start_of_second = SEGMENT_HEADER_LEN + RECORD_HEAD_LEN + 3;
        for len in start_of_second..good.len() {
            fs::write(&path, &good[..len]).unwrap();
            let error = open(folder.path(), Access::ReadWrite, 2).err();
            let Some(OpenBlocksError::Damaged(damage)) = error else { panic!("{error:?}") };
            assert_eq!((damage.block, damage.what), (1, DamageKind::Missing));
        }
    }

    /// Many wrong bits before intact records were no power cut, unless the records after were
    /// written by the same append.
    #[test]
    fn damage_before_the_end_is_not_cut() {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path(), &["one", "two", "three"], 1_000);
        let path = segments(folder.path()).remove(0);
        let second = SEGMENT_HEADER_LEN + RECORD_HEAD_LEN + 3;
        flip(&path, second, 1);
        flip(&path, second + 9, 1);
        let error = open(folder.path(), Access::ReadWrite, 0).err();
        let Some(OpenBlocksError::Damaged(damage)) = error else { panic!("{error:?}") };
        assert_eq!(damage.what, DamageKind::Checksum);
        assert_eq!((damage.block, damage.offset), (1, second as u64));
    }

    #[test]
    fn a_torn_append_of_several_blocks_is_cut_as_far_as_it_is_torn() {
        let folder = tempfile::tempdir().unwrap();
        let file = open(folder.path(), Access::ReadWrite, 0).unwrap();
        file.append(0, &[b"one".to_vec()]).unwrap();
        file.append(1, &[b"two".to_vec(), b"three".to_vec()]).unwrap();
        drop(file);
        let path = segments(folder.path()).remove(0);
        let second = SEGMENT_HEADER_LEN + RECORD_HEAD_LEN + 3;
        flip(&path, second, 1);
        flip(&path, second + 9, 1);
        assert_eq!(read_all(folder.path()), ["one"]);
    }

    #[test]
    fn a_lost_segment_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path(), &["one", "two", "three"], 60);
        let paths = segments(folder.path());
        assert_eq!(paths.len(), 3);
        fs::remove_file(&paths[1]).unwrap();
        let error = open(folder.path(), Access::ReadWrite, 0).err();
        assert!(matches!(error, Some(OpenBlocksError::Damaged(_))), "{error:?}");
    }

    #[test]
    fn a_reader_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path(), &["one", "two"], 1_000);
        let path = segments(folder.path()).remove(0);
        let torn = fs::read(&path).unwrap()[..80].to_vec();
        fs::write(&path, &torn).unwrap();
        let file = open(folder.path(), Access::ReadOnly, 0).unwrap();
        assert_eq!(file.read(0).unwrap().unwrap(), b"one");
        assert!(matches!(file.append(1, &[Vec::new()]), Err(WriteError::ReadOnly)));
        assert_eq!(fs::read(&path).unwrap(), torn);
    }

    fn fill(folder: &Path, blocks: &[&str], segment_bytes: u64) -> BlockFile {
        let mut file = open(folder, Access::ReadWrite, 0).unwrap();
        file.segment_bytes = segment_bytes;
        for (number, block) in (0..).zip(blocks) {
            file.append(number, &[block.as_bytes().to_vec()]).unwrap();
        }
        file
    }

    fn open(folder: &Path, access: Access, durable: u64) -> Result<BlockFile, OpenBlocksError> {
        BlockFile::open(Arc::new(SystemFiles), folder, access, durable, &mut |_| Ok(()))
    }

    /// Opens, which repairs, and reads everything back.
    fn read_all(folder: &Path) -> Vec<String> {
        let file = open(folder, Access::ReadWrite, 0).unwrap();
        let bodies = (0..).map_while(|number| file.read(number).unwrap());
        bodies.map(|body| String::from_utf8(body).unwrap()).collect()
    }

    fn segments(folder: &Path) -> Vec<PathBuf> {
        scan::segment_paths(&SystemFiles, folder).unwrap()
    }

    fn flip(path: &Path, at: usize, bit: u8) {
        let mut bytes = fs::read(path).unwrap();
        bytes[at] ^= 1 << bit;
        fs::write(path, bytes).unwrap();
    }
}
