//! Segments: any bytes, in any pieces; any payloads behind checksums that are right; and what is
//! made of envelopes by the encoder.

use bytes::BytesMut;
use cqlwire_codec::{Compression, DecoderSettings, EnvelopeDecoder, SegmentEncoder};

use crate::envelopes::{decode, decode_pieces};
use crate::input::{Cuts, Input};

/// Plain or LZ4, and whether checksums are to be made right; four bytes of cuts; the bytes.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let choice = input.byte();
    let compression = (choice & 1 != 0).then_some(Compression::Lz4);
    let cuts = input.cuts();
    if choice & 2 != 0 {
        let forged = forged(compression.is_some(), &mut input);
        return any_bytes(compression, cuts, &forged);
    }
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

/// Segments whose checksums are right, whatever is in them: of each, flags, two bytes of length and
/// two of uncompressed length, then the payload.
fn forged(lz4: bool, input: &mut Input<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    while !input.rest().is_empty() {
        let flags = u64::from(input.byte());
        let mut short = || u16::from_be_bytes([input.byte(), input.byte()]);
        let (length, uncompressed) = (usize::from(short()), u64::from(short()));
        let payload = input.rest();
        let (payload, rest) = payload.split_at(length.min(payload.len()));
        *input = Input(rest);
        let length = u64::try_from(payload.len()).expect("a short payload");
        // One more bit than two bytes have, and whatever is in the padding.
        let uncompressed = uncompressed | (flags >> 1 & 1) << 16;
        let header = if lz4 {
            length | uncompressed << 17 | (flags & 1) << 34 | (flags >> 3) << 35
        } else {
            length | (flags & 1) << 17 | (flags >> 2) << 18
        };
        let header = &header.to_le_bytes()[..if lz4 { 5 } else { 3 }];
        out.extend_from_slice(header);
        out.extend_from_slice(&crc24(header).to_le_bytes()[..3]);
        out.extend_from_slice(payload);
        let mut crc = crc32fast::Hasher::new();
        crc.update(&[0xFA, 0x2D, 0x55, 0xCA]);
        crc.update(payload);
        out.extend_from_slice(&crc.finalize().to_le_bytes());
    }
    out
}

/// Bit by bit, unlike the codec's.
fn crc24(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x87_5060, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 16, |crc, _| {
            let crc = crc << 1;
            if crc & 0x100_0000 == 0 { crc } else { crc ^ 0x197_4F0B }
        })
    })
}
