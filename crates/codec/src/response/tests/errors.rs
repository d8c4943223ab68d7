//! Rows E9 to E12 of the adversarial inputs: ERROR.

use super::*;
use crate::Consistency;

/// What this body of an ERROR is.
fn error(body: &[u8]) -> ServerError {
    match decode_body(Opcode::Error, body) {
        Ok(Response::Error(error)) => *error,
        other => panic!("no error: {other:?}"),
    }
}

/// The code and the text `oops`, and what follows.
fn oops(code: i32, rest: &[u8]) -> ServerError {
    error(&[&ints(&[code])[..], &string("oops"), rest].concat())
}

#[test]
fn e9_what_a_server_says_cannot_take_over_a_terminal() {
    let error = ServerError::new(ErrorCode::Invalid, "a\nb\u{1b}[2J\0");
    assert_eq!(error.to_string(), "invalid: a\\nb\\u{1b}[2J\\u{0}");
}

#[test]
fn e10_an_error_that_is_not_known_keeps_its_code_and_text() {
    for code in [0x8000, 0x9999, -1, i32::MIN] {
        let expected = ServerError::new(ErrorCode::Other(code), "oops");
        assert_eq!(oops(code, b"\x00\x04 and more"), expected);
    }
}

#[test]
fn e10_levels_write_types_and_reasons_that_are_not_known_stay_as_they_are() {
    let unavailable = adversarial("unavailable with unknown consistency").unwrap();
    let Response::Error(unavailable) = unavailable else { panic!("no error") };
    let consistency = Consistency::Other(0xFF);
    let detail = ServerErrorDetail::Unavailable { consistency, required: 1, alive: 0 };
    assert_eq!(unavailable.detail, detail);

    let replicas = [&[0, 1][..], &ints(&[1, 2])].concat();
    let timeout = oops(0x1100, &[&replicas[..], &string("NEWER")].concat());
    let ServerErrorDetail::WriteTimeout { write_type, .. } = timeout.detail else { panic!() };
    assert_eq!(write_type, WriteType::Other("NEWER".to_owned()));

    let reason = [&ints(&[1])[..], &[4, 10, 0, 0, 1], &[0xFF, 0xFF], &[0]].concat();
    let failure = oops(0x1300, &[&replicas[..], &reason].concat());
    let ServerErrorDetail::ReadFailure { failures, .. } = failure.detail else { panic!() };
    assert_eq!(failures.reasons, [([10, 0, 0, 1].into(), 0xFFFF)]);
}

/// One whole error of each code that says more than its text, in v5.
fn errors_with_details() -> Vec<(i32, Vec<u8>)> {
    let replicas = [&[0, 1][..], &ints(&[1, 2])].concat();
    let failures = [&ints(&[1])[..], &[4, 10, 0, 0, 1, 0, 2]].concat();
    let simple = string("SIMPLE");
    vec![
        (0x1000, replicas.clone()),
        (0x1100, [&replicas[..], &simple].concat()),
        (0x1200, [&replicas[..], &[1]].concat()),
        (0x1300, [&replicas[..], &failures, &[1]].concat()),
        (0x1400, [string("ks"), string("f"), vec![0, 1], string("int")].concat()),
        (0x1500, [&replicas[..], &failures, &simple].concat()),
        (0x1700, replicas.clone()),
        (0x2400, [string("ks"), string("t")].concat()),
        (0x2500, string("id")),
    ]
}

#[test]
fn e11_an_error_cut_off_in_its_details_keeps_its_code_and_text() {
    for (code, detail) in errors_with_details() {
        assert_ne!(oops(code, &detail).detail, ServerErrorDetail::None, "0x{code:04X}");
        for length in 0..detail.len() {
            let expected = ServerError::new(ErrorCode::from_code(code), "oops");
            assert_eq!(oops(code, &detail[..length]), expected, "0x{code:04X} cut at {length}");
        }
    }
}

#[test]
fn e11_an_error_cut_off_in_its_text_keeps_its_code() {
    for cut in [&b""[..], b"\x00", b"\x00\x04", b"\x00\x04oop"] {
        let expected = ServerError::new(ErrorCode::Unprepared, "");
        assert_eq!(error(&[&ints(&[0x2500])[..], cut].concat()), expected);
    }
    for cut in [&b""[..], b"\x00", b"\x00\x00\x25"] {
        assert!(decode_body(Opcode::Error, cut).is_err(), "an error without a code");
    }
}

#[test]
fn e12_a_reason_map_that_lies_is_no_detail_at_all() {
    let replicas = [&[0, 1][..], &ints(&[1, 2])].concat();
    let address_of_5 = [&ints(&[1])[..], &[5, 10, 0, 0, 1, 1, 0, 0], &[1]].concat();
    for map in [ints(&[-1, 0]), ints(&[i32::MIN]), ints(&[i32::MAX, 0]), address_of_5] {
        for code in [0x1300, 0x1500] {
            let error = oops(code, &[&replicas[..], &map, &string("CAS")].concat());
            assert_eq!(error, ServerError::new(ErrorCode::from_code(code), "oops"));
        }
    }
}

#[test]
fn contentions_are_read_after_a_cas_and_after_nothing_else() {
    let timeout = |write_type: &str, rest: &[u8]| {
        let replicas = [&[0, 1][..], &ints(&[1, 2])].concat();
        match oops(0x1100, &[&replicas[..], &string(write_type), rest].concat()).detail {
            ServerErrorDetail::WriteTimeout { contentions, .. } => contentions,
            other => panic!("no write timeout: {other:?}"),
        }
    };
    assert_eq!(timeout("CAS", &[0, 3]), Some(3));
    assert_eq!(timeout("CAS", &[3]), None);
    assert_eq!(timeout("SIMPLE", &[0, 3]), None);
}

#[test]
fn g11_3_what_a_version_does_not_have_is_refused_and_nothing_is_written() {
    let function = SchemaChange {
        kind: SchemaChangeKind::Created,
        target: SchemaTarget::Function("f".to_owned(), Vec::new()),
        keyspace: "ks".to_owned(),
    };
    let error = |code| Response::Error(Box::new(ServerError::new(code, "no")));
    let newer = [
        (ProtocolVersion::V4, error(ErrorCode::ReadFailure)),
        (ProtocolVersion::V4, error(ErrorCode::WriteFailure)),
        (ProtocolVersion::V4, error(ErrorCode::FunctionFailure)),
        (ProtocolVersion::V4, error(ErrorCode::CdcWriteFailure)),
        (ProtocolVersion::V5, error(ErrorCode::CasWriteUnknown)),
        (ProtocolVersion::V4, Response::Event(Event::SchemaChange(function.clone()))),
        (ProtocolVersion::V4, Response::Result(ResultResponse::SchemaChange(function))),
    ];
    let stream = crate::StreamId::EVENT;
    for (since, response) in newer {
        let older = since.previous().unwrap();
        let response = Decoded::from(response);
        let mut out = BytesMut::from(&b"earlier"[..]);
        let refused = encode_response(&response, older, stream, None, &mut out);
        let refused = matches!(refused, Err(crate::EncodeError::NotInVersion { .. }));
        assert!(refused && out == b"earlier"[..], "{response:?} on {older}");
        assert_eq!(encode_response(&response, since, stream, None, &mut out), Ok(()));
    }
}
