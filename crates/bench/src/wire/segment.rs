//! Plain segments in place (v5 §2.1), both checksums verified as any peer has to.

use crate::{Result, ensure};

/// Header fields and their checksum.
const HEADER_LEN: usize = 6;
/// The checksum of the payload.
const TRAILER_LEN: usize = 4;
/// 17 bits of length.
const LENGTH_MASK: u32 = (1 << 17) - 1;
/// The flag behind them.
const SELF_CONTAINED: u32 = 1 << 17;
/// The register of the header's checksum before the first byte, and its polynomial.
const CRC24_INIT: u32 = 0x87_5060;
const CRC24_POLYNOMIAL: u32 = 0x197_4F0B;
/// The checksum of the four bytes that servers feed before every payload.
const CRC32_OF_SEED: u32 = 0x4477_7ED3;

/// What a segment carries.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Payload<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Whole envelopes; otherwise a slice of one that is too large for a segment.
    pub self_contained: bool,
}

/// The first segment of these bytes, and what follows it; `None` while it is not whole.
///
/// # Errors
///
/// A checksum does not hold.
#[inline]
pub fn next_segment(bytes: &[u8]) -> Result<Option<(Payload<'_>, &[u8])>> {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        return Ok(None);
    };
    let [f0, f1, f2, c0, c1, c2] = *header;
    let fields = u32::from_le_bytes([f0, f1, f2, 0]);
    ensure(crc24(fields) == u32::from_le_bytes([c0, c1, c2, 0]), "header checksum of a segment")?;
    let length = usize::try_from(fields & LENGTH_MASK)?;
    let Some((payload, rest)) = rest.split_at_checked(length) else {
        return Ok(None);
    };
    let Some((trailer, rest)) = rest.split_first_chunk::<TRAILER_LEN>() else {
        return Ok(None);
    };
    let mut hasher = crc32fast::Hasher::new_with_initial(CRC32_OF_SEED);
    hasher.update(payload);
    ensure(hasher.finalize() == u32::from_le_bytes(*trailer), "payload checksum of a segment")?;
    let self_contained = fields & SELF_CONTAINED != 0;
    Ok(Some((Payload { bytes: payload, self_contained }, rest)))
}

/// The checksum of three header bytes, bit by bit: 24 steps a segment are nothing beside its bytes.
fn crc24(fields: u32) -> u32 {
    let [f0, f1, f2, _] = fields.to_le_bytes();
    [f0, f1, f2].iter().fold(CRC24_INIT, |register, byte| {
        (0..8).fold(register ^ u32::from(*byte) << 16, |register, _| {
            let shifted = register << 1;
            if shifted & 0x100_0000 == 0 { shifted } else { shifted ^ CRC24_POLYNOMIAL }
        })
    })
}
