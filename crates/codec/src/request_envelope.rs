//! One request, fully encoded, waiting for its stream id.
//!
//! Only this crate makes one, and only whole: whoever holds it may patch the stream id and walk
//! from header to header without checking anything again.

use std::fmt;

use bytes::{BufMut, BytesMut};

use crate::envelope::{Direction, EnvelopeFlags, EnvelopeHeader, HEADER_LEN};
use crate::request::{EncodeRequest, RequestOptions, write_request};
use crate::{EncodeError, FramingError, Opcode, ProtocolVersion, StreamId};

/// Where in the header the stream id stands.
const STREAM: std::ops::Range<usize> = 2..4;

/// The header and the body of one request, never inside a segment.
#[derive(Clone)]
pub struct RequestEnvelope {
    bytes: BytesMut,
    version: ProtocolVersion,
    opcode: Opcode,
}

impl fmt::Debug for RequestEnvelope {
    /// Shows the length of the body only: bind values are not for logs, and a token is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, opcode, .. } = self;
        write!(f, "RequestEnvelope({version} {opcode}, {} bytes)", self.bytes.len())
    }
}

impl RequestEnvelope {
    /// OPTIONS, the one request without a body: the usual heartbeat.
    pub fn options(version: ProtocolVersion) -> Self {
        Self::options_in(BytesMut::with_capacity(HEADER_LEN), version)
    }

    /// The same in this buffer, in which other requests may be [encoded](Self::encode) later.
    pub fn options_in(mut bytes: BytesMut, version: ProtocolVersion) -> Self {
        let header = EnvelopeHeader {
            version,
            direction: Direction::Request,
            flags: EnvelopeFlags::NONE,
            stream: StreamId::CONNECTION,
            opcode: Opcode::Options,
            length: 0,
        };
        bytes.clear();
        bytes.extend_from_slice(&header.encode());
        Self { bytes, version, opcode: Opcode::Options }
    }

    /// Encodes another request in its place and in its buffer, as
    /// [`encode_request`](crate::encode_request) does: with room in the buffer it allocates nothing.
    ///
    /// # Errors
    ///
    /// As [`encode_request`](crate::encode_request). It is OPTIONS of this version then.
    #[inline]
    pub fn encode<R: EncodeRequest>(
        &mut self,
        request: &R,
        version: ProtocolVersion,
        options: &RequestOptions<'_>,
    ) -> Result<(), EncodeError> {
        self.bytes.clear();
        let written = write_request(request, version, options, &mut self.bytes);
        match written {
            Ok(()) => {
                (self.version, self.opcode) = (version, R::OPCODE);
                debug_assert!(
                    check(&self.bytes).is_ok(),
                    "encoded something else than an envelope"
                );
            }
            Err(_) => self.become_options(version),
        }
        written
    }

    #[cold]
    fn become_options(&mut self, version: ProtocolVersion) {
        *self = Self::options_in(std::mem::take(&mut self.bytes), version);
    }

    /// Makes it the same as another, in the buffer that it has.
    pub fn copy_from(&mut self, other: &Self) {
        self.bytes.clear();
        self.bytes.extend_from_slice(&other.bytes);
        (self.version, self.opcode) = (other.version, other.opcode);
    }

    /// Wraps what the encoder has just written, which is one whole envelope.
    pub(crate) fn from_encoded(bytes: BytesMut, version: ProtocolVersion, opcode: Opcode) -> Self {
        debug_assert!(check(&bytes).is_ok(), "encoded something else than an envelope");
        Self { bytes, version, opcode }
    }

    /// Copies bytes that came from elsewhere (a proxy, a capture) after checking them.
    ///
    /// # Errors
    ///
    /// What [`EnvelopeHeader::decode`] refuses, a response, and bytes that are not exactly one
    /// envelope.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FramingError> {
        let header = check(bytes)?;
        Ok(Self { bytes: bytes.into(), version: header.version, opcode: header.opcode })
    }

    /// The envelope, with stream 0 in its header.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes it has, header included: at least [`HEADER_LEN`].
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes its buffer has room for.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// What it asks.
    pub const fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// The version that it was encoded for.
    pub const fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// Appends the envelope to `out` with this stream id in its header.
    pub fn copy_to(&self, stream: StreamId, out: &mut BytesMut) {
        let (before, rest) = self.bytes.split_at(STREAM.start);
        out.reserve(self.bytes.len());
        out.put_slice(before);
        out.put_i16(stream.raw());
        out.put_slice(rest.get(STREAM.len()..).unwrap_or_default());
    }

    /// The buffer, cleared, for the next request to be encoded into.
    pub fn into_buffer(self) -> BytesMut {
        let mut buffer = self.bytes;
        buffer.clear();
        buffer
    }
}

/// The header of these bytes, if they are exactly one request.
fn check(bytes: &[u8]) -> Result<EnvelopeHeader, FramingError> {
    let cut = FramingError::CutEnvelope { present: bytes.len() };
    let Some((header, body)) = bytes.split_first_chunk() else {
        return Err(cut);
    };
    let header = EnvelopeHeader::decode(header)?;
    if header.direction != Direction::Request {
        return Err(FramingError::Direction { expected: Direction::Request });
    }
    if usize::try_from(header.length) == Ok(body.len()) { Ok(header) } else { Err(cut) }
}

const _: () = assert!(STREAM.end <= HEADER_LEN);
