//! Murmur3, x64, 128 bits, seed 0, as Cassandra has it: the bytes after the last whole block are
//! taken as signed, which the original does not.

const BLOCK: u32 = 16;
const C1: u64 = 0x87C3_7B91_1142_53D5;
const C2: u64 = 0x4CF5_AD43_2745_937F;

/// Hashes bytes that come piece by piece.
#[derive(Clone, Debug, Default)]
pub(super) struct Murmur3 {
    h1: u64,
    h2: u64,
    /// The beginning of the block that is not whole yet, the first byte the lowest.
    pending: u128,
    /// How many bytes of it there are: less than a block.
    pending_bytes: u32,
    length: u64,
}

impl Murmur3 {
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        words.iter().for_each(|word| self.push(u64::from_le_bytes(*word), 8));
        for byte in rest {
            self.push(u64::from(*byte), 1);
        }
    }

    /// How many bytes have been written.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// The next few bytes, 8 at most, the first the lowest and zeros above the last.
    #[inline]
    fn push(&mut self, word: u64, count: u32) {
        self.length = self.length.wrapping_add(u64::from(count));
        self.pending |= u128::from(word) << (8 * self.pending_bytes);
        self.pending_bytes += count;
        if self.pending_bytes >= BLOCK {
            self.mix(self.pending);
            self.pending_bytes -= BLOCK;
            self.pending = u128::from(word) >> (8 * (count - self.pending_bytes));
        }
    }

    /// Takes in a block that is whole.
    #[inline]
    fn mix(&mut self, block: u128) {
        let (low, high) = halves(block);
        self.h1 ^= scramble_low(low);
        self.h1 = self.h1.rotate_left(27).wrapping_add(self.h2);
        self.h1 = self.h1.wrapping_mul(5).wrapping_add(0x52DC_E729);
        self.h2 ^= scramble_high(high);
        self.h2 = self.h2.rotate_left(31).wrapping_add(self.h1);
        self.h2 = self.h2.wrapping_mul(5).wrapping_add(0x3849_5AB5);
    }

    /// The first half of the hash; Cassandra has no use for the second.
    pub(super) fn finish(mut self) -> i64 {
        // Of a half without bytes nothing is left after scrambling either.
        let (low, high) = halves(self.pending);
        self.h2 ^= scramble_high(signed(high)) ^ self.length;
        self.h1 ^= scramble_low(signed(low)) ^ self.length;
        self.h1 = self.h1.wrapping_add(self.h2);
        self.h2 = self.h2.wrapping_add(self.h1);
        avalanche(self.h1).wrapping_add(avalanche(self.h2)).cast_signed()
    }
}

/// Hashes bytes that are there as a whole, as those of most keys are.
#[inline]
pub(super) fn hash(bytes: &[u8]) -> i64 {
    let (blocks, rest) = bytes.as_chunks();
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut murmur3 = Murmur3 { length, ..Murmur3::default() };
    blocks.iter().for_each(|block| murmur3.mix(u128::from_le_bytes(*block)));
    murmur3.pending = match rest.split_first_chunk() {
        Some((low, high)) => u128::from(u64::from_le_bytes(*low)) | u128::from(word(high)) << 64,
        None => u128::from(word(rest)),
    };
    murmur3.finish()
}

/// Less than 8 bytes, the first the lowest and zeros above the last.
fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// The lower and the upper 8 bytes.
fn halves(block: u128) -> (u64, u64) {
    let half = |bits| u64::try_from(bits).unwrap_or_default();
    (half(block & u128::from(u64::MAX)), half(block >> 64))
}

/// These bytes added up with their signs (by exclusive or): each that is negative inverts all bytes
/// above it.
const fn signed(half: u64) -> u64 {
    let mut negative = half >> 7 & 0x0101_0101_0101_0101;
    // Of each byte, whether an odd number of those up to it are negative.
    negative ^= negative << 8;
    negative ^= negative << 16;
    negative ^= negative << 32;
    half ^ (negative << 8).wrapping_mul(0xFF)
}

const fn scramble_low(half: u64) -> u64 {
    half.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}

const fn scramble_high(half: u64) -> u64 {
    half.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

const fn avalanche(mut half: u64) -> u64 {
    half ^= half >> 33;
    half = half.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    half ^= half >> 33;
    half = half.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    half ^ half >> 33
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::signed;

    proptest! {
        #[test]
        fn bytes_are_added_up_with_their_signs(bytes: [i8; 8]) {
            let shifted = bytes.iter().zip((0..64).step_by(8));
            let expected = shifted.fold(0, |half, (byte, shift)| half ^ i64::from(*byte) << shift);
            let half = u64::from_le_bytes(bytes.map(i8::cast_unsigned));
            prop_assert_eq!(signed(half), expected.cast_unsigned());
        }
    }
}
