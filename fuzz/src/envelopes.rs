//! Bare envelopes: any bytes, in any pieces, of either direction, with any compression.

use bytes::BytesMut;
use cqlwire_codec::{
    DecoderSettings, Direction, Envelope, EnvelopeDecoder, EnvelopeFlags, FramingError,
};

use crate::input::Input;

/// What a decoder makes of bytes, and how it ends.
pub type Outcome = (Vec<Envelope>, Result<(), FramingError>);

/// Compression; direction; four bytes of cuts; the bytes.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let compression = input.compression();
    let direction = if input.byte() % 2 == 1 { Direction::Request } else { Direction::Response };
    let cuts = input.cuts();
    let bytes = input.rest();
    let decoder =
        || EnvelopeDecoder::new(DecoderSettings { direction, compression, ..Default::default() });
    let whole = decode(decoder(), bytes);
    assert_eq!(decode_pieces(decoder(), cuts.pieces(bytes)), whole);
    if whole.1.is_ok() && compression.is_none() {
        same_bytes(&whole.0, bytes);
    }
}

/// Everything at once.
pub fn decode(decoder: EnvelopeDecoder, bytes: &[u8]) -> Outcome {
    decode_pieces(decoder, std::iter::once(bytes))
}

/// Piece by piece.
pub fn decode_pieces<'a>(
    mut decoder: EnvelopeDecoder,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Outcome {
    let (mut buffer, mut envelopes) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut buffer) {
                Ok(Some(envelope)) => envelopes.push(envelope),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.decode(&mut buffer), Err(error.clone()), "stays failed");
                    return (envelopes, Err(error));
                }
            }
        }
        assert!(decoder.needs() > 0, "asks for nothing");
        assert!(decoder.needs() <= buffer.len().max(8 << 10), "asks for more than has come");
    }
    let end = decoder.finish(&buffer);
    (envelopes, end)
}

/// Envelopes that were not compressed are the bytes that came, but for a flag that means nothing.
fn same_bytes(envelopes: &[Envelope], bytes: &[u8]) {
    let mut rest = bytes;
    for envelope in envelopes {
        let mut header = envelope.header.encode();
        header[1] |= rest[1] & EnvelopeFlags::COMPRESSED.bits();
        let (came, after) = rest.split_at(header.len() + envelope.body.len());
        assert_eq!([&header[..], &envelope.body].concat(), came);
        rest = after;
    }
    assert!(rest.is_empty());
}
