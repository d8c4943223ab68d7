//! Vectors.

use proptest::prelude::*;

use super::{decode, encode, list, mismatch, problem, vector_of};
use crate::ColumnType::{Date, Float, Int, SmallInt, Text, Time, TinyInt};
use crate::vectors::vector;
use crate::{ColumnType, DecodeValue, EncodeValue, ListIter, MaybeUnset, ValueProblem};

#[test]
fn g11_3_vectors_are_as_the_vectors_are() {
    let ty = vector_of(SmallInt, 2);
    let bytes = vector("value", "vector<smallint,2>").bytes;
    assert_eq!(decode(&ty, Some(&bytes)), Ok([1_i16, 2]));
    assert_eq!(encode(Some(&ty), &[1_i16, 2]).unwrap(), bytes);
    let ty = vector_of(TinyInt, 2);
    let bytes = vector("value", "vector<tinyint,2>").bytes;
    assert_eq!(decode(&ty, Some(&bytes)), Ok(vec![1_i8, -1]));
    assert_eq!(encode(Some(&ty), &vec![1_i8, -1]).unwrap(), bytes);
    let ty = vector_of(vector_of(Int, 2), 2);
    let bytes = vector("value", "vector<vector<int,2>,2>").bytes;
    assert_eq!(decode(&ty, Some(&bytes)), Ok([[1, 2], [3, 4]]));
    assert_eq!(encode(Some(&ty), &[[1, 2], [3, 4]]).unwrap(), bytes);
}

#[test]
fn elements_of_a_fixed_size_by_the_servers_rule_have_no_length() {
    use ColumnType as T;
    for ty in [T::Boolean, Int, Float, T::BigInt, T::Double, T::Timestamp, T::Uuid] {
        assert!(ty.fixed_bytes().is_some(), "{ty}");
        assert!(vector_of(ty, 3).fixed_bytes().is_some());
    }
    let varying = [TinyInt, SmallInt, Date, Time, Text, T::Inet, T::Varint, T::Duration, list(Int)];
    for ty in varying {
        assert_eq!(ty.fixed_bytes(), None, "{ty}");
    }
    let huge = (0..3).fold(Float, |element, _| vector_of(element, u32::MAX));
    assert_eq!(huge.fixed_bytes(), None);
}

#[test]
fn elements_are_decoded_one_at_a_time_and_borrowed() {
    let ty = vector_of(Text, 2);
    let bytes = [&[1, b'a', 0x80, 0x02][..], b"bc"].concat();
    let texts = decode::<ListIter<'_, &str>>(&ty, Some(&bytes)).unwrap();
    assert_eq!(texts.collect::<Result<Vec<_>, _>>(), Ok(vec!["a", "bc"]));
}

#[test]
fn j_a_vector_has_its_dimension_and_no_nulls() {
    let ty = vector_of(Float, 2);
    assert!(mismatch(<[f32; 3]>::accepts(&ty)));
    assert!(<[f32; 2]>::accepts(&ty).is_ok());
    let error = encode(Some(&ty), &[1.0_f32]).unwrap_err().in_column("v");
    let expected = "column `v`: vector<float, 2> as [f32; 1]: it has 1 elements and not 2";
    assert_eq!(error.to_string(), expected);
    let varying = vector_of(SmallInt, 2);
    let absent: [(&ColumnType, &dyn EncodeValue); 4] = [
        (&ty, &[Some(1_f32), None]),
        (&ty, &[MaybeUnset::Set(1_f32), MaybeUnset::Unset]),
        (&varying, &[Some(1_i16), None]),
        (&varying, &[MaybeUnset::Set(1_i16), MaybeUnset::Unset]),
    ];
    for (ty, value) in absent {
        let error = encode(Some(ty), value).unwrap_err().in_column("v");
        let expected =
            "column `v[1]`: an element of a collection or vector can be neither null nor unset";
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_long_element_has_a_long_length() {
    let ty = vector_of(Text, 3);
    let texts = ["", &"x".repeat(127), &"y".repeat(70_000)];
    let bytes = encode(Some(&ty), &texts).unwrap();
    assert_eq!(bytes.len(), 1 + (1 + 127) + (3 + 70_000));
    assert_eq!(decode(&ty, Some(&bytes)), Ok(texts));
}

#[test]
fn h15_a_vector_of_another_length_is_an_error() {
    let ints = vector_of(Int, 2);
    for bytes in [&[0; 4][..], &[0; 7], &[0; 9], &[0; 12]] {
        let expected = ValueProblem::ElementCount { count: 2, remaining: bytes.len() };
        assert_eq!(problem(decode::<Vec<i32>>(&ints, Some(bytes))), expected);
    }
    assert_eq!(problem(decode::<Vec<i32>>(&ints, Some(&[]))), ValueProblem::Empty);
    assert_eq!(decode::<Option<Vec<i32>>>(&ints, Some(&[])), Ok(None));

    let texts = vector_of(Text, 2);
    let of = |bytes: &[u8]| problem(decode::<Vec<String>>(&texts, Some(bytes)));
    assert_eq!(of(&[1, b'a', 5, b'b']), ValueProblem::UnexpectedEnd { needed: 5, remaining: 1 });
    assert_eq!(of(&[1, b'a', 1, b'b', 0]), ValueProblem::TrailingBytes { bytes: 1 });
    assert_eq!(of(&[1, b'a']), ValueProblem::UnexpectedEnd { needed: 1, remaining: 0 });
    let endless = [0xFF; 9];
    let needed = usize::MAX;
    assert_eq!(of(&endless), ValueProblem::UnexpectedEnd { needed, remaining: 0 });
}

#[test]
fn h15_a_dimension_alone_makes_no_room() {
    let expected = ValueProblem::ElementCount { count: i64::from(u32::MAX), remaining: 8 };
    let (ints, texts) = (vector_of(Int, u32::MAX), vector_of(Text, u32::MAX));
    let nested = vector_of(vector_of(ints.clone(), u32::MAX), u32::MAX);
    assert_eq!(problem(decode::<Vec<i32>>(&ints, Some(&[0; 8]))), expected);
    assert_eq!(problem(decode::<Vec<String>>(&texts, Some(&[0; 8]))), expected);
    assert_eq!(problem(decode::<Vec<Vec<Vec<i32>>>>(&nested, Some(&[0; 8]))), expected);
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(floats: [f32; 5], texts: [String; 3], nested: [[i16; 2]; 3]) {
        let ty = vector_of(Float, 5);
        let bytes = encode(Some(&ty), &floats).unwrap();
        prop_assert_eq!(decode(&ty, Some(&bytes)), Ok(floats));
        let ty = vector_of(Text, 3);
        let bytes = encode(Some(&ty), &texts).unwrap();
        prop_assert_eq!(decode(&ty, Some(&bytes)), Ok(texts));
        let ty = vector_of(vector_of(SmallInt, 2), 3);
        let bytes = encode(Some(&ty), &nested).unwrap();
        prop_assert_eq!(decode(&ty, Some(&bytes)), Ok(nested));
    }
}
