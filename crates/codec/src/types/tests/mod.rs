mod class;
mod cql;

use std::sync::Arc;

use bytes::BytesMut;

use super::{ColumnType, TypeReader, UserType};
use crate::wire::Reader;
use crate::{DecodeError, DecodeErrorKind, ProtocolVersion};

fn read(bytes: &[u8]) -> Result<ColumnType, DecodeError> {
    TypeReader::default().read(&mut Reader::new(bytes))
}

/// A custom type of this class.
fn custom(class: &str) -> Vec<u8> {
    let length = u16::try_from(class.len()).unwrap().to_be_bytes();
    [&[0, 0], &length, class.as_bytes()].concat()
}

#[test]
fn what_is_written_is_read() {
    let user = UserType {
        keyspace: "ks".into(),
        name: "address".into(),
        fields: vec![("street".into(), ColumnType::Text), ("no".into(), ColumnType::Int)],
    };
    let tuple = ColumnType::Tuple(vec![
        ColumnType::UserType(Arc::new(user)),
        ColumnType::List(Box::new(ColumnType::Duration)),
        ColumnType::Custom("org.example.Point".into()),
    ]);
    let map = ColumnType::Map(Box::new(ColumnType::Inet), Box::new(tuple));
    let mut out = BytesMut::new();
    map.write_option(ProtocolVersion::V5, &mut out).unwrap();
    assert_eq!(read(&out), Ok(map));
}

#[test]
fn every_native_type_survives_in_every_version() {
    let versions = [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5];
    for (version, newest) in versions.into_iter().zip([0x10, 0x14, 0x15]) {
        for id in (0x01..=0x15).filter(|id| *id != 0x0A) {
            let ty = read(&[0, id]).unwrap();
            let mut out = BytesMut::new();
            ty.write_option(version, &mut out).unwrap();
            assert_eq!(out == [0, id][..], id <= newest, "{ty} on {version}: {out:?}");
            assert_eq!(read(&out), Ok(ty));
        }
    }
    assert_eq!(read(&[0, 0x0A]), Ok(ColumnType::Text));
}

#[test]
fn g11_3_a_type_newer_than_the_version_comes_as_its_class() {
    let newer = [
        ("SimpleDateType", ColumnType::Date),
        ("TimeType", ColumnType::Time),
        ("ShortType", ColumnType::SmallInt),
        ("ByteType", ColumnType::TinyInt),
        ("DurationType", ColumnType::Duration),
    ];
    for (class, ty) in newer {
        let class = custom(&format!("org.apache.cassandra.db.marshal.{class}"));
        let list = ColumnType::List(Box::new(ty));
        let mut out = BytesMut::new();
        list.write_option(ProtocolVersion::V3, &mut out).unwrap();
        assert_eq!(out, [&[0, 0x20], &class[..]].concat());
    }
}

#[test]
fn f12_a_nesting_bomb_is_an_error() {
    let deep: Vec<u8> = std::iter::repeat_n([0, 0x20], 63).flatten().chain([0, 9]).collect();
    assert!(read(&deep).is_ok());
    let bomb: Vec<u8> = std::iter::repeat_n([0, 0x20], 100_000).flatten().collect();
    assert_eq!(read(&bomb).unwrap_err().kind, DecodeErrorKind::TooDeep { limit: 64 });
    let maps: Vec<u8> = std::iter::repeat_n([0, 0x21], 100_000).flatten().collect();
    assert_eq!(read(&maps).unwrap_err().kind, DecodeErrorKind::TooDeep { limit: 64 });
}

#[test]
fn f13_the_types_of_a_message_are_counted() {
    let mut wide = vec![0, 0x31, 0xFF, 0xFF];
    wide.extend(std::iter::repeat_n([0, 9], 65_535).flatten());
    let mut types = TypeReader::default();
    let outcome = (0..16).map(|_| types.read(&mut Reader::new(&wide))).find_map(Result::err);
    let kind = outcome.map(|error| error.kind);
    assert_eq!(kind, Some(DecodeErrorKind::TooManyTypes { limit: 1_000_000 }));
}

#[test]
fn f14_an_unknown_type_is_an_error() {
    for id in [0x16_u16, 0x23, 0x7FFF] {
        let error = read(&id.to_be_bytes()).unwrap_err();
        assert_eq!(error.kind, DecodeErrorKind::Unknown { value: i64::from(id) });
    }
}

#[test]
fn f15_user_types_and_tuples_may_be_empty_or_wide() {
    assert_eq!(read(&[0, 0x31, 0, 0]), Ok(ColumnType::Tuple(Vec::new())));
    assert!(read(&[0, 0x30, 0, 0, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 9]).is_ok());
}
