use bytes::BytesMut;

use super::{RawValue, Reader, write};
use crate::{DecodeErrorKind, EncodeError};

#[test]
fn what_is_written_is_read() {
    let mut out = BytesMut::new();
    let payload = [("k".to_owned(), Some("v".into())), ("n".to_owned(), None)].into();
    write::string(&mut out, "s", "añb").unwrap();
    write::long_string(&mut out, "ls", "text").unwrap();
    write::bytes(&mut out, "null", None).unwrap();
    write::inet(&mut out, "[2001:db8::2]:9042".parse().unwrap());
    write::string_list(&mut out, "list", &["a", "b"]).unwrap();
    write::bytes_map(&mut out, "map", &payload).unwrap();

    let mut reader = Reader::new(&out);
    assert_eq!(reader.string("s"), Ok("añb"));
    assert_eq!(reader.long_string("ls"), Ok("text"));
    assert_eq!(reader.bytes("null"), Ok(None));
    assert_eq!(reader.inet("inet"), Ok("[2001:db8::2]:9042".parse().unwrap()));
    assert_eq!(reader.string_list("list"), Ok(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(reader.bytes_map("map"), Ok(payload));
    assert_eq!(reader.remaining(), 0);
}

#[test]
fn e3_a_length_past_the_end_is_an_error_where_it_stands() {
    for bytes in [&b"\x00\x05ab"[..], b"\x7f\xff", b"\x00"] {
        let error = Reader::new(bytes).string("name").unwrap_err();
        assert!(matches!(error.kind, DecodeErrorKind::UnexpectedEnd { .. }), "{error}");
    }
    assert!(Reader::new(b"\x7f\xff\xff\xff").bytes("cell").is_err());
    assert_eq!(Reader::new(b"\x80\x00\x00\x00").bytes("cell"), Ok(None));
}

#[test]
fn e3_a_value_below_unset_is_an_error() {
    assert_eq!(Reader::new(b"\xff\xff\xff\xff").value("v"), Ok(RawValue::Null));
    assert_eq!(Reader::new(b"\xff\xff\xff\xfe").value("v"), Ok(RawValue::Unset));
    assert!(Reader::new(b"\xff\xff\xff\xfd").value("v").is_err());
}

#[test]
fn e4_names_must_be_utf8_and_texts_for_people_need_not() {
    let bytes = b"\x00\x02\xc3\x28";
    assert_eq!(Reader::new(bytes).string("name").unwrap_err().kind, DecodeErrorKind::NotUtf8);
    assert_eq!(Reader::new(bytes).lossy_string("text").unwrap(), "\u{fffd}(");
}

#[test]
fn e5_a_list_that_declares_65535_items_makes_no_room_for_them() {
    let mut seen = 0;
    let list = Reader::new(b"\xff\xff\x00\x00").list("list", |reader| {
        seen += 1;
        reader.string("item")
    });
    assert!(list.is_err());
    assert_eq!(seen, 2);
}

#[test]
fn e12_an_address_has_4_or_16_bytes() {
    assert!(Reader::new(b"\x05\x01\x02\x03\x04\x05").inetaddr("address").is_err());
    let error = Reader::new(b"\x04\x01\x02\x03\x04\x00\x01\x00\x00").inet("address").unwrap_err();
    assert_eq!((error.at, error.kind), (5, DecodeErrorKind::Unknown { value: 65536 }));
}

#[test]
fn j_a_string_over_65535_bytes_is_refused() {
    let mut out = BytesMut::new();
    let long = "x".repeat(65_536);
    let error = write::string(&mut out, "keyspace", &long).unwrap_err();
    assert_eq!(error, EncodeError::TooLong { what: "keyspace", length: 65_536, limit: 65_535 });
    assert!(write::string(&mut out, "keyspace", &long[1..]).is_ok());
}
