use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use uuid::Uuid;

use crate::{
    ColumnSpec, ColumnType, EncodeValue, EncodeValues, EncodedValues, MaybeUnset, NamedValues,
    Token, Unset, ValueError, ValueProblem,
};

/// What a value is encoded to, with a bind marker of this type or without one.
fn encode(ty: impl Into<Option<ColumnType>>, value: &dyn EncodeValue) -> Result<Bytes, ValueError> {
    let mut out = BytesMut::new();
    value.encode(ty.into().as_ref(), &mut out).map(|()| out.freeze())
}

/// These bytes, preceded by their length.
fn cell(bytes: &[u8]) -> Result<Bytes, ValueError> {
    let length = i32::try_from(bytes.len()).unwrap().to_be_bytes();
    Ok([&length, bytes].concat().into())
}

fn marker(name: &str, column_type: ColumnType) -> ColumnSpec {
    ColumnSpec { keyspace: Arc::from("ks"), table: Arc::from("t"), name: name.into(), column_type }
}

#[test]
fn each_native_type_of_rust_has_its_types_of_cql() {
    use ColumnType as T;
    assert_eq!(encode(T::TinyInt, &-128_i8), cell(&[0x80]));
    assert_eq!(encode(T::SmallInt, &-2_i16), cell(&[0xFF, 0xFE]));
    assert_eq!(encode(T::Int, &-144_495_i32), cell(&[0xFF, 0xFD, 0xCB, 0x91]));
    for ty in [T::BigInt, T::Counter, T::Timestamp, T::Time] {
        assert_eq!(encode(ty, &256_i64), cell(&[0, 0, 0, 0, 0, 0, 1, 0]));
    }
    assert_eq!(encode(T::Float, &19432.125_f32), cell(&[0x46, 0x97, 0xD0, 0x40]));
    assert_eq!(encode(T::Double, &-2.0_f64), cell(&[0xC0, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(encode(T::Boolean, &true), cell(&[1]));
    assert_eq!(encode(T::Inet, &IpAddr::from([65, 52, 54, 169])), cell(&[65, 52, 54, 169]));
    assert_eq!(encode(T::Inet, &IpAddr::from([0_u8; 16])), cell(&[0; 16]));
    for ty in [T::Uuid, T::TimeUuid] {
        assert_eq!(encode(ty, &Uuid::from_bytes([7; 16])), cell(&[7; 16]));
    }
}

#[test]
fn texts_and_blobs_are_encoded_from_whatever_holds_them() {
    use ColumnType as T;
    let text = "まして";
    let cow: Cow<'_, str> = text.into();
    let texts: [&dyn EncodeValue; 5] =
        [&text, &text.to_owned(), &Box::<str>::from(text), &Arc::<str>::from(text), &cow];
    for value in texts {
        assert_eq!(encode(T::Text, value), cell(text.as_bytes()));
        assert_eq!(encode(None, value), cell(text.as_bytes()));
    }
    let bytes = [0xFF, 0];
    let blobs: [&dyn EncodeValue; 4] =
        [&&bytes[..], &bytes.to_vec(), &bytes, &Bytes::copy_from_slice(&bytes)];
    for value in blobs {
        assert_eq!(encode(T::Blob, value), cell(&bytes));
        assert_eq!(encode(T::Custom("x".into()), value), cell(&bytes));
    }
    assert_eq!(encode(T::Text, &""), cell(&[]));
}

#[test]
fn a_type_that_does_not_go_with_it_is_refused() {
    use ColumnType as T;
    let refused: [(ColumnType, &dyn EncodeValue); 7] = [
        (T::BigInt, &1_i32),
        (T::Int, &1_i64),
        (T::Blob, &"a"),
        (T::Text, &b"a"),
        (T::Blob, &Uuid::nil()),
        (T::Text, &IpAddr::from([0; 4])),
        (T::Varint, &1_i64),
    ];
    for (ty, value) in refused {
        assert!(matches!(encode(ty.clone(), value), Err(ValueError::Mismatch(_))), "{ty}");
    }
}

#[test]
fn text_that_is_not_ascii_is_refused_for_an_ascii_column() {
    let Err(ValueError::Value(invalid)) = encode(ColumnType::Ascii, &"é") else {
        panic!("accepted")
    };
    assert_eq!(invalid.problem, ValueProblem::NotAscii);
    assert_eq!(encode(ColumnType::Ascii, &"e"), cell(b"e"));
}

#[test]
fn null_deletes_and_unset_leaves_alone() {
    let (null, unset) = ([0xFF; 4], [0xFF, 0xFF, 0xFF, 0xFE]);
    assert_eq!(encode(ColumnType::Int, &None::<i32>).unwrap(), null[..]);
    assert_eq!(encode(ColumnType::Int, &Some(1)), cell(&[0, 0, 0, 1]));
    assert_eq!(encode(ColumnType::Int, &Unset).unwrap(), unset[..]);
    assert_eq!(encode(ColumnType::Int, &MaybeUnset::<i32>::Unset).unwrap(), unset[..]);
    assert_eq!(encode(ColumnType::Int, &MaybeUnset::Set(1)), cell(&[0, 0, 0, 1]));
}

#[test]
fn a_null_of_the_wrong_type_is_refused_as_its_values_would_be() {
    let wrong: [&dyn EncodeValue; 5] = [
        &None::<i64>,
        &None::<&str>,
        &Some(None::<&String>),
        &MaybeUnset::<Box<Vec<u8>>>::Unset,
        &Box::new(None::<Uuid>),
    ];
    for value in wrong {
        assert!(matches!(encode(ColumnType::Int, value), Err(ValueError::Mismatch(_))));
    }
}

#[test]
fn values_are_checked_against_their_bind_markers() {
    let markers = [marker("id", ColumnType::Int), marker("name", ColumnType::Text)];
    let mut out = BytesMut::new();
    assert_eq!((1, "a").encode_values(&markers, &mut out), Ok(2));
    assert_eq!(out, [0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 1, b'a'][..]);

    let error = (1,).encode_values(&markers, &mut out).unwrap_err();
    assert_eq!(error, ValueError::Count { given: 1, expected: 2 });
    let error = ().encode_values(&markers, &mut out).unwrap_err();
    assert_eq!(error, ValueError::Count { given: 0, expected: 2 });
    let error = [1, 2].encode_values(&markers, &mut out).unwrap_err();
    assert_eq!(error.to_string(), "column `name`: text does not go with i32; use String");
    let error = (None::<&str>, "a").encode_values(&markers, &mut out).unwrap_err();
    assert_eq!(error.to_string(), "column `id`: int does not go with &str; use i32");
}

#[test]
fn without_bind_markers_the_types_of_the_values_decide() {
    let mut out = BytesMut::new();
    let values: &[&dyn EncodeValue] = &[&1_i16, &"a", &None::<i32>];
    assert_eq!(values.encode_values(&[], &mut out), Ok(3));
    assert_eq!(out, [0, 0, 0, 2, 0, 1, 0, 0, 0, 1, b'a', 0xFF, 0xFF, 0xFF, 0xFF][..]);
}

#[test]
fn values_come_in_many_forms() {
    fn written<V: EncodeValues>(values: V) -> (usize, Bytes) {
        let mut out = BytesMut::new();
        let count = values.encode_values(&[], &mut out).unwrap();
        (count, out.freeze())
    }
    let expected = written((1, 2, 3));
    assert_eq!(written([1, 2, 3]), expected);
    assert_eq!(written(vec![1, 2, 3]), expected);
    assert_eq!(written(&[1, 2, 3][..]), expected);
    assert_eq!(written((1, &2, Box::new(3))), expected);
    assert_eq!(written(Box::<dyn EncodeValues>::from(Box::new(vec![1, 2, 3]))), expected);
}

#[test]
fn encoding_allocates_nothing_while_there_is_room() {
    let mut out = BytesMut::with_capacity(64);
    let start = out.as_ptr();
    (1_i64, "some text", None::<i32>, Uuid::nil()).encode_values(&[], &mut out).unwrap();
    assert_eq!((out.as_ptr(), out.len()), (start, 12 + 13 + 4 + 20));
}

#[test]
fn values_are_encoded_once_for_routing_and_for_every_attempt() {
    let markers = [marker("id", ColumnType::Int), marker("name", ColumnType::Text)];
    let values = EncodedValues::encode(&(1, "a"), &markers, BytesMut::from(&b"old"[..])).unwrap();
    assert_eq!(format!("{values:?}"), "EncodedValues(2 values, 13 bytes)");
    assert_eq!((values.count(), values.token(&[1])), (2, Some(Token::of_key(b"a"))));
    for _ in 0..2 {
        let (mut once, mut again) = (BytesMut::new(), BytesMut::new());
        assert_eq!((1, "a").encode_values(&markers, &mut once), Ok(2));
        assert_eq!(values.encode_values(&markers, &mut again), Ok(2));
        assert_eq!(once, again);
    }
    assert!(EncodedValues::encode(&(1,), &markers, values.into_buffer()).is_err());
}

#[test]
fn values_by_name_go_to_their_bind_markers() {
    let mut markers = vec![marker("id", ColumnType::Int), marker("name", ColumnType::Int)];
    let mut by_position = BytesMut::new();
    (1, 2).encode_values(&markers, &mut by_position).unwrap();
    let (pairs, map) =
        (NamedValues(&[("name", 2), ("id", 1)]), BTreeMap::from([("id", 1), ("name", 2)]));
    let hash_map: HashMap<String, i32> = [("id".to_owned(), 1), ("name".to_owned(), 2)].into();
    let forms: [&dyn EncodeValues; 3] = [&pairs, &map, &hash_map];
    for values in forms {
        let mut out = BytesMut::new();
        assert_eq!(values.encode_values(&markers, &mut out), Ok(2));
        assert_eq!((&out, values.named(&markers)), (&by_position, false));
    }

    let mut out = BytesMut::new();
    let error = NamedValues(&[("id", 1)]).encode_values(&markers, &mut out).unwrap_err();
    assert_eq!(error, ValueError::NoValue("name".into()));
    let error = NamedValues(&[("id", 1_i64)]).encode_values(&markers, &mut out).unwrap_err();
    assert_eq!(error.to_string(), "column `id`: int does not go with i64; use i32");
    let unknown = NamedValues(&[("id", 1), ("name", 2), ("Name", 3)]);
    let error = unknown.encode_values(&markers, &mut out).unwrap_err();
    assert_eq!(error, ValueError::NoMarker("Name".into()));

    // A name that comes twice has its value twice.
    markers.push(marker("id", ColumnType::Int));
    assert_eq!(pairs.encode_values(&markers, &mut BytesMut::new()), Ok(3));
}

#[test]
fn without_bind_markers_the_names_are_sent_along() {
    let mut out = BytesMut::new();
    let values = NamedValues(&[("b", 1_i8), ("añ", 2)]);
    assert_eq!((values.named(&[]), values.encode_values(&[], &mut out)), (true, Ok(2)));
    assert_eq!(out, b"\0\x01b\0\0\0\x01\x01\0\x03a\xC3\xB1\0\0\0\x01\x02"[..]);
    let long = "x".repeat(65_536);
    let error = NamedValues(&[(&long, 1)]).encode_values(&[], &mut out).unwrap_err();
    assert_eq!(error, ValueError::TooLong { length: 65_536, limit: 65_535 });
}
