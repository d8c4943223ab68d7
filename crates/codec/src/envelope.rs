//! The envelope: nine bytes of header and a body, in every version.
//!
//! ```text
//!   0         8        16        24        32         40
//!   +---------+---------+---------+---------+---------+
//!   | version |  flags  |      stream       | opcode  |
//!   +---------+---------+---------+---------+---------+
//!   |           length of the body          |  body …
//!   +---------+---------+---------+---------+
//! ```
//!
//! v3 and v4 send envelopes bare; v5 sends them inside segments once STARTUP is answered.

use std::fmt;

use bytes::Bytes;

use crate::{FramingError, Opcode, ProtocolVersion, StreamId};

/// The length of an envelope's header, in bytes.
pub const HEADER_LEN: usize = 9;

/// The bit of the version byte that is set in responses.
const RESPONSE_BIT: u8 = 0x80;

/// The flags of an envelope (v5 §2.4.1.2). Bits without a name are kept and ignored.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug, Default)]
pub struct EnvelopeFlags(u8);

impl EnvelopeFlags {
    /// No flag at all.
    pub const NONE: Self = Self(0);
    /// 0x01: the body is compressed. Only v3 and v4; v5 never sets it and ignores it.
    pub const COMPRESSED: Self = Self(0x01);
    /// 0x02: of a request, "trace this"; of a response, "a tracing id comes first".
    pub const TRACING: Self = Self(0x02);
    /// 0x04: the body carries a custom payload (v4 and newer).
    pub const CUSTOM_PAYLOAD: Self = Self(0x04);
    /// 0x08: the response carries warnings (v4 and newer).
    pub const WARNING: Self = Self(0x08);
    /// 0x10: a beta version is meant. Never sent by a client of this crate.
    pub const USE_BETA: Self = Self(0x10);

    /// The flags of this byte.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Of a response: whether something stands before its message (a tracing id, warnings, a custom
    /// payload).
    pub const fn announce_prefixes(self) -> bool {
        self.0 & (Self::TRACING.0 | Self::WARNING.0 | Self::CUSTOM_PAYLOAD.0) != 0
    }

    /// The byte on the wire.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether every flag of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These flags without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl std::ops::BitOr for EnvelopeFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for EnvelopeFlags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Which way an envelope travels: the top bit of its version byte.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub enum Direction {
    /// From client to server.
    Request,
    /// From server to client.
    Response,
}

/// The header of an envelope (v5 §2.4.1): nine bytes, numbers big-endian.
///
/// ```text
///   byte 0       1       2..4     4        5..9
///   | version | flags | stream | opcode | length of the body |
/// ```
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub struct EnvelopeHeader {
    /// The version, which a connection's STARTUP fixes.
    pub version: ProtocolVersion,
    /// Who sent it.
    pub direction: Direction,
    /// How the body is to be read.
    pub flags: EnvelopeFlags,
    /// The stream that it belongs to.
    pub stream: StreamId,
    /// What message the body is.
    pub opcode: Opcode,
    /// The length of the body in bytes, 0 to 2^31 - 1; the header is not counted.
    pub length: u32,
}

impl EnvelopeHeader {
    /// The nine bytes on the wire.
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let direction = match self.direction {
            Direction::Request => 0,
            Direction::Response => RESPONSE_BIT,
        };
        let [s0, s1] = self.stream.raw().to_be_bytes();
        let [l0, l1, l2, l3] = self.length.to_be_bytes();
        let version = self.version.number() | direction;
        [version, self.flags.bits(), s0, s1, self.opcode.byte(), l0, l1, l2, l3]
    }

    /// Reads nine bytes.
    ///
    /// # Errors
    ///
    /// A version not spoken here, an opcode that does not exist or does not travel in this
    /// direction, and a negative length: after each of them the stream of bytes cannot be trusted.
    pub fn decode(bytes: &[u8; HEADER_LEN]) -> Result<Self, FramingError> {
        let [version, flags, s0, s1, opcode, l0, l1, l2, l3] = *bytes;
        let (version, direction) = decode_version(version)?;
        let opcode = Opcode::from_byte(opcode)
            .filter(|known| known.is_response() == (direction == Direction::Response))
            .ok_or(FramingError::Opcode { opcode, direction })?;
        let length = i32::from_be_bytes([l0, l1, l2, l3]);
        let length = u32::try_from(length).map_err(|_| FramingError::NegativeLength { length })?;
        let stream = StreamId::new(i16::from_be_bytes([s0, s1]));
        let flags = EnvelopeFlags::from_bits(flags);
        Ok(Self { version, direction, flags, stream, opcode, length })
    }
}

/// Splits the first byte of an envelope into version and direction.
pub(crate) fn decode_version(byte: u8) -> Result<(ProtocolVersion, Direction), FramingError> {
    let direction = if byte & RESPONSE_BIT == 0 { Direction::Request } else { Direction::Response };
    let number = byte & !RESPONSE_BIT;
    let version =
        ProtocolVersion::from_number(number).ok_or(FramingError::UnknownVersion { number })?;
    Ok((version, direction))
}

/// A whole envelope, as a decoder gives it out.
///
/// The body is always plain: what arrived compressed has been decompressed, and the header has
/// been brought into line (no [`COMPRESSED`](EnvelopeFlags::COMPRESSED) flag, `length` is that of
/// `body`).
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The header, with `length` equal to the length of `body`.
    pub header: EnvelopeHeader,
    /// The body: the prefixes that the flags announce, then the message.
    pub body: Bytes,
}

impl fmt::Debug for Envelope {
    /// Shows the header and the length of the body: a body may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EnvelopeHeader { version, flags, stream, opcode, .. } = self.header;
        let (flags, length) = (flags.bits(), self.body.len());
        write!(
            f,
            "Envelope({version} {opcode}, stream {stream}, flags 0x{flags:02x}, {length} bytes)"
        )
    }
}
