//! Forms of text.

/// Whether a text can be a public key of X25519: 64 lower-case hexadecimal digits, not all zero.
///
/// Every other 32 bytes are a key; what is sealed to a weak one is the weak key's holder's loss.
pub(crate) fn encryption_key(text: &str) -> bool {
    is_sha256(text) && text.bytes().any(|digit| digit != b'0')
}

/// Whether a text is 64 lower-case hexadecimal digits.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a text is 1 to 64 small letters, digits, `.`, `-` and `_`.
pub(crate) fn is_name(text: &str) -> bool {
    let is_allowed = |letter: u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(is_allowed)
}
