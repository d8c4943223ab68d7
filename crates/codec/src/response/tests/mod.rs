//! Responses against the byte vectors, both ways, and cut off everywhere.

use bytes::{Bytes, BytesMut};

use super::*;
use crate::vectors::{Vector, section};
use crate::{EnvelopeHeader, HEADER_LEN};

/// The vectors that are an envelope of a version that is spoken here.
fn envelopes() -> impl Iterator<Item = (Vector, Envelope)> {
    section("response").into_iter().filter_map(|vector| {
        let (header, body) = vector.bytes.split_first_chunk::<HEADER_LEN>()?;
        let header = EnvelopeHeader::decode(header).ok()?;
        let body = Bytes::copy_from_slice(body);
        Some((vector, Envelope { header, body }))
    })
}

/// What a server sends and this crate's server half does not: quirks, and flags that a client ignores.
const NOT_WRITTEN_SO: [&str; 4] = [
    "ERROR write timeout SIMPLE+contentions",
    "ERROR v5 STARTUP without beta flag",
    "RESULT schema_change of a function on v3",
    "RESULT rows no_metadata",
];

#[test]
fn g11_3_every_response_vector_decodes_and_is_written_the_same() {
    let mut seen = 0;
    for (vector, envelope) in envelopes() {
        let decoded = decode_response(&envelope);
        let decoded = decoded.unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        if NOT_WRITTEN_SO.iter().any(|quirk| vector.name.starts_with(quirk)) {
            continue;
        }
        let (header, mut out) = (envelope.header, BytesMut::new());
        encode_response(&decoded, header.version, header.stream, None, &mut out).unwrap();
        // The order of a multimap is free.
        if !vector.name.starts_with("SUPPORTED") {
            assert_eq!(out, vector.bytes[..], "{}: {decoded:?}", vector.name);
        }
        let again = Envelope { header, body: out.freeze().slice(HEADER_LEN..) };
        assert_eq!(decode_response(&again), Ok(decoded), "{}", vector.name);
        seen += 1;
    }
    assert!(seen >= 36, "only {seen} vectors were held");
}

#[test]
fn e1_a_body_cut_off_anywhere_is_an_error_or_lacks_only_what_may_be_ignored() {
    for (vector, envelope) in envelopes() {
        for length in 0..envelope.body.len() {
            let cut = Envelope { header: envelope.header, body: envelope.body.slice(..length) };
            if let Ok(decoded) = decode_response(&cut) {
                let whole = decode_response(&envelope).unwrap();
                let same_kind = decoded.response.opcode() == whole.response.opcode();
                assert!(same_kind, "{} cut at {length} is {decoded:?}", vector.name);
            }
        }
    }
}

fn decode_body(opcode: Opcode, body: &[u8]) -> Result<Response, DecodeError> {
    decode_with_flags(opcode, crate::EnvelopeFlags::NONE, body)
}

fn decode_with_flags(
    opcode: Opcode,
    flags: crate::EnvelopeFlags,
    body: &[u8],
) -> Result<Response, DecodeError> {
    let header = EnvelopeHeader {
        version: crate::ProtocolVersion::V5,
        direction: crate::Direction::Response,
        flags,
        stream: crate::StreamId::new(1),
        opcode,
        length: u32::try_from(body.len()).unwrap(),
    };
    let envelope = Envelope { header, body: Bytes::copy_from_slice(body) };
    decode_response(&envelope).map(|decoded| decoded.response)
}

fn ints(numbers: &[i32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

#[test]
fn e10_e11_an_error_keeps_its_code_and_text_whatever_else_is_wrong_with_it() {
    let mut body = ints(&[0x8000]);
    body.extend(b"\x00\x04oops and more");
    let Ok(Response::Error(error)) = decode_body(Opcode::Error, &body) else { panic!() };
    assert_eq!(error, ServerError::new(ErrorCode::Other(0x8000), "oops"));

    let mut body = ints(&[0x1000]);
    body.extend(b"\x00\x04cut!\x00\x04\x00");
    let Ok(Response::Error(error)) = decode_body(Opcode::Error, &body) else { panic!() };
    assert_eq!(error, ServerError::new(ErrorCode::Unavailable, "cut!"));
}

#[test]
fn e12_a_reason_map_that_lies_about_its_length_allocates_nothing_for_it() {
    let mut body = ints(&[0x1300]);
    body.extend(b"\x00\x01m\x00\x01");
    body.extend(ints(&[1, 1, i32::MAX]));
    let Ok(Response::Error(error)) = decode_body(Opcode::Error, &body) else { panic!() };
    assert_eq!(error.detail, ServerErrorDetail::None);
}

#[test]
fn f1_an_unknown_kind_of_result_is_an_error_of_the_request() {
    assert!(decode_body(Opcode::Result, &ints(&[6])).is_err());
}

#[test]
fn f2_f3_f4_f5_counts_that_cannot_be_are_refused_before_anything_is_made_for_them() {
    let no_metadata = 0x4;
    for (columns, rows) in
        [(-1, 0), (1, -1), (i32::MAX, i32::MAX), (0, i32::MAX), (1, 1), (i32::MAX, 1)]
    {
        let body = ints(&[2, no_metadata, columns, rows]);
        assert!(decode_body(Opcode::Result, &body).is_err(), "{columns} columns, {rows} rows");
    }
    let declared = ints(&[2, 0x1, i32::MAX, 0, 0]);
    assert!(decode_body(Opcode::Result, &declared).is_err(), "columns that are not there");
}

#[test]
fn f8_changed_metadata_that_is_left_out_contradicts_itself() {
    assert!(decode_body(Opcode::Result, &ints(&[2, 0x4 | 0x8, 1, 0, 0])).is_err());
}

#[test]
fn f10_more_pages_without_saying_where_is_an_error_and_not_the_first_page_again() {
    for state in [-1, 0] {
        let body = ints(&[2, 0x2 | 0x4, 1, state, 0]);
        let error = decode_body(Opcode::Result, &body).unwrap_err();
        assert_eq!((error.what, error.kind), ("paging state", DecodeErrorKind::Missing));
    }
}

#[test]
fn f18_a_partition_key_that_is_not_among_the_markers_is_refused() {
    let prepared = |markers: i32, key: &[u8], count: i32| {
        let mut body = ints(&[4]);
        body.extend(b"\x00\x01i\x00\x01m");
        body.extend(ints(&[0, markers, count]));
        body.extend(key);
        body.extend(b"\x00\x01k\x00\x01t\x00\x01a\x00\x09\x00\x01k\x00\x01t\x00\x01b\x00\x09");
        body.extend(ints(&[0x4, 0]));
        decode_body(Opcode::Result, &body)
    };
    assert!(prepared(2, b"\x00\x01\x00\x00", 2).is_ok());
    assert!(prepared(2, b"\x00\x02", 1).is_err(), "beyond the markers");
    assert!(prepared(2, b"\x00\x00\x00\x00", 2).is_err(), "one twice");
    assert!(prepared(2, b"", -1).is_err(), "negative");
    assert!(prepared(2, b"\x00\x00\x00\x01\x00\x00", 3).is_err(), "more than markers");
}

#[test]
fn a13_e7_prefixes_that_are_not_there_are_an_error_of_the_request() {
    use crate::EnvelopeFlags;
    let cut = decode_with_flags(Opcode::Ready, EnvelopeFlags::TRACING, &[0; 15]);
    assert!(cut.is_err());
    let lying = decode_with_flags(Opcode::Ready, EnvelopeFlags::WARNING, b"\xff\xff");
    assert!(lying.is_err());
}

#[test]
fn e9_what_a_server_says_cannot_take_over_a_terminal() {
    let error = ServerError::new(ErrorCode::Invalid, "a\nb\u{1b}[2J");
    assert_eq!(error.to_string(), "invalid: a\\nb\\u{1b}[2J");
}
