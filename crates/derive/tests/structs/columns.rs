//! `COLUMNS`: what a row with names is read from.

use cqlwire_derive::{BindValues, Row};

/// Names that have to be quoted: of the language, and of two cases.
#[derive(BindValues, Row)]
#[cql(rename_all = "camelCase")]
struct User<'page> {
    id: i64,
    full_name: &'page str,
    r#order: Option<i32>,
    #[cql(default)]
    languages: Vec<String>,
    #[cql(skip)]
    seen: u64,
    #[cql(flatten)]
    place: Place<String>,
}

#[derive(BindValues, Row)]
struct Place<T> {
    city: T,
    #[cql(rename = "say \"hi\"")]
    greeting: T,
}

/// Generic in what is flattened.
#[derive(Row)]
struct With<T> {
    #[cql(flatten)]
    all: T,
    total: i64,
}

const EXPECTED: &str = r#""id", "fullName", "order", "languages", "city", "say ""hi""""#;

#[test]
fn a_row_knows_its_columns() {
    assert_eq!(User::COLUMNS.to_string(), EXPECTED);
    let names = ["id", "fullName", "order", "languages", "city", "say \"hi\""];
    assert_eq!(User::COLUMNS.names(), names);
    let markers = User::COLUMNS.markers().to_string();
    assert_eq!(markers, EXPECTED.replace("\"id\"", ":\"id\"").replace(", \"", ", :\""));
    assert_eq!(With::<Place<String>>::COLUMNS.names(), ["city", "say \"hi\"", "total"]);
}

#[test]
fn the_columns_are_those_that_the_fields_are_read_from_and_bound_to() {
    use bytes::BytesMut;
    use cqlwire_codec::{ColumnType, DecodeRow, EncodeValues};

    use crate::support::columns;

    let place = Place { city: "Oslo".to_owned(), greeting: "hei".to_owned() };
    let user = User { id: 1, full_name: "Ada", order: None, languages: vec![], seen: 1, place };
    let all = columns([
        ("id", ColumnType::BigInt),
        ("fullName", ColumnType::Text),
        ("order", ColumnType::Int),
        ("languages", ColumnType::List(Box::new(ColumnType::Text))),
        ("city", ColumnType::Text),
        ("say \"hi\"", ColumnType::Text),
    ]);
    assert_eq!(all.each_ref().map(|column| &*column.name), User::COLUMNS.names()[..]);
    assert!(User::plan(&all).is_ok());
    assert_eq!(user.encode_values(&all, &mut BytesMut::new()), Ok(6));
    assert_eq!((user.seen, user.place.greeting.len()), (1, 3));
    let with = With { all: 1, total: 2 };
    assert_eq!((with.all, with.total), (1, 2));
}
