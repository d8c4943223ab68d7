//! Structs as user types.

use cqlwire_codec::ColumnType::{Int, List, Text};
use cqlwire_codec::{ColumnType, DecodeValue, EncodeValue};
use cqlwire_derive::{Row, UserType};

use crate::support::{cells, columns, decoded, encoded, row, user_type};

#[derive(Clone, Debug, PartialEq, UserType)]
struct Address {
    street: String,
    number: Option<i32>,
    #[cql(rename = "Tags")]
    tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, UserType)]
struct Tag {
    #[cql(default)]
    weight: i32,
    word: String,
    #[cql(skip)]
    seen: bool,
}

fn tag_type() -> ColumnType {
    user_type("tag", [("word", Text), ("weight", Int)])
}

fn address_type() -> ColumnType {
    let tags = List(Box::new(tag_type()));
    user_type("address", [("street", Text), ("number", Int), ("Tags", tags)])
}

fn address() -> Address {
    let tag = |word: &str, weight| Tag { weight, word: word.into(), seen: false };
    let tags = vec![tag("old", 1), tag("blue", 2)];
    Address { street: "Karl Johans gate".into(), number: Some(1), tags }
}

#[test]
fn user_types_in_lists_in_user_types_come_back_as_they_went() {
    let list = List(Box::new(address_type()));
    let without = Address { number: None, tags: vec![], ..address() };
    let addresses = vec![address(), without];
    let bytes = encoded(&list, &addresses).unwrap();
    assert_eq!(decoded(&list, Some(&bytes)), Ok(addresses));
}

#[test]
fn fields_go_by_their_names_whatever_their_order() {
    let ty = tag_type();
    let tag = Tag { weight: 5, word: "x".into(), seen: true };
    let bytes = cells(&[&"x", &5]);
    assert_eq!(encoded(&ty, &tag).unwrap(), bytes);
    assert_eq!(decoded(&ty, Some(&bytes)), Ok(Tag { seen: false, ..tag.clone() }));
    let more = user_type("tag", [("new", Int), ("weight", Int), ("word", Text), ("newer", Int)]);
    let bytes = encoded(&more, &tag).unwrap();
    assert_eq!(bytes, cells(&[&None::<i32>, &5, &"x"]));
    assert_eq!(decoded(&more, Some(&bytes)), Ok(Tag { seen: false, ..tag }));
}

#[test]
fn fields_that_are_missing_at_the_end_are_null() {
    let ty = address_type();
    let short = cells(&[&"a street"]);
    let error = decoded::<Address>(&ty, Some(&short)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "field `Tags`: list<ks.tag> as Vec<Tag>: it is null; use Option<Vec<Tag>>"
    );
    let tag = tag_type();
    let default = Tag { weight: 0, word: "x".into(), seen: false };
    assert_eq!(decoded(&tag, Some(&cells(&[&"x"]))), Ok(default.clone()));
    assert_eq!(decoded(&tag, Some(&cells(&[&"x", &None::<i32>]))), Ok(default.clone()));
    // Of a type from before the field was added, too; but what would be lost is not written.
    let older = user_type("tag", [("word", Text)]);
    assert_eq!(decoded(&older, Some(&cells(&[&"x"]))), Ok(default.clone()));
    let error = encoded(&older, &default).unwrap_err();
    assert_eq!(error.to_string(), "there is no field `weight` in ks.tag for Tag: there is `word`");
}

#[test]
fn errors_name_the_fields_on_the_way() {
    let wrong = user_type("tag", [("word", Text), ("weight", Text)]);
    let ty =
        user_type("address", [("street", Text), ("number", Int), ("Tags", List(Box::new(wrong)))]);
    let error = Address::accepts(&ty).unwrap_err().in_column("home");
    assert_eq!(
        error.to_string(),
        "column `home`, field `Tags.weight`: text does not go with i32; use String"
    );
    let error = <Address as EncodeValue>::fits(&ty).unwrap_err();
    assert_eq!(error.to_string(), "field `Tags.weight`: text does not go with i32; use String");
    let error = Address::accepts(&user_type("address", [("street", Text)])).unwrap_err();
    assert_eq!(
        error.in_column("home").to_string(),
        "column `home`: there is no field `number` in ks.address for Address: there is `street`"
    );
    let error = Address::accepts(&Int).unwrap_err();
    assert_eq!(error.to_string(), "int does not go with Address; use i32");
    let null = decoded::<Address>(&address_type(), None).unwrap_err();
    assert_eq!(null.to_string(), "ks.address as Address: it is null; use Option<Address>");
    let long = cells(&[&"x", &5, &5]);
    let error = decoded::<Tag>(&tag_type(), Some(&long)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ks.tag as Tag: it has more than its 2 fields, so its type has been altered since"
    );
}

#[derive(Debug, PartialEq, UserType)]
struct Borrowed<'a> {
    word: &'a str,
}

#[derive(Debug, PartialEq, UserType)]
struct Generic<T> {
    weight: T,
    words: Option<Vec<T>>,
}

#[test]
fn user_types_may_borrow_and_be_generic() {
    let (ty, bytes) = (tag_type(), cells(&[&"x", &5]));
    assert_eq!(decoded(&ty, Some(&bytes)), Ok(Borrowed { word: "x" }));
    assert_eq!(encoded(&ty, &Borrowed { word: "x" }).unwrap(), cells(&[&"x"]));
    let ty = user_type("tag", [("weight", Int), ("words", List(Box::new(Int)))]);
    let value = Generic { weight: 1, words: Some(vec![2]) };
    let bytes = encoded(&ty, &value).unwrap();
    assert_eq!(decoded(&ty, Some(&bytes)), Ok(value));
}

#[test]
fn values_are_columns_of_rows() {
    #[derive(Debug, PartialEq, Row)]
    struct Person {
        id: i32,
        home: Option<Address>,
        #[cql(default)]
        others: Vec<Address>,
    }
    let columns = columns([("home", address_type()), ("id", Int)]);
    // Without a type its fields would go in the order of the struct.
    let home = encoded(&address_type(), &address()).unwrap();
    let content = cells(&[&home, &7]);
    let expected = Person { id: 7, home: Some(address()), others: vec![] };
    assert_eq!(row(&columns, &content), Ok(expected));
}
