use bytes::{Bytes, BytesMut};

use super::{decode, encoded, error, response, result, segment_decoder, segments};
use crate::ProtocolVersion::{V4, V5};
use crate::framing::crc::{crc24, crc32};
use crate::framing::segment::{Layout, SegmentHeader};
use crate::vectors::{from_hex, section, vector};
use crate::{
    Compression, EnvelopeDecoder, EnvelopeFlags, FramingError, Opcode, SegmentEncoder, SegmentEnd,
    StreamId,
};

const BOTH: [Option<Compression>; 2] = [None, Some(Compression::Lz4)];

/// A segment made by hand: header fields as given, checksums right.
pub(super) fn segment(
    layout: Layout,
    uncompressed: usize,
    self_contained: bool,
    payload: &[u8],
) -> Vec<u8> {
    let header = SegmentHeader { payload: payload.len(), uncompressed, self_contained };
    let header = &header.encode(layout)[..layout.header_len()];
    [header, payload, &crc32(payload).to_le_bytes()].concat()
}

fn plain(self_contained: bool, payload: &[u8]) -> Vec<u8> {
    segment(Layout::Plain, 0, self_contained, payload)
}

fn number_after<'a>(text: &'a str, prefix: &str) -> &'a str {
    let rest = text.split_once(prefix).unwrap().1;
    rest.split(|c: char| !c.is_ascii_hexdigit()).next().unwrap()
}

#[test]
fn g11_3_crc24_vectors() {
    for vector in section("crc24") {
        let expected = u32::from_str_radix(number_after(&vector.meaning, "CRC24=0x"), 16).unwrap();
        assert_eq!(crc24(&vector.bytes), expected, "{}", vector.name);
    }
}

#[test]
fn g11_3_crc32_vectors() {
    let seeded = section("crc32").into_iter().filter(|vector| vector.meaning.contains("CRC32="));
    let mut vectors: Vec<_> = seeded.map(|vector| (vector.bytes, vector.meaning)).collect();
    vectors.push((vec![0; 131_071], "CRC32=0x8f3d99d4".to_owned()));
    for (bytes, meaning) in vectors {
        let expected = u32::from_str_radix(number_after(&meaning, "CRC32=0x"), 16).unwrap();
        assert_eq!(crc32(&bytes), expected, "{meaning}");
    }
}

#[test]
fn g11_3_the_crc32_is_the_usual_one_but_for_its_seed() {
    let check = vector("crc32", "standard check (NO seed)");
    assert_eq!(crc32fast::hash(&check.bytes), 0xCBF4_3926);
    let seeded = [&from_hex("fa2d55ca"), &check.bytes[..]].concat();
    assert_eq!(crc32(&check.bytes), crc32fast::hash(&seeded));
}

#[test]
fn g11_3_segment_vectors() {
    // The first holds requests, so that only the encoder can be asked.
    let two = vector("segment_plain", "two envelopes");
    assert_eq!(segments(None, &two.bytes[6..two.bytes.len() - 4]), two.bytes);
    let empty = vector("segment_plain", "empty payload");
    assert_eq!(decode(segment_decoder(None), &empty.bytes), (Vec::new(), Ok(())));
    let stored = vector("segment_lz4", "OPTIONS envelope stored");
    assert_eq!(segments(Some(Compression::Lz4), &stored.bytes[8..17]), stored.bytes);

    let large = [&from_hex("85000003080001fff8")[..], &[0; 131_064]].concat();
    let sliced = segments(None, &large);
    assert_eq!(sliced[..6], from_hex("ffff013891fe"));
    assert_eq!(sliced[6 + 131_071..][..4], from_hex("9ca192f4"));
    assert_eq!(sliced[6 + 131_071 + 4..], from_hex("0200004727ad00006f9c715c"));
    let fits = segments(None, &large[..131_071]);
    assert_eq!(fits[..6], from_hex("ffff03254047"));
}

#[test]
fn g11_3_bad_segment_vectors_are_fatal() {
    for vector in section("segment_bad") {
        let lz4 = vector.name.contains("lz4").then_some(Compression::Lz4);
        let expected = match vector.name.as_str() {
            "payload bit flip" => FramingError::PayloadChecksum,
            name if name.contains("49") => FramingError::Decompression { declared: 49 },
            _ => FramingError::Decompression { declared: 51 },
        };
        assert_eq!(error(segment_decoder(lz4), &vector.bytes), expected, "{}", vector.name);
    }
}

#[test]
fn g11_3_envelopes_of_every_size_survive() {
    // Header included, these are the sizes around both ends of a segment.
    for size in [9, 10, 72, 73, 131_059, 131_060, 131_070, 131_071, 131_072, 262_142, 262_143] {
        for compression in BOTH {
            let sent = result(1, size - 9);
            let (envelopes, end) =
                decode(segment_decoder(compression), &segments(compression, &sent));
            assert_eq!((envelopes.len(), end), (1, Ok(())), "{size} bytes");
            assert_eq!(encoded(&envelopes[0]), sent, "{size} bytes");
        }
    }
}

#[test]
fn segments_are_filled_and_their_ends_told() {
    let sent = [result(1, 50_000), result(2, 60_000), result(3, 40_000), result(4, 200_000)];
    let mut out = BytesMut::from(&b"earlier"[..]);
    let mut ends = Vec::new();
    SegmentEncoder::new(None).encode(&sent.concat(), &mut out, &mut ends);
    let first = 7 + 10 + 110_018;
    let second = first + 10 + 40_009;
    let third = second + 10 + 131_071;
    let fourth = third + 10 + 200_009 - 131_071;
    let expected = [(first, 2), (second, 3), (third, 3), (fourth, 4)];
    let expected = expected.map(|(offset, envelopes)| SegmentEnd { offset, envelopes });
    assert_eq!(ends, expected);
    assert_eq!(out.len(), fourth);
    let (envelopes, end) = decode(segment_decoder(None), &out[7..]);
    assert_eq!((envelopes.len(), end), (4, Ok(())));
}

#[test]
fn a_payload_is_compressed_only_if_that_makes_it_smaller() {
    let mut noise = result(1, 0);
    let mut random = fastrand::Rng::with_seed(7);
    noise.extend((0..500).map(|_| random.u8(..)));
    noise[5..9].copy_from_slice(&500_u32.to_be_bytes());
    assert_eq!(segments(Some(Compression::Lz4), &noise).len(), noise.len() + 12);
    assert!(segments(Some(Compression::Lz4), &result(1, 5000)).len() < 1000);
}

#[test]
fn c1_a_wrong_header_checksum_is_fatal_with_nothing_skipped() {
    let mut bytes = segments(None, &result(1, 100));
    bytes[4] ^= 1;
    assert_eq!(error(segment_decoder(None), &bytes[..6]), FramingError::HeaderChecksum);
}

#[test]
fn c2_a_wrong_payload_checksum_is_fatal() {
    for compression in BOTH {
        let good = segments(compression, &result(1, 5000));
        let mut bytes = segments(compression, &result(2, 5000));
        let last = bytes.len() - 1;
        bytes[last] ^= 0x80;
        let (envelopes, end) = decode(segment_decoder(compression), &[good, bytes].concat());
        assert_eq!((envelopes.len(), end), (1, Err(FramingError::PayloadChecksum)));
    }
}

#[test]
fn c3_padding_bits_are_ignored() {
    let payload = result(1, 0);
    let mut header = vec![9, 0, 0x02 | 0xFC];
    header.extend_from_slice(&crc24(&header).to_le_bytes()[..3]);
    let bytes = [&header[..], &payload, &crc32(&payload).to_le_bytes()].concat();
    assert_eq!(decode(segment_decoder(None), &bytes).0.len(), 1);
}

#[test]
fn c4_empty_payloads_carry_nothing() {
    let large = result(1, 200_000);
    let (first, second) = large.split_at(100_000);
    let bytes = [
        plain(true, &[]),
        plain(false, &[]),
        plain(false, first),
        plain(false, &[]),
        plain(true, &[]),
        plain(false, second),
    ];
    let (envelopes, end) = decode(segment_decoder(None), &bytes.concat());
    assert_eq!((envelopes.len(), end), (1, Ok(())));
}

#[test]
fn c5_a_self_contained_payload_with_a_cut_envelope_is_fatal() {
    let cut = vector("adversarial", "self-contained segment with a cut envelope");
    let expected = FramingError::CutEnvelope { present: 12 };
    assert_eq!(error(segment_decoder(None), &cut.bytes), expected);
    for stray in 1..9 {
        let payload = [&result(1, 20)[..], &result(2, 20)[..stray]].concat();
        let (envelopes, end) = decode(segment_decoder(None), &plain(true, &payload));
        let expected = Err(FramingError::CutEnvelope { present: stray });
        assert_eq!((envelopes.len(), end), (1, expected));
    }
}

#[test]
fn c5_an_envelope_may_not_reach_from_one_segment_into_the_next() {
    let envelope = result(1, 20);
    let bytes = [plain(true, &envelope[..15]), plain(true, &envelope[15..])].concat();
    let expected = FramingError::CutEnvelope { present: 15 };
    assert_eq!(error(segment_decoder(None), &bytes), expected);
}

#[test]
fn c6_slices_longer_than_their_envelope_are_fatal() {
    let mut large = result(1, 140_000);
    large.push(0);
    let bytes = [plain(false, &large[..131_071]), plain(false, &large[131_071..])].concat();
    let expected = FramingError::OverlongSlices { declared: 140_009, got: 140_010 };
    assert_eq!(error(segment_decoder(None), &bytes), expected);
}

#[test]
fn c7_a_first_slice_without_a_whole_header_is_accepted() {
    let large = result(1, 1000);
    for cut in 1..12 {
        let bytes = [plain(false, &large[..cut]), plain(false, &large[cut..])].concat();
        let (envelopes, end) = decode(segment_decoder(None), &bytes);
        assert_eq!((envelopes.len(), end), (1, Ok(())), "cut at {cut}");
    }
}

#[test]
fn c8_a_large_envelope_over_the_limit_is_fatal_at_its_first_slice() {
    let mut decoder = segment_decoder(None);
    decoder.set_max_envelope_bytes(1 << 20);
    let first = plain(false, &result(1, (1 << 20) + 1)[..131_071]);
    let expected = FramingError::TooLarge { declared: (1 << 20) + 1, limit: 1 << 20 };
    assert_eq!(error(decoder, &first), expected);
}

#[test]
fn c9_a_self_contained_segment_between_slices_is_accepted() {
    let large = result(1, 200_000);
    let bytes = [
        plain(false, &large[..131_071]),
        plain(true, &result(2, 5)),
        plain(false, &large[131_071..]),
    ];
    let (envelopes, end) = decode(segment_decoder(None), &bytes.concat());
    let streams: Vec<_> = envelopes.iter().map(|envelope| envelope.header.stream.raw()).collect();
    assert_eq!((streams, end), (vec![2, 1], Ok(())));
}

#[test]
fn c10_a_whole_envelope_in_one_slice_is_accepted() {
    let vector = vector("segment_plain", "whole envelope in ONE non-self-contained");
    let (envelopes, end) = decode(segment_decoder(None), &vector.bytes);
    assert_eq!((envelopes[0].header.opcode, end), (Opcode::Ready, Ok(())));
}

#[test]
fn c11_an_invalid_block_is_fatal() {
    for (declared, block) in [
        // A match from before the start, an offset of zero, literals past the end, no end at all.
        (20, &[0x10, 0xAA, 0x02, 0x00, 0x00][..]),
        (20, &[0x10, 0xAA, 0x00, 0x00, 0x00]),
        (20, &[0xF0, 0xFF]),
        (20, &[0x1F, 0xAA, 0x01, 0x00, 0xFF]),
        (20, &[]),
    ] {
        for self_contained in [true, false] {
            let bytes = segment(Layout::Lz4, declared, self_contained, block);
            let expected = FramingError::Decompression { declared };
            assert_eq!(error(segment_decoder(Some(Compression::Lz4)), &bytes), expected);
        }
    }
}

#[test]
fn c12_a_bomb_is_bounded_by_the_header() {
    let bytes = segment(Layout::Lz4, 131_071, true, &[0x1F, 0xAA, 0x01, 0x00, 0xFF, 0xFF]);
    let expected = FramingError::Decompression { declared: 131_071 };
    assert_eq!(error(segment_decoder(Some(Compression::Lz4)), &bytes), expected);
}

#[test]
fn c13_an_uncompressed_length_of_zero_is_a_stored_payload() {
    for self_contained in [true, false] {
        let bytes = segment(Layout::Lz4, 0, self_contained, &result(1, 700));
        let (envelopes, end) = decode(segment_decoder(Some(Compression::Lz4)), &bytes);
        assert_eq!((encoded(&envelopes[0]), end), (result(1, 700), Ok(())));
    }
}

#[test]
fn c14_a_bare_envelope_where_a_segment_belongs_is_recognised() {
    for compression in BOTH {
        let bare = response(V5, 0, Opcode::Error, &[0, 0, 0, 10, 0, 0]);
        let expected = FramingError::Unsegmented { first: 0x85 };
        assert_eq!(error(segment_decoder(compression), &bare), expected);
    }
}

#[test]
fn c16_every_flipped_bit_is_noticed() {
    for compression in BOTH {
        let good = segments(compression, &result(1, 300));
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let (envelopes, end) = decode(segment_decoder(compression), &bytes);
            assert!(envelopes.is_empty() && end.is_err(), "bit {bit}");
        }
    }
}

#[test]
fn a5_another_version_inside_a_segment_is_fatal() {
    let bytes = plain(true, &response(V4, 1, Opcode::Ready, &[]));
    let expected = FramingError::VersionChanged { expected: V5, found: V4 };
    assert_eq!(error(segment_decoder(None), &bytes), expected);
}

#[test]
fn a11_the_compressed_flag_inside_a_segment_is_ignored() {
    let vector = vector("adversarial", "v5 envelope with 0x01 flag");
    let (envelopes, end) = decode(segment_decoder(None), &vector.bytes);
    assert_eq!((&envelopes[0].body[..], end), (&[0, 0, 0, 1][..], Ok(())));
    assert_eq!(envelopes[0].header.flags, EnvelopeFlags::NONE);
    assert_eq!(envelopes[0].header.stream, StreamId::new(1));
}

#[test]
fn a15_an_end_between_slices_is_an_error() {
    let bytes = segments(None, &result(1, 200_000));
    let expected = Err(FramingError::CutEnvelope { present: 131_071 });
    assert_eq!(decode(segment_decoder(None), &bytes[..131_081]).1, expected);
}

/// How many bytes each of so many bodies of 5,000 keeps, that came together.
fn kept_by_bodies(compression: Option<Compression>, bodies: i16) -> Vec<usize> {
    let envelopes: Vec<_> = (1..=bodies).map(|stream| result(stream, 5_000)).collect();
    let mut buffer = BytesMut::from(&segments(compression, &envelopes.concat())[..]);
    let mut decoder = segment_decoder(compression);
    let decoded = std::iter::from_fn(|| decoder.decode(&mut buffer).unwrap());
    let bodies: Vec<Bytes> = decoded.map(|envelope| envelope.body).collect();
    drop((decoder, buffer));
    bodies.into_iter().map(|body| body.try_into_mut().unwrap().capacity()).collect()
}

/// A body that is split off keeps the whole buffer, so it has to be most of it. What is left behind
/// it does not tell: the last of many is a small part all the same.
#[test]
fn g2_6_only_a_body_that_fills_its_memory_is_not_copied() {
    for compression in BOTH {
        assert_eq!(kept_by_bodies(compression, 25), [5_000; 25]);
    }
    // Alone in what was decompressed, it stays there.
    let bytes = segments(Some(Compression::Lz4), &result(1, 5_000));
    let mut decoder = segment_decoder(Some(Compression::Lz4));
    let body = next_body(&mut decoder, &bytes);
    assert!(body.try_into_mut().is_err(), "the decoder has a handle on the same memory");
}

/// What was decompressed before may have been larger: its memory is used again, and is not the body's.
#[test]
fn g2_6_a_body_keeps_no_memory_of_a_segment_that_came_before() {
    let mut decoder = segment_decoder(Some(Compression::Lz4));
    let mut buffer =
        BytesMut::from(&segments(Some(Compression::Lz4), &result(1, 3_000).repeat(40))[..]);
    while decoder.decode(&mut buffer).unwrap().is_some() {}
    let after = segments(Some(Compression::Lz4), &result(1, 5_000));
    let body = next_body(&mut decoder, &after);
    drop(decoder);
    let mut memory = body.try_into_mut().unwrap();
    memory.clear();
    assert!(!memory.try_reclaim(10_000), "it keeps memory that is not its own");
}

#[test]
fn a_large_envelope_keeps_no_more_than_its_size() {
    let bytes = segments(None, &result(1, 1_000_000));
    let (envelopes, _) = decode(segment_decoder(None), &bytes);
    let body = envelopes.into_iter().next().unwrap().body;
    let capacity = body.try_into_mut().unwrap().capacity();
    assert!((1_000_000..=1_000_009).contains(&capacity), "{capacity}");
}

/// The body of the next envelope, which is all that these bytes are.
fn next_body(decoder: &mut EnvelopeDecoder, bytes: &[u8]) -> Bytes {
    let mut buffer = BytesMut::from(bytes);
    let body = decoder.decode(&mut buffer).unwrap().unwrap().body;
    assert_eq!(decoder.decode(&mut buffer), Ok(None));
    body
}

#[test]
fn the_memory_of_a_large_envelope_serves_another_once_it_is_dropped() {
    for compression in BOTH {
        let bytes = segments(compression, &result(1, 400_000));
        let mut decoder = segment_decoder(compression);
        let first = next_body(&mut decoder, &bytes);
        let kept = first.clone();
        let second = next_body(&mut decoder, &bytes);
        assert_ne!(first.as_ptr(), second.as_ptr(), "one is still read");
        let memory = second.as_ptr();
        drop(second);
        assert_eq!(next_body(&mut decoder, &bytes).as_ptr(), memory);
        assert_eq!(first, kept);
    }
}

#[test]
fn g2_1_a_large_envelope_does_not_keep_the_memory_of_a_larger_one() {
    let mut decoder = segment_decoder(None);
    let larger = next_body(&mut decoder, &segments(None, &result(1, 300_000)));
    let memory = larger.as_ptr_range();
    drop(larger);
    let body = next_body(&mut decoder, &segments(None, &result(1, 200_000)));
    assert!(!memory.contains(&body.as_ptr()));
}

#[test]
fn an_idle_decoder_gives_its_memory_back() {
    let bytes = segments(None, &result(1, 400_000));
    let mut decoder = segment_decoder(None);
    let body = next_body(&mut decoder, &bytes);
    decoder.release_memory();
    assert!(body.try_into_mut().is_ok(), "nothing else holds on to it");
    // What is larger than a page ought to be is not kept at all.
    let body = next_body(&mut decoder, &segments(None, &result(1, 1 << 20)));
    assert!(body.try_into_mut().is_ok());
}
