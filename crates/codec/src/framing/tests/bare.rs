use bytes::BytesMut;

use super::{bare_decoder, decode, encoded, error, response};
use crate::ProtocolVersion::{V3, V4, V5};
use crate::vectors::{section, vector};
use crate::{
    DecoderSettings, Direction, EnvelopeDecoder, EnvelopeFlags, FramingError, Opcode,
    ProtocolVersion, RequestEnvelope, StreamId,
};

#[test]
fn g11_3_every_request_vector_is_one_envelope() {
    for vector in section("request") {
        let settings = DecoderSettings { direction: Direction::Request, ..Default::default() };
        let (envelopes, end) = decode(EnvelopeDecoder::new(settings), &vector.bytes);
        assert_eq!((envelopes.len(), end), (1, Ok(())), "{}", vector.name);
        assert_eq!(encoded(&envelopes[0]), vector.bytes, "{}", vector.name);
        let request = RequestEnvelope::from_bytes(&vector.bytes).unwrap();
        let mut out = BytesMut::new();
        request.copy_to(StreamId::new(0x1234), &mut out);
        assert_eq!((&out[2..4], &out[4..]), (&[0x12, 0x34][..], &vector.bytes[4..]));
        assert_eq!(out[..2], vector.bytes[..2]);
    }
}

#[test]
fn g11_3_every_response_vector_is_one_envelope() {
    let spoken = |bytes: &[u8]| (0x83..=0x85).contains(&bytes[0]);
    for vector in section("response").iter().filter(|vector| spoken(&vector.bytes)) {
        let (envelopes, end) = decode(bare_decoder(), &vector.bytes);
        assert_eq!((envelopes.len(), end), (1, Ok(())), "{}", vector.name);
        assert_eq!(encoded(&envelopes[0]), vector.bytes, "{}", vector.name);
    }
}

#[test]
fn a1_negative_length_is_fatal() {
    let vector = vector("adversarial", "header length -1");
    assert_eq!(error(bare_decoder(), &vector.bytes), FramingError::NegativeLength { length: -1 });
}

#[test]
fn a2_a_length_over_the_limit_is_fatal_before_its_bytes() {
    let vector = vector("adversarial", "header length 0x7fffffff");
    let limit = 256 << 20;
    let expected = FramingError::TooLarge { declared: 0x7FFF_FFFF, limit };
    assert_eq!(error(bare_decoder(), &vector.bytes), expected);

    let mut decoder = bare_decoder();
    decoder.set_max_envelope_bytes(10);
    assert!(decode(decoder, &response(V4, 1, Opcode::Result, &[0; 10])).1.is_ok());
    let mut decoder = bare_decoder();
    decoder.set_max_envelope_bytes(10);
    let expected = FramingError::TooLarge { declared: 11, limit: 10 };
    assert_eq!(error(decoder, &response(V4, 1, Opcode::Result, &[0; 11])), expected);
}

#[test]
fn a3_a_long_body_that_trickles_reserves_only_as_it_comes() {
    let mut decoder = bare_decoder();
    let whole = response(V4, 1, Opcode::Result, &vec![7; 1 << 20]);
    let mut buffer = BytesMut::from(&whole[..9]);
    assert_eq!(decoder.decode(&mut buffer), Ok(None));
    assert_eq!(decoder.needs(), 8 << 10);
    assert!(buffer.capacity() < 1 << 10, "{}", buffer.capacity());
    buffer.extend_from_slice(&whole[9..100_009]);
    assert_eq!(decoder.decode(&mut buffer), Ok(None));
    assert_eq!(decoder.needs(), 100_009);
}

#[test]
fn a4_a_request_where_a_response_belongs_is_fatal() {
    let error = error(bare_decoder(), &[4, 0, 0, 1, 5, 0, 0, 0, 0]);
    assert_eq!(error, FramingError::Direction { expected: Direction::Response });
}

#[test]
fn a5_another_version_after_the_handshake_is_fatal() {
    let vector = vector("adversarial", "version mismatch after handshake");
    let mut decoder = bare_decoder();
    decoder.expect_version(V4);
    let expected = FramingError::VersionChanged { expected: V4, found: V3 };
    assert_eq!(error(decoder, &vector.bytes), expected);
}

#[test]
fn a6_before_that_the_server_may_answer_in_its_own_version() {
    for version in [V3, V4, V5] {
        let (envelopes, end) = decode(bare_decoder(), &response(version, 0, Opcode::Error, &[]));
        assert_eq!((envelopes[0].header.version, end), (version, Ok(())));
    }
}

#[test]
fn a6_an_answer_in_an_old_format_is_read_for_its_text() {
    let vector = vector("response", "ERROR from Cassandra 2.0");
    let message = Some("Invalid or unsupported protocol version: 4".to_owned());
    let expected = FramingError::VersionTooOld { number: 2, message };
    assert_eq!(error(bare_decoder(), &vector.bytes), expected);

    let huge = [0x82, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF];
    let expected = FramingError::VersionTooOld { number: 2, message: None };
    assert_eq!(error(bare_decoder(), &huge), expected);
    let not_an_error = [0x81, 0, 0, 2, 0, 0, 0, 0];
    let expected = FramingError::VersionTooOld { number: 1, message: None };
    assert_eq!(error(bare_decoder(), &not_an_error), expected);
}

#[test]
fn a6_a_version_newer_than_any_is_named() {
    let vector = vector("response", "ERROR v6 STARTUP without beta flag");
    let expected = FramingError::UnknownVersion { number: 6 };
    assert_eq!(error(bare_decoder(), &vector.bytes), expected);
}

#[test]
fn a7_an_opcode_that_is_unknown_or_a_request_is_fatal() {
    for opcode in [0x01, 0x04, 0x05, 0x07, 0x0F, 0x11, 0xFF] {
        let error = error(bare_decoder(), &[0x84, 0, 0, 1, opcode, 0, 0, 0, 0]);
        assert_eq!(error, FramingError::Opcode { opcode, direction: Direction::Response });
    }
}

#[test]
fn a9_a12_unknown_flags_and_the_beta_flag_are_ignored() {
    let mut bytes = response(V4, 1, Opcode::Ready, &[]);
    bytes[1] = 0xF0;
    let (envelopes, end) = decode(bare_decoder(), &bytes);
    assert_eq!((envelopes[0].header.flags, end), (EnvelopeFlags::from_bits(0xF0), Ok(())));
}

#[test]
fn a15_an_end_inside_an_envelope_is_an_error() {
    let bytes = response(V4, 1, Opcode::Result, &[0, 0, 0, 1]);
    assert_eq!(decode(bare_decoder(), &bytes).1, Ok(()));
    for cut in 1..bytes.len() {
        let expected = FramingError::CutEnvelope { present: cut };
        assert_eq!(error(bare_decoder(), &bytes[..cut]), expected);
    }
}

#[test]
fn a16_other_protocols_are_named() {
    for (bytes, who) in [
        (&b"HTTP/1.1 400 Bad Request"[..], "HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "a TLS alert"),
        (b"\x16\x03\x03", "a TLS handshake"),
        (b"SSH-2.0-OpenSSH", "SSH"),
    ] {
        let expected = FramingError::NotCql { looks_like: who };
        assert_eq!(error(bare_decoder(), bytes), expected);
        assert_eq!(error(bare_decoder(), &bytes[..1]), expected);
    }
    assert_eq!(error(bare_decoder(), &[0xC2]), FramingError::UnknownVersion { number: 66 });
}

#[test]
fn b4_events_and_responses_keep_to_their_streams() {
    for (name, opcode, stream) in
        [("EVENT on stream 5", Opcode::Event, 5), ("RESULT on stream -1", Opcode::Result, -1)]
    {
        let expected = FramingError::Stream { opcode, stream: StreamId::new(stream) };
        assert_eq!(error(bare_decoder(), &vector("adversarial", name).bytes), expected);
    }
    assert_eq!(decode(bare_decoder(), &response(V4, -1, Opcode::Event, &[])).1, Ok(()));
}

#[test]
fn small_bodies_are_copied_and_large_ones_split_off() {
    let mut decoder = bare_decoder();
    let small = response(V4, 1, Opcode::Result, &[1; 4096]);
    let large = response(V4, 1, Opcode::Result, &[2; 200_000]);
    let mut buffer = BytesMut::from(&[small, large].concat()[..]);
    let within = buffer.as_ptr_range();
    let small = decoder.decode(&mut buffer).unwrap().unwrap().body;
    assert!(!within.contains(&small.as_ptr()));
    let large = decoder.decode(&mut buffer).unwrap().unwrap().body;
    assert!(within.contains(&large.as_ptr()));
}

#[test]
fn a_request_envelope_is_whole_and_a_request() {
    let whole = RequestEnvelope::from_bytes(&[4, 0, 0, 1, 5, 0, 0, 0, 0]).unwrap();
    assert_eq!((whole.opcode(), whole.version(), whole.len()), (Opcode::Options, V4, 9));
    for (bytes, error) in [
        (&[4, 0, 0, 1, 5, 0, 0][..], FramingError::CutEnvelope { present: 7 }),
        (&[4, 0, 0, 1, 5, 0, 0, 0, 1], FramingError::CutEnvelope { present: 9 }),
        (&[4, 0, 0, 1, 5, 0, 0, 0, 0, 9], FramingError::CutEnvelope { present: 10 }),
        (&[0x84, 0, 0, 1, 2, 0, 0, 0, 0], FramingError::Direction { expected: Direction::Request }),
    ] {
        assert_eq!(RequestEnvelope::from_bytes(bytes).unwrap_err(), error);
    }
    assert_eq!(format!("{whole:?}"), "RequestEnvelope(v4 OPTIONS, 9 bytes)");
    let capacity = whole.as_bytes().len();
    let buffer = whole.into_buffer();
    assert!(buffer.is_empty() && buffer.capacity() >= capacity);
}

#[test]
fn versions_step_down_to_v3() {
    let steps = std::iter::successors(Some(ProtocolVersion::LATEST), |version| version.previous());
    assert!(steps.eq([V5, V4, V3]));
}
