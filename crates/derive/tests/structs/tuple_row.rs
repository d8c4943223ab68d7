//! Rows by the positions of their columns.

use cqlwire_codec::ColumnType::{BigInt, Int, Text};
use cqlwire_codec::{DecodeRow, ValueError};
use cqlwire_derive::Row;

use crate::support::{cells, columns, row};

#[derive(Debug, PartialEq, Row)]
struct Point<'a, T>(i32, #[cql(skip)] u8, #[cql(default)] T, &'a str);

#[test]
fn a_tuple_struct_takes_the_columns_as_they_come() {
    let columns = columns([("a", Int), ("b", BigInt), ("c", Text)]);
    let content = cells(&[&1, &2_i64, &"x"]);
    assert_eq!(row(&columns, &content), Ok(Point(1, 0, 2_i64, "x")));
    let content = cells(&[&1, &None::<i64>, &"x"]);
    assert_eq!(row(&columns, &content), Ok(Point(1, 0, 0_i64, "x")));
}

#[test]
fn columns_are_counted_and_checked() {
    let two = columns([("a", Int), ("b", BigInt)]);
    let error = Point::<i64>::plan(&two).unwrap_err();
    assert_eq!(error, ValueError::Columns { wanted: 3, found: 2 });
    let other = columns([("a", Int), ("b", Text), ("c", Text)]);
    let error = Point::<i64>::plan(&other).unwrap_err();
    assert_eq!(error.to_string(), "column `b`: text does not go with i64; use String");
}
