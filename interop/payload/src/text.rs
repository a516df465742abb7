//! Bytes to characters.

use crate::dialect::Encoding;
use crate::error::{PayloadError, PayloadReason, Place};

/// The characters that bytes are. A byte order mark says more than the dialect does.
pub(crate) fn decoded(bytes: &[u8], encoding: Encoding) -> Result<String, PayloadError> {
    match (bytes, encoding) {
        ([0xfe, 0xff, rest @ ..], _) => utf16(rest, u16::from_be_bytes),
        ([0xff, 0xfe, rest @ ..], _) => utf16(rest, u16::from_le_bytes),
        ([0xef, 0xbb, 0xbf, rest @ ..], _) => utf8(rest, 3),
        (bytes, Encoding::Utf8) => utf8(bytes, 0),
        (bytes, Encoding::Windows1252) => windows_1252(bytes),
    }
}

fn refused(byte: usize, encoding: &'static str) -> PayloadError {
    PayloadError::at(Place::Byte(byte), PayloadReason::Encoding { encoding })
}

fn utf8(bytes: &[u8], before: usize) -> Result<String, PayloadError> {
    let text = std::str::from_utf8(bytes);
    text.map(str::to_owned).map_err(|error| refused(before + error.valid_up_to(), "utf-8"))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, PayloadError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::new();
    let mut at = 2;
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let character = character.map_err(|_| refused(at, "utf-16"))?;
        text.push(character);
        at += 2 * character.len_utf16();
    }
    if rest.is_empty() { Ok(text) } else { Err(refused(at, "utf-16")) }
}

/// Characters of the bytes `0x80` to `0x9f`; `\0` where there is none.
const WINDOWS_1252_HIGH: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘',
    '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

fn windows_1252(bytes: &[u8]) -> Result<String, PayloadError> {
    let character = |(at, byte): (usize, &u8)| {
        let high = byte.checked_sub(0x80).and_then(|high| WINDOWS_1252_HIGH.get(usize::from(high)));
        match high {
            Some('\0') => Err(refused(at, "windows-1252")),
            Some(character) => Ok(*character),
            None => Ok(char::from(*byte)),
        }
    };
    bytes.iter().enumerate().map(character).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(bytes: &[u8], encoding: Encoding, expected: Expect) {
        match decoded(bytes, encoding) {
            Ok(text) => expected.assert_eq(&text),
            Err(error) => expected.assert_eq(&error.to_string()),
        }
    }

    #[test]
    fn encodings() {
        use Encoding::{Utf8, Windows1252};
        check("21 °C".as_bytes(), Utf8, expect!["21 °C"]);
        check(b"\xef\xbb\xbf{}", Windows1252, expect!["{}"]);
        check(b"\xff\xfe{\0}\0", Utf8, expect!["{}"]);
        check(b"\xfe\xff\0{\0}", Utf8, expect!["{}"]);
        check(b"21 \xb0C \x80", Windows1252, expect!["21 °C €"]);
    }

    #[test]
    fn what_is_no_text() {
        use Encoding::{Utf8, Windows1252};
        check(b"21 \xb0C", Utf8, expect!["byte 3: not utf-8"]);
        check(b"\xff\xfe{\0\0\xd8", Utf8, expect!["byte 4: not utf-16"]);
        check(b"\xff\xfe{", Utf8, expect!["byte 2: not utf-16"]);
        check(b"a\x81", Windows1252, expect!["byte 1: not windows-1252"]);
    }
}
