//! Newtypes and enums as values.

use cqlwire_codec::ColumnType::{self, BigInt, Float, Int, SmallInt, Text, TinyInt, Vector};
use cqlwire_codec::{DecodeValue, EncodeValue, ValueError, ValueProblem};
use cqlwire_derive::{Row, Value};

use crate::support::{cells, columns, decoded, encoded, row};

#[derive(Clone, Debug, PartialEq, Value)]
struct UserId(i32);

#[derive(Debug, PartialEq, Value)]
struct Wrapped<'a, T> {
    inner: &'a [u8],
    #[cql(skip)]
    mark: std::marker::PhantomData<T>,
}

#[derive(Debug, PartialEq, Value)]
struct Celsius(f32);

#[derive(Debug, PartialEq, Value)]
struct Generic<T>(T);

#[test]
fn a_newtype_is_what_its_only_field_is() {
    assert_eq!(encoded(&Int, &UserId(7)).unwrap(), [0, 0, 0, 7]);
    assert_eq!(decoded(&Int, Some(&[0, 0, 0, 7])), Ok(UserId(7)));
    let error = UserId::accepts(&Text).unwrap_err();
    assert_eq!(error.to_string(), "text does not go with i32; use String");
    assert!(<UserId as EncodeValue>::fits(&Text).is_err());
    let mark = std::marker::PhantomData::<String>;
    let blob = ColumnType::Blob;
    assert_eq!(decoded(&blob, Some(&[1])), Ok(Wrapped { inner: &[1], mark }));
    assert_eq!(encoded(&blob, &Wrapped { inner: &[1], mark }).unwrap(), [1]);
    assert_eq!(decoded(&Text, Some(b"a")), Ok(Generic("a")));
    // In a vector, where elements have no length.
    let vector = Vector(Box::new(Float), 2);
    let bytes = encoded(&vector, &vec![Celsius(1.0), Celsius(2.0)]).unwrap();
    assert_eq!(bytes, [1.0_f32.to_be_bytes(), 2.0_f32.to_be_bytes()].concat());
    assert_eq!(decoded(&vector, Some(&bytes)), Ok(vec![Celsius(1.0), Celsius(2.0)]));
}

#[derive(Clone, Copy, Debug, PartialEq, Value)]
#[cql(rename_all = "snake_case")]
enum State {
    New,
    InTransit,
    #[cql(rename = "LOST!")]
    Missing,
}

#[derive(Clone, Copy, Debug, PartialEq, Value)]
enum AsWritten {
    InTransit,
}

#[derive(Clone, Copy, Debug, PartialEq, Value)]
#[cql(by = "number")]
#[repr(i16)]
enum Priority {
    Low = -1,
    Normal,
    High = 300,
}

#[derive(Clone, Copy, Debug, PartialEq, Value)]
#[cql(by = "number")]
#[repr(i64)]
enum Huge {
    Least = i64::MIN,
}

#[test]
fn an_enum_is_a_text() {
    let texts = [(State::New, "new"), (State::InTransit, "in_transit"), (State::Missing, "LOST!")];
    for (state, text) in texts {
        for ty in [&Text, &ColumnType::Ascii] {
            assert_eq!(encoded(ty, &state).unwrap(), text.as_bytes());
            assert_eq!(decoded(ty, Some(text.as_bytes())), Ok(state));
        }
        assert_eq!(cells(&[&state]), cells(&[&text]));
    }
    assert_eq!(encoded(&Text, &AsWritten::InTransit).unwrap(), b"InTransit");
    let error = encoded(&Int, &State::New).unwrap_err();
    assert_eq!(error.to_string(), "int does not go with State; use i32");
    assert!(State::accepts(&Int).is_err() && <State as EncodeValue>::fits(&Int).is_err());
    assert_eq!(decoded::<Option<State>>(&Text, None), Ok(None));
}

#[test]
fn an_enum_is_a_number() {
    for (priority, number) in [(Priority::Low, -1), (Priority::Normal, 0), (Priority::High, 300)] {
        let bytes = i16::to_be_bytes(number);
        assert_eq!(encoded(&SmallInt, &priority).unwrap(), bytes);
        assert_eq!(decoded(&SmallInt, Some(&bytes)), Ok(priority));
    }
    assert_eq!(encoded(&BigInt, &Huge::Least).unwrap(), i64::MIN.to_be_bytes());
    assert_eq!(decoded(&BigInt, Some(&i64::MIN.to_be_bytes())), Ok(Huge::Least));
    for ty in [Int, TinyInt, BigInt, Text] {
        assert!(Priority::accepts(&ty).is_err() && encoded(&ty, &Priority::Low).is_err(), "{ty}");
    }
}

#[test]
fn what_no_variant_stands_for_is_an_error_that_names_it() {
    let text = decoded::<State>(&Text, Some(b"sold")).unwrap_err().in_column("state");
    assert_eq!(text.to_string(), "column `state`: text as State: `sold` is no variant");
    let number = decoded::<Priority>(&SmallInt, Some(&[0, 7])).unwrap_err();
    assert_eq!(number.to_string(), "smallint as Priority: `7` is no variant");
    let long = "ñ".repeat(1_000_000);
    let error = decoded::<State>(&Text, Some(long.as_bytes())).unwrap_err();
    assert!(error.to_string().len() < 200);
    let null = decoded::<State>(&Text, None).unwrap_err();
    assert_eq!(null.to_string(), "text as State: it is null; use Option<State>");
    let cut = decoded::<Priority>(&SmallInt, Some(&[0])).unwrap_err();
    let ValueError::Value(invalid) = cut else { panic!("another error") };
    assert_eq!(invalid.problem, ValueProblem::Length { found: 1 });
}

#[test]
fn newtypes_and_enums_are_columns_of_rows() {
    #[derive(Debug, PartialEq, Row)]
    struct Parcel {
        id: UserId,
        state: State,
    }
    let columns = columns([("state", Text), ("id", Int)]);
    let content = cells(&[&State::InTransit, &UserId(7)]);
    assert_eq!(row(&columns, &content), Ok(Parcel { id: UserId(7), state: State::InTransit }));
}
