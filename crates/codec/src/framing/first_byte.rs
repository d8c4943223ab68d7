//! The first byte of an envelope: whether the peer speaks this protocol at all, and what else it
//! might be speaking.

use crate::envelope::{Direction, decode_version};
use crate::wire::Reader;
use crate::{FramingError, Opcode};

/// The header of v1 and v2: the stream id is one byte.
const OLD_HEADER_LEN: usize = 8;

/// An answer in the format of v1 or v2 that is longer than this is not waited for.
const OLD_BODY_LIMIT: usize = 64 << 10;

/// Looks at the first byte of an envelope of this direction.
///
/// `Ok(true)`: go on. `Ok(false)`: an answer in an old format is under way, whose text is worth
/// waiting for.
pub(super) fn check(direction: Direction, bytes: &[u8]) -> Result<bool, FramingError> {
    let Some(first) = bytes.first() else {
        return Ok(true);
    };
    match (decode_version(*first), direction) {
        (Ok(_), _) => Ok(true),
        (Err(FramingError::UnknownVersion { number: number @ 1..=2 }), Direction::Response)
            if *first > 0x80 =>
        {
            old_answer(number, bytes).map(|()| false)
        }
        (Err(error), _) => {
            Err(other_protocol(*first)
                .map_or(error, |looks_like| FramingError::NotCql { looks_like }))
        }
    }
}

/// Who begins with this byte, if it is someone well known.
const fn other_protocol(first: u8) -> Option<&'static str> {
    match first {
        0x15 => Some("a TLS alert"),
        0x16 => Some("a TLS handshake"),
        b'H' | b'G' | b'P' => Some("HTTP"),
        b'S' => Some("SSH"),
        _ => None,
    }
}

/// Waits for the ERROR by which Cassandra 2.0 and older answer anything newer than themselves,
/// then fails with its text.
fn old_answer(number: u8, bytes: &[u8]) -> Result<(), FramingError> {
    let Some([.., opcode, l0, l1, l2, l3]) = bytes.first_chunk::<OLD_HEADER_LEN>() else {
        return Ok(());
    };
    let too_old = |message| FramingError::VersionTooOld { number, message };
    let length = u32::from_be_bytes([*l0, *l1, *l2, *l3]);
    let length = usize::try_from(length).ok().filter(|length| *length <= OLD_BODY_LIMIT);
    let Some(length) = length.filter(|_| *opcode == Opcode::Error.byte()) else {
        return Err(too_old(None));
    };
    let Some(body) = bytes.get(OLD_HEADER_LEN..OLD_HEADER_LEN + length) else {
        return Ok(());
    };
    let mut reader = Reader::new(body);
    let message = reader.int("error code").and_then(|_| reader.lossy_string("error message"));
    Err(too_old(message.ok()))
}
