//! [Content identifiers](https://github.com/multiformats/cid) as text, as far as results have them.

use crate::ResultError;

/// The address of a file: CID version 1 of its SHA-256, written in base32.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// What has the digest.
    pub(crate) codec: Codec,
    /// SHA-256.
    pub(crate) digest: [u8; 32],
}

/// What a content identifier addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    /// The file itself.
    Raw,
    /// The root of a tree of its parts.
    DagPb,
}

/// Reads a content identifier. There is one text for each.
pub(crate) fn parse(text: &str) -> Result<Address, ResultError> {
    let digits = text.strip_prefix(BASE32).filter(|digits| digits.len() == DIGITS);
    let bytes = decoded(digits.ok_or(ResultError::BadCid)?).ok_or(ResultError::BadCid)?;
    let [VERSION, codec, SHA2_256, DIGEST_LENGTH, digest @ ..] = bytes else {
        return Err(ResultError::BadCid);
    };
    let codec = match codec {
        0x55 => Codec::Raw,
        0x70 => Codec::DagPb,
        _ => return Err(ResultError::BadCid),
    };
    Ok(Address { codec, digest })
}

/// The prefix of lower-case base32 without padding.
const BASE32: char = 'b';
const VERSION: u8 = 1;
const SHA2_256: u8 = 0x12;
const DIGEST_LENGTH: u8 = 32;

/// Version, codec, hash, length and digest.
const BYTES: usize = 4 + 32;
const DIGITS: usize = (BYTES * 8).div_ceil(5);

/// Reads base32 digits, of which the last has bits to spare that must be zero.
fn decoded(digits: &str) -> Option<[u8; BYTES]> {
    let (mut bits, mut waiting) = (0_u32, 0_u32);
    let mut bytes = [0; BYTES];
    let mut places = bytes.iter_mut();
    for digit in digits.bytes() {
        let value = match digit {
            b'a'..=b'z' => digit - b'a',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        bits = (bits << 5) | u32::from(value);
        waiting += 5;
        if waiting >= 8 {
            waiting -= 8;
            *places.next()? = u8::try_from(bits >> waiting).ok()?;
            bits &= (1 << waiting) - 1;
        }
    }
    (bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Expect) {
        let told = parse(text).map(|Address { codec, digest }| {
            let digest = hex::encode(digest);
            format!("{codec:?} {}", &digest[..8])
        });
        expected.assert_eq(&told.unwrap_or_else(|error| error.to_string()));
    }

    /// W-86: identifiers as IPFS computes them; the first is an empty file's.
    #[test]
    fn identifiers_are_read_strictly() {
        let empty = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
        check(empty, expect!["Raw e3b0c442"]);
        check(
            "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
            expect!["DagPb c3c4733e"],
        );
        for wrong in [
            "",
            "b",
            "é",
            "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPBdG",
            &empty.to_uppercase(),
            &empty[..58],
            &format!("{empty}a"),
            &empty.replace("yku", "ykv"),
            &empty.replacen("bafk", "baf1", 1),
            &empty.replacen("bafkrei", "bafzrei", 1),
            &empty.replacen("bafkrei", "bafkrui", 1),
            &empty.replacen('b', "z", 1),
        ] {
            assert_eq!(parse(wrong), Err(ResultError::BadCid), "{wrong}");
        }
    }
}
