//! PEM text, [RFC 7468](https://www.rfc-editor.org/rfc/rfc7468), as leniently as Fabric reads it.
//!
//! The label is not looked at: real networks hold PKCS#8 keys under `EC PRIVATE KEY`. What
//! surrounds the first well-formed block is passed over.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Decodes the first well-formed block. The buffers are wiped when dropped: it may be a key.
pub(crate) fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        if let Some(bytes) = block(after) {
            return Some(bytes);
        }
        rest = after;
    }
    None
}

/// Encodes one block, 64 characters a line.
pub(crate) fn encode(label: &str, bytes: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(bytes));
    let mut out = Zeroizing::new(String::with_capacity(body.len() + body.len() / 32 + 128));
    for part in [BEGIN, label, DASHES, "\n"] {
        out.push_str(part);
    }
    for (index, character) in body.chars().enumerate() {
        if index > 0 && index % LINE_CHARS == 0 {
            out.push('\n');
        }
        out.push(character);
    }
    for part in ["\n", END, label, DASHES, "\n"] {
        out.push_str(part);
    }
    out
}

/// Reads what follows `-----BEGIN `.
fn block(after_begin: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (label, after_label) = after_begin.split_once(DASHES)?;
    let (body, after_body) = after_label.split_once(END)?;
    let ending = after_body.strip_prefix(label)?;
    if label.contains('\n') || !ending.starts_with(DASHES) {
        return None;
    }
    let mut characters = Zeroizing::new(String::with_capacity(body.len()));
    characters.extend(body.chars().filter(|character| !character.is_ascii_whitespace()));
    STANDARD.decode(characters.as_bytes()).ok().map(Zeroizing::new)
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const LINE_CHARS: usize = 64;

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn blocks_are_read_whatever_surrounds_them() {
        let bytes = [9_u8; 100];
        let text = encode("CERTIFICATE", &bytes);
        assert_eq!(text.lines().nth(1).unwrap().len(), 64);
        for surrounded in [
            text.to_string(),
            format!("Subject: CN=peer0\n{}trailing", text.as_str()),
            format!("-----BEGIN A-----\n%%%\n-----END A-----\n{}", text.as_str()),
            text.replace('\n', "\r\n"),
        ] {
            assert_eq!(decode(surrounded.as_bytes()).unwrap().as_slice(), bytes, "{surrounded}");
        }
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in
            ["", "-----BEGIN A-----\nAAAA\n-----END B-----\n", "-----BEGIN A-----\nAAAA", "é"]
        {
            assert!(decode(text.as_bytes()).is_none(), "{text}");
        }
    }
}
