//! The bytes of one connection: requests taken out, answers made ready.

use bytes::{BufMut, BytesMut};
use cqlwire_codec::{
    Compression, DecoderSettings, Direction, Envelope, EnvelopeDecoder, EnvelopeFlags,
    EnvelopeHeader, FramingError, ProtocolVersion, SegmentEncoder, StreamId,
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
    /// Whole envelopes that are to go out together.
    ready: BytesMut,
    pub(super) input: BytesMut,
}

impl Wire {
    pub(super) fn new(version: ProtocolVersion) -> Self {
        let decoder = EnvelopeDecoder::new(settings(None));
        Self {
            version,
            compression: None,
            decoder,
            segments: None,
            ready: BytesMut::new(),
            input: BytesMut::new(),
        }
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

    /// An answer that goes out with the others that are ready by then, in one segment if they fit,
    /// as servers send them.
    pub(super) fn ready(&mut self, reply: &Reply, version: ProtocolVersion, stream: StreamId) {
        let envelope = self.envelope(reply, version, stream);
        self.ready.put_slice(&envelope);
    }

    /// What is ready, as it goes over the wire.
    pub(super) fn pack(&mut self) -> BytesMut {
        let ready = std::mem::take(&mut self.ready);
        self.in_segments(ready)
    }

    /// An answer by itself, as it goes over the wire.
    pub(super) fn image(
        &mut self,
        reply: &Reply,
        version: ProtocolVersion,
        stream: StreamId,
    ) -> BytesMut {
        let envelope = self.envelope(reply, version, stream);
        self.in_segments(envelope)
    }

    fn envelope(&self, reply: &Reply, version: ProtocolVersion, stream: StreamId) -> BytesMut {
        let envelope = reply.envelope(version, stream);
        // Servers compress whatever they send once they were asked to, READY and AUTHENTICATE in
        // answer to STARTUP and empty bodies included.
        if self.compression.is_some() && !version.uses_segments() {
            compressed(&envelope)
        } else {
            envelope
        }
    }

    fn in_segments(&mut self, envelopes: BytesMut) -> BytesMut {
        let Some(segments) = &mut self.segments else {
            return envelopes;
        };
        let mut out = BytesMut::new();
        segments.encode(&envelopes, &mut out, &mut Vec::new());
        out
    }
}

/// The envelope with its body as v3 and v4 compress it (v4 §5).
fn compressed(envelope: &[u8]) -> BytesMut {
    let (header, body) = envelope.split_first_chunk().expect("an envelope has a header");
    let mut header = EnvelopeHeader::decode(header).expect("the node wrote it");
    let block = lz4_flex::block::compress(body);
    let declared = header.length;
    header.flags |= EnvelopeFlags::COMPRESSED;
    header.length = u32::try_from(size_of_val(&declared) + block.len()).expect("under 4 GiB");
    let mut out = BytesMut::from(&header.encode()[..]);
    out.put_u32(declared);
    out.put_slice(&block);
    out
}

fn settings(compression: Option<Compression>) -> DecoderSettings {
    DecoderSettings { direction: Direction::Request, compression, ..DecoderSettings::default() }
}
