//! Walks the segment files of a channel from their bytes alone and reports every damage.
//!
//! Nothing is written and nothing is locked, so the walk may run beside a live network; blocks
//! that are being appended meanwhile appear as a torn tail.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use pervade_ports::{File, OpenMode, Vfs};
use thiserror::Error;

use crate::checkpoint::{CheckpointError, CheckpointFile};
use crate::damage::{Damage, DamageKind};
use crate::format::{
    Checked, RECORD_HEAD_LEN, RecordHead, SEGMENT_HEADER_LEN, SegmentHeader, read_segment_header,
    segment_header,
};
use crate::private_file::OpenPrivateError;

/// One intact record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The segment file.
    pub file: PathBuf,
    /// Place of that segment in the channel's list, from 0.
    pub segment: u32,
    /// Offset of the record's head in the file.
    pub offset: u64,
    /// The block's number.
    pub number: u64,
    /// The serialised block.
    pub body: Vec<u8>,
}

impl Record {
    /// Offset of the block's first byte in the file.
    #[must_use]
    pub fn body_offset(&self) -> u64 {
        self.offset + RECORD_HEAD_LEN as u64
    }
}

/// What the walk finds next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Found {
    /// The next block.
    Block(Record),
    /// Bytes that are not those once written. The walk goes on after it if it can.
    Damage(Damage),
    /// The trace of an append that never finished: always the last thing found.
    TornTail {
        /// The last segment.
        file: PathBuf,
        /// Where the good bytes end.
        offset: u64,
    },
}

/// A segment that cannot be walked at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The file system failed.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// The segment is in a layout of another release.
    #[error("{} has format version {version}, which this program does not know", path.display())]
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// The version it names.
        version: u32,
    },
    /// The checkpoint, which says how many blocks there must be, cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The file bears a segment's name, but its first bytes are no segment's.
    #[error("{} is not a block segment", path.display())]
    NotASegment {
        /// The file.
        path: PathBuf,
    },
}

/// Every record in the folder of one channel, in order.
///
/// # Errors
/// If the folder cannot be listed.
pub fn records<'a>(vfs: &'a dyn Vfs, folder: &Path) -> Result<Records<'a>, ScanError> {
    let durable = crate::checkpoint::height_on_disk(vfs, folder)?;
    Records::new(vfs, folder, durable)
}

/// Every damage in the folder of one channel, in order, and how many intact blocks there are.
///
/// # Errors
/// As [`records`], and whatever makes a segment impossible to walk.
pub fn damages(vfs: &dyn Vfs, folder: &Path) -> Result<(Vec<Damage>, u64), ScanError> {
    let (mut damages, mut blocks) = (Vec::new(), 0);
    for found in records(vfs, folder)? {
        match found? {
            Found::Block(_) => blocks += 1,
            Found::Damage(damage) => damages.push(damage),
            Found::TornTail { .. } => {}
        }
    }
    Ok((damages, blocks))
}

/// Looks at the private values of one channel and says of how many blocks they are.
///
/// # Errors
/// If a record is damaged, the file is of an unknown version, or the file system fails.
pub fn private_values(vfs: &dyn Vfs, folder: &Path) -> Result<u64, OpenPrivateError> {
    crate::private_file::inspect(vfs, folder)
}

/// What the checkpoint file of one channel is worth.
///
/// # Errors
/// If it is of an unknown version, or the file system fails.
pub fn checkpoint(vfs: &dyn Vfs, folder: &Path) -> Result<CheckpointFile, CheckpointError> {
    crate::checkpoint::inspect(vfs, folder)
}

/// A walk over segment files; see [`records`].
pub struct Records<'a> {
    vfs: &'a dyn Vfs,
    folder: PathBuf,
    paths: Vec<PathBuf>,
    /// The segment to open next.
    upcoming: usize,
    open: Option<Segment>,
    /// The block to come next; `None` until the first segment says.
    next: Option<u64>,
    /// Blocks known from elsewhere to have been on disk.
    durable: u64,
    over: bool,
}

#[derive(Debug)]
struct Segment {
    file: Handle,
    path: PathBuf,
    index: u32,
    len: u64,
    offset: u64,
    is_last: bool,
}

impl<'a> Records<'a> {
    pub(crate) fn new(vfs: &'a dyn Vfs, folder: &Path, durable: u64) -> Result<Self, ScanError> {
        let paths = segment_paths(vfs, folder)?;
        let folder = folder.to_owned();
        let over = paths.is_empty() && durable == 0;
        Ok(Self { vfs, folder, paths, upcoming: 0, open: None, next: None, durable, over })
    }

    fn step(&mut self) -> Result<Option<Found>, ScanError> {
        while !self.over {
            let found = match self.open.take() {
                Some(segment) => self.step_in(segment)?,
                None => self.open_next()?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn open_next(&mut self) -> Result<Option<Found>, ScanError> {
        let Some(path) = self.paths.get(self.upcoming).cloned() else {
            self.over = true;
            return Ok(self.missing_end());
        };
        let file = Handle(self.vfs.open(&path, OpenMode::ReadOnly).map_err(io_error(&path))?);
        let len = file.0.len().map_err(io_error(&path))?;
        let index = u32::try_from(self.upcoming).unwrap_or(u32::MAX);
        self.upcoming += 1;
        let is_last = self.upcoming == self.paths.len();
        let segment = Segment { file, path, index, len, offset: 0, is_last };
        if segment.index_in_name() != Some(index) {
            return Ok(Some(self.end_with(&segment, DamageKind::Missing)));
        }
        if segment.is_unbegun(self.number())? {
            return Ok(Some(self.break_at(&segment, DamageKind::Missing)?));
        }
        let header = segment.header()?;
        self.enter(segment, header)
    }

    /// Goes into a segment whose header was read.
    fn enter(
        &mut self,
        mut segment: Segment,
        header: SegmentHeader,
    ) -> Result<Option<Found>, ScanError> {
        let (first, flip) = match header {
            SegmentHeader::Intact { first } => (first, None),
            SegmentHeader::Flipped { first, at, bit } => (first, Some((at, bit))),
            SegmentHeader::UnknownVersion { version } => {
                self.over = true;
                return Err(ScanError::UnknownVersion { path: segment.path, version });
            }
            SegmentHeader::Foreign => {
                self.over = true;
                return Err(ScanError::NotASegment { path: segment.path });
            }
        };
        if self.next.is_some_and(|next| next != first) {
            let what = DamageKind::OutOfOrder { found: first };
            return Ok(Some(self.end_with(&segment, what)));
        }
        self.next = Some(first);
        let damage = flip.map(|(at, bit)| Found::Damage(segment.flipped(at, bit, first)));
        segment.offset = SEGMENT_HEADER_LEN as u64;
        self.open = Some(segment);
        Ok(damage)
    }

    fn step_in(&mut self, mut segment: Segment) -> Result<Option<Found>, ScanError> {
        let remaining = segment.len - segment.offset;
        if remaining == 0 {
            return Ok(None);
        }
        if remaining < RECORD_HEAD_LEN as u64 || segment.rest_is_empty()? {
            return Ok(Some(self.break_at(&segment, DamageKind::Missing)?));
        }
        let number = self.number();
        let (head, checked) = RecordHead::read(&segment.read()?);
        let head_damage = match checked {
            Checked::Intact => None,
            Checked::Flipped { at, bit } => Some(segment.flipped(at, bit, number)),
            Checked::Wrong => return Ok(Some(self.break_at(&segment, DamageKind::Checksum)?)),
        };
        if head.number != number {
            let what = DamageKind::OutOfOrder { found: head.number };
            return Ok(Some(self.end_with(&segment, what)));
        }
        if u64::from(head.length) > remaining - RECORD_HEAD_LEN as u64 {
            return Ok(Some(self.break_at(&segment, DamageKind::Missing)?));
        }
        let body = segment.body(head)?;
        let found = match (head_damage, head.check(&body)) {
            (Some(damage), _) => Found::Damage(damage),
            (None, Checked::Intact) => Found::Block(segment.record(number, body)),
            (None, Checked::Flipped { at, bit }) => {
                Found::Damage(segment.flipped(RECORD_HEAD_LEN + at, bit, number))
            }
            (None, Checked::Wrong) => {
                return Ok(Some(self.break_at(&segment, DamageKind::Checksum)?));
            }
        };
        segment.offset += RECORD_HEAD_LEN as u64 + u64::from(head.length);
        self.next = Some(number + 1);
        self.open = Some(segment);
        Ok(Some(found))
    }

    /// The number of the record at hand.
    fn number(&self) -> u64 {
        self.next.unwrap_or(0)
    }

    /// Decides what unreadable bytes are: damage if the block was once on disk, or else the
    /// trace of an unfinished append.
    fn break_at(&mut self, segment: &Segment, what: DamageKind) -> Result<Found, ScanError> {
        let number = self.number();
        let on_disk = number < self.durable || !segment.is_last;
        if on_disk || segment.durable_claimed_later(number)? > number {
            return Ok(self.end_with(segment, what));
        }
        self.over = true;
        Ok(Found::TornTail { file: segment.path.clone(), offset: segment.offset })
    }

    fn end_with(&mut self, segment: &Segment, what: DamageKind) -> Found {
        self.over = true;
        let (file, offset) = (segment.path.clone(), segment.offset);
        Found::Damage(Damage { file, offset, block: self.number(), what })
    }

    /// Blocks that were on disk once, but of which the segments know nothing.
    fn missing_end(&self) -> Option<Found> {
        let number = self.number();
        let file = self.paths.last().cloned().unwrap_or_else(|| self.folder.join(segment_name(0)));
        (number < self.durable).then(|| {
            let what = DamageKind::Missing;
            Found::Damage(Damage { file, offset: 0, block: number, what })
        })
    }
}

impl fmt::Debug for Records<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("paths", &self.paths).field("next", &self.next).finish()
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Found, ScanError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.step().transpose();
        self.over |= matches!(item, Some(Err(_)));
        item
    }
}

impl Segment {
    fn index_in_name(&self) -> Option<u32> {
        self.path.file_name()?.to_str().and_then(segment_index)
    }

    fn header(&self) -> Result<SegmentHeader, ScanError> {
        Ok(read_segment_header(&self.read()?))
    }

    /// The next `N` bytes, with zeros for those after the file's end.
    fn read<const N: usize>(&self) -> Result<[u8; N], ScanError> {
        let mut bytes = [0; N];
        let there = usize::try_from(self.len - self.offset).unwrap_or(N).min(N);
        let slice = bytes.get_mut(..there).unwrap_or_default();
        self.file.0.read_at(self.offset, slice).map_err(io_error(&self.path))?;
        Ok(bytes)
    }

    fn body(&self, head: RecordHead) -> Result<Vec<u8>, ScanError> {
        let mut body = vec![0; head.length as usize];
        let at = self.offset + RECORD_HEAD_LEN as u64;
        self.file.0.read_at(at, &mut body).map_err(io_error(&self.path))?;
        Ok(body)
    }

    fn record(&self, number: u64, body: Vec<u8>) -> Record {
        let (file, segment, offset) = (self.path.clone(), self.index, self.offset);
        Record { file, segment, offset, number, body }
    }

    fn flipped(&self, at: usize, bit: u8, block: u64) -> Damage {
        let offset = self.offset + at as u64;
        Damage { file: self.path.clone(), offset, block, what: DamageKind::FlippedBit { bit } }
    }

    /// Whether the file holds at most a part of the header that a segment has whose first block
    /// is `first`.
    fn is_unbegun(&self, first: u64) -> Result<bool, ScanError> {
        let header: [u8; SEGMENT_HEADER_LEN] = self.read()?;
        let written = header.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let is_part = header.get(..written) == segment_header(first).get(..written);
        let is_whole = written == SEGMENT_HEADER_LEN;
        Ok(is_part && !is_whole && self.rest()?.iter().skip(written).all(|byte| *byte == 0))
    }

    /// Whether nothing but zeros, or nothing, follows.
    fn rest_is_empty(&self) -> Result<bool, ScanError> {
        let head: [u8; RECORD_HEAD_LEN] = self.read()?;
        if head.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        Ok(self.rest()?.iter().all(|byte| *byte == 0))
    }

    fn rest(&self) -> Result<Vec<u8>, ScanError> {
        let mut rest = vec![0; usize::try_from(self.len - self.offset).unwrap_or(0)];
        self.file.0.read_at(self.offset, &mut rest).map_err(io_error(&self.path))?;
        Ok(rest)
    }

    /// How many blocks the intact records after this point say were on disk before them.
    fn durable_claimed_later(&self, number: u64) -> Result<u64, ScanError> {
        let rest = self.rest()?;
        let claims = (1..rest.len()).filter_map(|at| {
            let (bytes, body) = rest.get(at..)?.split_first_chunk::<RECORD_HEAD_LEN>()?;
            let head = RecordHead::read_intact(bytes)?;
            let body = body.get(..head.length as usize)?;
            let intact = head.number > number && head.check(body) == Checked::Intact;
            intact.then_some(head.durable)
        });
        Ok(claims.max().unwrap_or(0))
    }
}

/// The segment files of a channel, by index.
pub(crate) fn segment_paths(vfs: &dyn Vfs, folder: &Path) -> Result<Vec<PathBuf>, ScanError> {
    let paths = vfs.list(folder).map_err(io_error(folder))?;
    let is_segment = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).and_then(segment_index).is_some()
    };
    Ok(paths.into_iter().filter(is_segment).collect())
}

/// `blocks-000007.seg` for 7.
pub(crate) fn segment_name(index: u32) -> String {
    format!("blocks-{index:06}.seg")
}

fn segment_index(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("blocks-")?.strip_suffix(".seg")?;
    let plain = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> ScanError + use<> {
    let path = path.to_owned();
    move |source| ScanError::Io { path: path.clone(), source }
}

/// An open file; files have nothing to show for debugging.
struct Handle(Box<dyn File>);

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("File")
    }
}
