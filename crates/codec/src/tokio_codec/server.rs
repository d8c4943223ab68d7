//! The server's end.

use bytes::{BufMut, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use super::CodecError;
use super::half::{Half, expect_direction};
use crate::{
    Decoded, DecoderSettings, Direction, Envelope, EnvelopeHeader, HEADER_LEN, encode_response,
};

/// Decodes requests and encodes responses.
#[derive(Debug)]
pub struct ServerCodec(Half);

impl ServerCodec {
    /// The codec of a new connection.
    ///
    /// Direction and compression of the settings are not used: the one is known, the other is what
    /// STARTUP will ask for. Until STARTUP is accepted, bodies may have 1 MiB at most.
    pub fn new(settings: DecoderSettings) -> Self {
        Self(Half::new(settings, Direction::Request))
    }

    /// What has just been written may be the answer to STARTUP, after which all is different.
    fn written(&mut self, header: &EnvelopeHeader) {
        if let Some(agreement) = self.0.handshake.response(header) {
            self.0.agreed(agreement);
        }
    }
}

impl Decoder for ServerCodec {
    type Item = Envelope;
    type Error = CodecError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Envelope>, CodecError> {
        let envelope = self.0.decode(buffer)?;
        if let Some(agreement) = envelope.as_ref().and_then(|e| self.0.handshake.request(e)) {
            self.0.asked(agreement);
        }
        Ok(envelope)
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Envelope>, CodecError> {
        match self.decode(buffer)? {
            Some(envelope) => Ok(Some(envelope)),
            None => self.0.finish(buffer).map(|()| None),
        }
    }
}

/// A response with its body in plain, which is compressed here if that was agreed on.
impl Encoder<Envelope> for ServerCodec {
    type Error = CodecError;

    fn encode(&mut self, envelope: Envelope, out: &mut BytesMut) -> Result<(), CodecError> {
        expect_direction(&envelope.header, Direction::Response)?;
        self.0.encode_envelope(&envelope, out)?;
        self.written(&envelope.header);
        Ok(())
    }
}

/// A response to the request with this header: it goes on the same stream, in the same version.
impl Encoder<(EnvelopeHeader, Decoded)> for ServerCodec {
    type Error = CodecError;

    fn encode(
        &mut self,
        (request, response): (EnvelopeHeader, Decoded),
        out: &mut BytesMut,
    ) -> Result<(), CodecError> {
        let mut encoded = BytesMut::new();
        encode_response(&response, request.version, request.stream, None, &mut encoded)?;
        let present = encoded.len();
        let (header, body) = encoded
            .split_first_chunk::<HEADER_LEN>()
            .ok_or(crate::FramingError::CutEnvelope { present })?;
        let header = EnvelopeHeader::decode(header)?;
        self.0.encode(header, out, |out| {
            out.put_slice(body);
            Ok(())
        })?;
        self.written(&header);
        Ok(())
    }
}
