//! Envelopes in place.

use cqlwire_codec::HEADER_LEN;

use crate::Result;

/// What counts of the header of an envelope.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Version and direction.
    pub version: u8,
    /// Its flags.
    pub flags: u8,
    /// The two bytes of the stream id.
    pub stream: [u8; 2],
    /// What message it is.
    pub opcode: u8,
}

/// The first envelope of these bytes with its body, and what follows it; `None` while it is not
/// whole.
#[inline]
pub fn first_envelope(bytes: &[u8]) -> Option<(Head, &[u8], &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<HEADER_LEN>()?;
    let [version, flags, s0, s1, opcode, l0, l1, l2, l3] = *header;
    let length = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).ok()?;
    let (body, after) = rest.split_at_checked(length)?;
    Some((Head { version, flags, stream: [s0, s1], opcode }, body, after))
}

/// The \[short\] at this place.
///
/// # Errors
///
/// There is none.
#[inline]
pub fn short(bytes: &[u8], at: usize) -> Result<u16> {
    Ok(u16::from_be_bytes(array(bytes, at)?))
}

/// The \[int\] at this place.
///
/// # Errors
///
/// There is none.
#[inline]
pub fn int(bytes: &[u8], at: usize) -> Result<i32> {
    Ok(i32::from_be_bytes(array(bytes, at)?))
}

/// The \[long\] at this place.
///
/// # Errors
///
/// There is none.
#[inline]
pub fn long(bytes: &[u8], at: usize) -> Result<i64> {
    Ok(i64::from_be_bytes(array(bytes, at)?))
}

#[inline]
fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N]> {
    let found = bytes.get(at..).and_then(<[u8]>::first_chunk::<N>);
    found.copied().ok_or_else(|| "a body ends too early".into())
}
