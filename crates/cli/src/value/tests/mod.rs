mod any;

use std::sync::Arc;

use bytes::BytesMut;
use cqlwire::codec::{ColumnType as T, UserType};
use cqlwire::value::{CqlUserType, CqlValue as V, CqlVarint};
use cqlwire::{DecodeValue, EncodeValue};
use proptest::prelude::*;

use super::*;

fn text(value: &V) -> String {
    let mut text = String::new();
    write_text(value, &mut text);
    text
}

fn json(value: &V) -> String {
    let mut json = String::new();
    write_json(value, &mut json);
    json
}

fn encoded(value: &V, ty: &T) -> BytesMut {
    let mut out = BytesMut::new();
    value.encode(Some(ty), &mut out).unwrap();
    out
}

fn list(element: T) -> T {
    T::List(Box::new(element))
}

fn map(key: T, value: T) -> T {
    T::Map(Box::new(key), Box::new(value))
}

fn user_type(fields: &[(&str, T)]) -> (T, Arc<UserType>) {
    let fields = fields.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect();
    let user_type = Arc::new(UserType { keyspace: "ks".into(), name: "u".into(), fields });
    (T::UserType(Arc::clone(&user_type)), user_type)
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same_bytes((ty, value) in any::typed_value()) {
        let written = text(&value);
        let read = parse(&written, &ty).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(encoded(&read, &ty), encoded(&value, &ty), "{}", written);
        let written = json(&value);
        let is_json = serde_json::from_str::<&serde_json::value::RawValue>(&written);
        prop_assert!(is_json.is_ok(), "{}", written);
        let read = parse_json(&written, &ty).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(encoded(&read, &ty), encoded(&value, &ty), "{}", written);
    }

    #[test]
    fn no_text_is_too_much((ty, _) in any::typed_value(), text in "[-'\"0-9a-z\\[\\](){}:,. ]{0,40}") {
        // It is a value, or an error that is not long.
        for read in [parse(&text, &ty), parse_json(&text, &ty)] {
            if let Err(error) = read {
                prop_assert!(error.to_string().chars().count() < 400, "{}", error);
            }
        }
    }
}

#[test]
fn values_are_written_as_cql_writes_them() {
    let (_, address) = user_type(&[("street", T::Text), ("No", T::Int)]);
    let address = |values| V::UserType(CqlUserType { user_type: Arc::clone(&address), values });
    let cases = [
        (V::from("it's"), "it's", r#""it's""#),
        (V::List(vec![V::from("it's")]), "['it''s']", r#"["it's"]"#),
        (V::Double(1.0), "1.0", "1.0"),
        (V::Double(f64::NEG_INFINITY), "-Infinity", r#""-Infinity""#),
        (V::Double(f64::NAN), "NaN", r#""NaN""#),
        (V::Float(f32::from_bits(0x7FC0_0001)), "0x7fc00001", r#""0x7fc00001""#),
        (
            V::Double(f64::from_bits(0x7FF8_0000_0000_0001)),
            "0x7ff8000000000001",
            r#""0x7ff8000000000001""#,
        ),
        (V::Blob(vec![0, 255]), "0x00ff", r#""0x00ff""#),
        (V::Varint(CqlVarint::from(i128::MIN)), &i128::MIN.to_string(), &i128::MIN.to_string()),
        (V::Empty, "0x", r#""0x""#),
        (
            parse("2015-11-02T01:00+01", &T::Timestamp).unwrap(),
            "2015-11-02 00:00:00.000+0000",
            r#""2015-11-02 00:00:00.000Z""#,
        ),
        (V::Set(vec![parse("10.0.0.1", &T::Inet).unwrap()]), "{'10.0.0.1'}", r#"["10.0.0.1"]"#),
        (V::Tuple(vec![V::Int(1), V::Null]), "(1, null)", "[1, null]"),
        (
            address(vec![V::from("x"), V::Int(7)]),
            r#"{street: 'x', "No": 7}"#,
            r#"{"street": "x", "\"No\"": 7}"#,
        ),
        (V::Map(vec![(V::Int(1), V::from("x"))]), "{1: 'x'}", r#"{"1": "x"}"#),
        (
            V::Map(vec![(V::Tuple(vec![V::from("a")]), V::Boolean(true))]),
            "{('a'): true}",
            r#"{"[\"a\"]": true}"#,
        ),
    ];
    for (value, as_text, as_json) in cases {
        assert_eq!((&*text(&value), &*json(&value)), (as_text, as_json));
    }
}

#[test]
fn text_is_read_as_people_write_it() {
    let (of_address, address) = user_type(&[("street", T::Text), ("No", T::Int)]);
    let address = |values| V::UserType(CqlUserType { user_type: Arc::clone(&address), values });
    let cases = [
        (T::Text, " 'a' ", V::from(" 'a' ")),
        (T::Int, " +12 ", V::Int(12)),
        (T::Int, "'12'", V::Int(12)),
        (T::Boolean, "True", V::Boolean(true)),
        (T::Double, "1e3", V::Double(1000.0)),
        (T::Float, "-infinity", V::Float(f32::NEG_INFINITY)),
        (list(T::Int), "[ 1,2 , 3 ]", V::List(vec![V::Int(1), V::Int(2), V::Int(3)])),
        (list(T::Int), "[]", V::List(vec![])),
        (T::Set(Box::new(T::Text)), "{'a', 'b,c'}", V::Set(vec!["a".into(), "b,c".into()])),
        (
            map(T::Text, list(T::Boolean)),
            "{'a': [true], 'it''s': []}",
            V::Map(vec![
                ("a".into(), V::List(vec![V::Boolean(true)])),
                ("it's".into(), V::List(vec![])),
            ]),
        ),
        (T::Tuple(vec![T::Int, T::Text]), "(NULL, '')", V::Tuple(vec![V::Null, "".into()])),
        (T::Tuple(vec![T::Int, T::Text]), "(1)", V::Tuple(vec![V::Int(1)])),
        (of_address.clone(), r#"{"No": 7, Street: 'x'}"#, address(vec!["x".into(), V::Int(7)])),
        (of_address, "{street: 'x'}", address(vec!["x".into(), V::Null])),
    ];
    for (ty, text, value) in cases {
        assert_eq!(parse(text, &ty), Ok(value), "{text}");
    }
}

#[test]
fn json_is_read_as_servers_read_it() {
    let (of_address, address) = user_type(&[("street", T::Text), ("No", T::Int)]);
    let address = |values| V::UserType(CqlUserType { user_type: Arc::clone(&address), values });
    let long = "123456789012345678901234567890.5";
    let cases = [
        (T::Int, "null", V::Null),
        (T::Int, r#""12""#, V::Int(12)),
        (T::Decimal, long, parse(long, &T::Decimal).unwrap()),
        (T::Text, r#""\u00f1\n""#, V::from("ñ\n")),
        (T::Set(Box::new(T::Int)), " [ 1 ] ", V::Set(vec![V::Int(1)])),
        (map(T::Int, T::Text), r#"{"1": "x"}"#, V::Map(vec![(V::Int(1), "x".into())])),
        (map(list(T::Int), T::Int), r#"{"0x": 1}"#, V::Map(vec![(V::Empty, V::Int(1))])),
        (
            of_address.clone(),
            r#"{"STREET": "x", "\"No\"": 7}"#,
            address(vec!["x".into(), V::Int(7)]),
        ),
        (of_address, r#"{"No": null}"#, address(vec![V::Null, V::Null])),
    ];
    for (ty, json, value) in cases {
        assert_eq!(parse_json(json, &ty), Ok(value), "{json}");
    }
    for (ty, wrong) in [
        (T::Text, "1"),
        (T::Int, "1.5"),
        (T::Int, "[1]"),
        (T::Boolean, "1"),
        (list(T::Int), "[null]"),
        (list(T::Int), "{}"),
        (list(T::Int), "[1"),
        (map(T::Int, T::Int), r#"{"a": 1}"#),
        (T::Tuple(vec![T::Int]), "[1, 2]"),
        (T::Vector(Box::new(T::Float), 2), "[1.0]"),
        (T::Text, r#""a" "b""#),
        (user_type(&[("a", T::Int)]).0, r#"{"a": 1, "a": 1}"#),
        (user_type(&[("a", T::Int)]).0, r#"{"a": null, "\"a\"": 1}"#),
        (user_type(&[("a", T::Int)]).0, r#"{"A": 1, "a": null}"#),
    ] {
        assert!(parse_json(wrong, &ty).is_err(), "{wrong}");
    }
}

#[test]
fn an_error_says_where_what_and_what_is_allowed() {
    let nested = map(T::Text, list(T::TinyInt));
    let error = parse("{'a': [1, 128]}", &nested).unwrap_err().in_column("sizes");
    assert_eq!(
        error.to_string(),
        "column `sizes[0][1]`: `128` is no tinyint; allowed: a whole number from -128 to 127"
    );
    let (of_address, _) = user_type(&[("no", T::Int)]);
    let error = parse("{no: x}", &of_address).unwrap_err();
    assert!(error.to_string().starts_with("at `.no`: `x` is no int"), "{error}");
    let error = parse("{no: 1, No: 2}", &of_address).unwrap_err().in_column("home");
    assert_eq!(error.to_string(), "column `home`: `no` is no ks.u; allowed: each field once");
    let error = parse(&"9".repeat(100_000), &T::Int).unwrap_err();
    assert!(error.to_string().len() < 200, "{error}");
}

#[test]
fn what_is_out_of_range_or_malformed_is_no_value() {
    let vector = T::Vector(Box::new(T::Float), 2);
    for (ty, wrong) in [
        (T::TinyInt, "128"),
        (T::Float, "1e39"),
        (T::Double, "1e400"),
        (T::Double, ""),
        (T::Ascii, "ñ"),
        (T::Blob, "00ff"),
        (T::Blob, "0x0"),
        (T::Blob, "0xñ"),
        (T::Boolean, "1"),
        (T::Uuid, "123e4567e89b12d3a456426614174000"),
        (T::TimeUuid, "123e4567-e89b-42d3-a456-426614174000"),
        (T::Inet, "10.0.0"),
        (T::Int, "null"),
        (list(T::Text), "[a]"),
        (list(T::Int), "[1,]"),
        (list(T::Int), "[1] x"),
        (list(T::Int), "[null]"),
        (list(T::Int), "[1, 2"),
        (list(T::Text), "['a]"),
        (T::Tuple(vec![T::Int]), "(1, 2)"),
        (vector.clone(), "[1.0]"),
        (vector, "[1.0, 2.0, 3.0]"),
        (user_type(&[("a", T::Int)]).0, "{b: 1}"),
        (user_type(&[("a", T::Int)]).0, "{a 1}"),
        (user_type(&[("a", T::Int)]).0, "{a: 1, a: 1}"),
        (user_type(&[("a", T::Int)]).0, "{a: null, \"a\": 1}"),
    ] {
        assert!(parse(wrong, &ty).is_err(), "{wrong} as {ty}");
    }
}

#[test]
fn a_name_may_begin_and_end_with_a_quote() {
    let (ty, user_type) = user_type(&[(r#""a""#, T::Int), ("a", T::Int)]);
    let value = V::UserType(CqlUserType { user_type, values: vec![V::Int(1), V::Int(2)] });
    assert_eq!(json(&value), r#"{"\"\"\"a\"\"\"": 1, "a": 2}"#);
    assert_eq!(parse_json(&json(&value), &ty), Ok(value.clone()));
    assert_eq!(parse(&text(&value), &ty), Ok(value));
}

/// Of a type that was altered since the value was written.
#[test]
fn fields_that_a_value_is_too_short_for_come_back_as_null() {
    let (ty, user_type) = user_type(&[("a", T::Int), ("b", T::Int)]);
    let bytes = [0, 0, 0, 4, 0, 0, 0, 1];
    let short = V::decode(&ty, Some(&bytes)).unwrap();
    let full = V::UserType(CqlUserType { user_type, values: vec![V::Int(1), V::Null] });
    assert_eq!(parse(&text(&short), &ty), Ok(full.clone()));
    assert_eq!(parse_json(&json(&short), &ty), Ok(full));
}
