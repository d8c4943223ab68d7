//! Envelopes over a stream, one question at a time.

use bytes::BytesMut;
use cqlwire_codec::{
    DecoderSettings, Envelope, EnvelopeDecoder, Opcode, ProtocolVersion, SegmentEncoder,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{ConnectCause, Settings};

/// The longest body until the handshake is over, in bytes: until then nobody is known, and nothing
/// that has a place there is any longer.
const MAX_HANDSHAKE_ENVELOPE: usize = 1 << 20;

/// A stream, and how its bytes become envelopes. Given to the driver as it is in the end: the
/// first bytes of what follows may have been read already.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    pub(crate) stream: S,
    pub(crate) decoder: EnvelopeDecoder,
    /// Bytes that have arrived.
    pub(crate) incoming: BytesMut,
    /// There is one once envelopes go in segments.
    pub(crate) segments: Option<SegmentEncoder>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S, settings: &Settings) -> Self {
        let decoder = EnvelopeDecoder::new(DecoderSettings {
            max_envelope_bytes: settings.max_envelope_bytes.min(MAX_HANDSHAKE_ENVELOPE),
            compression: settings.compression,
            ..DecoderSettings::default()
        });
        Self { stream, decoder, incoming: BytesMut::new(), segments: None }
    }

    /// STARTUP was answered: the version is fixed, and on v5 the next byte is that of a segment.
    pub(super) fn started(&mut self, version: ProtocolVersion, settings: &Settings) {
        self.decoder.expect_version(version);
        if version.uses_segments() {
            self.decoder.switch_to_segments(settings.compression);
            self.segments = Some(SegmentEncoder::new(settings.compression));
        }
    }

    /// Sends one request and waits for what answers it.
    pub(super) async fn ask(&mut self, envelope: &[u8]) -> Result<Envelope, ConnectCause> {
        match &mut self.segments {
            None => self.stream.write_all(envelope).await?,
            Some(segments) => {
                let mut packed = BytesMut::new();
                segments.encode(envelope, &mut packed, &mut Vec::new());
                self.stream.write_all(&packed).await?;
            }
        }
        self.stream.flush().await?;
        loop {
            let envelope = self.next().await?;
            // Nothing was registered for, so whatever is pushed means nothing.
            if envelope.header.opcode != Opcode::Event {
                return Ok(envelope);
            }
        }
    }

    async fn next(&mut self) -> Result<Envelope, ConnectCause> {
        loop {
            if let Some(envelope) = self.decoder.decode(&mut self.incoming)? {
                return Ok(envelope);
            }
            self.incoming.reserve(self.decoder.needs());
            if self.stream.read_buf(&mut self.incoming).await? == 0 {
                return Err(ConnectCause::Closed);
            }
        }
    }
}
