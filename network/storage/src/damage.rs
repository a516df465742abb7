use std::path::PathBuf;

use thiserror::Error;

/// Bytes on disk that are not those once written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}: block {block}, byte {offset}: {what}", file.display())]
pub struct Damage {
    /// The segment file.
    pub file: PathBuf,
    /// Offset in that file: of the damaged byte itself if [`DamageKind::FlippedBit`] names it,
    /// otherwise of the record that is not right.
    pub offset: u64,
    /// The block that the record holds, or would hold.
    pub block: u64,
    /// What is wrong there.
    pub what: DamageKind,
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DamageKind {
    /// One bit is wrong and everything else is right.
    #[error("bit {bit} is flipped")]
    FlippedBit {
        /// The bit in the byte, 0 for the least significant.
        bit: u8,
    },
    /// The checksum does not match, by more than one bit.
    #[error("the checksum does not match")]
    Checksum,
    /// A record that says it holds another block than the next one.
    #[error("found block {found} instead")]
    OutOfOrder {
        /// The number it gives.
        found: u64,
    },
    /// The file ends, or is not there, although more was written.
    #[error("bytes are missing from here on")]
    Missing,
    /// The checksum matches, yet the bytes are no block that follows the one before.
    #[error("the record is intact but holds no block that fits here")]
    NoBlock,
}
