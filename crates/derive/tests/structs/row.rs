//! Rows by the names of their columns.

use std::collections::HashMap;

use cqlwire_codec::ColumnType::{BigInt, Double, Int, Text};
use cqlwire_codec::{ColumnSpec, DecodeRow, DecodeValue, Row, RowIter, ValueError};
use cqlwire_derive::Row;

use crate::support::{cells, columns, row, rows};

#[derive(Debug, PartialEq, Row)]
struct User {
    id: i64,
    name: String,
    age: Option<i32>,
}

fn user() -> [ColumnSpec; 3] {
    columns([("id", BigInt), ("name", Text), ("age", Int)])
}

fn ada() -> User {
    User { id: 7, name: "Ada".into(), age: Some(36) }
}

fn error<T: for<'page> DecodeRow<'page>>(columns: &[ColumnSpec]) -> String {
    T::plan(columns).err().unwrap().to_string()
}

#[test]
fn columns_come_in_any_order_and_among_others() {
    let (id, name, age) = (7_i64, "Ada", 36);
    assert_eq!(row(&user(), &cells(&[&id, &name, &age])), Ok(ada()));
    let shuffled = columns([("age", Int), ("id", BigInt), ("name", Text)]);
    assert_eq!(row(&shuffled, &cells(&[&age, &id, &name])), Ok(ada()));
    let among = [("x", Int), ("name", Text), ("y", Text), ("age", Int), ("id", BigInt), ("z", Int)];
    let content = cells(&[&1, &name, &"", &age, &id, &2]);
    let two = [content.clone(), content].concat();
    assert_eq!(rows(&columns(among), &two, 2), Ok(vec![ada(), ada()]));
    let after = columns([("id", BigInt), ("name", Text), ("age", Int), ("x", Int)]);
    let two = cells(&[&id, &name, &age, &1, &id, &name, &None::<i32>, &1]);
    let second = User { age: None, ..ada() };
    assert_eq!(rows(&after, &two, 2), Ok(vec![ada(), second]));
}

#[test]
fn of_two_columns_with_one_name_the_first_is_taken() {
    let twice = columns([("age", Int), ("id", BigInt), ("id", BigInt), ("name", Text)]);
    let content = cells(&[&36, &7_i64, &8_i64, &"Ada"]);
    assert_eq!(row(&twice, &content), Ok(ada()));
}

#[test]
fn what_does_not_fit_is_told_before_any_row() {
    assert_eq!(
        error::<User>(&columns([("id", BigInt), ("Name", Text)])),
        "there is no column `name` for a field of User, String: there is `id`, `Name`; select it, \
         rename the field, or let it have a default"
    );
    assert_eq!(
        error::<User>(&columns([("name", Int), ("id", BigInt)])),
        "column `name`: int does not go with String; use i32"
    );
    let many: Vec<_> = (0..40).flat_map(|n| columns([(&*format!("c{n}"), Int)])).collect();
    let told = error::<User>(&many);
    assert!(told.contains("`c14`, `c15`, and more;") && !told.contains("c16"), "{told}");
}

#[test]
fn null_for_what_is_no_option_names_the_column_and_what_to_use() {
    for columns in [user(), columns([("age", Int), ("name", Text), ("id", BigInt)])] {
        let nulls: [&dyn cqlwire_codec::EncodeValue; 3] = [&None::<i32>; 3];
        let error = row::<User>(&columns, &cells(&nulls)).unwrap_err();
        assert_eq!(error.to_string(), "column `id`: bigint as i64: it is null; use Option<i64>");
    }
}

#[test]
fn content_cut_anywhere_is_an_error() {
    let shuffled = columns([("x", Int), ("name", Text), ("id", BigInt), ("age", Int)]);
    let content = cells(&[&1, &"Ada", &7_i64, &36]);
    assert_eq!(row(&shuffled, &content), Ok(ada()));
    for length in 0..content.len() {
        let error = row::<User>(&shuffled, &content[..length]).unwrap_err();
        assert!(matches!(error, ValueError::CutRow { .. }), "{error}");
    }
}

#[derive(Debug, PartialEq, Row)]
#[cql(strict)]
struct Strict {
    id: i64,
    #[cql(default)]
    name: String,
}

#[test]
fn a_strict_struct_takes_no_other_columns() {
    let known = columns([("name", Text), ("id", BigInt)]);
    let found = Strict { id: 7, name: "Ada".into() };
    assert_eq!(row(&known, &cells(&[&"Ada", &7_i64])), Ok(found));
    assert!(Strict::plan(&columns([("id", BigInt)])).is_ok());
    assert_eq!(error::<Strict>(&user()), "the column `age` is none of Strict, which is strict");
    let before = columns([("x", Int), ("id", BigInt)]);
    assert_eq!(error::<Strict>(&before), "the column `x` is none of Strict, which is strict");
}

#[derive(Debug, PartialEq, Row)]
#[cql(rename_all = "camelCase")]
struct Renamed {
    first_name: String,
    #[cql(rename = "Last Name")]
    last_name: String,
    r#type: i32,
    #[cql(skip)]
    letters: usize,
}

#[test]
fn fields_are_renamed_or_skipped() {
    let columns =
        columns([("letters", Text), ("type", Int), ("Last Name", Text), ("firstName", Text)]);
    let expected =
        Renamed { first_name: "Ada".into(), last_name: "Lovelace".into(), r#type: 1, letters: 0 };
    assert_eq!(row(&columns, &cells(&[&"x", &1, &"Lovelace", &"Ada"])), Ok(expected));
}

#[derive(Debug, PartialEq, Row)]
struct Defaults {
    #[cql(default)]
    count: i64,
    id: i64,
    #[cql(default)]
    note: Option<String>,
}

#[test]
fn a_default_stands_for_no_column_and_for_null() {
    let expected = Defaults { count: 0, id: 7, note: None };
    assert_eq!(row(&columns([("id", BigInt)]), &cells(&[&7_i64])), Ok(expected));
    let all = columns([("count", BigInt), ("id", BigInt), ("note", Text)]);
    let expected = Defaults { count: 0, id: 7, note: Some("x".into()) };
    assert_eq!(row(&all, &cells(&[&None::<i64>, &7_i64, &"x"])), Ok(expected));
    let shuffled = columns([("note", Text), ("count", BigInt), ("id", BigInt)]);
    let expected = Defaults { count: 3, id: 7, note: None };
    assert_eq!(row(&shuffled, &cells(&[&None::<&str>, &3_i64, &7_i64])), Ok(expected));
    let wrong = columns([("id", BigInt), ("count", Text)]);
    assert_eq!(error::<Defaults>(&wrong), "column `count`: text does not go with i64; use String");
}

#[derive(Debug, PartialEq, Row)]
#[cql(strict)]
struct Measured {
    station: i32,
    #[cql(flatten)]
    place: Place,
    celsius: f64,
}

#[derive(Debug, PartialEq, Row)]
struct Place {
    longitude: f64,
    latitude: f64,
}

#[test]
fn a_struct_inside_of_the_row_takes_its_own_columns() {
    let expected = || Measured {
        station: 1,
        place: Place { longitude: 10.75, latitude: 59.9 },
        celsius: -3.5,
    };
    let orders: [([&str; 4], [f64; 3]); 2] = [
        (["station", "celsius", "latitude", "longitude"], [-3.5, 59.9, 10.75]),
        (["station", "latitude", "longitude", "celsius"], [59.9, 10.75, -3.5]),
    ];
    for ([a, b, c, d], [x, y, z]) in orders {
        let columns = columns([(a, Int), (b, Double), (c, Double), (d, Double)]);
        let one = cells(&[&1, &x, &y, &z]);
        let two = [one.clone(), one].concat();
        assert_eq!(rows(&columns, &two, 2), Ok(vec![expected(), expected()]));
    }
    let missing = columns([("station", Int), ("celsius", Double), ("latitude", Double)]);
    assert!(error::<Measured>(&missing).contains("`longitude` for a field of Place, f64"));
    let [a, b, c, d, e] = ["station", "celsius", "latitude", "longitude", "x"];
    let more = columns([(a, Int), (b, Double), (c, Double), (d, Double), (e, Int)]);
    assert_eq!(error::<Measured>(&more), "the column `x` is none of Measured, which is strict");
}

#[derive(Debug, PartialEq, Row)]
struct Borrowed<'a> {
    name: &'a str,
    photo: &'a [u8],
    #[cql(flatten)]
    rest: BorrowedRest<'a>,
}

#[derive(Debug, PartialEq, Row)]
struct BorrowedRest<'page> {
    note: Option<&'page str>,
}

#[test]
fn rows_borrow_from_their_page() {
    let columns =
        columns([("note", Text), ("photo", cqlwire_codec::ColumnType::Blob), ("name", Text)]);
    let content = cells(&[&"a note", &[1_u8, 2].as_slice(), &"Ada"]);
    let row: Borrowed<'_> = row(&columns, &content).unwrap();
    let rest = BorrowedRest { note: Some("a note") };
    assert_eq!(row, Borrowed { name: "Ada", photo: &[1, 2], rest });
    assert!(content.as_ptr_range().contains(&row.name.as_ptr()));
}

#[derive(Debug, PartialEq, Row)]
struct Generic<T, E, const N: usize>
where
    T: PartialEq,
{
    #[cql(default)]
    one: T,
    many: Vec<T>,
    blob: [u8; N],
    #[cql(skip)]
    extra: Option<E>,
    #[cql(flatten)]
    inner: Inner<T>,
}

#[derive(Debug, PartialEq, Row)]
struct Inner<T> {
    map: HashMap<String, T>,
}

#[test]
fn structs_may_be_generic() {
    let list = cqlwire_codec::ColumnType::List(Box::new(Int));
    let map = cqlwire_codec::ColumnType::Map(Box::new(Text), Box::new(Int));
    let blob = cqlwire_codec::ColumnType::Blob;
    let columns = columns([("map", map), ("many", list), ("blob", blob)]);
    let map: HashMap<String, i32> = [("a".to_owned(), 1)].into();
    let content = cells(&[&map, &vec![1, 2], &[7_u8; 2].as_slice()]);
    let expected: Generic<i32, std::fs::File, 2> = unequal(map);
    let found: Generic<i32, std::fs::File, 2> = row(&columns, &content).unwrap();
    assert_eq!((found.one, &found.many, found.blob), (0, &expected.many, expected.blob));
    assert_eq!(found.inner, expected.inner);
    assert!(found.extra.is_none());
}

fn unequal(map: HashMap<String, i32>) -> Generic<i32, std::fs::File, 2> {
    Generic { one: 0, many: vec![1, 2], blob: [7, 7], extra: None, inner: Inner { map } }
}

#[test]
fn a_raw_row_may_be_inside_of_another() {
    #[derive(Row)]
    struct WithAll<'page> {
        id: i64,
        #[cql(flatten)]
        all: Row<'page>,
    }
    let (columns, content) = (user(), cells(&[&7_i64, &"Ada", &36]));
    let found: WithAll<'_> = row(&columns, &content).unwrap();
    assert_eq!((found.id, found.all.get("name")), (7, Ok("Ada")));
}

/// Counts how often a type is checked.
#[derive(Debug, PartialEq)]
struct Checked(i32);

static CHECKS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

impl DecodeValue<'_> for Checked {
    fn accepts(ty: &cqlwire_codec::ColumnType) -> Result<(), ValueError> {
        CHECKS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        i32::accepts(ty)
    }

    fn decode(ty: &cqlwire_codec::ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        i32::decode(ty, cell).map(Self)
    }
}

#[test]
fn types_are_checked_once_for_all_rows() {
    #[derive(Row)]
    struct Numbers {
        n: Checked,
    }
    let columns = columns([("x", Int), ("n", Int)]);
    let content = cells(&[&0, &1, &0, &2, &0, &3]);
    let rows = RowIter::<Numbers>::new(&columns, 3, &content).unwrap();
    assert_eq!(rows.map(|row| row.unwrap().n.0).sum::<i32>(), 6);
    assert_eq!(CHECKS.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[derive(Debug, PartialEq, Row)]
struct OnlyInner {
    #[cql(flatten)]
    place: Place,
    #[cql(flatten)]
    user: User,
}

#[test]
fn a_struct_may_have_nothing_but_structs_inside() {
    let columns = columns([
        ("id", BigInt),
        ("latitude", Double),
        ("longitude", Double),
        ("name", Text),
        ("age", Int),
    ]);
    let one = cells(&[&7_i64, &59.9, &10.75, &"Ada", &36]);
    let expected = || OnlyInner { place: Place { longitude: 10.75, latitude: 59.9 }, user: ada() };
    let two = [one.clone(), one].concat();
    assert_eq!(rows(&columns, &two, 2), Ok(vec![expected(), expected()]));
}
