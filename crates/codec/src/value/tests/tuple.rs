//! Tuples.

use proptest::prelude::*;

use super::{cells, decode, encode, list, mismatch, problem};
use crate::ColumnType::{Double, Int, Text};
use crate::vectors::vector;
use crate::{ColumnType, DecodeValue, EncodeValue, ValueProblem};

const ONE: &[u8] = &[0, 0, 0, 1];

fn int_and_text() -> ColumnType {
    ColumnType::Tuple(vec![Int, Text])
}

#[test]
fn g11_3_tuples_are_as_the_vectors_are() {
    let ty = int_and_text();
    let null = vector("value", "tuple<int,text> (1,null)").bytes;
    assert_eq!(decode(&ty, Some(&null)), Ok((1, None::<&str>)));
    assert_eq!(encode(Some(&ty), &(1, None::<&str>)).unwrap(), null);
    assert_eq!(encode(None, &(1, None::<&str>)).unwrap(), null);
    let short = vector("value", "tuple<int,text> short").bytes;
    assert_eq!(decode(&ty, Some(&short)), Ok((1, None::<&str>)));
}

#[test]
fn a_tuple_has_as_many_elements_in_rust_as_in_cql() {
    let ty = int_and_text();
    assert!(<(i32, String)>::accepts(&ty).is_ok());
    for outcome in [
        <(i32,)>::accepts(&ty),
        <(i32, String, i32)>::accepts(&ty),
        <(i32, i32)>::accepts(&ty),
        <(i32, i32)>::accepts(&list(Int)),
        <(i32,) as EncodeValue>::fits(&ty),
        <(i32, i32) as EncodeValue>::fits(&ty),
    ] {
        assert!(mismatch(outcome));
    }
    assert!(mismatch(encode(Some(&ty), &(1,))));
    assert!(mismatch(encode(Some(&ty), &(1, 2))));
    assert!(mismatch(encode(Some(&ty), &None::<(i32, i32)>)));
}

#[test]
fn h14_a_tuple_that_is_too_short_ends_in_nulls_and_one_that_is_too_long_is_an_error() {
    type Whole<'a> = (Option<i32>, Option<&'a str>);
    let ty = int_and_text();
    assert_eq!(decode::<Whole<'_>>(&ty, Some(&[])), Ok((None, None)));
    assert_eq!(decode::<Option<Whole<'_>>>(&ty, Some(&[])), Ok(Some((None, None))));
    assert_eq!(decode::<Option<Whole<'_>>>(&ty, None), Ok(None));
    assert_eq!(decode::<Whole<'_>>(&ty, Some(&cells(&[Some(ONE)]))), Ok((Some(1), None)));
    assert_eq!(problem(decode::<(i32, &str)>(&ty, Some(&cells(&[Some(ONE)])))), ValueProblem::Null);
    assert_eq!(problem(decode::<Whole<'_>>(&ty, None)), ValueProblem::Null);
    let long = cells(&[Some(ONE), Some(b"a"), None]);
    let too_many = ValueProblem::TooManyFields { fields: 2 };
    assert_eq!(problem(decode::<Whole<'_>>(&ty, Some(&long))), too_many);
    let cut = problem(decode::<Whole<'_>>(&ty, Some(&[0, 0, 0])));
    assert_eq!(cut, ValueProblem::UnexpectedEnd { needed: 4, remaining: 3 });
    let cut = problem(decode::<Whole<'_>>(&ty, Some(&[0, 0, 0, 4, 0])));
    assert_eq!(cut, ValueProblem::UnexpectedEnd { needed: 4, remaining: 1 });
    // Servers take any negative length for null there.
    assert_eq!(decode::<Whole<'_>>(&ty, Some(&[0x80, 0, 0, 0])), Ok((None, None)));
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(value: (Option<i32>, String, (f64, Vec<i32>))) {
        let inner = ColumnType::Tuple(vec![Double, list(Int)]);
        let ty = ColumnType::Tuple(vec![Int, Text, inner]);
        let bytes = encode(Some(&ty), &value).unwrap();
        prop_assert_eq!(decode(&ty, Some(&bytes)), Ok(value));
    }
}
