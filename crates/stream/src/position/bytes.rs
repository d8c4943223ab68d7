//! Positions as bytes.
//!
//! ```text
//!   format  content  protocol   skip   statement   values   length   paging state   CRC-32
//!   1 byte   1 byte    1 byte   4        8           8        4         length         4
//! ```
//!
//! The format is 1. Of `content`, bit 0 says that statement and values are known, bit 1 that there
//! is a paging state. What is not there is zero. Numbers are big-endian; the checksum is of all
//! that is before it.

use bytes::{Buf, BufMut};
use cqlwire_codec::{PagingState, ProtocolVersion};

use super::{Fingerprint, Position};

const FORMAT: u8 = 1;
const HAS_FINGERPRINT: u8 = 1;
const HAS_STATE: u8 = 2;
/// What is before the paging state.
const HEADER: usize = 27;
const CHECKSUM: usize = 4;

/// Why bytes, or text, are no [`Position`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PositionError {
    /// Its end is missing.
    #[error("the position is cut off: {present} bytes of at least {needed}")]
    Truncated {
        /// How many bytes there are.
        present: usize,
        /// How many there have to be.
        needed: usize,
    },
    /// A later release of the driver has written it.
    #[error("the position is written in format {format}; this release reads up to {FORMAT}")]
    Newer {
        /// Its format.
        format: u8,
    },
    /// It is not as it was written.
    #[error("the position is damaged, or none at all")]
    Damaged,
    /// The text is not made of hexadecimal digits.
    #[error("the position has no hexadecimal digit at byte {at} of its text")]
    NotHex {
        /// Where, from 0.
        at: usize,
    },
}

impl Position {
    /// As bytes, to be kept: about 30 and those of the server's paging state.
    pub fn to_bytes(&self) -> Vec<u8> {
        let state = self.after.as_ref().map(PagingState::as_bytes);
        let content = u8::from(self.fingerprint.is_some()) + 2 * u8::from(state.is_some());
        let state = state.unwrap_or_default();
        // A paging state came with a length of 31 bits.
        let length = u32::try_from(state.len()).unwrap_or(u32::MAX);
        let (statement, values) =
            self.fingerprint.map_or((0, 0), |known| (known.statement, known.values));
        let mut bytes = Vec::with_capacity(HEADER + state.len() + CHECKSUM);
        bytes.put_slice(&[FORMAT, content, self.protocol.map_or(0, ProtocolVersion::number)]);
        bytes.put_u32(self.skip);
        bytes.put_u64(statement);
        bytes.put_u64(values);
        bytes.put_u32(length);
        bytes.put_slice(state);
        bytes.put_u32(crc32fast::hash(&bytes));
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) gave, in this release or an earlier one.
    ///
    /// # Errors
    ///
    /// See [`PositionError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PositionError> {
        match bytes.first() {
            None | Some(&FORMAT) => {}
            Some(0) => return Err(PositionError::Damaged),
            Some(&format) => return Err(PositionError::Newer { format }),
        }
        let present = bytes.len();
        let cut = |needed| PositionError::Truncated { present, needed };
        let (mut header, rest) =
            bytes.split_at_checked(HEADER).ok_or_else(|| cut(HEADER + CHECKSUM))?;
        header.advance(1);
        let (content, protocol, skip) = (header.get_u8(), header.get_u8(), header.get_u32());
        let (statement, values) = (header.get_u64(), header.get_u64());
        let length = usize::try_from(header.get_u32()).unwrap_or(usize::MAX);
        let needed = length.saturating_add(HEADER + CHECKSUM);
        let (state, checksum) = rest.split_at_checked(length).ok_or_else(|| cut(needed))?;
        if checksum.len() < CHECKSUM {
            return Err(cut(needed));
        }
        let checked = crc32fast::hash(&bytes[..HEADER + length]);
        if checksum != checked.to_be_bytes() || content > HAS_FINGERPRINT | HAS_STATE {
            return Err(PositionError::Damaged);
        }
        let has = |what| content & what != 0;
        Ok(Self {
            after: has(HAS_STATE).then(|| PagingState::new(state)),
            protocol: version(protocol)?,
            skip,
            fingerprint: has(HAS_FINGERPRINT).then_some(Fingerprint { statement, values }),
        })
    }
}

fn version(number: u8) -> Result<Option<ProtocolVersion>, PositionError> {
    if number == 0 {
        return Ok(None);
    }
    ProtocolVersion::from_number(number).map(Some).ok_or(PositionError::Damaged)
}
