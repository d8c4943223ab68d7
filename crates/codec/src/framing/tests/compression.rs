use bytes::BytesMut;

use super::{bare_decoder, decode, error, response};
use crate::ProtocolVersion::{V4, V5};
use crate::framing::compress_body;
use crate::vectors::{section, vector};
use crate::{Compression, DecoderSettings, EnvelopeDecoder, EnvelopeFlags, FramingError, Opcode};

fn decoder(compression: Compression) -> EnvelopeDecoder {
    let compression = Some(compression);
    EnvelopeDecoder::new(DecoderSettings { compression, ..Default::default() })
}

/// A compressed RESULT whose body on the wire is this.
fn compressed(body: &[u8]) -> Vec<u8> {
    let mut bytes = response(V4, 1, Opcode::Result, body);
    bytes[1] = EnvelopeFlags::COMPRESSED.bits();
    bytes
}

fn check_vectors(of: &str, compression: Compression) {
    for vector in section(of) {
        let (envelopes, end) = decode(decoder(compression), &vector.bytes);
        assert_eq!(end, Ok(()), "{}", vector.name);
        let expected: &[u8] = if vector.name.contains("VOID") { &[0, 0, 0, 1] } else { &[] };
        assert_eq!(envelopes[0].body, expected, "{}", vector.name);
        assert_eq!(envelopes[0].header.flags, EnvelopeFlags::NONE);
        assert_eq!(usize::try_from(envelopes[0].header.length), Ok(expected.len()));
    }
}

fn check_round_trip(compression: Compression) {
    let plain: Vec<u8> = b"a page of a result ".repeat(3000);
    let mut out = BytesMut::from(&b"before"[..]);
    out.extend_from_slice(&plain);
    assert!(compress_body(compression, &mut out, 6));
    assert_eq!(&out[..6], b"before");
    assert!(out.len() < plain.len() / 10);
    let (envelopes, end) = decode(decoder(compression), &compressed(&out[6..]));
    assert_eq!((&envelopes[0].body[..], end), (&plain[..], Ok(())));
}

fn check_not_smaller(compression: Compression) {
    let mut random = fastrand::Rng::with_seed(7);
    let noise: Vec<u8> = (0..200).map(|_| random.u8(..)).collect();
    for plain in [&b""[..], b"short", &noise] {
        let mut out = BytesMut::from(plain);
        assert!(!compress_body(compression, &mut out, 0));
        assert_eq!(out, plain);
    }
}

fn check_truncations(compression: Compression) {
    let mut out = BytesMut::from(&b"a page of a result ".repeat(30)[..]);
    assert!(compress_body(compression, &mut out, 0));
    for cut in 0..out.len() {
        assert!(decode(decoder(compression), &compressed(&out[..cut])).1.is_err(), "cut at {cut}");
    }
    out.extend_from_slice(b"\x10x");
    assert!(decode(decoder(compression), &compressed(&out)).1.is_err(), "trailing bytes");
}

#[test]
fn g11_3_legacy_lz4_vectors() {
    check_vectors("legacy_lz4", Compression::Lz4);
}

#[test]
fn g11_3_lz4_bodies_survive() {
    check_round_trip(Compression::Lz4);
    check_not_smaller(Compression::Lz4);
}

#[test]
fn a10_a_compressed_envelope_without_compression_is_fatal() {
    let vector = vector("adversarial", "compressed flag without negotiated compression");
    assert_eq!(error(bare_decoder(), &vector.bytes), FramingError::CompressedUnasked);
}

#[test]
fn a11_the_flag_means_nothing_on_v5() {
    let mut bytes = response(V5, 1, Opcode::Result, &[0, 0, 0, 1]);
    bytes[1] = EnvelopeFlags::COMPRESSED.bits();
    let (envelopes, end) = decode(decoder(Compression::Lz4), &bytes);
    assert_eq!((&envelopes[0].body[..], end), (&[0, 0, 0, 1][..], Ok(())));
}

#[test]
fn d1_an_lz4_body_under_four_bytes_is_fatal() {
    for length in 0..4 {
        let error = error(decoder(Compression::Lz4), &compressed(&vec![0; length]));
        assert_eq!(error, FramingError::Decompression { declared: 0 });
    }
}

#[test]
fn d2_an_impossible_size_is_refused_before_allocating() {
    let vector = vector("adversarial", "legacy lz4 declares 0xffffffff");
    let expected = FramingError::Decompression { declared: 0xFFFF_FFFF };
    assert_eq!(error(decoder(Compression::Lz4), &vector.bytes), expected);
    let declares_256 = compressed(&[0, 0, 1, 0, 0x40]);
    let expected = FramingError::Decompression { declared: 256 };
    assert_eq!(error(decoder(Compression::Lz4), &declares_256), expected);
}

#[test]
fn d3_a_block_that_gives_another_length_is_fatal() {
    for declared in [3, 5] {
        let body = [0, 0, 0, declared, 0x40, 0, 0, 0, 1];
        let expected = FramingError::Decompression { declared: declared.into() };
        assert_eq!(error(decoder(Compression::Lz4), &compressed(&body)), expected);
    }
    check_truncations(Compression::Lz4);
}

#[test]
fn d4_a_declared_size_of_zero_is_an_empty_body() {
    for body in [&[0, 0, 0, 0][..], &[0, 0, 0, 0, 0], &[0, 0, 0, 0, 0xFF, 0xFF]] {
        let (envelopes, end) = decode(decoder(Compression::Lz4), &compressed(body));
        assert_eq!((envelopes[0].body.len(), end), (0, Ok(())));
    }
}

#[test]
fn d6_a_body_that_decompresses_over_the_limit_is_fatal() {
    let mut out = BytesMut::zeroed(2000);
    assert!(compress_body(Compression::Lz4, &mut out, 0));
    let mut small = decoder(Compression::Lz4);
    small.set_max_envelope_bytes(1999);
    let expected = FramingError::TooLarge { declared: 2000, limit: 1999 };
    assert_eq!(error(small, &compressed(&out)), expected);
}

#[cfg(feature = "snappy")]
#[test]
fn g11_3_snappy_bodies_survive() {
    check_vectors("legacy_snappy", Compression::Snappy);
    check_round_trip(Compression::Snappy);
    check_not_smaller(Compression::Snappy);
}

#[cfg(feature = "snappy")]
#[test]
fn d5_malformed_snappy_is_fatal() {
    check_truncations(Compression::Snappy);
    let malformed: [&[u8]; 5] = [
        &[],
        // A varint that never ends, one over 32 bits, a size that so few bytes cannot give, a copy
        // from before the start.
        &[0x80],
        &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0],
        &[0xFF, 0xFF, 0xFF, 0x07, 0],
        &[0x04, 0x0D, 0x01],
    ];
    for body in malformed {
        let error = error(decoder(Compression::Snappy), &compressed(body));
        assert!(matches!(error, FramingError::Decompression { .. }), "{error}");
    }
    let huge = compressed(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0]);
    let expected = FramingError::Decompression { declared: 0xFFFF_FFFF };
    assert_eq!(error(decoder(Compression::Snappy), &huge), expected);
}
