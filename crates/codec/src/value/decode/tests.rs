use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use uuid::Uuid;

use crate::{ColumnType, DecodeValue, ValueError, ValueProblem};

/// Checks the type, then decodes.
fn decode<'page, T: DecodeValue<'page>>(
    ty: &'page ColumnType,
    cell: Option<&'page [u8]>,
) -> Result<T, ValueError> {
    T::accepts(ty).and_then(|()| T::decode(ty, cell))
}

/// What was wrong with the value.
fn problem<T>(outcome: Result<T, ValueError>) -> ValueProblem {
    match outcome {
        Err(ValueError::Value(invalid)) => invalid.problem,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("no error"),
    }
}

#[test]
fn each_native_type_of_rust_has_its_types_of_cql() {
    use ColumnType as T;
    assert_eq!(decode::<i8>(&T::TinyInt, Some(&[0x80])), Ok(-128));
    assert_eq!(decode::<i16>(&T::SmallInt, Some(&[0xFF, 0xFE])), Ok(-2));
    assert_eq!(decode::<i32>(&T::Int, Some(&[0xFF, 0xFD, 0xCB, 0x91])), Ok(-144_495));
    for ty in [T::BigInt, T::Counter, T::Timestamp, T::Time] {
        assert_eq!(decode::<i64>(&ty, Some(&[0, 0, 0, 0, 0, 0, 1, 0])), Ok(256));
    }
    assert_eq!(decode::<f32>(&T::Float, Some(&[0x46, 0x97, 0xD0, 0x40])), Ok(19432.125));
    assert_eq!(decode::<f64>(&T::Double, Some(&[0xC0, 0, 0, 0, 0, 0, 0, 0])), Ok(-2.0));
    assert_eq!(decode::<bool>(&T::Boolean, Some(&[2])), Ok(true));
    assert_eq!(decode::<&str>(&T::Text, Some("まして".as_bytes())), Ok("まして"));
    assert_eq!(decode::<String>(&T::Ascii, Some(b"a")), Ok("a".to_owned()));
    assert_eq!(decode::<&[u8]>(&T::Blob, Some(b"\xFF")), Ok(&b"\xFF"[..]));
    assert_eq!(decode::<Vec<u8>>(&T::Custom("x".into()), Some(b"\xFF")), Ok(vec![0xFF]));
    assert_eq!(decode::<Bytes>(&T::Blob, Some(b"")), Ok(Bytes::new()));
    let v4 = IpAddr::from(Ipv4Addr::new(65, 52, 54, 169));
    assert_eq!(decode::<IpAddr>(&T::Inet, Some(&[65, 52, 54, 169])), Ok(v4));
    assert_eq!(decode::<IpAddr>(&T::Inet, Some(&[0; 16])), Ok(IpAddr::from([0_u8; 16])));
}

#[test]
fn a_type_that_does_not_go_with_it_is_refused_before_any_bytes() {
    assert!(i32::accepts(&ColumnType::BigInt).is_err());
    assert!(i64::accepts(&ColumnType::Int).is_err());
    assert!(String::accepts(&ColumnType::Blob).is_err());
    assert!(<&[u8]>::accepts(&ColumnType::Text).is_err());
    assert!(Uuid::accepts(&ColumnType::Blob).is_err());
    assert!(Option::<IpAddr>::accepts(&ColumnType::Text).is_err());
}

#[test]
fn h1_a_fixed_size_of_another_length_is_an_error_and_empty_is_nothing() {
    use ColumnType as T;
    assert_eq!(problem(decode::<i32>(&T::Int, Some(&[0; 3]))), ValueProblem::Length { found: 3 });
    assert_eq!(problem(decode::<i32>(&T::Int, Some(&[0; 5]))), ValueProblem::Length { found: 5 });
    assert_eq!(
        problem(decode::<bool>(&T::Boolean, Some(&[0; 2]))),
        ValueProblem::Length { found: 2 }
    );
    assert_eq!(
        problem(decode::<Uuid>(&T::Uuid, Some(&[0; 15]))),
        ValueProblem::Length { found: 15 }
    );
    assert_eq!(
        problem(decode::<IpAddr>(&T::Inet, Some(&[0; 5]))),
        ValueProblem::Length { found: 5 }
    );
    assert_eq!(problem(decode::<f32>(&T::Float, Some(&[]))), ValueProblem::Empty);
    assert_eq!(problem(decode::<IpAddr>(&T::Inet, Some(&[]))), ValueProblem::Empty);
    assert_eq!(problem(decode::<i64>(&T::BigInt, None)), ValueProblem::Null);
    assert_eq!(problem(decode::<IpAddr>(&T::Inet, None)), ValueProblem::Null);
    assert_eq!(decode::<Option<f32>>(&T::Float, Some(&[])), Ok(None));
    assert_eq!(decode::<Option<f32>>(&T::Float, None), Ok(None));
    assert_eq!(
        problem(decode::<Option<i32>>(&T::Int, Some(&[0; 3]))),
        ValueProblem::Length { found: 3 }
    );
}

#[test]
fn h1_the_empty_text_and_the_empty_blob_are_values() {
    assert_eq!(decode::<Option<&str>>(&ColumnType::Text, Some(b"")), Ok(Some("")));
    assert_eq!(decode::<Option<Vec<u8>>>(&ColumnType::Blob, Some(b"")), Ok(Some(vec![])));
    assert_eq!(decode::<Option<&str>>(&ColumnType::Text, None), Ok(None));
}

#[test]
fn h2_text_is_utf8_and_may_hold_nul() {
    let surrogate = [0xED, 0xA0, 0x80];
    for bytes in [&surrogate[..], &[0xFF], &[0xC3]] {
        assert_eq!(problem(decode::<&str>(&ColumnType::Text, Some(bytes))), ValueProblem::NotUtf8);
        assert_eq!(
            problem(decode::<String>(&ColumnType::Ascii, Some(bytes))),
            ValueProblem::NotUtf8
        );
    }
    assert_eq!(decode::<&str>(&ColumnType::Text, Some(b"a\0b")), Ok("a\0b"));
}

#[test]
fn h8_a_timeuuid_is_any_uuid() {
    let any = [0xFF; 16];
    assert_eq!(decode::<Uuid>(&ColumnType::TimeUuid, Some(&any)), Ok(Uuid::from_bytes(any)));
}

#[test]
fn errors_name_types_without_their_paths() {
    let error = ValueError::mismatch::<Option<Vec<(String, &[u8])>>>(&ColumnType::Map(
        Box::new(ColumnType::Text),
        Box::new(ColumnType::Set(Box::new(ColumnType::Int))),
    ));
    assert_eq!(
        error.to_string(),
        "map<text, set<int>> does not go with Option<Vec<(String, &[u8])>>; \
         use HashMap<String, HashSet<i32> or Vec<i32>>"
    );
}

#[test]
fn g11_1_the_error_about_a_type_of_many_levels_is_short() {
    let sets = (0..63).fold(ColumnType::Int, |ty, _| ColumnType::Set(Box::new(ty)));
    let vectors = (0..63).fold(ColumnType::Int, |ty, _| ColumnType::Vector(Box::new(ty), 2));
    for ty in [sets, vectors] {
        let error = ValueError::mismatch::<i32>(&ty).to_string();
        assert!(error.len() < 4096, "{} bytes", error.len());
    }
}
