use thiserror::Error;

use crate::suite::{Added, KEY_BYTES, TAG_BYTES};

/// Most bytes that are sealed at once.
pub const PLAINTEXT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A sealed file, which only its reader can open. Its form is drawn in [the crate](crate)'s page.
///
/// Invariant: it begins as such files do, and is long enough and not too long.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// How many bytes longer a sealed file is than what it holds.
    pub const ADDED_BYTES: usize = HEAD.len() + KEY_BYTES + TAG_BYTES;

    /// Most bytes of a sealed file: the limit to fetch one by.
    pub const BYTES_MAX: usize = PLAINTEXT_BYTES_MAX + Self::ADDED_BYTES;

    /// Takes the bytes of a sealed file.
    ///
    /// # Errors
    /// They are none, or of a later form.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SealedError> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else { return Err(SealedError::NotSealed) };
        match rest.first() {
            Some(&version) if version != VERSION => Err(SealedError::Version { version }),
            _ if !(Self::ADDED_BYTES..=Self::BYTES_MAX).contains(&bytes.len()) => {
                Err(SealedError::Length { bytes: bytes.len() })
            }
            _ => Ok(Self(bytes)),
        }
    }

    /// The file as it is stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The file as it is stored.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn join(added: &Added, ciphertext: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(ciphertext.len() + Self::ADDED_BYTES);
        bytes.extend_from_slice(HEAD);
        bytes.extend_from_slice(&added.enc);
        bytes.extend_from_slice(ciphertext);
        bytes.extend_from_slice(&added.tag);
        Self(bytes)
    }

    /// What was joined.
    pub(crate) fn split(&self) -> Option<(Added, &[u8])> {
        let rest = self.0.strip_prefix(HEAD)?;
        let (enc, rest) = rest.split_first_chunk()?;
        let (ciphertext, tag) = rest.split_last_chunk()?;
        Some((Added { enc: *enc, tag: *tag }, ciphertext))
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealed").field("bytes", &self.0.len()).finish_non_exhaustive()
    }
}

const MAGIC: &[u8; 6] = b"PVSEAL";
const VERSION: u8 = 1;

/// Magic and version.
pub(crate) const HEAD: &[u8; 7] = b"PVSEAL\x01";
const _: () = assert!(matches!(HEAD, [.., VERSION]), "the head ends with the version");
const _: () = assert!(Sealed::ADDED_BYTES == 55, "7 + 32 + 16 bytes, as drawn");

/// Why bytes are no sealed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SealedError {
    /// They begin in another way.
    #[error("this is no sealed file")]
    NotSealed,
    /// A form that is not known here.
    #[error("version {version} of sealed files is not known")]
    Version {
        /// That form's number.
        version: u8,
    },
    /// Too few bytes, or too many.
    #[error(
        "a sealed file has {} to {} bytes, not {bytes}",
        Sealed::ADDED_BYTES,
        Sealed::BYTES_MAX
    )]
    Length {
        /// How many there are.
        bytes: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::{Sealed, SealedError};

    /// W-93: the form of sealed files, and what is not in it.
    #[test]
    fn only_sealed_files_are_taken() {
        let file = |head: &[u8], rest: usize| {
            Sealed::from_bytes([head, &vec![0; rest]].concat()).map(|sealed| sealed.0.len())
        };
        assert_eq!(file(b"PVSEAL\x01", 48), Ok(55));
        assert_eq!(file(b"PVSEAL\x01", 47), Err(SealedError::Length { bytes: 54 }));
        assert_eq!(file(b"PVSEAL", 0), Err(SealedError::Length { bytes: 6 }));
        assert_eq!(file(b"PVSEAL\x02", 48), Err(SealedError::Version { version: 2 }));
        assert_eq!(file(b"PVSEAL\x00", 0), Err(SealedError::Version { version: 0 }));
        for other in [b"".as_slice(), b"PVSEA", b"pvseal\x01", b"%PDF-1.7"] {
            assert_eq!(file(other, 0), Err(SealedError::NotSealed), "{other:?}");
        }
        let longest = Sealed::BYTES_MAX - 7;
        assert_eq!(file(b"PVSEAL\x01", longest), Ok(Sealed::BYTES_MAX));
        let bytes = Sealed::BYTES_MAX + 1;
        assert_eq!(file(b"PVSEAL\x01", longest + 1), Err(SealedError::Length { bytes }));
    }
}
