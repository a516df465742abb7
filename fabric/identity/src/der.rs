//! As much DER as is needed to take an ECDSA signature or a certificate's outer layer apart.
//!
//! [X.690](https://www.itu.int/rec/T-REC-X.690), section 10: definite lengths in the fewest bytes.

/// One element and what it is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    /// The identifier byte.
    pub(crate) tag: u8,
    /// Identifier, length and content.
    pub(crate) whole: &'a [u8],
    /// The content alone.
    pub(crate) content: &'a [u8],
}

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const SEQUENCE: u8 = 0x30;

/// Reads the first element of `input`; gives it and what follows it.
pub(crate) fn element(input: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, after_tag) = input.split_first()?;
    let (&first, after_first) = after_tag.split_first()?;
    let (length, body) = match first {
        0..LONG_FORM => (usize::from(first), after_first),
        _ => long_length(usize::from(first & !LONG_FORM), after_first)?,
    };
    let (content, rest) = body.split_at_checked(length)?;
    let (whole, _) = input.split_at_checked(input.len().checked_sub(rest.len())?)?;
    Some((Element { tag, whole, content }, rest))
}

/// Writes one element.
pub(crate) fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|&digit| digit == 0).collect();
    let mut out = vec![tag];
    match digits.as_slice() {
        [] => out.push(0),
        [short] if *short < LONG_FORM => out.push(*short),
        _ => {
            out.push(LONG_FORM | u8::try_from(digits.len()).unwrap_or(LONG_FORM));
            out.extend_from_slice(&digits);
        }
    }
    out.extend_from_slice(content);
    out
}

fn long_length(count: usize, bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (digits, body) = bytes.split_at_checked(count)?;
    if count > LENGTH_DIGITS_MAX || digits.first().is_none_or(|&digit| digit == 0) {
        return None;
    }
    let length = digits.iter().fold(0_usize, |length, &digit| length << 8 | usize::from(digit));
    (length >= usize::from(LONG_FORM)).then_some((length, body))
}

/// Set in the first length byte if the length follows in bytes of its own.
const LONG_FORM: u8 = 0x80;

/// Most bytes of a length: elements are smaller than 4 GiB.
const LENGTH_DIGITS_MAX: usize = 4;

#[cfg(test)]
mod tests {
    use super::{element, encode};

    #[test]
    fn what_is_written_is_read_back() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let written = encode(0x30, &content);
            let (read, rest) = element(&written).unwrap();
            assert_eq!((read.tag, read.content, read.whole), (0x30, &*content, &*written));
            assert!(rest.is_empty(), "nothing follows the element");
        }
    }

    #[test]
    fn other_than_the_shortest_length_is_refused() {
        for (what, bytes) in [
            ("long form of a short length", &[0x30, 0x81, 0x01, 0x00][..]),
            ("leading zero", &[0x30, 0x82, 0x00, 0x80]),
            ("indefinite", &[0x30, 0x80, 0x00, 0x00]),
            ("cut off", &[0x30, 0x05, 0x01]),
            ("no length", &[0x30]),
            ("nothing", &[]),
        ] {
            assert!(element(bytes).is_none(), "{what}");
        }
    }
}
