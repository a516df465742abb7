use pervade_mapping::{SourceError, TextEncoding};

/// The characters that bytes are; a byte order mark says more than the mapping does.
pub(crate) fn decoded(bytes: &[u8], encoding: TextEncoding) -> Result<String, SourceError> {
    match (bytes, encoding) {
        ([0xfe, 0xff, rest @ ..], _) => utf16(rest, u16::from_be_bytes),
        ([0xff, 0xfe, rest @ ..], _) => utf16(rest, u16::from_le_bytes),
        ([0xef, 0xbb, 0xbf, rest @ ..], _) | (rest, TextEncoding::Utf8) => {
            let text = std::str::from_utf8(rest).map_err(|error| not_text(rest, &error))?;
            Ok(text.to_owned())
        }
        (rest, TextEncoding::Utf16) => utf16(rest, u16::from_le_bytes),
    }
}

fn not_text(bytes: &[u8], error: &std::str::Utf8Error) -> SourceError {
    let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
    let newlines = before.iter().filter(|byte| **byte == b'\n').count();
    let line = u64::try_from(newlines).unwrap_or(u64::MAX).saturating_add(1);
    SourceError::Syntax { line, reason: "not UTF-8".to_owned() }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, SourceError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(text),
        _ => Err(SourceError::Syntax { line: 0, reason: "not UTF-16".to_owned() }),
    }
}

/// The bytes of a text; UTF-16 begins with a byte order mark.
pub(crate) fn encoded(text: String, encoding: TextEncoding) -> Vec<u8> {
    match encoding {
        TextEncoding::Utf8 => text.into_bytes(),
        TextEncoding::Utf16 => {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            units.flat_map(u16::to_le_bytes).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        for encoding in [TextEncoding::Utf8, TextEncoding::Utf16] {
            let bytes = encoded("Zoë 😀\n".to_owned(), encoding);
            assert_eq!(decoded(&bytes, encoding), Ok("Zoë 😀\n".to_owned()), "{encoding:?}");
        }
        assert_eq!(decoded(b"\xfe\xff\0a", TextEncoding::Utf8), Ok("a".to_owned()), "a mark");
        assert!(decoded(b"a\0b", TextEncoding::Utf16).is_err(), "half a unit");
        let error = decoded(b"a\nb\xff", TextEncoding::Utf8).unwrap_err();
        assert_eq!(error.to_string(), "line 2: not UTF-8", "with its line");
    }
}
