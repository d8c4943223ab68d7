//! The bytes of one connection: requests taken out, answers made ready.

use bytes::{Bytes, BytesMut};
use cqlwire_codec::{
    Compression, DecoderSettings, Direction, Envelope, EnvelopeDecoder, FramingError,
    ProtocolVersion, SegmentEncoder, StreamId,
};

use super::reply::Reply;

/// What a connection speaks.
#[derive(Debug)]
pub(super) struct Wire {
    /// Fixed by STARTUP; until then the node's own newest.
    version: ProtocolVersion,
    compression: Option<Compression>,
    decoder: EnvelopeDecoder,
    /// There since STARTUP was answered on v5.
    segments: Option<SegmentEncoder>,
    pub(super) input: BytesMut,
}

impl Wire {
    pub(super) fn new(version: ProtocolVersion) -> Self {
        let decoder = EnvelopeDecoder::new(settings(None));
        Self { version, compression: None, decoder, segments: None, input: BytesMut::new() }
    }

    pub(super) const fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// STARTUP has come: one version and one compression from now on.
    pub(super) fn agree(&mut self, version: ProtocolVersion, compression: Option<Compression>) {
        self.version = version;
        self.compression = compression;
        self.decoder = EnvelopeDecoder::new(settings(compression));
        self.decoder.expect_version(version);
    }

    /// STARTUP has been answered: on v5 the next byte of either direction begins a segment.
    pub(super) fn switch(&mut self) {
        if self.version.uses_segments() && self.segments.is_none() {
            self.decoder.switch_to_segments(self.compression);
            self.segments = Some(SegmentEncoder::new(self.compression));
        }
    }

    /// The next request among the bytes that have come.
    pub(super) fn request(&mut self) -> Result<Option<Envelope>, FramingError> {
        self.decoder.decode(&mut self.input)
    }

    /// The client has closed its direction: did it do so between two envelopes?
    pub(super) fn finish(&self) -> Result<(), FramingError> {
        self.decoder.finish(&self.input)
    }

    /// An answer as it goes over the wire, in this version or, before there is one, in that of
    /// the request.
    pub(super) fn image(
        &mut self,
        reply: &Reply,
        version: ProtocolVersion,
        stream: StreamId,
    ) -> Bytes {
        let envelope = reply.envelope(version, stream);
        let Some(segments) = &mut self.segments else {
            return envelope.freeze();
        };
        let mut out = BytesMut::new();
        segments.encode(&envelope, &mut out, &mut Vec::new());
        out.freeze()
    }
}

fn settings(compression: Option<Compression>) -> DecoderSettings {
    DecoderSettings { direction: Direction::Request, compression, ..DecoderSettings::default() }
}
