//! \[unsigned vint\] and \[vint\] (v5 §3): integers of 1 to 9 bytes. The first byte begins with as
//! many ones as bytes follow it; what is left of it are the highest bits.

use super::ValueProblem;

/// The most bytes that one takes.
const MAX_BYTES: usize = 9;

/// An \[unsigned vint\] off the front of `rest`. More bytes than it needs are fine, as they are for
/// servers.
#[inline]
pub(crate) fn take_unsigned(rest: &mut &[u8]) -> Result<u64, ValueProblem> {
    let extra = rest.first().map_or(0, |first| first.leading_ones());
    let length = 1 + usize::try_from(extra).unwrap_or(MAX_BYTES);
    let Some(([first, more @ ..], tail)) = rest.split_at_checked(length) else {
        return Err(ValueProblem::UnexpectedEnd { needed: length, remaining: rest.len() });
    };
    *rest = tail;
    let highest = u64::from(*first) & (0x7F >> extra);
    Ok(more.iter().fold(highest, |value, byte| value << 8 | u64::from(*byte)))
}

/// A \[vint\] off the front of `rest`: small numbers of either sign are small unsigned ones.
#[inline]
pub(crate) fn take_signed(rest: &mut &[u8]) -> Result<i64, ValueProblem> {
    take_unsigned(rest).map(|zigzag| ((zigzag >> 1) ^ (zigzag & 1).wrapping_neg()).cast_signed())
}

/// The bytes of one integer.
#[derive(Copy, Clone)]
pub(crate) struct Vint {
    bytes: [u8; MAX_BYTES],
    length: usize,
}

impl Vint {
    /// As an \[unsigned vint\].
    pub(crate) fn unsigned(value: u64) -> Self {
        let mut bytes = [0xFF; MAX_BYTES];
        let [_, low @ ..] = &mut bytes;
        *low = value.to_be_bytes();
        // 7 bits a byte, but 8 in the ninth.
        let length = usize::try_from((70 - value.leading_zeros()) / 7).unwrap_or(MAX_BYTES);
        let length = length.clamp(1, MAX_BYTES);
        let mut vint = Self { bytes, length };
        if length < MAX_BYTES {
            let ones = !(0xFF_u8 >> (length - 1));
            if let Some(first) = vint.bytes.get_mut(MAX_BYTES - length) {
                *first |= ones;
            }
        }
        vint
    }

    /// As a \[vint\].
    pub(crate) fn signed(value: i64) -> Self {
        Self::unsigned(((value << 1) ^ (value >> 63)).cast_unsigned())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(MAX_BYTES - self.length..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Vint, take_signed, take_unsigned};
    use crate::ValueProblem;
    use crate::vectors::section;

    #[test]
    fn g11_3_every_vector_is_written_and_read() {
        for vector in section("unsigned_vint") {
            let value = vector.name.parse().unwrap();
            assert_eq!(Vint::unsigned(value).as_bytes(), vector.bytes, "{value}");
            assert_eq!(take_unsigned(&mut &vector.bytes[..]), Ok(value));
        }
        for vector in section("vint") {
            let value = vector.name.parse().unwrap();
            assert_eq!(Vint::signed(value).as_bytes(), vector.bytes, "{value}");
            assert_eq!(take_signed(&mut &vector.bytes[..]), Ok(value));
        }
    }

    #[test]
    fn h5_one_that_is_cut_off_is_an_error() {
        for vector in section("unsigned_vint") {
            for cut in 0..vector.bytes.len() {
                let problem = take_unsigned(&mut &vector.bytes[..cut]).unwrap_err();
                let needed = if cut == 0 { 1 } else { vector.bytes.len() };
                assert_eq!(problem, ValueProblem::UnexpectedEnd { needed, remaining: cut });
            }
        }
    }

    #[test]
    fn h6_more_bytes_than_it_needs_are_fine() {
        let mut rest = &[0x80, 0x05, 0xC0, 0x00, 0x05, 0xFF, 0, 0, 0, 0, 0, 0, 0, 5, 6][..];
        for value in [5, 5, 5, 6] {
            assert_eq!(take_unsigned(&mut rest), Ok(value));
        }
        assert!(rest.is_empty());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value: i64, bits in 0_u32..64) {
            let value = value >> bits;
            let vint = Vint::signed(value);
            let mut rest = vint.as_bytes();
            prop_assert_eq!(take_signed(&mut rest), Ok(value));
            prop_assert!(rest.is_empty());
            let vint = Vint::unsigned(value.cast_unsigned());
            let mut rest = vint.as_bytes();
            prop_assert_eq!(take_unsigned(&mut rest), Ok(value.cast_unsigned()));
            prop_assert!(rest.is_empty());
        }
    }
}
