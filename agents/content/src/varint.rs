//! Numbers of as many bytes as they need, as [multiformats] and Protocol Buffers write them.
//!
//! [multiformats]: https://github.com/multiformats/unsigned-varint

/// Most bytes of a number. Nine hold 63 bits, which is where multiformats stop.
const BYTES_MAX: usize = 9;

/// Appends a number.
pub(crate) fn write(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(low_bits(number) | 0x80);
        number >>= 7;
    }
    out.push(low_bits(number));
}

/// Takes a number off the front. Nothing if it is cut short, too long, or longer than it must be.
pub(crate) fn read(input: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for index in 0..BYTES_MAX {
        let (byte, rest) = input.split_first()?;
        *input = rest;
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let is_padded = *byte == 0 && index > 0;
            return (!is_padded).then_some(number);
        }
    }
    None
}

fn low_bits(number: u64) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low & 0x7f
}

#[cfg(test)]
mod tests {
    use super::{read, write};

    #[test]
    fn a_number_has_one_form() {
        for (number, form) in [
            (0, vec![0]),
            (127, vec![0x7f]),
            (128, vec![0x80, 1]),
            (300, vec![0xac, 2]),
            (u64::MAX >> 1, vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        ] {
            let mut out = Vec::new();
            write(&mut out, number);
            assert_eq!(out, form, "{number}");
            assert_eq!(read(&mut out.as_slice()), Some(number));
        }
        for refused in [&[][..], &[0x80], &[0x80, 0], &[0xff; 10]] {
            assert_eq!(read(&mut &*refused), None, "{refused:x?}");
        }
    }
}
