//! User types, by their fields.

use std::sync::Arc;

use bytes::BytesMut;

use super::{cells, decode, encode, list, mismatch, problem};
use crate::ColumnType::{Int, Text};
use crate::vectors::vector;
use crate::{
    ColumnType, DecodeValue, EncodeValue, FieldCell, FieldCells, UserType, ValueError,
    ValueProblem, check_fields, encode_fields, missing_field,
};

const FIVE: &[u8] = &[0, 0, 0, 5];

/// What a struct with these two fields does.
#[derive(Clone, Debug, Default, PartialEq)]
struct Pair {
    b: Option<String>,
    a: Option<i32>,
}

/// One that has to have a value.
#[derive(Debug)]
struct Whole;

impl DecodeValue<'_> for Whole {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        check_fields::<Self>(ty, &[("b", String::accepts)])
    }

    fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        let mut b = None;
        for field in FieldCells::<Self>::new(ty, cell)? {
            let field = field?;
            if field.name == "b" {
                b = Some(field.decode::<String>()?);
            }
        }
        b.map_or_else(|| missing_field(ty, "b"), Ok).map(|_: String| Self)
    }
}

impl DecodeValue<'_> for Pair {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        let (b, a) = (Option::<String>::accepts, Option::<i32>::accepts);
        check_fields::<Self>(ty, &[("b", b), ("a", a)])
    }

    fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        let mut pair = Self::default();
        for field in FieldCells::<Self>::new(ty, cell)? {
            let field = field?;
            match field.name {
                "a" => pair.a = field.decode()?,
                "b" => pair.b = field.decode()?,
                _ => {}
            }
        }
        Ok(pair)
    }
}

impl EncodeValue for Pair {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        encode_fields::<Self>(ty, &[("b", &self.b), ("a", &self.a)], out)
    }
}

fn user_type(fields: &[(&str, ColumnType)]) -> ColumnType {
    let fields = fields.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect();
    ColumnType::UserType(Arc::new(UserType { keyspace: "ks".into(), name: "pair".into(), fields }))
}

fn pair_type() -> ColumnType {
    user_type(&[("a", Int), ("b", Text)])
}

#[test]
fn g11_3_user_types_are_as_the_vectors_are_in_the_order_of_the_type() {
    let ty = pair_type();
    let vectors = [
        ("udt {a:int,b:text} (5,\"x\")", Pair { a: Some(5), b: Some("x".into()) }),
        ("udt all fields, b null", Pair { a: Some(5), b: None }),
    ];
    for (name, pair) in vectors {
        let bytes = vector("value", name).bytes;
        assert_eq!(encode(Some(&ty), &pair).unwrap(), bytes);
        assert_eq!(decode(&ty, Some(&bytes)), Ok(pair));
    }
    assert_eq!(decode(&ty, Some(&vector("value", "udt 0 bytes").bytes)), Ok(Pair::default()));
}

#[test]
fn fields_are_checked_by_name() {
    assert!(Pair::accepts(&pair_type()).is_ok());
    assert!(Pair::accepts(&user_type(&[("x", Int), ("b", Text), ("a", Int)])).is_ok());
    assert!(mismatch(Pair::accepts(&Int)));
    let missing = Pair::accepts(&user_type(&[("a", Int)])).unwrap_err();
    assert_eq!(missing.to_string(), "there is no field `b` in ks.pair for Pair: there is `a`");
    let inside = missing.in_field("home").in_column("c").to_string();
    assert!(inside.starts_with("column `c`: there is no field `home.b` in ks.pair"), "{inside}");
    let ty = user_type(&[("a", Int), ("b", Int)]);
    let error = Pair::accepts(&ty).unwrap_err().in_column("c");
    assert_eq!(error.to_string(), "column `c`, field `b`: int does not go with String; use i32");
}

#[test]
fn an_error_names_the_fields_on_the_way_to_it() {
    let ty = pair_type();
    let bytes = cells(&[Some(b"x")]);
    let error = decode::<Pair>(&ty, Some(&bytes)).unwrap_err().in_field("home").in_column("c");
    assert_eq!(error.to_string(), "column `c`, field `home.a`: int as i32: it cannot have 1 bytes");
}

#[test]
fn values_are_written_for_the_fields_that_the_type_has() {
    let pair = Pair { a: Some(5), b: Some("x".into()) };
    let reordered = user_type(&[("new", list(Int)), ("b", Text), ("a", Int), ("newer", Int)]);
    let expected = cells(&[None, Some(b"x"), Some(FIVE)]);
    assert_eq!(encode(Some(&reordered), &pair).unwrap(), expected);
    assert_eq!(encode(None, &pair).unwrap(), cells(&[Some(b"x"), Some(FIVE)]));
    let fewer = user_type(&[("a", Int)]);
    let error = encode(Some(&fewer), &pair).unwrap_err();
    assert_eq!(error.to_string(), "there is no field `b` in ks.pair for Pair: there is `a`");
    assert!(mismatch(encode(Some(&Int), &pair)));
    let other = user_type(&[("a", Int), ("b", Int)]);
    let error = encode(Some(&other), &pair).unwrap_err();
    assert_eq!(error.to_string(), "field `b`: int does not go with String; use i32");
}

#[test]
fn h14_a_user_type_that_is_too_short_ends_in_nulls_and_one_that_is_too_long_is_an_error() {
    let ty = pair_type();
    let short = cells(&[Some(FIVE)]);
    assert_eq!(decode(&ty, Some(&short)), Ok(Pair { a: Some(5), b: None }));
    let error = decode::<Whole>(&ty, Some(&short)).unwrap_err();
    assert_eq!(error.to_string(), "field `b`: text as String: it is null; use Option<String>");
    assert_eq!(missing_field::<Option<Vec<i32>>>(&ty, "b"), Ok(None));
    let long = cells(&[Some(FIVE), Some(b"x"), None]);
    let error = decode::<Pair>(&ty, Some(&long));
    assert_eq!(
        error.clone().unwrap_err().to_string(),
        "ks.pair as Pair: it has more than its 2 fields, so its type has been altered since"
    );
    assert_eq!(problem(error), ValueProblem::TooManyFields { fields: 2 });

    let mut fields = FieldCells::<Pair>::new(&ty, Some(&long)).unwrap();
    let a = FieldCell { name: "a", field_type: &Int, bytes: Some(FIVE) };
    assert_eq!(fields.next(), Some(Ok(a)));
    assert!(fields.next().unwrap().is_ok());
    assert!(fields.next().unwrap().is_err());
    assert_eq!(fields.next(), None);
}
