//! What servers do that they should not: how an answer gets lost, late or wrong.

use std::time::Duration;

use cqlwire::bytes::{BufMut, Bytes, BytesMut};
use cqlwire::codec::{EnvelopeFlags, Opcode, StreamId};
use cqlwire_testkit::node::Prime;

/// Which requests.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those of users.
    Data,
    Prepares,
    /// Whatever comes, handshakes and the control connection too.
    Any,
}

/// What a request gets.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An ERROR of this code.
    Error(i32),
    /// It is not known, whatever it is.
    Unprepared,
    /// Nothing.
    Silence,
    /// Its answer, so many milliseconds later.
    Late(u64),
    /// The end of the connection, in this way.
    Close,
    Reset,
    HalfClose,
    /// So many bytes of its answer, then the end.
    Cut(usize),
    /// Its answer, with a bit of this byte turned over; it takes checksums to notice.
    Flip(usize),
    /// Its answer twice.
    Twice,
    /// Its answer, to a request that there never was.
    Stray(i16),
    /// Bytes that are no answer.
    Garbage(Garbage),
    /// An answer that is none to this request, or cannot be read.
    Lie(Lie),
}

/// Bytes that break a connection (docs/hostile-input.md, A and C).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Garbage {
    Noise,
    Http,
    NegativeLength,
    ARequest,
    UnknownOpcode,
    AnotherVersion,
}

/// Bodies that are wrong (docs/hostile-input.md, E and F).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    Void,
    Ready,
    Supported,
    UnknownKind,
    NegativeColumns,
    EndlessColumns,
    EndlessRows,
    MorePagesFromNowhere,
    NoColumns,
    Empty,
    NoTracingId,
    CutError,
    UnknownError,
    SetKeyspace,
}

pub(crate) const GARBAGE: [Garbage; 6] = [
    Garbage::Noise,
    Garbage::Http,
    Garbage::NegativeLength,
    Garbage::ARequest,
    Garbage::UnknownOpcode,
    Garbage::AnotherVersion,
];

pub(crate) const LIES: [Lie; 14] = [
    Lie::Void,
    Lie::Ready,
    Lie::Supported,
    Lie::UnknownKind,
    Lie::NegativeColumns,
    Lie::EndlessColumns,
    Lie::EndlessRows,
    Lie::MorePagesFromNowhere,
    Lie::NoColumns,
    Lie::Empty,
    Lie::NoTracingId,
    Lie::CutError,
    Lie::UnknownError,
    Lie::SetKeyspace,
];

/// Codes of ERROR, among them one that nobody knows.
pub(crate) const CODES: [i32; 17] = [
    0x0000, 0x000A, 0x1000, 0x1001, 0x1002, 0x1003, 0x1100, 0x1200, 0x1300, 0x1400, 0x1500, 0x1700,
    0x2000, 0x2100, 0x2200, 0x2400, 0x7777,
];

const UNPREPARED: i32 = 0x2500;

/// Does this code say of a write of these that nothing was done? (docs/server-errors.md, read again
/// here: the driver's own table would not notice its mistakes.)
pub(crate) fn is_not_begun(code: i32, one_write: bool) -> bool {
    match code {
        0x000A | 0x0100 | 0x1002 | 0x1200 | 0x1300 | 0x1400 | 0x2000..=UNPREPARED => true,
        0x1000 => one_write,
        _ => false,
    }
}

impl Fault {
    /// May what comes be taken for something that the server said?
    pub(crate) const fn is_said(self) -> bool {
        matches!(self, Self::Lie(_))
    }

    /// Is it the end of the connection, whoever notices?
    pub(crate) const fn ends_connection(self) -> bool {
        match self {
            Self::Close | Self::Reset | Self::HalfClose | Self::Cut(_) => true,
            Self::Twice | Self::Stray(_) | Self::Garbage(_) => true,
            Self::Error(_) | Self::Unprepared | Self::Silence | Self::Late(_) => false,
            // It may be a byte that is not there, or an answer to somebody who is gone.
            Self::Flip(_) | Self::Lie(_) => false,
        }
    }

    /// The code of the ERROR that it comes with.
    pub(crate) const fn code(self) -> Option<i32> {
        match self {
            Self::Error(code) => Some(code),
            Self::Unprepared => Some(UNPREPARED),
            Self::Lie(Lie::CutError) => Some(0x1000),
            Self::Lie(Lie::UnknownError) => Some(0x6666),
            _ => None,
        }
    }

    /// The answer, after this has happened to it.
    pub(crate) fn befall(self, answer: Prime, stream: StreamId, version: u8) -> Prime {
        match self {
            Self::Error(code) => answer.error_with(code, "simulated", details(code)),
            Self::Unprepared => answer.error_with(UNPREPARED, "simulated", details(UNPREPARED)),
            Self::Silence => answer.silence(),
            Self::Late(millis) => answer.after(Duration::from_millis(millis)),
            Self::Close => answer.close(),
            Self::Reset => answer.reset(),
            Self::HalfClose => answer.half_close(),
            Self::Cut(bytes) => answer.cut_after(bytes),
            // Without checksums nobody would notice.
            Self::Flip(_) if version < 5 => answer.reset(),
            Self::Flip(byte) => answer.flip(byte, 0x10),
            Self::Twice => answer.twice(),
            Self::Stray(id) => answer.on_stream(StreamId::new(id)),
            Self::Garbage(garbage) => answer.garbage(garbage.bytes(stream, version)),
            Self::Lie(lie) => lie.instead_of(answer),
        }
    }
}

/// What stands behind the text of an ERROR of this code.
fn details(code: i32) -> Bytes {
    let mut out = BytesMut::new();
    match code {
        // Consistency, required, alive.
        0x1000 => out.put_slice(&[0, 4, 0, 0, 0, 2, 0, 0, 0, 1]),
        // Consistency, received, required, type of write.
        0x1100 => out.put_slice(&[&[0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 6][..], b"SIMPLE"].concat()),
        // Consistency, received, required, data present.
        0x1200 => out.put_slice(&[0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 1]),
        UNPREPARED => out.put_slice(&[&[0, 16][..], &[7; 16]].concat()),
        _ => {}
    }
    out.freeze()
}

impl Garbage {
    fn bytes(self, stream: StreamId, version: u8) -> Vec<u8> {
        let [high, low] = stream.raw().to_be_bytes();
        let header = |version: u8, opcode: u8, length: [u8; 4]| {
            [&[version, 0, high, low, opcode][..], &length].concat()
        };
        match self {
            Self::Noise => vec![0xFF; 32],
            Self::Http => b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            Self::NegativeLength => header(0x80 | version, 0x08, [0x80, 0, 0, 0]),
            Self::ARequest => header(version, 0x07, [0; 4]),
            Self::UnknownOpcode => header(0x80 | version, 0x77, [0; 4]),
            Self::AnotherVersion => header(0x80 | (version - 1), 0x08, [0; 4]),
        }
    }
}

impl Lie {
    fn instead_of(self, answer: Prime) -> Prime {
        let none = EnvelopeFlags::NONE;
        let result = |ints: &[i32]| ints.iter().flat_map(|int| int.to_be_bytes()).collect();
        let body: Vec<u8> = match self {
            Self::Void => return answer.void(),
            Self::Ready => return answer.raw(Opcode::Ready, none, Bytes::new()),
            Self::Supported => return answer.raw(Opcode::Supported, none, vec![0, 0]),
            Self::NoTracingId => {
                return answer.raw(Opcode::Result, EnvelopeFlags::TRACING, vec![0; 7]);
            }
            Self::CutError => return answer.raw(Opcode::Error, none, vec![0, 0, 0x10, 0, 0]),
            Self::UnknownError => return answer.error(0x6666, "simulated"),
            Self::SetKeyspace => [&[0, 0, 0, 3][..], &[0, 9], b"elsewhere"].concat(),
            Self::UnknownKind => result(&[99]),
            Self::NegativeColumns => result(&[2, 4, -1, 0]),
            Self::EndlessColumns => result(&[2, 0, i32::MAX, 0]),
            Self::EndlessRows => result(&[2, 4, 3, i32::MAX]),
            Self::MorePagesFromNowhere => result(&[2, 6, 3, -1, 0]),
            Self::NoColumns => result(&[2, 4, 7, 0]),
            Self::Empty => Vec::new(),
        };
        answer.raw(Opcode::Result, none, body)
    }
}
