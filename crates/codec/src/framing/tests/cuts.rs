//! However the bytes are cut, the same comes out.

use bytes::{BufMut, BytesMut};
use proptest::prelude::*;

use super::segments::segment;
use super::{
    bare_decoder, decode, decode_chunks, encoded, response, result, segment_decoder, segments,
};
use crate::ProtocolVersion::{V4, V5};
use crate::framing::compress_body;
use crate::framing::segment::Layout;
use crate::{
    Compression, DecoderSettings, Envelope, EnvelopeDecoder, FramingError, HEADER_LEN, Opcode,
};

/// How a conversation travels.
#[derive(Copy, Clone, Debug)]
pub(super) enum Travel {
    Bare,
    CompressedOneByOne,
    Segments(Option<Compression>),
}

impl Travel {
    pub(super) fn encode(self, bodies: &[(usize, u8)]) -> Vec<u8> {
        let version = if matches!(self, Self::Segments(_)) { V5 } else { V4 };
        let envelopes = bodies.iter().zip(0..).map(|((length, fill), stream)| {
            let body = vec![*fill; *length];
            let plain = response(version, stream, Opcode::Result, &body);
            if matches!(self, Self::CompressedOneByOne) { compressed(&plain) } else { plain }
        });
        match self {
            Self::Segments(compression) => {
                // Each third of them is sent together, so that segments of several kinds follow.
                let envelopes: Vec<_> = envelopes.collect();
                let batches = envelopes.chunks(3).map(<[_]>::concat);
                batches.flat_map(|batch| segments(compression, &batch)).collect()
            }
            _ => envelopes.flatten().collect(),
        }
    }

    pub(super) fn decoder(self) -> EnvelopeDecoder {
        match self {
            Self::Bare => bare_decoder(),
            Self::CompressedOneByOne => {
                let compression = Some(Compression::Lz4);
                EnvelopeDecoder::new(DecoderSettings { compression, ..Default::default() })
            }
            Self::Segments(compression) => segment_decoder(compression),
        }
    }
}

/// The envelope with its body compressed, if that is smaller.
fn compressed(envelope: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::from(envelope);
    if compress_body(Compression::Lz4, &mut out, HEADER_LEN) {
        let length = u32::try_from(out.len() - HEADER_LEN).unwrap();
        out[5..9].copy_from_slice(&length.to_be_bytes());
        out[1] = 1;
    }
    out.to_vec()
}

pub(super) fn travels() -> impl Strategy<Value = Travel> {
    prop_oneof![
        Just(Travel::Bare),
        Just(Travel::CompressedOneByOne),
        Just(Travel::Segments(None)),
        Just(Travel::Segments(Some(Compression::Lz4))),
    ]
}

/// Bodies: mostly small, some over the copying limit, few over a segment.
pub(super) fn bodies() -> impl Strategy<Value = Vec<(usize, u8)>> {
    let length = prop_oneof![
        8 => 0..300_usize,
        2 => 4_000..9_000_usize,
        1 => 131_000..131_100_usize,
        1 => 200_000..300_000_usize,
    ];
    prop::collection::vec((length, any::<u8>()), 0..9)
}

/// Cuts bytes at these points, taken modulo the length.
pub(super) fn cut<'a>(bytes: &'a [u8], points: &[usize]) -> Vec<&'a [u8]> {
    let mut points: Vec<_> = points.iter().map(|point| point % (bytes.len() + 1)).collect();
    points.push(bytes.len());
    points.sort_unstable();
    let starts = std::iter::once(&0).chain(&points);
    starts.zip(&points).map(|(start, end)| &bytes[*start..*end]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn g11_2_cuts_change_nothing(
        travel in travels(),
        bodies in bodies(),
        points in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        let bytes = travel.encode(&bodies);
        let whole = decode(travel.decoder(), &bytes);
        prop_assert_eq!(&whole.1, &Ok(()));
        let got: Vec<_> = whole.0.iter().map(|e| (e.body.len(), e.header.stream.raw())).collect();
        let sent: Vec<_> = bodies.iter().map(|(length, _)| *length).zip(0..).collect();
        prop_assert_eq!(got, sent);
        let pieces = cut(&bytes, &points);
        prop_assert_eq!(decode_chunks(travel.decoder(), &mut pieces.into_iter()), whole);
    }

    #[test]
    fn g11_2_cuts_change_nothing_about_broken_bytes(
        travel in travels(),
        bodies in bodies(),
        points in prop::collection::vec(any::<usize>(), 0..40),
        flips in prop::collection::vec((any::<usize>(), 1_u8..), 1..4),
    ) {
        let mut bytes = travel.encode(&bodies);
        prop_assume!(!bytes.is_empty());
        for (at, flip) in flips {
            let at = at % bytes.len();
            bytes[at] ^= flip;
        }
        let whole = decode(travel.decoder(), &bytes);
        let pieces = cut(&bytes, &points);
        prop_assert_eq!(decode_chunks(travel.decoder(), &mut pieces.into_iter()), whole);
    }

    #[test]
    fn g11_2_a_large_envelope_may_be_sliced_anywhere(
        lz4 in any::<bool>(),
        length in 0..3000_usize,
        slices in prop::collection::vec(any::<usize>(), 0..8),
        between in prop::collection::vec(0..4_u8, 9),
        points in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        let compression = lz4.then_some(Compression::Lz4);
        let layout = Layout::of(compression);
        let large = result(1, length);
        let mut bytes = Vec::new();
        let mut small = 0;
        for (slice, between) in cut(&large, &slices).into_iter().zip(between) {
            bytes.extend(segment(layout, 0, false, slice));
            // Nothing, an empty segment of either kind, or a small envelope of its own.
            match between {
                0 => {}
                1 | 2 => bytes.extend(segment(layout, 0, between == 1, &[])),
                _ => {
                    bytes.extend(segment(layout, 0, true, &result(2, 5)));
                    small += 1;
                }
            }
        }
        let whole = decode(segment_decoder(compression), &bytes);
        prop_assert_eq!(&whole.1, &Ok(()));
        let of_stream = |stream| whole.0.iter().filter(move |e| e.header.stream.raw() == stream);
        prop_assert_eq!(of_stream(2).count(), small);
        prop_assert_eq!(of_stream(1).map(encoded).collect::<Vec<_>>(), [large]);
        let pieces = cut(&bytes, &points);
        prop_assert_eq!(decode_chunks(segment_decoder(compression), &mut pieces.into_iter()), whole);
    }

    #[test]
    fn g11_1_arbitrary_bytes_give_an_error_or_envelopes(
        travel in travels(),
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        points in prop::collection::vec(any::<usize>(), 0..10),
    ) {
        let whole = decode(travel.decoder(), &bytes);
        let pieces = cut(&bytes, &points);
        prop_assert_eq!(decode_chunks(travel.decoder(), &mut pieces.into_iter()), whole);
    }
}

/// A handshake as its owner drives it: the first envelope is bare, everything after it segments.
fn handshake(chunks: &[&[u8]]) -> Result<Vec<Envelope>, FramingError> {
    let mut decoder = bare_decoder();
    let mut buffer = BytesMut::new();
    let mut envelopes = Vec::new();
    for chunk in chunks {
        buffer.put_slice(chunk);
        while let Some(envelope) = decoder.decode(&mut buffer)? {
            if envelopes.is_empty() {
                decoder.switch_to_segments(Some(Compression::Lz4));
            }
            envelopes.push(envelope);
        }
    }
    decoder.finish(&buffer).map(|()| envelopes)
}

#[test]
fn c15_the_switch_may_fall_anywhere_in_a_read() {
    let ready = response(V5, 0, Opcode::Ready, &[]);
    let after = [result(1, 10), result(2, 300)].concat();
    let bytes = [ready, segments(Some(Compression::Lz4), &after)].concat();
    for at in 0..=bytes.len() {
        let (front, back) = bytes.split_at(at);
        assert_eq!(handshake(&[front, back]).unwrap().len(), 3, "cut at {at}");
    }
}

#[test]
fn c17_single_bytes_and_a_thousand_segments_at_once() {
    let one: Vec<u8> = segments(None, &[result(1, 3), result(2, 30)].concat());
    let bytes = one.repeat(1000);
    let whole = decode(segment_decoder(None), &bytes);
    assert_eq!((whole.0.len(), &whole.1), (2000, &Ok(())));
    assert_eq!(decode_chunks(segment_decoder(None), &mut bytes.chunks(1)), whole);
}

#[test]
fn the_header_of_what_is_under_way_is_known_as_soon_as_it_is_there() {
    let whole = result(7, 300_000);
    for travel in ["bare", "segments"] {
        let (mut decoder, bytes) = match travel {
            "bare" => (bare_decoder(), whole.clone()),
            _ => (segment_decoder(None), segments(None, &whole)),
        };
        let (mut buffer, mut known) = (BytesMut::new(), Vec::new());
        for (number, piece) in bytes.chunks(50_000).enumerate() {
            buffer.extend_from_slice(piece);
            if decoder.decode(&mut buffer).unwrap().is_some() {
                assert_eq!(decoder.under_way(&buffer), None, "{travel}: it is not under way");
                break;
            }
            let stream = decoder.under_way(&buffer).map(|header| header.stream.raw());
            known.push((number, stream));
        }
        // A segment is nothing until all of it is there.
        let first = known.iter().position(|(_, stream)| *stream == Some(7));
        assert_eq!(first, Some(if travel == "bare" { 0 } else { 2 }), "{travel}: {known:?}");
    }
    let mut decoder = bare_decoder();
    let mut buffer = BytesMut::from(&whole[..8]);
    assert_eq!(decoder.decode(&mut buffer), Ok(None));
    assert_eq!(decoder.under_way(&buffer), None);
}
