//! Compression: of single bodies (v3 and v4), and the blocks inside segments (v5).
//!
//! Nothing is allocated for a declared size before that size is known to be possible for the bytes
//! that have arrived.

use bytes::{Bytes, BytesMut};
use lz4_flex::block::{compress_into, decompress_into, get_maximum_output_size};

use crate::FramingError;

/// A compression that STARTUP can ask for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// LZ4, in every version: the block format, not the frame format.
    Lz4,
    /// Snappy, only in v3 and v4: the raw format. Servers offer it where their library loads.
    #[cfg(feature = "snappy")]
    Snappy,
}

impl Compression {
    /// Its name in STARTUP and SUPPORTED.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lz4 => "lz4",
            #[cfg(feature = "snappy")]
            Self::Snappy => "snappy",
        }
    }

    /// The compression of this name, in any case, or `None` for one not built in.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "lz4" => Some(Self::Lz4),
            #[cfg(feature = "snappy")]
            "snappy" => Some(Self::Snappy),
            _ => None,
        }
    }
}

/// How much an LZ4 block can grow at most: each byte of a long match stands for 255.
const LZ4_MAX_RATIO: usize = 255;

/// How much a Snappy block can grow at most: three bytes stand for 64.
#[cfg(feature = "snappy")]
const SNAPPY_MAX_RATIO: usize = 22;

/// Appends exactly `uncompressed` bytes, which is what the block has to give.
pub(super) fn decompress_block(
    block: &[u8],
    uncompressed: usize,
    out: &mut BytesMut,
) -> Result<(), FramingError> {
    let start = out.len();
    out.resize(start + uncompressed, 0);
    match decompress_into(block, out.get_mut(start..).unwrap_or_default()) {
        Ok(written) if written == uncompressed => Ok(()),
        _ => Err(FramingError::Decompression { declared: uncompressed }),
    }
}

/// The plain form of a compressed body (v4 §5) of at most `limit` bytes.
pub(super) fn decompress_body(
    compression: Compression,
    body: &[u8],
    limit: usize,
) -> Result<Bytes, FramingError> {
    match compression {
        Compression::Lz4 => {
            let Some((declared, block)) = body.split_first_chunk() else {
                return Err(FramingError::Decompression { declared: 0 });
            };
            let declared = u32::from_be_bytes(*declared);
            // Servers compress empty bodies too: four bytes of zero, and a block of one.
            if declared == 0 {
                return Ok(Bytes::new());
            }
            let size = possible_size(u64::from(declared), block.len(), LZ4_MAX_RATIO, limit)?;
            let mut plain = BytesMut::with_capacity(size);
            decompress_block(block, size, &mut plain)?;
            Ok(plain.freeze())
        }
        #[cfg(feature = "snappy")]
        Compression::Snappy => decompress_snappy(body, limit),
    }
}

#[cfg(feature = "snappy")]
fn decompress_snappy(body: &[u8], limit: usize) -> Result<Bytes, FramingError> {
    let undeclared = FramingError::Decompression { declared: 0 };
    let declared = snap::raw::decompress_len(body).map_err(|_| undeclared.clone())?;
    if body.is_empty() {
        return Err(undeclared);
    }
    let declared_64 = u64::try_from(declared).unwrap_or(u64::MAX);
    let size = possible_size(declared_64, body.len(), SNAPPY_MAX_RATIO, limit)?;
    let mut plain = vec![0; size];
    match snap::raw::Decoder::new().decompress(body, &mut plain) {
        Ok(written) if written == size => Ok(plain.into()),
        _ => Err(FramingError::Decompression { declared }),
    }
}

/// Refuses a declared size that a block of this length cannot give, or that is over the limit.
fn possible_size(
    declared: u64,
    block: usize,
    max_ratio: usize,
    limit: usize,
) -> Result<usize, FramingError> {
    let size = usize::try_from(declared).unwrap_or(usize::MAX);
    if size > block.saturating_mul(max_ratio) {
        return Err(FramingError::Decompression { declared: size });
    }
    if size > limit {
        return Err(FramingError::TooLarge { declared, limit });
    }
    Ok(size)
}

/// Replaces everything from `start` on with its compressed form, if that is strictly smaller, and
/// says whether it was.
pub(crate) fn compress_body(compression: Compression, out: &mut BytesMut, start: usize) -> bool {
    let plain_end = out.len();
    let plain = plain_end.saturating_sub(start);
    let room = match compression {
        Compression::Lz4 => size_of::<u32>() + get_maximum_output_size(plain),
        #[cfg(feature = "snappy")]
        Compression::Snappy => snap::raw::max_compress_len(plain),
    };
    out.resize(plain_end + room, 0);
    let (front, room) = out.split_at_mut(plain_end);
    let body = front.get(start..).unwrap_or_default();
    let compressed = match compression {
        Compression::Lz4 => compress_lz4(body, room),
        #[cfg(feature = "snappy")]
        Compression::Snappy => snap::raw::Encoder::new().compress(body, room).ok(),
    };
    let smaller = compressed.filter(|length| *length < plain);
    if let Some(length) = smaller {
        out.copy_within(plain_end..plain_end + length, start);
    }
    out.truncate(smaller.map_or(plain_end, |length| start + length));
    smaller.is_some()
}

/// Writes the uncompressed length and the block to the front of `room`, and says how long both are.
fn compress_lz4(body: &[u8], room: &mut [u8]) -> Option<usize> {
    let (declared, block) = room.split_first_chunk_mut()?;
    *declared = u32::try_from(body.len()).ok()?.to_be_bytes();
    let length = compress_into(body, block).ok()?;
    Some(declared.len() + length)
}
