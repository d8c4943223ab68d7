//! Rows A and E of the adversarial inputs: the prefixes of a body, its end, its texts and lists.

use super::*;
use crate::{DecoderSettings, Direction, EnvelopeDecoder, StreamId};

/// What an input ends.
#[derive(Debug, PartialEq, Eq)]
enum Ends {
    Connection,
    Request,
    Nothing,
}

/// Everything of a client that decides over an input.
fn receive(bytes: &[u8], version: Option<ProtocolVersion>, segments: bool) -> Ends {
    let mut decoder = EnvelopeDecoder::new(DecoderSettings::default());
    if segments {
        decoder.switch_to_segments(None);
    } else if let Some(version) = version {
        decoder.expect_version(version);
    }
    match decoder.decode(&mut bytes.into()) {
        Err(_) => Ends::Connection,
        Ok(envelope) => match decode_response(&envelope.expect("a whole envelope")) {
            Err(_) => Ends::Request,
            Ok(_) => Ends::Nothing,
        },
    }
}

#[test]
fn g11_1_every_adversarial_vector_ends_what_it_has_to() {
    for vector in section("adversarial") {
        let version = ProtocolVersion::from_number(vector.bytes[0] & 0x7F);
        let version = version.filter(|_| vector.name != "version mismatch after handshake");
        let segment = vector.name.contains("segment");
        let expected = match vector.meaning.as_str() {
            meaning if meaning.starts_with("request-only") => Ends::Request,
            meaning if meaning.contains("fatal") || meaning.starts_with("reject") => {
                Ends::Connection
            }
            // An event that cannot be read is dropped, which is for the connection's owner to do.
            meaning if meaning.starts_with("drop event") => Ends::Request,
            // Values are for the tests of values.
            meaning if meaning.starts_with("value-level") || meaning.starts_with("no panic") => {
                continue;
            }
            _ => Ends::Nothing,
        };
        let expected = match vector.name.as_str() {
            // What an error says beyond its code and text may be missing.
            name if name.starts_with("error code unknown") || name.contains("reasonmap") => {
                Ends::Nothing
            }
            // 64 lists and what is in the innermost: one level over the limit.
            name if name.starts_with("type depth bomb") => Ends::Request,
            // It serves to route the statement, which can be executed without: see `f18_`.
            "pk_index out of range" => Ends::Nothing,
            // Cells are decoded later: see `f6_`.
            name if name.starts_with("value length 2^31-1 inside row") => Ends::Nothing,
            _ => expected,
        };
        let version = version.or(Some(ProtocolVersion::V4));
        let ends = receive(&vector.bytes, version, segment);
        assert_eq!(ends, expected, "{}: {}", vector.name, vector.meaning);
    }
}

#[test]
fn a13_v3_has_neither_warnings_nor_a_custom_payload() {
    for flags in [EnvelopeFlags::WARNING, EnvelopeFlags::CUSTOM_PAYLOAD] {
        let mut v3 = envelope(Opcode::Ready, flags, &[0, 0]);
        assert!(decode_response(&v3).is_ok());
        v3.header.version = ProtocolVersion::V3;
        let error = decode_response(&v3).unwrap_err();
        assert_eq!(error.kind, DecodeErrorKind::NotInVersion(ProtocolVersion::V3));
    }
}

#[test]
fn a14_a_tracing_id_comes_with_any_response_asked_for_or_not() {
    let body = [&[7; 16][..], &ints(&[1])].concat();
    let decoded = decode_response(&envelope(Opcode::Result, EnvelopeFlags::TRACING, &body));
    let decoded = decoded.unwrap();
    assert_eq!(decoded.prefixes.tracing_id(), Some(uuid::Uuid::from_bytes([7; 16])));
    assert_eq!(decoded.response, Response::Result(ResultResponse::Void));
}

#[test]
fn a12_a_beta_flag_on_a_response_says_nothing() {
    let ready = decode_response(&envelope(Opcode::Ready, EnvelopeFlags::USE_BETA, &[]));
    assert_eq!(ready.map(|decoded| decoded.response), Ok(Response::Ready));
}

#[test]
fn e2_bytes_after_a_complete_message_are_ignored() {
    for (vector, whole) in envelopes() {
        let expected = decode_response(&whole);
        // Rows take all that follows for their content, and read no further than they have to.
        if matches!(&expected, Ok(decoded) if is_rows(&decoded.response)) {
            continue;
        }
        for more in [&[0xFF][..], &[0; 3], &[0xA5; 1 << 20]] {
            let body = [&whole.body[..], more].concat().into();
            let longer = Envelope { header: whole.header, body };
            assert_eq!(decode_response(&longer), expected, "{}", vector.name);
        }
    }
}

const fn is_rows(response: &Response) -> bool {
    matches!(response, Response::Result(ResultResponse::Rows(_)))
}

#[test]
fn e4_names_have_to_be_utf8_and_texts_for_people_need_not() {
    let bad = string(b"\xC3\x28");
    let kind = |outcome: Result<Response, DecodeError>| outcome.unwrap_err().kind;
    let set_keyspace = [&ints(&[3])[..], &bad].concat();
    assert_eq!(kind(decode_body(Opcode::Result, &set_keyspace)), DecodeErrorKind::NotUtf8);
    let supported = [&[0, 1][..], &bad, &[0, 0]].concat();
    assert_eq!(kind(decode_body(Opcode::Supported, &supported)), DecodeErrorKind::NotUtf8);
    let authenticate = Response::Authenticate { authenticator: "\u{FFFD}(".to_owned() };
    assert_eq!(decode_body(Opcode::Authenticate, &bad), Ok(authenticate));
    let warned = envelope(Opcode::Ready, EnvelopeFlags::WARNING, &[&[0, 1][..], &bad].concat());
    assert_eq!(decode_response(&warned).unwrap().prefixes.warnings(), ["\u{FFFD}("]);
}

#[test]
fn e5_a_count_without_its_items_is_an_error_of_the_request() {
    let count = [0xFF, 0xFF];
    for flags in [EnvelopeFlags::WARNING, EnvelopeFlags::CUSTOM_PAYLOAD] {
        assert!(decode_response(&envelope(Opcode::Ready, flags, &count)).is_err());
    }
    assert!(decode_body(Opcode::Supported, &count).is_err());
    let one_name = [&[0, 1][..], &string("COMPRESSION"), &count].concat();
    assert!(decode_body(Opcode::Supported, &one_name).is_err());
}

#[test]
fn e6_of_a_supported_option_that_comes_twice_the_last_values_count() {
    let option = |value: &str| [string("K"), vec![0, 1], string(value)].concat();
    let body = [vec![0, 2], option("first"), option("last")].concat();
    let Ok(Response::Supported(supported)) = decode_body(Opcode::Supported, &body) else {
        panic!("not SUPPORTED")
    };
    assert_eq!(supported.options("K"), ["last"]);
}

#[test]
fn e6_a_giant_multimap_meets_the_limit_of_the_handshake() {
    let settings = DecoderSettings { max_envelope_bytes: 1 << 20, ..Default::default() };
    let mut giant = envelope(Opcode::Supported, EnvelopeFlags::NONE, &[]).header;
    giant.length = 0x7FFF_FFFF;
    let decoded = EnvelopeDecoder::new(settings).decode(&mut giant.encode()[..].into());
    let declared = u64::from(giant.length);
    assert_eq!(decoded, Err(crate::FramingError::TooLarge { declared, limit: 1 << 20 }));
}

#[test]
fn e7_prefixes_that_are_not_there_are_an_error_of_the_request() {
    let cases = [
        (EnvelopeFlags::TRACING, &[0; 15][..]),
        (EnvelopeFlags::WARNING, b"\xff\xff"),
        (EnvelopeFlags::WARNING, b"\x00\x02\x00\x01w"),
        (EnvelopeFlags::CUSTOM_PAYLOAD, b"\x00\x01\x00\x01k\x00\x00\x00\x05v"),
        (EnvelopeFlags::TRACING | EnvelopeFlags::WARNING, &[0; 17]),
    ];
    for (flags, body) in cases {
        assert!(decode_response(&envelope(Opcode::Ready, flags, body)).is_err(), "{flags:?}");
    }
}

#[test]
fn e8_as_many_warnings_as_can_be_are_kept_as_they_are() {
    let body = [&[0xFF, 0xFF][..], &string("w".repeat(64)).repeat(65_535)].concat();
    let decoded = decode_response(&envelope(Opcode::Ready, EnvelopeFlags::WARNING, &body));
    let decoded = decoded.unwrap();
    let warnings = decoded.prefixes.warnings();
    assert_eq!((warnings.len(), warnings.last().unwrap().len()), (65_535, 64));
}

#[test]
fn a7_the_decoders_of_messages_refuse_the_other_direction() {
    for opcode in (0..=0x10).filter_map(Opcode::from_byte) {
        let envelope = envelope(opcode, EnvelopeFlags::NONE, &[]);
        let unknown = |what| DecodeError {
            what,
            at: 0,
            kind: DecodeErrorKind::Unknown { value: opcode.byte().into() },
        };
        if opcode.is_request() {
            assert_eq!(decode_response(&envelope), Err(unknown("opcode of a response")));
        } else {
            let outcome = crate::request::decode(&envelope);
            assert_eq!(outcome, Err(unknown("opcode of a request")));
        }
    }
}

#[test]
fn a7_every_byte_is_an_opcode_of_one_direction_or_of_none() {
    for byte in 0..=u8::MAX {
        let header = |first: u8| EnvelopeHeader::decode(&[first, 0, 0, 1, byte, 0, 0, 0, 0]);
        let known = Opcode::from_byte(byte);
        assert_eq!(header(0x05).is_ok(), known.is_some_and(Opcode::is_request));
        assert_eq!(header(0x85).is_ok(), known.is_some_and(Opcode::is_response));
        if let Ok(header) = header(0x85) {
            assert_eq!((header.direction, header.stream), (Direction::Response, StreamId::new(1)));
        }
    }
}
