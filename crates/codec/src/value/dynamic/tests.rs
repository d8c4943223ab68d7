use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::arbitrary::typed_value;
use super::{CqlUserType, CqlValue};
use crate::types::arbitrary::column_type;
use crate::value::tests::{
    cells, counted, decode, encode, list, map, mismatch, problem, set, vector_of,
};
use crate::vectors::section;
use crate::{
    ColumnSpec, ColumnType, Counter, CqlDate, CqlDuration, CqlTime, CqlTimestamp, RowIter,
    UserType, ValueError, ValueProblem,
};

fn user_type(fields: &[(&str, ColumnType)]) -> Arc<UserType> {
    let fields = fields.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect();
    Arc::new(UserType { keyspace: "ks".into(), name: "pair".into(), fields })
}

fn pair_type() -> Arc<UserType> {
    user_type(&[("a", ColumnType::Int), ("b", ColumnType::Text)])
}

/// The type of a vector, by its name, and the value if its decimal digits do not say it.
fn expected(name: &str) -> (ColumnType, Option<CqlValue>) {
    use ColumnType as T;
    use CqlValue as V;
    let texts = |texts: &[&str]| texts.iter().map(|text| V::from(*text)).collect();
    let ints = |ints: &[i32]| ints.iter().map(|int| V::from(*int)).collect();
    let duration = |months, days, nanos| V::Duration(CqlDuration { months, days, nanos });
    let pair = |values| {
        let user_type = pair_type();
        V::UserType(CqlUserType { user_type, values })
    };
    let (ty, value) = match name {
        name if name.starts_with("varint ") => return (T::Varint, None),
        name if name.starts_with("decimal ") => return (T::Decimal, None),
        "duration 0mo0d0ns" => (T::Duration, duration(0, 0, 0)),
        "duration -1mo-2d-3ns" => (T::Duration, duration(-1, -2, -3)),
        "duration 1mo2d115ns" => (T::Duration, duration(1, 2, 115)),
        name if name.starts_with("duration ") => return (T::Duration, None),
        "int -144495" => (T::Int, V::Int(-144_495)),
        "bigint min" => (T::BigInt, V::BigInt(i64::MIN)),
        "tinyint -128" => (T::TinyInt, V::TinyInt(-128)),
        "float 19432.125" => (T::Float, V::Float(19432.125)),
        "boolean true" => (T::Boolean, V::Boolean(true)),
        "text utf8" => (T::Text, V::from("まして")),
        "inet v4" => (T::Inet, V::Inet([65, 52, 54, 169].into())),
        "inet v6" => (T::Inet, V::Inet("2a00:1328:e102:ccc0::122".parse().unwrap())),
        "date 1970-01-02" => (T::Date, V::Date(CqlDate::from_unix_days(1))),
        "date 1969-12-31" => (T::Date, V::Date(CqlDate::from_unix_days(-1))),
        "date min (day -2^31)" => (T::Date, V::Date(CqlDate(0))),
        "time max 23:59:59.999999999" => (T::Time, V::Time(CqlTime::MAX)),
        "timestamp 2015-11-02" => (T::Timestamp, V::Timestamp(CqlTimestamp(1_446_422_400_000))),
        "timestamp -1ms" => (T::Timestamp, V::Timestamp(CqlTimestamp(-1))),
        "list<text> []" => (list(T::Text), V::List(vec![])),
        "list<text> [\"\",\"\"]" => (list(T::Text), V::List(texts(&["", ""]))),
        "list<int> [1,null]" => (list(T::Int), V::List(vec![V::Int(1), V::Null])),
        "map<text,int> {\"a\":1,\"b\":2}" => {
            let entries = vec![("a".into(), V::Int(1)), ("b".into(), V::Int(2))];
            (map(T::Text, T::Int), V::Map(entries))
        }
        "tuple<int,text> (1,null)" => {
            (T::Tuple(vec![T::Int, T::Text]), V::Tuple(vec![V::Int(1), V::Null]))
        }
        "tuple<int,text> short: only 1 of 2 components" => {
            (T::Tuple(vec![T::Int, T::Text]), V::Tuple(vec![V::Int(1)]))
        }
        "udt {a:int,b:text} (5,\"x\")" => {
            (T::UserType(pair_type()), pair(vec![V::Int(5), "x".into()]))
        }
        "udt all fields, b null" => (T::UserType(pair_type()), pair(vec![V::Int(5), V::Null])),
        "udt 0 bytes" => (T::UserType(pair_type()), pair(vec![])),
        "vector<smallint,2> [1,2]" => {
            (vector_of(T::SmallInt, 2), V::Vector(vec![V::SmallInt(1), V::SmallInt(2)]))
        }
        "vector<tinyint,2> [1,-1]" => {
            (vector_of(T::TinyInt, 2), V::Vector(vec![V::TinyInt(1), V::TinyInt(-1)]))
        }
        "vector<vector<int,2>,2>" => {
            let rows = vec![V::Vector(ints(&[1, 2])), V::Vector(ints(&[3, 4]))];
            (vector_of(vector_of(T::Int, 2), 2), V::Vector(rows))
        }
        other => panic!("no expectation for {other}"),
    };
    (ty, Some(value))
}

#[test]
fn g11_3_every_value_vector_is_decoded_and_encoded_again() {
    for vector in section("value") {
        let (ty, expected) = expected(&vector.name);
        let value: CqlValue = decode(&ty, Some(&vector.bytes)).unwrap();
        if let Some(expected) = expected {
            assert_eq!(value, expected, "{}", vector.name);
        }
        if vector.name == "list<int> [1,null]" {
            // Servers send it as the list of an IN, and take it from nobody.
            assert!(matches!(encode(Some(&ty), &value), Err(ValueError::Misplaced(_))));
            continue;
        }
        assert_eq!(encode(Some(&ty), &value).unwrap(), vector.bytes, "{}", vector.name);
        assert_eq!(encode(None, &value).unwrap(), vector.bytes, "{}", vector.name);
    }
}

#[test]
fn g11_1_every_adversarial_value_vector_is_an_error_of_the_value() {
    use ColumnType as T;
    let mut seen = 0;
    for vector in section("adversarial") {
        let ty = match vector.name.split(' ').next().unwrap() {
            "duration" => T::Duration,
            "list" => list(T::Int),
            "map" => T::Map(Box::new(T::Int), Box::new(T::Int)),
            "decimal" => T::Decimal,
            "text" => T::Text,
            "inet" if vector.name == "inet value 5 bytes" => T::Inet,
            // A length in front of an element of varying size.
            "uvint" => T::Vector(Box::new(T::Text), 1),
            _ => continue,
        };
        let value = decode::<CqlValue>(&ty, Some(&vector.bytes));
        if vector.meaning.starts_with("value-level error") {
            assert!(value.is_err(), "{}: {value:?}", vector.name);
        } else {
            assert_eq!(vector.name, "decimal scale i32::MIN");
            assert!(matches!(value, Ok(CqlValue::Decimal(_))), "{value:?}");
        }
        seen += 1;
    }
    assert_eq!(seen, 9);
}

#[test]
fn null_empty_and_unknown_types_are_values() {
    use ColumnType as T;
    let custom = T::Custom("org.example.Point".into());
    assert_eq!(decode(&T::Int, None), Ok(CqlValue::Null));
    assert_eq!(decode(&T::Int, Some(&[])), Ok(CqlValue::Empty));
    assert_eq!(decode(&list(T::Int), Some(&[])), Ok(CqlValue::Empty));
    assert_eq!(decode(&T::Text, Some(&[])), Ok(CqlValue::from("")));
    assert_eq!(decode(&custom, Some(&[1])), Ok(CqlValue::Custom(vec![1])));
    assert_eq!(decode::<Option<CqlValue>>(&T::Int, None), Ok(None));
    assert_eq!(encode(Some(&custom), &CqlValue::Custom(vec![1])).unwrap(), [1][..]);
    assert_eq!(encode(Some(&T::Int), &CqlValue::Empty).unwrap(), [0; 0][..]);
    let mut out = bytes::BytesMut::new();
    crate::EncodeValue::encode(&CqlValue::Null, Some(&T::Int), &mut out).unwrap();
    assert_eq!(out, [0xFF; 4][..]);
}

#[test]
fn values_are_checked_against_their_bind_markers() {
    use ColumnType as T;
    use CqlValue as V;
    let int = || V::Int(1);
    let mismatches = [
        (T::BigInt, int()),
        (T::Int, V::from("a")),
        (T::BigInt, V::Counter(Counter(1))),
        (T::Int, V::List(vec![])),
        (list(T::Text), V::List(vec![int()])),
        (map(T::Int, T::Int), V::List(vec![int()])),
        (set(T::Int), V::Map(vec![])),
        (map(T::Int, T::Text), V::Map(vec![(int(), int())])),
        (list(T::Int), V::Tuple(vec![int()])),
        (T::Tuple(vec![T::Text]), V::Tuple(vec![int()])),
        (T::Tuple(vec![T::Int]), {
            V::UserType(CqlUserType { user_type: pair_type(), values: vec![int()] })
        }),
    ];
    for (ty, value) in mismatches {
        assert!(mismatch(encode(Some(&ty), &value)), "{ty}");
    }
    let too_many = ValueProblem::Elements { given: 2, expected: 1 };
    let tuple = V::Tuple(vec![int(), int()]);
    assert_eq!(problem(encode(Some(&T::Tuple(vec![T::Int])), &tuple)), too_many);
    let vector = V::Vector(vec![int(), int()]);
    assert_eq!(problem(encode(Some(&vector_of(T::Int, 1)), &vector)), too_many);
    let user_type = user_type(&[("a", T::Int)]);
    let user = V::UserType(CqlUserType { user_type, values: vec![int(), int()] });
    assert_eq!(problem(encode(None, &user)), too_many);
    let empty = V::Vector(vec![V::Empty, int()]);
    let shifted = problem(encode(Some(&vector_of(T::Int, 2)), &empty));
    assert_eq!(shifted, ValueProblem::Length { found: 4 });
}

#[test]
fn fields_are_encoded_in_the_order_of_the_bind_marker() {
    use ColumnType as T;
    let values = vec![CqlValue::Int(5), CqlValue::from("x")];
    let value = CqlUserType { user_type: pair_type(), values };
    let dynamic = CqlValue::UserType(value.clone());
    let int: &[u8] = &[0, 0, 0, 5];
    let altered = user_type(&[("b", T::Text), ("new", T::Int), ("a", T::Int)]);
    let bytes = encode(Some(&T::UserType(altered)), &dynamic).unwrap();
    assert_eq!(bytes, cells(&[Some(b"x"), None, Some(int)]));
    let longer = user_type(&[("a", T::Int), ("b", T::Text), ("new", T::Int)]);
    let bytes = encode(Some(&T::UserType(longer)), &dynamic).unwrap();
    assert_eq!(bytes, cells(&[Some(int), Some(b"x")]));
    let dropped = T::UserType(user_type(&[("b", T::Text)]));
    let error = encode(Some(&dropped), &dynamic).unwrap_err();
    assert!(matches!(&error, ValueError::MissingField(missing) if &*missing.field == "a"));
    let retyped = T::UserType(user_type(&[("a", T::Int), ("b", T::Int)]));
    let error = encode(Some(&retyped), &dynamic).unwrap_err();
    assert_eq!(error.to_string(), "field `b`: int does not go with String; use i32");

    assert_eq!(value.field("b"), Some(&CqlValue::from("x")));
    let short = CqlUserType { values: vec![], ..value };
    assert_eq!((short.field("b"), short.field("c")), (Some(&CqlValue::Null), None));
}

#[test]
fn f15_a_type_of_thousands_of_fields_costs_nothing_where_there_are_no_bytes() {
    let fields: Vec<_> = (0..65_535).map(|n| (n.to_string(), ColumnType::Int)).collect();
    let wide = UserType { keyspace: "ks".into(), name: "wide".into(), fields };
    let tuple = ColumnType::Tuple(vec![ColumnType::Int; 65_535]);
    let bytes = counted(10_000, &vec![Some(&b""[..]); 10_000]);
    for ty in [list(ColumnType::UserType(Arc::new(wide))), list(tuple)] {
        let CqlValue::List(values) = decode(&ty, Some(&bytes)).unwrap() else { panic!("no list") };
        let empty = |value: &CqlValue| match value {
            CqlValue::UserType(user) => user.values.capacity() == 0,
            CqlValue::Tuple(values) => values.capacity() == 0,
            _ => false,
        };
        assert!(values.len() == 10_000 && values.iter().all(empty));
    }
}

#[test]
fn h16_values_are_nested_as_deep_as_types_may_be_and_no_deeper() {
    let (mut ty, mut value) = (ColumnType::Int, CqlValue::Int(1));
    for level in 0..70 {
        let bytes = encode(Some(&ty), &value);
        let refused = "a value cannot be nested in more than 64 others";
        if level <= 64 {
            let decoded: CqlValue = decode(&ty, Some(&bytes.unwrap())).unwrap();
            assert_eq!(decoded, value);
        } else {
            assert!(bytes.unwrap_err().to_string().ends_with(refused));
            let inner = (0..level).fold(vec![0, 0, 0, 1], |inner, _| counted(1, &[Some(&inner)]));
            let outcome = decode::<CqlValue>(&ty, Some(&inner));
            assert_eq!(outcome.unwrap_err().to_string(), refused);
        }
        (ty, value) = (list(ty), CqlValue::List(vec![value]));
    }
}

/// Checks that what these bytes are read as, if anything, can be written, but for what servers
/// refuse.
fn check_hostile(ty: &ColumnType, bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(value) = decode::<CqlValue>(ty, Some(bytes)) else { return Ok(()) };
    match encode(Some(ty), &value) {
        Ok(_) => Ok(()),
        Err(ValueError::Value(invalid)) => {
            let refused = [ValueProblem::MixedSigns, ValueProblem::NotAscii];
            prop_assert!(refused.contains(&invalid.problem), "{}", invalid);
            Ok(())
        }
        // A null inside of a collection, and two keys that are the same.
        Err(ValueError::Misplaced(_)) => Ok(()),
        Err(error) => Err(TestCaseError::fail(error.to_string())),
    }
}

#[test]
fn a_row_of_unknown_columns_is_a_list_of_values() {
    let column = |name: &str, column_type| ColumnSpec {
        keyspace: "ks".into(),
        table: "t".into(),
        name: name.into(),
        column_type,
    };
    let columns = [column("id", ColumnType::Int), column("names", list(ColumnType::Text))];
    let names = counted(1, &[Some(b"a")]);
    let content = cells(&[Some(&[0, 0, 0, 1]), Some(&names), None, None]);
    let mut rows = RowIter::<Vec<CqlValue>>::new(&columns, 2, &content).unwrap();
    let first = vec![CqlValue::Int(1), CqlValue::List(vec!["a".into()])];
    assert_eq!(rows.next(), Some(Ok(first)));
    assert_eq!(rows.next(), Some(Ok(vec![CqlValue::Null, CqlValue::Null])));
    let error = RowIter::<Vec<i32>>::new(&columns, 2, &content).unwrap_err();
    assert!(error.to_string().starts_with("column `names`: list<text> does not go with i32"));
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded((ty, value) in typed_value()) {
        if value != CqlValue::Null {
            let bytes = encode(Some(&ty), &value).unwrap();
            prop_assert_eq!(decode(&ty, Some(&bytes)), Ok(value));
        }
    }

    #[test]
    fn g11_1_any_bytes_of_any_type_are_a_value_or_an_error(
        ty in column_type(),
        bytes in vec(prop_oneof![3 => Just(0_u8), 1 => 0_u8..9, 1 => any::<u8>()], 0..64),
    ) {
        check_hostile(&ty, &bytes)?;
    }

    #[test]
    fn g11_1_what_is_cut_off_or_flipped_is_a_value_or_an_error(
        (ty, value) in typed_value(),
        at: prop::sample::Index,
        flip: u8,
    ) {
        if value != CqlValue::Null {
            let mut bytes = encode(Some(&ty), &value).unwrap().to_vec();
            let at = at.index(bytes.len() + 1);
            check_hostile(&ty, &bytes[..at])?;
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= flip;
                check_hostile(&ty, &bytes)?;
            }
        }
    }
}
