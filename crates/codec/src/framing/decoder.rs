//! The decoder: cuts whole envelopes out of the bytes that have arrived.

use bytes::{Buf, Bytes, BytesMut};

use crate::envelope::{Direction, Envelope, EnvelopeHeader, HEADER_LEN};
use crate::{FramingError, Opcode, ProtocolVersion};

/// What an [`EnvelopeDecoder`] accepts and how it gives bodies out.
#[derive(Clone, Debug)]
pub struct DecoderSettings {
    /// Who is at the other end: `Response` for a client (the default), `Request` for a server.
    pub direction: Direction,
    /// The longest body, in bytes, compressed or not. Default 256 MiB, what the protocol allows.
    pub max_envelope_bytes: usize,
    /// Bodies of at most so many bytes are copied out, so that a result which is kept does not pin
    /// a whole read buffer; longer ones are split off without a copy. Default 4,096.
    pub copy_below_bytes: usize,
}

impl Default for DecoderSettings {
    fn default() -> Self {
        Self {
            direction: Direction::Response,
            max_envelope_bytes: 256 << 20,
            copy_below_bytes: 4096,
        }
    }
}

/// Turns the bytes of one direction of a connection into envelopes.
#[derive(Debug)]
pub struct EnvelopeDecoder {
    settings: DecoderSettings,
    version: Option<ProtocolVersion>,
    needs: usize,
}

impl EnvelopeDecoder {
    /// A decoder for the first byte of a connection.
    pub const fn new(settings: DecoderSettings) -> Self {
        Self { settings, version: None, needs: HEADER_LEN }
    }

    /// Refuses every version but this one from now on. To be called once STARTUP is answered:
    /// until then, a server may answer in the version that it would rather speak.
    pub const fn expect_version(&mut self, version: ProtocolVersion) {
        self.version = Some(version);
    }

    /// Another limit for the bodies to come, say, a wider one once the peer is known.
    pub const fn set_max_envelope_bytes(&mut self, limit: usize) {
        self.settings.max_envelope_bytes = limit;
    }

    /// How many bytes to make room for before the next read: what the envelope under way still
    /// lacks, but never more than has already arrived of it (or 8 KiB), so that a declared length
    /// alone reserves nothing.
    pub const fn needs(&self) -> usize {
        self.needs
    }

    /// Takes the next envelope out of `buffer`, or gives `None` until more bytes are there.
    ///
    /// # Errors
    ///
    /// Any error ends the connection; nothing that follows in `buffer` may be decoded.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Envelope>, FramingError> {
        let Some(header) = buffer.first_chunk() else {
            self.needs = HEADER_LEN - buffer.len();
            return Ok(None);
        };
        let header = EnvelopeHeader::decode(header)?;
        let length = self.check(&header)?;
        let missing = (HEADER_LEN + length).saturating_sub(buffer.len());
        if missing > 0 {
            self.needs = missing.min(buffer.len().max(8 << 10));
            return Ok(None);
        }
        self.needs = HEADER_LEN;
        buffer.advance(HEADER_LEN);
        let body = self.take_body(buffer, length);
        Ok(Some(Envelope { header, body }))
    }

    /// Checks what can be known from a header alone, and gives the length of its body.
    fn check(&self, header: &EnvelopeHeader) -> Result<usize, FramingError> {
        if header.direction != self.settings.direction {
            return Err(FramingError::Direction { expected: self.settings.direction });
        }
        if let Some(expected) = self.version.filter(|expected| *expected != header.version) {
            return Err(FramingError::VersionChanged { expected, found: header.version });
        }
        let is_event = header.opcode == Opcode::Event;
        if header.stream.is_server_initiated() != is_event {
            return Err(FramingError::Stream { opcode: header.opcode, stream: header.stream });
        }
        let limit = self.settings.max_envelope_bytes;
        usize::try_from(header.length)
            .ok()
            .filter(|length| *length <= limit)
            .ok_or_else(|| FramingError::TooLarge { declared: u64::from(header.length), limit })
    }

    fn take_body(&self, buffer: &mut BytesMut, length: usize) -> Bytes {
        if length > self.settings.copy_below_bytes {
            return buffer.split_to(length).freeze();
        }
        let body = Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default());
        buffer.advance(body.len());
        body
    }
}
