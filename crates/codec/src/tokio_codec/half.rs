//! What the two codecs have in common: a decoder of one direction, an encoder of the other, and the
//! moment at which both change.

use bytes::{BufMut, BytesMut};

use super::CodecError;
use crate::envelope_writer::write_envelope;
use crate::{
    Agreement, Compression, DecoderSettings, Direction, EncodeError, Envelope, EnvelopeDecoder,
    EnvelopeFlags, EnvelopeHeader, Handshake, Opcode, ProtocolVersion, SegmentEncoder,
};

/// The longest body before STARTUP is answered, in bytes: nobody has said who they are yet.
const HANDSHAKE_LIMIT: usize = 1 << 20;

/// A buffer that has grown beyond this, in bytes, is not kept for the next envelope.
const KEPT: usize = 256 << 10;

/// One end of a connection.
#[derive(Debug)]
pub(super) struct Half {
    pub(super) handshake: Handshake,
    decoder: EnvelopeDecoder,
    /// The limit of bodies once STARTUP is answered, in bytes.
    max_envelope_bytes: usize,
    /// Of single envelopes.
    compression: Option<Compression>,
    version: Option<ProtocolVersion>,
    /// `None` while envelopes go bare.
    segments: Option<SegmentEncoder>,
    /// The envelope that is about to go into segments; empty between calls.
    envelope: BytesMut,
}

impl Half {
    pub(super) fn new(settings: DecoderSettings, receives: Direction) -> Self {
        let max_envelope_bytes = settings.max_envelope_bytes;
        let settings = DecoderSettings {
            direction: receives,
            compression: None,
            max_envelope_bytes: max_envelope_bytes.min(HANDSHAKE_LIMIT),
            ..settings
        };
        Self {
            handshake: Handshake::default(),
            decoder: EnvelopeDecoder::new(settings),
            max_envelope_bytes,
            compression: None,
            version: None,
            segments: None,
            envelope: BytesMut::new(),
        }
    }

    /// STARTUP has passed: single envelopes may be compressed from here on.
    pub(super) const fn asked(&mut self, agreement: Agreement) {
        self.compression = agreement.compression;
        self.decoder.set_compression(agreement.compression);
    }

    /// The answer to STARTUP has passed.
    pub(super) fn agreed(&mut self, agreement: Agreement) {
        self.version = Some(agreement.version);
        self.decoder.expect_version(agreement.version);
        self.decoder.set_max_envelope_bytes(self.max_envelope_bytes);
        if agreement.version.uses_segments() {
            self.decoder.switch_to_segments(agreement.compression);
            self.segments = Some(SegmentEncoder::new(agreement.compression));
        }
    }

    pub(super) fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Envelope>, CodecError> {
        let envelope = self.decoder.decode(buffer)?;
        if envelope.is_none() {
            buffer.reserve(self.decoder.needs());
        }
        Ok(envelope)
    }

    pub(super) fn finish(&self, buffer: &BytesMut) -> Result<(), CodecError> {
        Ok(self.decoder.finish(buffer)?)
    }

    /// Appends an envelope whose body `body` appends.
    pub(super) fn encode(
        &mut self,
        mut header: EnvelopeHeader,
        out: &mut BytesMut,
        body: impl FnOnce(&mut BytesMut) -> Result<(), EncodeError>,
    ) -> Result<(), CodecError> {
        if self.version.is_some_and(|version| version != header.version) {
            let why = "STARTUP has fixed another";
            return Err(EncodeError::Invalid { what: "version of an envelope", why }.into());
        }
        // The body is plain, whatever it was when it came in.
        header.flags = header.flags.without(EnvelopeFlags::COMPRESSED);
        let compression = self.compression.filter(|_| header.opcode != Opcode::Startup);
        let Some(segments) = &mut self.segments else {
            return Ok(write_envelope(out, header, compression, None, body)?);
        };
        write_envelope(&mut self.envelope, header, None, None, body)?;
        segments.encode(&self.envelope, out, &mut Vec::new());
        self.envelope.clear();
        if self.envelope.capacity() > KEPT {
            self.envelope = BytesMut::new();
        }
        Ok(())
    }

    /// Appends an envelope as it is.
    pub(super) fn encode_envelope(
        &mut self,
        envelope: &Envelope,
        out: &mut BytesMut,
    ) -> Result<(), CodecError> {
        self.encode(envelope.header, out, |out| {
            out.put_slice(&envelope.body);
            Ok(())
        })
    }
}

/// Refuses what goes the other way.
pub(super) fn expect_direction(
    header: &EnvelopeHeader,
    direction: Direction,
) -> Result<(), CodecError> {
    if header.direction == direction
        && header.opcode.is_response() == (direction == Direction::Response)
    {
        return Ok(());
    }
    let why = "it goes the other way";
    Err(EncodeError::Invalid { what: "direction of an envelope", why }.into())
}
