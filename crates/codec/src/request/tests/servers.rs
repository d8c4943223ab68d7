//! The server's half is as strict as servers are.

use super::*;
use crate::DecodeErrorKind;
use crate::ProtocolVersion::{V3, V4, V5};

/// What a server of this version makes of this body.
fn read(
    opcode: Opcode,
    version: ProtocolVersion,
    parts: &[&[u8]],
) -> Result<RequestMessage, DecodeErrorKind> {
    let body = Bytes::from(parts.concat());
    let header = EnvelopeHeader {
        version,
        direction: Direction::Request,
        flags: EnvelopeFlags::NONE,
        stream: StreamId::new(1),
        opcode,
        length: u32::try_from(body.len()).unwrap(),
    };
    decode(&Envelope { header, body }).map_err(|error| error.kind)
}

/// An empty statement at consistency ONE.
const STATEMENT: &[u8] = &[0, 0, 0, 0, 0, 1];

#[test]
fn a_flag_that_only_v5_has_is_an_error_before() {
    for version in [V3, V4] {
        let kind = DecodeErrorKind::NotInVersion(version);
        assert_eq!(read(Opcode::Query, version, &[STATEMENT, &[0x80]]), Err(kind));
    }
    let in_ks = [STATEMENT, &[0, 0, 0, 0x80], &[0, 2], b"ks"];
    assert!(read(Opcode::Query, V5, &in_ks).is_ok());
}

#[test]
fn a_serial_consistency_that_is_none_is_an_error() {
    let serial = |level| read(Opcode::Query, V4, &[STATEMENT, &[0x10], &[0, level]]);
    assert!(serial(0x8).is_ok() && serial(0x9).is_ok());
    for level in [0x0, 0x1, 0x6, 0xA, 0xB] {
        let kind = DecodeErrorKind::Unknown { value: level.into() };
        assert_eq!(serial(level), Err(kind));
    }
}

#[test]
fn a_value_below_unset_is_an_error_and_null_on_v3() {
    let value = |version, length: i32| {
        let bytes = length.to_be_bytes();
        read(Opcode::Query, version, &[STATEMENT, &[0x01], &[0, 1], &bytes])
    };
    for length in [-3, i32::MIN] {
        let kind = DecodeErrorKind::Unknown { value: length.into() };
        assert_eq!(value(V4, length), Err(kind));
    }
    for length in [-1, -2, -3, i32::MIN] {
        let Ok(RequestMessage::Query { parameters, .. }) = value(V3, length) else {
            panic!("no query")
        };
        assert_eq!(parameters.values, [BoundValue { name: None, value: BindValue::Null }]);
    }
}

#[test]
fn a_batch_of_another_kind_is_an_error() {
    for kind in [3, 0xFF] {
        let batch = read(Opcode::Batch, V4, &[&[kind], &[0, 0], &[0, 1, 0]]);
        assert_eq!(batch, Err(DecodeErrorKind::Unknown { value: kind.into() }));
        let statement = read(Opcode::Batch, V4, &[&[0], &[0, 1], &[kind]]);
        assert_eq!(statement, Err(DecodeErrorKind::Unknown { value: kind.into() }));
    }
}

#[test]
fn e5_counts_without_their_items_are_errors() {
    let count = [0xFF, 0xFF];
    assert!(read(Opcode::Startup, V4, &[&count]).is_err());
    assert!(read(Opcode::Register, V4, &[&count]).is_err());
    assert!(read(Opcode::Batch, V4, &[&[0], &count]).is_err());
    assert!(read(Opcode::Query, V4, &[STATEMENT, &[0x01], &count]).is_err());
}

#[test]
fn e1_a_request_cut_off_anywhere_is_an_error() {
    for vector in section("request") {
        let (header, body) = vector.bytes.split_first_chunk::<HEADER_LEN>().unwrap();
        let header = EnvelopeHeader::decode(header).unwrap();
        for length in 0..body.len() {
            let cut = Envelope { header, body: Bytes::copy_from_slice(&body[..length]) };
            assert!(decode(&cut).is_err(), "{} cut at {length}", vector.name);
        }
    }
}
