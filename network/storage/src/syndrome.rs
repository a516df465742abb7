//! Finds the one flipped bit that explains a wrong CRC-32C.
//!
//! A checksum is linear: flipping one bit changes it by a value that depends only on how far
//! that bit is from the end. The polynomial's powers repeat after 2³¹ − 1 bits, so in anything
//! shorter every position has a difference of its own.

/// Where a single flipped bit sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flip {
    /// In the bytes that the checksum covers.
    Data { byte: usize, bit: u8 },
    /// In the checksum itself, which is kept big-endian.
    Checksum { byte: usize, bit: u8 },
}

/// The bit whose flipping turns a checksum of `computed` over `len` bytes into `found`; `None`
/// if no single bit does.
pub(crate) fn locate(found: u32, computed: u32, len: usize) -> Option<Flip> {
    let difference = found ^ computed;
    if difference.count_ones() == 1 {
        let weight = difference.trailing_zeros();
        let byte = CHECKSUM_LEN - 1 - weight as usize / 8;
        return Some(Flip::Checksum { byte, bit: bit_of(weight % 8) });
    }
    if difference == 0 || len > COVERED_BYTES_MAX {
        return None;
    }
    let mut register = 1_u32;
    for from_end in 0..len {
        for bit in (0..8).rev() {
            register = shift(register);
            if register == difference {
                return Some(Flip::Data { byte: len - 1 - from_end, bit });
            }
        }
    }
    None
}

/// Most bytes under one checksum: beyond, two bits could share a difference.
pub(crate) const COVERED_BYTES_MAX: usize = (1 << 28) - 8;

/// Bytes of a checksum on disk.
const CHECKSUM_LEN: usize = 4;

fn bit_of(weight: u32) -> u8 {
    u8::try_from(weight).unwrap_or(0)
}

/// Multiplies by x modulo the Castagnoli polynomial, in the reflected form.
fn shift(register: u32) -> u32 {
    (register >> 1) ^ (CASTAGNOLI & (register & 1).wrapping_neg())
}

const CASTAGNOLI: u32 = 0x82f6_3b78;

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Flip, locate};

    proptest! {
        #[test]
        fn every_flipped_bit_is_found(mut data in proptest::collection::vec(any::<u8>(), 1..600), at: usize, bit in 0_u8..8) {
            let before = crc32c::crc32c(&data);
            let byte = at % data.len();
            data[byte] ^= 1 << bit;
            let found = locate(before, crc32c::crc32c(&data), data.len());
            assert_eq!(found, Some(Flip::Data { byte, bit }));
        }
    }

    #[test]
    fn a_flip_in_the_checksum_is_told_from_one_in_the_data() {
        let computed = crc32c::crc32c(b"block");
        for byte in 0..4 {
            for bit in 0..8 {
                let mut stored = computed.to_be_bytes();
                stored[byte] ^= 1 << bit;
                let found = locate(u32::from_be_bytes(stored), computed, 5);
                assert_eq!(found, Some(Flip::Checksum { byte, bit }));
            }
        }
    }

    #[test]
    fn two_flips_are_not_one() {
        let before = crc32c::crc32c(b"block");
        assert_eq!(locate(before, crc32c::crc32c(b"clock!"), 6), None);
        assert_eq!(locate(before, before, 5), None);
    }
}
