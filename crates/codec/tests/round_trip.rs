//! Every message of every version survives encode and decode, through everything that lies between
//! a client and a server: compression, envelopes, segments.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "../src/vectors.rs"]
#[allow(dead_code, reason = "shared with the unit tests")]
mod vectors;

mod support;

use bytes::{Bytes, BytesMut};
use cqlwire_codec::request::{self, RequestMessage};
use cqlwire_codec::{
    Compression, CustomPayload, Decoded, DecoderSettings, Direction, EncodeError, Envelope,
    EnvelopeDecoder, EnvelopeFlags, EnvelopeHeader, HEADER_LEN, Opcode, ProtocolVersion,
    RequestOptions, Response, SegmentEncoder, StreamId, decode_response, encode_response,
};
use proptest::prelude::*;
use support::{encode, payload, requests, responses, versions};

/// The one envelope that the other end makes of these bytes.
fn received(
    bytes: &[u8],
    direction: Direction,
    version: ProtocolVersion,
    compression: Option<Compression>,
) -> Envelope {
    let mut decoder =
        EnvelopeDecoder::new(DecoderSettings { direction, compression, ..Default::default() });
    decoder.expect_version(version);
    let mut wire = BytesMut::from(bytes);
    if version.uses_segments() {
        decoder.switch_to_segments(compression);
        wire.clear();
        SegmentEncoder::new(compression).encode(bytes, &mut wire, &mut Vec::new());
    }
    let envelope = decoder.decode(&mut wire).unwrap().expect("a whole envelope");
    assert_eq!(decoder.decode(&mut wire), Ok(None));
    assert_eq!(decoder.finish(&wire), Ok(()));
    envelope
}

/// A request that a client may send, and what goes with it.
fn any_request()
-> impl Strategy<Value = (ProtocolVersion, RequestMessage, Option<CustomPayload>, bool)> {
    versions().prop_flat_map(|version| {
        (Just(version), requests::requests(version), payload(version), any::<bool>())
    })
}

fn any_response() -> impl Strategy<Value = (ProtocolVersion, Decoded)> {
    versions().prop_flat_map(|version| (Just(version), responses::responses(version)))
}

fn compressions() -> impl Strategy<Value = Option<Compression>> {
    prop_oneof![Just(None), Just(Some(Compression::Lz4))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn g11_3_every_request_survives(
        (version, message, payload, tracing) in any_request(),
        compression in compressions(),
        stream in 0..=i16::MAX,
    ) {
        let custom_payload = payload.as_ref();
        let options = RequestOptions { tracing, custom_payload, compression, max_body_bytes: None };
        let encoded = encode::encode(&message, version, &options).unwrap();
        let mut out = BytesMut::new();
        encoded.copy_to(StreamId::new(stream), &mut out);
        let envelope = received(&out, Direction::Request, version, compression);
        prop_assert_eq!(envelope.header.stream, StreamId::new(stream));
        prop_assert_eq!(envelope.header.flags.contains(EnvelopeFlags::TRACING), tracing);
        prop_assert_eq!(request::custom_payload(&envelope), Ok(payload));
        prop_assert_eq!(request::decode(&envelope), Ok(message));
    }

    #[test]
    fn g11_3_every_response_survives(
        (version, response) in any_response(),
        compression in compressions(),
        stream in 0..=i16::MAX,
    ) {
        let event = matches!(response.response, Response::Event(_));
        let stream = if event { StreamId::EVENT } else { StreamId::new(stream) };
        let mut out = BytesMut::new();
        encode_response(&response, version, stream, compression, &mut out).unwrap();
        let envelope = received(&out, Direction::Response, version, compression);
        prop_assert_eq!(envelope.header.stream, stream);
        prop_assert_eq!(decode_response(&envelope), Ok(response));
    }

    #[test]
    fn g11_1_a_message_cut_off_and_flipped_anywhere_is_an_error_or_another_message(
        (version, response) in any_response(),
        (request_version, message, ..) in any_request(),
        cut in any::<prop::sample::Index>(),
        flip in (any::<prop::sample::Index>(), 0..8_u32),
    ) {
        let mut out = BytesMut::new();
        encode_response(&response, version, StreamId::EVENT, None, &mut out).unwrap();
        damage(&mut out, &cut, &flip);
        let _ = whole(&out).map(|envelope| decode_response(&envelope));
        let encoded = encode::encode(&message, request_version, &RequestOptions::default());
        let mut out = BytesMut::from(encoded.unwrap().as_bytes());
        damage(&mut out, &cut, &flip);
        let _ = whole(&out).map(|envelope| request::decode(&envelope));
    }
}

/// Cuts the body off somewhere, and flips one of the bits that are left.
fn damage(
    envelope: &mut BytesMut,
    cut: &prop::sample::Index,
    (at, bit): &(prop::sample::Index, u32),
) {
    envelope.truncate(HEADER_LEN + cut.index(envelope.len() - HEADER_LEN + 1));
    let at = at.index(envelope.len());
    envelope[at] ^= 1 << bit;
}

/// The envelope that these bytes are, whatever its length says.
fn whole(bytes: &[u8]) -> Option<Envelope> {
    let (header, body) = bytes.split_first_chunk::<HEADER_LEN>()?;
    let header = EnvelopeHeader::decode(header).ok()?;
    Some(Envelope { header, body: Bytes::copy_from_slice(body) })
}

/// The sections, and how many vectors are in each: with those that are too long to be listed, 287.
const SECTIONS: [(&str, usize); 15] = [
    ("adversarial", 35),
    ("crc24", 7),
    ("crc32", 5),
    ("legacy_lz4", 2),
    ("legacy_snappy", 2),
    ("murmur3", 34),
    ("request", 36),
    ("response", 45),
    ("segment_bad", 3),
    ("segment_lz4", 1),
    ("segment_plain", 5),
    ("type_option", 29),
    ("unsigned_vint", 18),
    ("value", 48),
    ("vint", 17),
];

/// Each section has a test that walks through it, beside the code that it is about.
#[test]
fn g11_3_every_vector_is_in_a_section_that_a_test_walks_through() {
    let all = vectors::all();
    for (section, count) in SECTIONS {
        let of_section = all.iter().filter(|vector| vector["section"] == section);
        assert_eq!(of_section.count(), count, "{section}");
    }
    let counted: usize = SECTIONS.iter().map(|(_, count)| count).sum();
    assert_eq!((all.len(), counted), (287, 287));
    let unlisted = all.iter().filter(|vector| !vector["hex"].is_string());
    let unlisted: Vec<_> = unlisted.map(|vector| vector["name"].as_str().unwrap()).collect();
    let tested_by_hand = [
        "131071 x 00",
        "large envelope of 131073 bytes split client-style",
        "envelope of exactly 131071 bytes",
    ];
    assert_eq!(unlisted, tested_by_hand);
}

#[test]
fn g11_3_every_request_vector_is_written_again_as_it_was() {
    let mut seen = 0;
    for vector in vectors::section("request") {
        let envelope = whole(&vector.bytes).unwrap();
        let message = request::decode(&envelope).unwrap();
        let payload = request::custom_payload(&envelope).unwrap();
        let options = RequestOptions {
            tracing: envelope.header.flags.contains(EnvelopeFlags::TRACING),
            custom_payload: payload.as_ref(),
            ..RequestOptions::default()
        };
        let again = encode::encode(&message, envelope.header.version, &options);
        // A QUERY that skips metadata can be sent, and its rows not be read: it is refused.
        if vector.name.starts_with("QUERY all v5 options") {
            let refused =
                matches!(again, Err(EncodeError::Invalid { what: "skipping metadata", .. }));
            assert!(refused, "{again:?}");
            seen += 1;
            continue;
        }
        let again = again.unwrap();
        let mut out = BytesMut::new();
        again.copy_to(envelope.header.stream, &mut out);
        // "Values follow, none of them" is said by leaving the values out.
        if vector.name.starts_with("EXECUTE no values") {
            assert_eq!(request::decode(&whole(&out).unwrap()), Ok(message));
        } else {
            assert_eq!(out, vector.bytes[..], "{}", vector.name);
        }
        seen += 1;
    }
    assert_eq!(seen, 36);
}

#[test]
fn g11_3_a_result_metadata_id_of_a_real_server_is_given_back_as_it_came() {
    let id = Bytes::from(vectors::vector("response", "result_metadata_id of every").bytes);
    let parameters = cqlwire_codec::QueryParameters::new(cqlwire_codec::Consistency::One, &());
    let execute = cqlwire_codec::Execute { id: b"id", result_metadata_id: Some(&id), parameters };
    let options = RequestOptions::default();
    let version = ProtocolVersion::V5;
    let sent = cqlwire_codec::encode_request(&execute, version, &options, BytesMut::new()).unwrap();
    let RequestMessage::Execute { result_metadata_id, .. } =
        request::decode(&whole(sent.as_bytes()).unwrap()).unwrap()
    else {
        panic!("not an EXECUTE")
    };
    assert_eq!(result_metadata_id, Some(id));
    assert_eq!(sent.opcode(), Opcode::Execute);
}
