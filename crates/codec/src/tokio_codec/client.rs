//! The client's end.

use bytes::{Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use super::CodecError;
use super::half::{Half, expect_direction};
use crate::{
    DecoderSettings, Direction, EncodeError, Envelope, EnvelopeHeader, HEADER_LEN, RequestEnvelope,
    StreamId,
};

/// Decodes responses and encodes requests.
#[derive(Debug)]
pub struct ClientCodec(Half);

impl ClientCodec {
    /// The codec of a new connection.
    ///
    /// Direction and compression of the settings are not used: the one is known, the other is what
    /// STARTUP will ask for. Until STARTUP is accepted, bodies may have 1 MiB at most.
    pub fn new(settings: DecoderSettings) -> Self {
        Self(Half::new(settings, Direction::Response))
    }

    fn encode_envelope(
        &mut self,
        envelope: &Envelope,
        out: &mut BytesMut,
    ) -> Result<(), CodecError> {
        expect_direction(&envelope.header, Direction::Request)?;
        self.0.encode_envelope(envelope, out)?;
        if let Some(agreement) = self.0.handshake.request(envelope) {
            self.0.asked(agreement);
        }
        Ok(())
    }
}

impl Decoder for ClientCodec {
    type Item = Envelope;
    type Error = CodecError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Envelope>, CodecError> {
        let envelope = self.0.decode(buffer)?;
        let header = envelope.as_ref().map(|envelope| &envelope.header);
        if let Some(agreement) = header.and_then(|header| self.0.handshake.response(header)) {
            self.0.agreed(agreement);
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

/// A request with its body in plain, which is compressed here if that was agreed on.
impl Encoder<Envelope> for ClientCodec {
    type Error = CodecError;

    fn encode(&mut self, envelope: Envelope, out: &mut BytesMut) -> Result<(), CodecError> {
        self.encode_envelope(&envelope, out)
    }
}

/// A request encoded by [`encode_request`](crate::encode_request), which must not have compressed
/// it, and the stream that it goes on.
impl Encoder<(StreamId, RequestEnvelope)> for ClientCodec {
    type Error = CodecError;

    fn encode(
        &mut self,
        (stream, request): (StreamId, RequestEnvelope),
        out: &mut BytesMut,
    ) -> Result<(), CodecError> {
        self.encode_envelope(&plain(stream, &request)?, out)
    }
}

/// The envelope taken apart again.
fn plain(stream: StreamId, request: &RequestEnvelope) -> Result<Envelope, CodecError> {
    let present = request.len();
    let (header, body) = request
        .as_bytes()
        .split_first_chunk::<HEADER_LEN>()
        .ok_or(crate::FramingError::CutEnvelope { present })?;
    let header = EnvelopeHeader { stream, ..EnvelopeHeader::decode(header)? };
    if header.flags.contains(crate::EnvelopeFlags::COMPRESSED) {
        let why = "its connection compresses it, as its STARTUP asked";
        return Err(EncodeError::Invalid { what: "compression of a request", why }.into());
    }
    Ok(Envelope { header, body: Bytes::copy_from_slice(body) })
}
