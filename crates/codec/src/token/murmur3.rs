//! Murmur3, x64, 128 bits, seed 0, as Cassandra has it: the bytes after the last whole block are
//! taken as signed, which the original does not.

const BLOCK: usize = 16;
const C1: u64 = 0x87C3_7B91_1142_53D5;
const C2: u64 = 0x4CF5_AD43_2745_937F;

/// Hashes bytes that come piece by piece.
#[derive(Clone, Debug, Default)]
pub(super) struct Murmur3 {
    h1: u64,
    h2: u64,
    /// The beginning of the block that is not whole yet.
    pending: [u8; BLOCK],
    pending_length: usize,
    length: u64,
}

impl Murmur3 {
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.length = self.length.wrapping_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let bytes = self.top_up(bytes);
        let (blocks, rest) = bytes.as_chunks();
        blocks.iter().for_each(|block| self.mix(block));
        self.top_up(rest);
    }

    /// How many bytes have been written.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// Fills the block that is not whole with the first of these bytes, unless they begin a new one
    /// that they also complete. Gives those that are left.
    fn top_up<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.pending_length == 0 && bytes.len() >= BLOCK {
            return bytes;
        }
        let room = self.pending.get_mut(self.pending_length..).unwrap_or_default();
        let (taken, rest) = bytes.split_at(room.len().min(bytes.len()));
        room.iter_mut().zip(taken).for_each(|(place, byte)| *place = *byte);
        self.pending_length += taken.len();
        if self.pending_length == BLOCK {
            self.pending_length = 0;
            let block = self.pending;
            self.mix(&block);
        }
        rest
    }

    fn mix(&mut self, block: &[u8; BLOCK]) {
        let (low, high) = block.split_at(BLOCK / 2);
        let half = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        self.h1 ^= scramble_low(half(low));
        self.h1 = self.h1.rotate_left(27).wrapping_add(self.h2);
        self.h1 = self.h1.wrapping_mul(5).wrapping_add(0x52DC_E729);
        self.h2 ^= scramble_high(half(high));
        self.h2 = self.h2.rotate_left(31).wrapping_add(self.h1);
        self.h2 = self.h2.wrapping_mul(5).wrapping_add(0x3849_5AB5);
    }

    /// The first half of the hash; Cassandra has no use for the second.
    pub(super) fn finish(mut self) -> i64 {
        let tail = self.pending.get(..self.pending_length).unwrap_or_default();
        let (low, high) = tail.split_at(tail.len().min(BLOCK / 2));
        // Of a half without bytes nothing is left after scrambling either.
        self.h2 ^= scramble_high(signed(high)) ^ self.length;
        self.h1 ^= scramble_low(signed(low)) ^ self.length;
        self.h1 = self.h1.wrapping_add(self.h2);
        self.h2 = self.h2.wrapping_add(self.h1);
        avalanche(self.h1).wrapping_add(avalanche(self.h2)).cast_signed()
    }
}

/// Up to 8 bytes, the lowest first, each with its sign, which reaches into those above it.
fn signed(bytes: &[u8]) -> u64 {
    let shifted = bytes.iter().zip((0_u32..).step_by(8));
    shifted.fold(0, |half, (byte, shift)| {
        half ^ (i64::from(byte.cast_signed()) << shift).cast_unsigned()
    })
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
