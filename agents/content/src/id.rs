use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::varint;

/// The identifier of a block, and by its root of a file: a [CIDv1][cid] over SHA-256.
///
/// `version (1) = 1 | codec (1) | hash (1) = 0x12 | length (1) = 32 | digest (32)`
///
/// As text it is `b` and those bytes in base32, in small letters and without padding. No other
/// text or bytes name the same block here, though other bases do elsewhere: identifiers are compared.
///
/// [cid]: https://github.com/multiformats/cid
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentId {
    codec: Codec,
    digest: [u8; DIGEST_BYTES],
}

impl ContentId {
    /// Length of an identifier in bytes.
    pub const BYTES: usize = 4 + DIGEST_BYTES;

    /// Most characters of a text that is read as an identifier.
    pub const TEXT_BYTES_MAX: usize = 128;

    /// The identifier of a block.
    #[must_use]
    pub fn of(codec: Codec, block: &[u8]) -> Self {
        Self { codec, digest: Sha256::digest(block).into() }
    }

    /// Whether these are the block's bytes.
    #[must_use]
    pub fn is_of(&self, block: &[u8]) -> bool {
        *self == Self::of(self.codec, block)
    }

    /// How the block is to be read.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The identifier in its binary form.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let digest_bytes = DIGEST_BYTES.to_le_bytes()[0];
        let head = [VERSION, self.codec.code(), SHA2_256, digest_bytes];
        let (start, digest) = bytes.split_at_mut(head.len());
        start.copy_from_slice(&head);
        digest.copy_from_slice(&self.digest);
        bytes
    }

    /// Reads the binary form.
    ///
    /// # Errors
    /// It is no `CIDv1`, or one of another codec or hash.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContentIdError> {
        let mut rest = bytes;
        let mut next = || varint::read(&mut rest).ok_or(ContentIdError::Cut);
        let version = next()?;
        if version != u64::from(VERSION) {
            return Err(ContentIdError::Version { version });
        }
        let code = next()?;
        let codec = Codec::of(code).ok_or(ContentIdError::Codec { code })?;
        let (code, length) = (next()?, next()?);
        if code != u64::from(SHA2_256) {
            return Err(ContentIdError::Hash { code });
        }
        let wrong = ContentIdError::Digest { stated: length, found: rest.len() };
        let digest = rest.try_into().map_err(|_length| wrong)?;
        if length != 32 { Err(wrong) } else { Ok(Self { codec, digest }) }
    }
}

const VERSION: u8 = 1;
const SHA2_256: u8 = 0x12;
const DIGEST_BYTES: usize = 32;
const _: () = assert!(ContentId::BYTES == 36, "links to blocks hold 36 bytes");

/// How a block is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "what files are made of")]
pub enum Codec {
    /// As a part of a file, or a whole one.
    Raw,
    /// As a node that links to blocks.
    DagPb,
}

impl Codec {
    fn code(self) -> u8 {
        match self {
            Self::Raw => 0x55,
            Self::DagPb => 0x70,
        }
    }

    fn of(code: u64) -> Option<Self> {
        [Self::Raw, Self::DagPb].into_iter().find(|codec| u64::from(codec.code()) == code)
    }
}

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = BASE32_NOPAD.encode(&self.to_bytes());
        write!(f, "b{}", text.to_ascii_lowercase())
    }
}

impl fmt::Debug for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ContentId {
    type Err = ContentIdError;

    fn from_str(text: &str) -> Result<Self, ContentIdError> {
        let is_small = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        let digits =
            text.strip_prefix('b').filter(|_| is_small && text.len() <= Self::TEXT_BYTES_MAX);
        let digits = digits.ok_or(ContentIdError::Text)?.to_ascii_uppercase();
        let bytes = BASE32_NOPAD.decode(digits.as_bytes()).map_err(|_| ContentIdError::Text)?;
        Self::from_bytes(&bytes)
    }
}

impl TryFrom<String> for ContentId {
    type Error = ContentIdError;

    fn try_from(text: String) -> Result<Self, ContentIdError> {
        text.parse()
    }
}

impl From<ContentId> for String {
    fn from(id: ContentId) -> Self {
        id.to_string()
    }
}

/// Why something is no identifier of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ContentIdError {
    /// Another base than the one identifiers are written in, or too long.
    #[error("not a `b` and small letters of base32")]
    Text,
    /// It ends too early.
    #[error("the identifier is cut short")]
    Cut,
    /// Another version of identifiers.
    #[error("identifiers of version {version} are not read")]
    Version {
        /// That version.
        version: u64,
    },
    /// A block of something else than files.
    #[error("blocks of codec {code:#x} are not read")]
    Codec {
        /// The codec's number among the multicodecs.
        code: u64,
    },
    /// Another hash than SHA-256.
    #[error("hash {code:#x} is not SHA-256")]
    Hash {
        /// The hash's number among the multicodecs.
        code: u64,
    },
    /// The digest has another length.
    #[error("a digest of {stated} bytes, stored in {found}, is not one of 32")]
    Digest {
        /// The length that is stated.
        stated: u64,
        /// The bytes that follow.
        found: usize,
    },
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::{ProptestConfig, any, proptest};

    use super::{Codec, ContentId};

    /// W-89: a result names its file by a `CIDv1`; whatever is not one is refused, saying why.
    #[test]
    fn only_identifiers_of_files_are_read() {
        fn check(text: &str, expected: Expect) {
            let read = text.parse::<ContentId>();
            expected.assert_eq(&match read {
                Ok(id) => format!("{:?}", id.codec()),
                Err(error) => error.to_string(),
            });
        }
        let of = |bytes: &[u8]| {
            format!("b{}", data_encoding::BASE32_NOPAD.encode(bytes).to_ascii_lowercase())
        };
        check("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", expect!["Raw"]);
        check("bafybeiexg2oqkfnj56l7fcmawswqbijt5shq4b5rg6a546uwpkqqzwjioi", expect!["DagPb"]);
        check("b", expect!["the identifier is cut short"]);
        for text in [
            "",
            "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n",
            "BAFKREIHDWDCEFGH4DQKJV67UZCMW7OJEE6XEDZDETOJUZJEVTENXQUVYKU",
            "bAfkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
            "/ipfs/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
            // The last character holds two bits that mean nothing.
            "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvykv",
            &format!("b{}", "a".repeat(128)),
        ] {
            check(text, expect!["not a `b` and small letters of base32"]);
        }
        check(&of(&[0, 0x55]), expect!["identifiers of version 0 are not read"]);
        check(&of(&[1, 0x71, 0x12]), expect!["blocks of codec 0x71 are not read"]);
        check(&of(&[1, 0xa9, 0x02]), expect!["blocks of codec 0x129 are not read"]);
        check(&of(&[1, 0x55, 0x1e, 32]), expect!["hash 0x1e is not SHA-256"]);
        check(&of(&[1, 0xd5, 0x00, 0x12, 32]), expect!["the identifier is cut short"]);
        let digest =
            |stated: u8, found: usize| of(&[vec![1, 0x55, 0x12, stated], vec![7; found]].concat());
        check(&digest(32, 32), expect!["Raw"]);
        check(&digest(20, 20), expect!["a digest of 20 bytes, stored in 20, is not one of 32"]);
        check(&digest(32, 31), expect!["a digest of 32 bytes, stored in 31, is not one of 32"]);
        check(&digest(32, 33), expect!["a digest of 32 bytes, stored in 33, is not one of 32"]);
        check(&digest(31, 32), expect!["a digest of 31 bytes, stored in 32, is not one of 32"]);
    }

    #[test]
    fn an_identifier_is_a_text_in_json() {
        let id = ContentId::of(Codec::Raw, b"");
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku\"");
        assert_eq!(serde_json::from_str::<ContentId>(&json).unwrap(), id);
        let refused = serde_json::from_str::<ContentId>("\"Qm\"").unwrap_err();
        assert!(refused.to_string().starts_with("not a `b`"), "{refused}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// W-86: identifiers are those of IPFS, whose own library reads and writes the same.
        #[test]
        fn the_library_of_ipfs_agrees(block: Vec<u8>, is_raw: bool) {
            let codec = if is_raw { Codec::Raw } else { Codec::DagPb };
            let id = ContentId::of(codec, &block);
            let theirs: cid::Cid = id.to_string().parse().unwrap();
            assert_eq!(theirs.to_bytes(), id.to_bytes(), "bytes");
            assert_eq!(theirs.to_string().parse(), Ok(id), "text");
            assert_eq!(ContentId::from_bytes(&theirs.to_bytes()), Ok(id), "read back");
        }

        #[test]
        fn what_is_read_is_written_alike(text in "b[a-z2-7]{0,70}", bytes in any::<Vec<u8>>()) {
            if let Ok(id) = text.parse::<ContentId>() {
                assert_eq!(id.to_string(), text, "as text");
            }
            if let Ok(id) = ContentId::from_bytes(&bytes) {
                assert_eq!(id.to_bytes().as_slice(), bytes, "as bytes");
            }
        }
    }
}
