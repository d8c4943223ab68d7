//! Errors, split by whose fault they are and what they end.
//!
//! * [`FramingError`]: the stream of bytes cannot be trusted any more. Ends the connection.
//! * [`DecodeError`]: one body is not what it should be. Ends the request that it answers.
//! * [`EncodeError`]: the caller asked for what the protocol cannot say. Nothing was written.

use crate::{Direction, Opcode, ProtocolVersion, StreamId, ValueError};

/// Why the bytes of a connection cannot be split into envelopes. Fatal to the connection: where
/// the next envelope begins, or whom it belongs to, is no longer known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FramingError {
    /// The first byte names a version not spoken here: v6, a vendor's own, or no version at all.
    #[error("protocol version {number} is not spoken here")]
    UnknownVersion {
        /// The version byte without its direction bit.
        number: u8,
    },
    /// The peer answered in the format of v1 or v2, as Cassandra 2.0 does to anything newer.
    #[error("the server speaks only protocol v{number} or older{}", colon(.message.as_deref()))]
    VersionTooOld {
        /// 1 or 2.
        number: u8,
        /// The text of its ERROR, if one was there.
        message: Option<String>,
    },
    /// The first bytes are those of another protocol: a wrong port, or TLS on one side only.
    #[error("not the CQL protocol: this looks like {}", .looks_like)]
    NotCql {
        /// What speaks so.
        looks_like: &'static str,
    },
    /// A version other than the one that the connection's STARTUP fixed.
    #[error("an envelope of protocol {found} on a connection of {expected}")]
    VersionChanged {
        /// What the connection speaks.
        expected: ProtocolVersion,
        /// What came.
        found: ProtocolVersion,
    },
    /// A request where a response was expected, or the other way round.
    #[error("expected a {expected:?}, got the opposite direction")]
    Direction {
        /// What was expected.
        expected: Direction,
    },
    /// An opcode that does not exist, or does not travel in this direction.
    #[error("opcode 0x{opcode:02X} is not one of a {direction:?}")]
    Opcode {
        /// The byte.
        opcode: u8,
        /// Where it was going.
        direction: Direction,
    },
    /// An event on a client's stream, or a response on a server's.
    #[error("{opcode} on stream {stream}")]
    Stream {
        /// The message.
        opcode: Opcode,
        /// The stream where it has no business.
        stream: StreamId,
    },
    /// The declared length of a body is below zero.
    #[error("an envelope declares a body of {length} bytes")]
    NegativeLength {
        /// As declared.
        length: i32,
    },
    /// The declared length of a body is over the limit in the settings.
    #[error("an envelope of {declared} bytes is over the limit of {limit}")]
    TooLarge {
        /// The length of the body, declared or after decompression, in bytes.
        declared: u64,
        /// The limit, in bytes.
        limit: usize,
    },
    /// A compressed body on a connection that did not ask for compression.
    #[error("a compressed envelope, but no compression was negotiated")]
    CompressedUnasked,
    /// A compressed body, or payload, that cannot be decompressed to what it declares.
    #[error("what should decompress to {declared} bytes does not")]
    Decompression {
        /// The length declared, in bytes; 0 if not even that could be read.
        declared: usize,
    },
    /// The checksum of a segment's header is wrong. Its length means nothing.
    #[error("the checksum of a segment's header is wrong")]
    HeaderChecksum,
    /// The checksum of a segment's payload is wrong. Which streams it was for is not known.
    #[error("the checksum of a segment's payload is wrong")]
    PayloadChecksum,
    /// Where a segment had to begin, the checksum is wrong and the bytes look like a bare
    /// envelope: one of the two sides has not switched to segments.
    #[error("expected a segment, got what looks like a bare envelope (0x{first:02X})")]
    Unsegmented {
        /// The first byte.
        first: u8,
    },
    /// The slices of a large envelope are longer than the envelope.
    #[error("an envelope of {declared} bytes came as {got} bytes of slices")]
    OverlongSlices {
        /// How long it was to be, header included, in bytes.
        declared: usize,
        /// How many bytes came.
        got: usize,
    },
    /// Bytes that had to be whole envelopes end in the middle of one.
    #[error("an envelope is cut off after {present} bytes")]
    CutEnvelope {
        /// How many of its bytes were there.
        present: usize,
    },
}

/// `": text"`, or nothing.
fn colon(text: Option<&str>) -> String {
    text.map(|text| format!(": {text}")).unwrap_or_default()
}

/// Why a body could not be read. Fatal to the request that it answers and to nothing else: where
/// the next envelope begins is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the {what} at byte {at}: {kind}")]
#[non_exhaustive]
pub struct DecodeError {
    /// What was being read, in the words of the specification.
    pub what: &'static str,
    /// Where it began, in bytes from the start of what was being read (a body, mostly).
    pub at: usize,
    /// What was wrong with it.
    pub kind: DecodeErrorKind,
}

/// What was wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// It ends too early.
    #[error("{needed} bytes needed, {remaining} left")]
    UnexpectedEnd {
        /// How many bytes it takes at least.
        needed: usize,
        /// How many there were.
        remaining: usize,
    },
    /// A text that is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// A number without a meaning there.
    #[error("{value} has no meaning")]
    Unknown {
        /// The number.
        value: i64,
    },
    /// A count or an index that contradicts what it counts.
    #[error("{value} contradicts the rest of the message")]
    Contradiction {
        /// The number.
        value: i64,
    },
    /// Something that this version of the protocol does not have.
    #[error("not part of protocol {0}")]
    NotInVersion(ProtocolVersion),
    /// A type nested deeper than the limit.
    #[error("nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// A message with more types in it than the limit.
    #[error("more than {limit} types in one message")]
    TooManyTypes {
        /// The limit.
        limit: usize,
    },
    /// A piece that has to be there is not.
    #[error("it is missing")]
    Missing,
}

/// Why a request (or, on the server's half, a response) could not be encoded. The caller's fault;
/// the buffer is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// More bytes, or more items, than the protocol's length field can say.
    #[error("{what}: {length} is over the limit of {limit}")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// How long it is, in bytes or items.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// A field that this version of the protocol does not have.
    #[error("{what} is not part of protocol {version}")]
    NotInVersion {
        /// The field.
        what: &'static str,
        /// The version of the connection.
        version: ProtocolVersion,
    },
    /// A field that this version of the protocol demands.
    #[error("{what} is missing, protocol {version} demands it")]
    Missing {
        /// The field.
        what: &'static str,
        /// The version of the connection.
        version: ProtocolVersion,
    },
    /// A value that servers refuse, or read as something else.
    #[error("{what}: {why}")]
    Invalid {
        /// The field.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A bind value that does not fit its type.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// One statement of a batch could not be encoded.
    #[error("statement {number} of the batch: {error}")]
    BatchStatement {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        #[source]
        error: Box<Self>,
    },
}

impl EncodeError {
    /// The same error, of this statement of a batch, from 1.
    #[cold]
    pub fn in_batch(self, number: usize) -> Self {
        Self::BatchStatement { number, error: Box::new(self) }
    }
}
