//! Segments: any bytes, in any pieces, and what is made of envelopes by the encoder.

use bytes::BytesMut;
use cqlwire_codec::{Compression, DecoderSettings, EnvelopeDecoder, SegmentEncoder};

use crate::envelopes::{decode, decode_pieces};
use crate::input::{Cuts, Input};

/// Plain or LZ4; four bytes of cuts; the bytes.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let compression = (input.byte() % 2 == 1).then_some(Compression::Lz4);
    let cuts = input.cuts();
    any_bytes(compression, cuts, input.rest());
    envelopes_survive(compression, cuts, input.rest());
}

fn decoder(compression: Option<Compression>) -> EnvelopeDecoder {
    let mut decoder = EnvelopeDecoder::new(DecoderSettings::default());
    decoder.switch_to_segments(compression);
    decoder
}

fn any_bytes(compression: Option<Compression>, cuts: Cuts, bytes: &[u8]) {
    let whole = decode(decoder(compression), bytes);
    assert_eq!(decode_pieces(decoder(compression), cuts.pieces(bytes)), whole);
}

/// If the bytes are envelopes, they are the same again after they were packed.
fn envelopes_survive(compression: Option<Compression>, cuts: Cuts, bytes: &[u8]) {
    let mut bare = EnvelopeDecoder::new(DecoderSettings::default());
    bare.expect_version(cqlwire_codec::ProtocolVersion::V5);
    let (envelopes, _) = decode(bare, bytes);
    let mut plain = BytesMut::new();
    for envelope in &envelopes {
        plain.extend_from_slice(&envelope.header.encode());
        plain.extend_from_slice(&envelope.body);
    }
    let (mut packed, mut ends) = (BytesMut::new(), Vec::new());
    SegmentEncoder::new(compression).encode(&plain, &mut packed, &mut ends);
    assert_eq!(ends.last().map_or(0, |end| end.offset), packed.len());
    assert_eq!(ends.last().map_or(0, |end| end.envelopes), envelopes.len());
    let arrived = decode_pieces(decoder(compression), cuts.pieces(&packed));
    assert_eq!(arrived, (envelopes, Ok(())));
}
