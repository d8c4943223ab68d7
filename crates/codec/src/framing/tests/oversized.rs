//! Envelopes over the limit: they are told of once, skipped as they come, and change nothing else.

use bytes::{BufMut, BytesMut};
use proptest::prelude::*;

use super::cuts::{Travel, bodies, cut, travels};
use super::segments::segment;
use super::{decode, response, result, segment_decoder, segments, skip_chunks};
use crate::ProtocolVersion::{V4, V5};
use crate::framing::segment::Layout;
use crate::{Arrival, Compression, FramingError, HEADER_LEN, Opcode};

/// Every way in which envelopes travel.
const TRAVELS: [Travel; 4] = [
    Travel::Bare,
    Travel::CompressedOneByOne,
    Travel::Segments(None),
    Travel::Segments(Some(Compression::Lz4)),
];

/// What came, in short: the stream, the length of the body, and whether it was over the limit.
fn in_short(arrivals: &[Arrival]) -> Vec<(i16, usize, bool)> {
    let short = |arrival: &Arrival| match arrival {
        Arrival::Envelope(envelope) => (envelope.header.stream.raw(), envelope.body.len(), false),
        Arrival::Oversized(oversized) => {
            (oversized.header.stream.raw(), usize::try_from(oversized.declared).unwrap(), true)
        }
    };
    arrivals.iter().map(short).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn g11_5_what_is_over_the_limit_is_skipped_and_nothing_else(
        travel in travels(),
        bodies in bodies(),
        limit in prop_oneof![0..400_usize, 4_000..300_000_usize],
        points in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        let bytes = travel.encode(&bodies);
        let mut decoder = travel.decoder();
        decoder.set_max_envelope_bytes(limit);
        let pieces = cut(&bytes, &points);
        let (arrivals, end) = skip_chunks(decoder, &mut pieces.into_iter());
        let sent = (0..).zip(&bodies).map(|(stream, (length, _))| (stream, *length, *length > limit));
        let mut came = in_short(&arrivals);
        // What is over the limit as it travels is not decompressed to see how long it is.
        if matches!(travel, Travel::CompressedOneByOne) {
            came.iter_mut().zip(&bodies).filter(|(came, _)| came.2).for_each(|(came, body)| came.1 = body.0);
        }
        prop_assert_eq!(came, sent.collect::<Vec<_>>());
        prop_assert_eq!(end, Ok(()));
    }

    #[test]
    fn g11_2_cuts_change_nothing_about_broken_bytes_that_are_skipped(
        travel in travels(),
        bodies in bodies(),
        limit in 0..400_usize,
        points in prop::collection::vec(any::<usize>(), 0..40),
        flips in prop::collection::vec((any::<usize>(), 1_u8..), 1..4),
    ) {
        let mut bytes = travel.encode(&bodies);
        prop_assume!(!bytes.is_empty());
        for (at, flip) in flips {
            let at = at % bytes.len();
            bytes[at] ^= flip;
        }
        let decoder = || {
            let mut decoder = travel.decoder();
            decoder.set_max_envelope_bytes(limit);
            decoder
        };
        let whole = skip_chunks(decoder(), &mut std::iter::once(&bytes[..]));
        let pieces = cut(&bytes, &points);
        prop_assert_eq!(skip_chunks(decoder(), &mut pieces.into_iter()), whole);
    }
}

#[test]
fn g11_5_a2_it_is_told_of_as_soon_as_its_header_is_there_and_none_of_it_is_kept() {
    for travel in [Travel::Bare, Travel::Segments(None)] {
        let bytes = travel.encode(&[(1 << 20, 7)]);
        let mut decoder = travel.decoder();
        decoder.set_max_envelope_bytes(100);
        let (mut buffer, mut told, mut most) = (BytesMut::new(), None, 0);
        for (at, byte) in bytes.iter().enumerate() {
            buffer.put_u8(*byte);
            if let Some(arrival) = decoder.decode_or_skip(&mut buffer).unwrap() {
                assert_eq!(in_short(&[arrival]), [(0, 1 << 20, true)]);
                assert_eq!(told.replace(at), None, "it is told of once");
            }
            most = most.max(buffer.len());
            assert!(decoder.needs() <= buffer.len().max(8 << 10));
        }
        let (first, kept) = match travel {
            Travel::Segments(_) => (131_071 + 10, 131_071 + 10),
            _ => (HEADER_LEN, HEADER_LEN),
        };
        assert_eq!(told, Some(first - 1), "{travel:?}");
        assert!(most <= kept, "{most} bytes were kept of it");
        assert_eq!(decoder.finish(&buffer), Ok(()));
    }
}

#[test]
fn g11_5_a2_a_length_of_two_gigabytes_is_told_of_too() {
    let header = b"\x84\0\0\x01\x08\x7F\xFF\xFF\xFF";
    let (arrivals, end) = skip_chunks(Travel::Bare.decoder(), &mut std::iter::once(&header[..]));
    assert_eq!(in_short(&arrivals), [(1, 0x7FFF_FFFF, true)]);
    assert_eq!(end, Err(FramingError::CutEnvelope { present: HEADER_LEN }));
}

#[test]
fn a15_an_end_while_it_is_skipped_is_one_in_the_middle_of_an_envelope() {
    for travel in [Travel::Bare, Travel::Segments(None), Travel::Segments(Some(Compression::Lz4))] {
        let bytes = travel.encode(&[(300_000, 1)]);
        let mut decoder = travel.decoder();
        decoder.set_max_envelope_bytes(1_000);
        let cut = &bytes[..bytes.len() - 1];
        let (arrivals, end) = skip_chunks(decoder, &mut std::iter::once(cut));
        assert_eq!(arrivals.len(), 1, "{travel:?}");
        assert!(matches!(end, Err(FramingError::CutEnvelope { .. })), "{end:?}");
    }
}

#[test]
fn g11_5_d6_a_body_that_would_decompress_over_the_limit_fails_no_other() {
    let bytes = Travel::CompressedOneByOne.encode(&[(2_000, 7), (60, 8)]);
    assert!(bytes.len() < 200, "it is within the limit as it travels");
    let mut decoder = Travel::CompressedOneByOne.decoder();
    decoder.set_max_envelope_bytes(1_999);
    let (arrivals, end) = skip_chunks(decoder, &mut std::iter::once(&bytes[..]));
    assert_eq!((in_short(&arrivals), end), (vec![(0, 2_000, true), (1, 60, false)], Ok(())));
}

#[cfg(feature = "snappy")]
#[test]
fn g11_5_d6_a_snappy_body_that_would_decompress_over_the_limit_fails_no_other() {
    let mut large = BytesMut::from(&response(V4, 0, Opcode::Result, &[7; 2_000])[..]);
    assert!(super::super::compress_body(Compression::Snappy, &mut large, HEADER_LEN));
    let length = u32::try_from(large.len() - HEADER_LEN).unwrap();
    large[5..9].copy_from_slice(&length.to_be_bytes());
    large[1] = 1;
    let bytes = [&large[..], &response(V4, 1, Opcode::Result, &[8; 60])].concat();
    let settings = crate::DecoderSettings {
        compression: Some(Compression::Snappy),
        max_envelope_bytes: 1_999,
        ..Default::default()
    };
    let decoder = crate::EnvelopeDecoder::new(settings);
    let (arrivals, end) = skip_chunks(decoder, &mut std::iter::once(&bytes[..]));
    assert_eq!((in_short(&arrivals), end), (vec![(0, 2_000, true), (1, 60, false)], Ok(())));
}

#[test]
fn g11_5_c8_the_slices_of_what_is_skipped_are_counted_and_checked() {
    let large = response(V5, 3, Opcode::Result, &vec![9; 400_000]);
    for compression in [None, Some(Compression::Lz4)] {
        let decoder = || {
            let mut decoder = segment_decoder(compression);
            decoder.set_max_envelope_bytes(1_000);
            decoder
        };
        let good = [segments(compression, &large), segments(compression, &result(4, 10))].concat();
        let (arrivals, end) = skip_chunks(decoder(), &mut good.chunks(1_000));
        assert_eq!(in_short(&arrivals), [(3, 400_000, true), (4, 10, false)]);
        assert_eq!(end, Ok(()));

        let layout = Layout::of(compression);
        let mut overlong = segment(layout, 0, false, &large[..131_071]);
        for _ in 0..3 {
            overlong.extend(segment(layout, 0, false, &[9; 131_071]));
        }
        let (_, end) = skip_chunks(decoder(), &mut std::iter::once(&overlong[..]));
        let expected = FramingError::OverlongSlices { declared: 400_009, got: 4 * 131_071 };
        assert_eq!(end, Err(expected));

        let mut flipped = segments(compression, &large);
        let last = flipped.len() - 5;
        flipped[last] ^= 1;
        let (_, end) = skip_chunks(decoder(), &mut std::iter::once(&flipped[..]));
        assert_eq!(end, Err(FramingError::PayloadChecksum));
    }
}

#[test]
fn g11_5_c8_in_a_self_contained_segment_its_neighbours_are_given_out() {
    let envelopes = [result(1, 50), result(2, 101), result(3, 100)].concat();
    for compression in [None, Some(Compression::Lz4)] {
        let mut decoder = segment_decoder(compression);
        decoder.set_max_envelope_bytes(100);
        let bytes = segments(compression, &envelopes);
        let (arrivals, end) = skip_chunks(decoder, &mut std::iter::once(&bytes[..]));
        assert_eq!(in_short(&arrivals), [(1, 50, false), (2, 101, true), (3, 100, false)]);
        assert_eq!(end, Ok(()));
    }
    // It has to be whole there all the same.
    let mut decoder = segment_decoder(None);
    decoder.set_max_envelope_bytes(100);
    let cut = segment(Layout::Plain, 0, true, &envelopes[..150]);
    let (arrivals, end) = skip_chunks(decoder, &mut std::iter::once(&cut[..]));
    assert_eq!(in_short(&arrivals), [(1, 50, false)]);
    assert_eq!(end, Err(FramingError::CutEnvelope { present: 91 }));
}

#[test]
fn who_does_not_skip_fails_as_before() {
    for travel in TRAVELS {
        let mut decoder = travel.decoder();
        decoder.set_max_envelope_bytes(1_000);
        let (envelopes, end) = decode(decoder, &travel.encode(&[(5, 1), (2_000, 2), (5, 3)]));
        assert_eq!(envelopes.len(), 1);
        assert_eq!(end, Err(FramingError::TooLarge { declared: 2_000, limit: 1_000 }));
    }
}
