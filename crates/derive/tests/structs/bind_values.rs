//! Bind values by the names of their markers.

use bytes::BytesMut;
use cqlwire_codec::ColumnType::{BigInt, Int, Text};
use cqlwire_codec::{ColumnSpec, EncodeValues, EncodedValues, Unset, ValueError};
use cqlwire_derive::{BindValues, Row};

use crate::support::{cells, columns, row};

#[derive(Debug, PartialEq, Row, BindValues)]
struct User<'a> {
    id: i64,
    name: &'a str,
    #[cql(rename = "years", default)]
    age: Option<i32>,
    #[cql(skip)]
    letters: usize,
}

const ADA: User<'_> = User { id: 7, name: "Ada", age: Some(36), letters: 3 };

fn bound(
    values: &dyn EncodeValues,
    markers: &[ColumnSpec],
) -> Result<(usize, Vec<u8>), ValueError> {
    let mut out = BytesMut::new();
    let count = values.encode_values(markers, &mut out)?;
    assert_eq!(values.named(markers), markers.is_empty());
    Ok((count, out.into()))
}

#[test]
fn fields_go_to_the_markers_of_their_names() {
    let markers = columns([("years", Int), ("id", BigInt), ("name", Text)]);
    let bytes = cells(&[&36, &7_i64, &"Ada"]);
    assert_eq!(bound(&ADA, &markers), Ok((3, bytes.clone())));
    assert_eq!(row(&markers, &bytes), Ok(User { letters: 0, ..ADA }));
    let twice = columns([("id", BigInt), ("name", Text), ("years", Int), ("id", BigInt)]);
    assert_eq!(bound(&ADA, &twice), Ok((4, cells(&[&7_i64, &"Ada", &36, &7_i64]))));
}

#[test]
fn without_markers_the_names_are_sent_along() {
    let mut expected = b"\0\x02id".to_vec();
    expected.extend(cells(&[&7_i64]));
    expected.extend(b"\0\x04name");
    expected.extend(cells(&[&"Ada"]));
    expected.extend(b"\0\x05years");
    expected.extend(cells(&[&36]));
    assert_eq!(bound(&ADA, &[]), Ok((3, expected)));
}

#[test]
fn names_that_do_not_match_are_errors() {
    let error = bound(&ADA, &columns([("id", BigInt), ("name", Text), ("Years", Int)]));
    assert_eq!(error.unwrap_err().to_string(), "there is no value for the bind marker `Years`");
    let error = bound(&ADA, &columns([("id", BigInt), ("name", Text)])).unwrap_err();
    assert_eq!(error.to_string(), "there is no bind marker `years`");
    let error = bound(&ADA, &columns([("id", BigInt), ("name", Int), ("years", Int)]));
    let told = error.unwrap_err().to_string();
    assert_eq!(told, "column `name`: int does not go with &str; use i32");
}

#[derive(BindValues)]
struct Visit<T> {
    at: T,
    #[cql(flatten)]
    by: User<'static>,
}

#[test]
fn the_fields_of_a_flattened_struct_are_bound_too() {
    let visit = Visit { at: Unset, by: ADA };
    let markers = columns([("name", Text), ("at", BigInt), ("years", Int), ("id", BigInt)]);
    let expected = cells(&[&"Ada", &Unset, &36, &7_i64]);
    assert_eq!(bound(&visit, &markers), Ok((4, expected)));
    let error = bound(&visit, &columns([("at", Int), ("id", Int)])).unwrap_err();
    assert_eq!(error.to_string(), "column `id`: int does not go with i64; use i32");
}

#[test]
fn the_partition_is_found_by_the_names_too() {
    let markers = columns([("name", Text), ("years", Int), ("id", BigInt)]);
    let by_name = EncodedValues::encode(&ADA, &markers, BytesMut::new()).unwrap();
    let by_position = ("Ada", 36, 7_i64);
    let by_position = EncodedValues::encode(&by_position, &markers, BytesMut::new()).unwrap();
    assert!(by_name.token(&[2]).is_some());
    assert_eq!(by_name.token(&[2]), by_position.token(&[2]));
}
