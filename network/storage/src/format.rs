//! The bytes of a segment file, drawn once.
//!
//! ```text
//! segment: | header | record | record | …
//!
//! header:  | magic (8) | format version (4) | first block (8) | CRC-32C of the 20 bytes before (4) |
//!
//! record:  | body length (4) | block number (8) | durable blocks (8) | CRC-32C of the body (4)
//!          | CRC-32C of the 24 bytes before (4) | body: a serialised common.Block |
//! ```
//!
//! Integers are big-endian. *Durable blocks* says how many blocks were known to be on disk when
//! the record was written: a broken record below that number is damage, one above may be the
//! trace of a power cut in the middle of an append. The checksum of a record's head covers the checksum of its body, so
//! a bit that flips anywhere in a segment is under exactly one checksum.

use crate::syndrome::{self, Flip};

/// Names the file's kind.
pub(crate) const SEGMENT_MAGIC: [u8; 8] = *b"PVBLOCKS";

/// The only layout of segments so far.
pub(crate) const SEGMENT_VERSION: u32 = 1;

/// Most bytes of one serialised block: above Fabric's default `AbsoluteMaxBytes` of 99 MiB, and
/// short enough for a flipped bit to be found.
pub const BLOCK_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Bytes of a segment's header.
pub(crate) const SEGMENT_HEADER_LEN: usize = SEGMENT_CRC_AT + CRC_LEN;
/// Bytes of a record before its body.
pub(crate) const RECORD_HEAD_LEN: usize = HEAD_CRC_AT + CRC_LEN;

const CRC_LEN: usize = 4;
const VERSION_AT: usize = SEGMENT_MAGIC.len();
const FIRST_AT: usize = VERSION_AT + 4;
const SEGMENT_CRC_AT: usize = FIRST_AT + 8;
const NUMBER_AT: usize = 4;
const DURABLE_AT: usize = NUMBER_AT + 8;
const BODY_CRC_AT: usize = DURABLE_AT + 8;
const HEAD_CRC_AT: usize = BODY_CRC_AT + CRC_LEN;

const _: () = assert!(SEGMENT_HEADER_LEN == 24, "segments on disk have 24-byte headers");
const _: () = assert!(RECORD_HEAD_LEN == 28, "records on disk have 28-byte heads");
const _: () = assert!(
    BLOCK_BYTES_MAX <= syndrome::COVERED_BYTES_MAX,
    "a flipped bit must be locatable in the longest body"
);

/// The header of a segment whose first block is `first`.
pub(crate) fn segment_header(first: u64) -> [u8; SEGMENT_HEADER_LEN] {
    let mut bytes = [0; SEGMENT_HEADER_LEN];
    put(&mut bytes, 0, &SEGMENT_MAGIC);
    put(&mut bytes, VERSION_AT, &SEGMENT_VERSION.to_be_bytes());
    put(&mut bytes, FIRST_AT, &first.to_be_bytes());
    let crc = crc32c::crc32c(bytes.get(..SEGMENT_CRC_AT).unwrap_or_default());
    put(&mut bytes, SEGMENT_CRC_AT, &crc.to_be_bytes());
    bytes
}

/// What the header of a segment says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SegmentHeader {
    /// Intact: the number of the first block.
    Intact { first: u64 },
    /// One bit of an otherwise good header is wrong.
    Flipped { first: u64, at: usize, bit: u8 },
    /// A segment in a layout this program does not know.
    UnknownVersion { version: u32 },
    /// Not a segment, or damaged beyond recognition.
    Foreign,
}

/// Reads a segment's header.
pub(crate) fn read_segment_header(bytes: &[u8; SEGMENT_HEADER_LEN]) -> SegmentHeader {
    let (fixed, flip) = repaired::<SEGMENT_CRC_AT>(bytes);
    let magic_fits = fixed.get(..VERSION_AT) == Some(SEGMENT_MAGIC.as_slice());
    let version = u32_at(&fixed, VERSION_AT);
    let first = u64_at(&fixed, FIRST_AT);
    match (magic_fits, flip) {
        (true, Checked::Intact) if version == SEGMENT_VERSION => SegmentHeader::Intact { first },
        (true, Checked::Flipped { at, bit }) if version == SEGMENT_VERSION => {
            SegmentHeader::Flipped { first, at, bit }
        }
        (true, _) if version != SEGMENT_VERSION => SegmentHeader::UnknownVersion { version },
        _ => SegmentHeader::Foreign,
    }
}

/// The head of a record, before its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHead {
    /// Bytes of the body.
    pub(crate) length: u32,
    /// Number of the block in the body.
    pub(crate) number: u64,
    /// How many blocks were on disk for certain before this one was written.
    pub(crate) durable: u64,
    /// Checksum of the body.
    pub(crate) body_crc: u32,
}

impl RecordHead {
    /// The head for a block's bytes; `None` if there are too many.
    pub(crate) fn of(number: u64, durable: u64, body: &[u8]) -> Option<Self> {
        let length = u32::try_from(body.len()).ok()?;
        (body.len() <= BLOCK_BYTES_MAX).then(|| Self {
            length,
            number,
            durable,
            body_crc: crc32c::crc32c(body),
        })
    }

    /// As written to disk.
    pub(crate) fn to_bytes(self) -> [u8; RECORD_HEAD_LEN] {
        let mut bytes = [0; RECORD_HEAD_LEN];
        put(&mut bytes, 0, &self.length.to_be_bytes());
        put(&mut bytes, NUMBER_AT, &self.number.to_be_bytes());
        put(&mut bytes, DURABLE_AT, &self.durable.to_be_bytes());
        put(&mut bytes, BODY_CRC_AT, &self.body_crc.to_be_bytes());
        let crc = crc32c::crc32c(bytes.get(..HEAD_CRC_AT).unwrap_or_default());
        put(&mut bytes, HEAD_CRC_AT, &crc.to_be_bytes());
        bytes
    }

    /// Reads a head, repairing it in memory if exactly one bit is wrong.
    pub(crate) fn read(bytes: &[u8; RECORD_HEAD_LEN]) -> (Self, Checked) {
        let (fixed, checked) = repaired::<HEAD_CRC_AT>(bytes);
        let head = Self {
            length: u32_at(&fixed, 0),
            number: u64_at(&fixed, NUMBER_AT),
            durable: u64_at(&fixed, DURABLE_AT),
            body_crc: u32_at(&fixed, BODY_CRC_AT),
        };
        (head, checked)
    }

    /// Reads a head that is right as it stands.
    pub(crate) fn read_intact(bytes: &[u8; RECORD_HEAD_LEN]) -> Option<Self> {
        let covered = bytes.get(..HEAD_CRC_AT)?;
        (crc32c::crc32c(covered) == u32_at(bytes, HEAD_CRC_AT)).then(|| Self::read(bytes).0)
    }

    /// Compares a body with its checksum.
    pub(crate) fn check(self, body: &[u8]) -> Checked {
        let computed = crc32c::crc32c(body);
        match syndrome::locate(self.body_crc, computed, body.len()) {
            _ if computed == self.body_crc => Checked::Intact,
            Some(Flip::Data { byte, bit }) => Checked::Flipped { at: byte, bit },
            // The head's own checksum vouches for the body's, so a difference that looks like
            // a flip there is a coincidence.
            Some(Flip::Checksum { .. }) | None => Checked::Wrong,
        }
    }
}

/// Bytes with their checksum after them.
pub(crate) fn sealed(bytes: &[u8]) -> Vec<u8> {
    [bytes, &crc32c::crc32c(bytes).to_be_bytes()].concat()
}

/// The bytes before their checksum, if it is right.
pub(crate) fn unsealed(bytes: &[u8]) -> Option<&[u8]> {
    let (covered, crc) = bytes.split_last_chunk()?;
    (crc32c::crc32c(covered) == u32::from_be_bytes(*crc)).then_some(covered)
}

/// What a checksum says about the bytes it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// As written.
    Intact,
    /// Exactly one bit is wrong: this one.
    Flipped { at: usize, bit: u8 },
    /// More than one bit is wrong.
    Wrong,
}

/// Copies `bytes`, whose last four are the checksum of the `COVERED` before, and turns back a
/// single flipped bit.
fn repaired<const COVERED: usize>(bytes: &[u8]) -> (Vec<u8>, Checked) {
    let mut fixed = bytes.to_vec();
    let computed = crc32c::crc32c(bytes.get(..COVERED).unwrap_or_default());
    let stored = u32_at(bytes, COVERED);
    if stored == computed {
        return (fixed, Checked::Intact);
    }
    let (at, bit) = match syndrome::locate(stored, computed, COVERED) {
        Some(Flip::Data { byte, bit }) => (byte, bit),
        Some(Flip::Checksum { byte, bit }) => (COVERED + byte, bit),
        None => return (fixed, Checked::Wrong),
    };
    if let Some(byte) = fixed.get_mut(at) {
        *byte ^= 1 << bit;
    }
    (fixed, Checked::Flipped { at, bit })
}

fn put(bytes: &mut [u8], at: usize, field: &[u8]) {
    if let Some(slot) = bytes.get_mut(at..at + field.len()) {
        slot.copy_from_slice(field);
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.copied().map_or(0, u32::from_be_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.copied().map_or(0, u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::{Checked, RecordHead, SegmentHeader, read_segment_header, segment_header};

    #[test]
    fn a_flipped_bit_of_a_segment_header_is_named() {
        let good = segment_header(7);
        assert_eq!(read_segment_header(&good), SegmentHeader::Intact { first: 7 });
        for at in 0..good.len() {
            let mut bytes = good;
            bytes[at] ^= 0x10;
            let expected = SegmentHeader::Flipped { first: 7, at, bit: 4 };
            assert_eq!(read_segment_header(&bytes), expected);
        }
    }

    #[test]
    fn an_unknown_version_and_a_foreign_file_are_told_apart() {
        let mut bytes = segment_header(7);
        bytes[8..12].copy_from_slice(&0x0102_0304_u32.to_be_bytes());
        let unknown = SegmentHeader::UnknownVersion { version: 0x0102_0304 };
        assert_eq!(read_segment_header(&bytes), unknown);
        assert_eq!(read_segment_header(&[0x41; 24]), SegmentHeader::Foreign);
    }

    #[test]
    fn a_flipped_bit_of_a_record_head_is_named_and_repaired() {
        let head = RecordHead::of(3, 2, b"body").unwrap();
        for at in 0..28 {
            let mut bytes = head.to_bytes();
            bytes[at] ^= 1;
            assert_eq!(RecordHead::read(&bytes), (head, Checked::Flipped { at, bit: 0 }));
        }
    }
}
