mod bare;
mod compression;
mod cuts;
mod oversized;
mod segments;

use bytes::{BufMut, BytesMut};

use super::{Arrival, Compression, DecoderSettings, EnvelopeDecoder, SegmentEncoder};
use crate::{
    Direction, Envelope, EnvelopeFlags, EnvelopeHeader, FramingError, Opcode, ProtocolVersion,
    StreamId,
};

/// A response as bytes.
fn response(version: ProtocolVersion, stream: i16, opcode: Opcode, body: &[u8]) -> Vec<u8> {
    let header = EnvelopeHeader {
        version,
        direction: Direction::Response,
        flags: EnvelopeFlags::NONE,
        stream: StreamId::new(stream),
        opcode,
        length: u32::try_from(body.len()).unwrap(),
    };
    [&header.encode()[..], body].concat()
}

/// A v5 RESULT with a body of so many bytes.
fn result(stream: i16, length: usize) -> Vec<u8> {
    let body: Vec<u8> = (0_u8..=250).cycle().take(length).collect();
    response(ProtocolVersion::V5, stream, Opcode::Result, &body)
}

/// Envelopes as segments.
fn segments(compression: Option<Compression>, envelopes: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    SegmentEncoder::new(compression).encode(envelopes, &mut out, &mut Vec::new());
    out.to_vec()
}

fn bare_decoder() -> EnvelopeDecoder {
    EnvelopeDecoder::new(DecoderSettings::default())
}

fn segment_decoder(compression: Option<Compression>) -> EnvelopeDecoder {
    let mut decoder = bare_decoder();
    decoder.switch_to_segments(compression);
    decoder
}

/// Everything that a decoder makes of bytes that come at once, and how it ends: with the first
/// error, or with what `finish` says.
fn decode(decoder: EnvelopeDecoder, bytes: &[u8]) -> (Vec<Envelope>, Result<(), FramingError>) {
    decode_chunks(decoder, &mut std::iter::once(bytes))
}

/// The same for bytes that come in pieces.
fn decode_chunks(
    decoder: EnvelopeDecoder,
    chunks: &mut dyn Iterator<Item = &[u8]>,
) -> (Vec<Envelope>, Result<(), FramingError>) {
    decode_chunks_by(EnvelopeDecoder::decode, decoder, chunks)
}

/// The same, where what is over the limit is skipped.
fn skip_chunks(
    decoder: EnvelopeDecoder,
    chunks: &mut dyn Iterator<Item = &[u8]>,
) -> (Vec<Arrival>, Result<(), FramingError>) {
    decode_chunks_by(EnvelopeDecoder::decode_or_skip, decoder, chunks)
}

type Decode<T> = fn(&mut EnvelopeDecoder, &mut BytesMut) -> Result<Option<T>, FramingError>;

fn decode_chunks_by<T>(
    decode: Decode<T>,
    mut decoder: EnvelopeDecoder,
    chunks: &mut dyn Iterator<Item = &[u8]>,
) -> (Vec<T>, Result<(), FramingError>) {
    let mut buffer = BytesMut::new();
    let mut envelopes = Vec::new();
    for chunk in chunks {
        buffer.put_slice(chunk);
        loop {
            match decode(&mut decoder, &mut buffer) {
                Ok(Some(envelope)) => envelopes.push(envelope),
                Ok(None) => break,
                Err(error) => {
                    let again = decode(&mut decoder, &mut buffer).err();
                    assert_eq!(again.as_ref(), Some(&error), "stays failed");
                    return (envelopes, Err(error));
                }
            }
        }
        assert!(decoder.needs() > 0, "asks for nothing");
        assert!(decoder.needs() <= buffer.len().max(8192), "asks for more than has come");
    }
    let end = decoder.finish(&buffer);
    (envelopes, end)
}

/// The error that bytes coming at once end with.
fn error(decoder: EnvelopeDecoder, bytes: &[u8]) -> FramingError {
    decode(decoder, bytes).1.unwrap_err()
}

/// The bytes of an envelope as it came.
fn encoded(envelope: &Envelope) -> Vec<u8> {
    [&envelope.header.encode()[..], &envelope.body].concat()
}
