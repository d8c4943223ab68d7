//! The layout of a segment (v5 §2): what the specification calls a frame.
//!
//! ```text
//!   plain   | length 17 | S | padding 6 | CRC-24 | payload | CRC-32 |
//!   LZ4     | compressed 17 | uncompressed 17 | S | padding 5 | CRC-24 | payload | CRC-32 |
//! ```
//!
//! Bit counts, little-endian. `S` says that the payload is self-contained: whole envelopes, back
//! to back. Without it, the payload is one slice of one envelope that is too large for a segment.
//! An uncompressed length of zero in the second layout says that the payload is stored as it is.
//! (The specification gives that header four bytes and four of checksum; servers write five and
//! three.)

use super::Compression;
use super::crc::crc24;
use crate::FramingError;

/// The longest payload, in bytes: what 17 bits can say.
pub(super) const MAX_PAYLOAD: usize = (1 << 17) - 1;

/// [`MAX_PAYLOAD`] as a mask over a header's bits.
const LENGTH_MASK: u64 = (1 << 17) - 1;

/// The bytes of the checksum after a header.
const CRC24_LEN: usize = 3;

/// The bytes of the checksum after a payload.
pub(super) const TRAILER_LEN: usize = 4;

/// Which of the two headers a connection uses; its STARTUP decides.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Plain,
    Lz4,
}

impl Layout {
    /// The layout of a connection that negotiated this compression. v5 has only LZ4: servers
    /// refuse a STARTUP that asks for another.
    pub(super) fn of(compression: Option<Compression>) -> Self {
        if compression == Some(Compression::Lz4) { Self::Lz4 } else { Self::Plain }
    }

    /// The bytes before the header's checksum.
    const fn fields_len(self) -> usize {
        match self {
            Self::Plain => 3,
            Self::Lz4 => 5,
        }
    }

    /// The bytes before the payload.
    pub(super) const fn header_len(self) -> usize {
        self.fields_len() + CRC24_LEN
    }
}

/// What a segment's header says.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// The bytes of the payload on the wire.
    pub(super) payload: usize,
    /// The bytes of the payload once decompressed; 0 if it is stored as it is.
    pub(super) uncompressed: usize,
    /// Whether the payload is whole envelopes.
    pub(super) self_contained: bool,
}

impl SegmentHeader {
    /// The header's bytes, of which the first [`Layout::header_len`] count.
    pub(super) fn encode(self, layout: Layout) -> [u8; 8] {
        let length = |bytes: usize| u64::try_from(bytes).unwrap_or_default() & LENGTH_MASK;
        let flag = u64::from(self.self_contained);
        let bits = match layout {
            Layout::Plain => length(self.payload) | flag << 17,
            Layout::Lz4 => length(self.payload) | length(self.uncompressed) << 17 | flag << 34,
        };
        let mut bytes = bits.to_le_bytes();
        let (fields, checksum) = bytes.split_at_mut(layout.fields_len());
        let crc = crc24(fields).to_le_bytes();
        checksum.iter_mut().zip(crc).for_each(|(place, byte)| *place = byte);
        bytes
    }

    /// Reads a header, or gives `None` while it is not whole.
    pub(super) fn decode(layout: Layout, bytes: &[u8]) -> Result<Option<Self>, FramingError> {
        let Some((fields, rest)) = bytes.split_at_checked(layout.fields_len()) else {
            return Ok(None);
        };
        let Some([c0, c1, c2]) = rest.first_chunk() else {
            return Ok(None);
        };
        if crc24(fields) != u32::from_le_bytes([*c0, *c1, *c2, 0]) {
            return Err(distrust(fields));
        }
        let mut bits = [0; 8];
        bits.iter_mut().zip(fields).for_each(|(place, byte)| *place = *byte);
        let bits = u64::from_le_bytes(bits);
        let length = |bits: u64| usize::try_from(bits & LENGTH_MASK).unwrap_or_default();
        Ok(Some(match layout {
            Layout::Plain => {
                Self { payload: length(bits), uncompressed: 0, self_contained: bits & 1 << 17 != 0 }
            }
            Layout::Lz4 => Self {
                payload: length(bits),
                uncompressed: length(bits >> 17),
                self_contained: bits & 1 << 34 != 0,
            },
        }))
    }
}

/// A header with a wrong checksum: broken, or no header at all but a bare envelope, which is what
/// a server sends that has not switched (or has switched back).
const fn distrust(fields: &[u8]) -> FramingError {
    match fields {
        [first @ (0x03..=0x06 | 0x83..=0x86), ..] => FramingError::Unsegmented { first: *first },
        _ => FramingError::HeaderChecksum,
    }
}
