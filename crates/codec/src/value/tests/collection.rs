//! Lists, sets and maps.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proptest::prelude::*;

use super::{cells, counted, decode, encode, list, map, mismatch, problem, set};
use crate::ColumnType::{BigInt, Int, Text};
use crate::vectors::vector;
use crate::{
    ColumnType, CqlValue, DecodeValue, EncodeValue, ListIter, MapIter, MaybeUnset, Unset,
    ValueError, ValueProblem,
};

const ONE: &[u8] = &[0, 0, 0, 1];
const TWO: &[u8] = &[0, 0, 0, 2];

fn bytes_of(name: &str) -> Vec<u8> {
    vector("value", name).bytes
}

#[test]
fn g11_3_lists_and_maps_are_as_the_vectors_are() {
    let (texts, ints, counts) = (list(Text), list(Int), map(Text, Int));
    for (name, value) in [("list<text> []", vec![]), ("list<text> [\"\",\"\"]", vec!["", ""])] {
        let bytes = bytes_of(name);
        assert_eq!(encode(Some(&texts), &value).unwrap(), bytes);
        assert_eq!(decode::<Vec<&str>>(&texts, Some(&bytes)), Ok(value));
    }
    let bytes = bytes_of("list<int> [1,null]");
    assert_eq!(decode::<Vec<Option<i32>>>(&ints, Some(&bytes)), Ok(vec![Some(1), None]));
    let bytes = bytes_of("map<text,int>");
    let expected = BTreeMap::from([("a", 1), ("b", 2)]);
    assert_eq!(decode::<BTreeMap<&str, i32>>(&counts, Some(&bytes)), Ok(expected.clone()));
    assert_eq!(encode(Some(&counts), &expected).unwrap(), bytes);
    let owned = HashMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
    assert_eq!(decode::<HashMap<String, i32>>(&counts, Some(&bytes)), Ok(owned));
}

#[test]
fn elements_are_decoded_one_at_a_time_and_borrowed() {
    let ty = list(Text);
    let bytes = counted(2, &[Some(b"a"), Some(b"bc")]);
    let mut texts = decode::<ListIter<'_, &str>>(&ty, Some(&bytes)).unwrap();
    assert_eq!(texts.size_hint(), (2, Some(2)));
    let first = texts.next().unwrap().unwrap();
    assert!(bytes.as_ptr_range().contains(&first.as_ptr()));
    assert_eq!((first, texts.next(), texts.next()), ("a", Some(Ok("bc")), None));

    let ty = map(Text, list(Int));
    let inner = counted(1, &[Some(TWO)]);
    let bytes = counted(1, &[Some(b"k"), Some(&inner)]);
    let mut entries = decode::<MapIter<'_, &str, ListIter<'_, i32>>>(&ty, Some(&bytes)).unwrap();
    assert_eq!(entries.size_hint(), (1, Some(1)));
    let (key, values) = entries.next().unwrap().unwrap();
    assert_eq!((key, values.collect()), ("k", Ok(vec![2])));
    assert!(entries.next().is_none());
}

#[test]
fn iteration_ends_after_its_first_error() {
    let ty = list(Int);
    let bytes = counted(3, &[Some(ONE), Some(b"x"), Some(ONE)]);
    let mut ints = decode::<ListIter<'_, i32>>(&ty, Some(&bytes)).unwrap();
    assert_eq!(ints.next(), Some(Ok(1)));
    assert_eq!(problem(ints.next().unwrap()), ValueProblem::Length { found: 1 });
    assert_eq!((ints.next(), ints.size_hint()), (None, (0, Some(0))));

    let ty = map(Int, Int);
    let bytes = counted(2, &[Some(ONE), Some(b"x"), Some(ONE), Some(ONE)]);
    let mut entries = decode::<MapIter<'_, i32, i32>>(&ty, Some(&bytes)).unwrap();
    assert_eq!(problem(entries.next().unwrap()), ValueProblem::Length { found: 1 });
    assert_eq!((entries.next(), entries.size_hint()), (None, (0, Some(0))));
}

#[test]
fn types_are_checked_through_every_level() {
    let nested = map(Text, list(Int));
    assert!(HashMap::<String, Vec<i32>>::accepts(&nested).is_ok());
    let error = HashMap::<String, Vec<i64>>::accepts(&nested).unwrap_err().in_column("m");
    assert_eq!(error.to_string(), "column `m`: int does not go with i64; use i32");
    assert!(mismatch(Vec::<i32>::accepts(&Int)));
    assert!(mismatch(HashSet::<i32>::accepts(&list(Int))));
    assert!(mismatch(BTreeMap::<i32, i32>::accepts(&set(Int))));
    assert!(Vec::<i32>::accepts(&set(Int)).is_ok());
    let wrong: [(&ColumnType, &dyn EncodeValue); 8] = [
        (&list(Int), &vec![1_i64]),
        (&list(Int), &Vec::<i64>::new()),
        (&list(Int), &None::<Vec<i64>>),
        (&list(Int), &HashSet::from([1])),
        (&Int, &[1]),
        (&nested, &HashMap::<String, Vec<i64>>::new()),
        (&nested, &HashMap::from([("a", Vec::<i64>::new())])),
        (&set(Int), &HashMap::from([(1, 1)])),
    ];
    for (ty, value) in wrong {
        assert!(mismatch(encode(Some(ty), value)), "{ty}");
    }
}

#[test]
fn without_a_type_the_elements_decide() {
    let bytes = counted(2, &[Some(ONE), Some(TWO)]);
    assert_eq!(encode(None, &vec![1, 2]).unwrap(), bytes);
    assert_eq!(encode(None, &BTreeSet::from([2, 1])).unwrap(), bytes);
    assert_eq!(encode(None, &&[1, 2][..]).unwrap(), bytes);
    assert_eq!(
        encode(None, &BTreeMap::from([(1, 2)])).unwrap(),
        counted(1, &[Some(ONE), Some(TWO)])
    );
}

#[test]
fn j_null_and_unset_inside_of_a_collection_are_refused_with_the_way_to_them() {
    let nested = map(Text, list(set(Int)));
    let deep = BTreeMap::from([("a", vec![vec![Some(1)], vec![Some(2), None]])]);
    let dynamic = CqlValue::List(vec![CqlValue::Int(1), CqlValue::Null]);
    let inside: [(ColumnType, &dyn EncodeValue, &str); 10] = [
        (list(Int), &vec![Some(1), None], "c[1]"),
        (set(Int), &vec![Some(1), None], "c[1]"),
        (set(Int), &HashSet::from([None::<i32>]), "c[0]"),
        (list(Int), &vec![MaybeUnset::Set(1), MaybeUnset::Unset], "c[1]"),
        (map(Int, Int), &BTreeMap::from([(1, Some(1)), (2, None)]), "c[value 1]"),
        (map(Int, Int), &HashMap::from([(1, Unset)]), "c[value 0]"),
        (map(Int, Int), &HashMap::from([(None::<i32>, 1)]), "c[key 0]"),
        (nested, &deep, "c[value 0][1][1]"),
        (list(Int), &dynamic, "c[1]"),
        (list(list(Int)), &CqlValue::List(vec![dynamic.clone()]), "c[0][1]"),
    ];
    for (ty, value, way) in inside {
        let expected =
            "an element of a collection or vector can be neither null nor unset".to_owned();
        for ty in [Some(&ty), None] {
            let error = encode(ty, value).unwrap_err().in_column("c");
            assert_eq!(error.to_string(), format!("column `{way}`: {expected}"));
        }
    }
    let error = encode(None, &(Unset,)).unwrap_err().in_column("c");
    assert_eq!(error.to_string(), "column `c`: a value inside of another cannot be unset");
}

#[test]
fn h9_a_number_of_elements_that_cannot_be_is_an_error_before_any_room_is_made() {
    let (ints, pairs) = (list(Int), map(Int, Int));
    for count in [-1, 2, i32::MIN, i32::MAX] {
        let bytes = counted(count, &[Some(ONE)]);
        let expected = ValueProblem::ElementCount { count: i64::from(count), remaining: 8 };
        if count != 2 {
            assert_eq!(problem(decode::<Vec<i32>>(&ints, Some(&bytes))), expected);
            assert_eq!(problem(decode::<ListIter<'_, i32>>(&ints, Some(&bytes))), expected);
        }
        assert_eq!(problem(decode::<HashMap<i32, i32>>(&pairs, Some(&bytes))), expected);
        assert_eq!(problem(decode::<MapIter<'_, i32, i32>>(&pairs, Some(&bytes))), expected);
    }
    // A count is 4 bytes, and an element 4 at least.
    let problem_of = |bytes: &[u8]| problem(decode::<Vec<i32>>(&ints, Some(bytes)));
    assert_eq!(problem_of(&[0, 0, 0]), ValueProblem::UnexpectedEnd { needed: 4, remaining: 3 });
    assert_eq!(problem_of(&[]), ValueProblem::Empty);
    assert_eq!(decode::<Option<Vec<i32>>>(&ints, Some(&[])), Ok(None));
}

#[test]
fn h10_a_null_element_is_for_an_option_only() {
    let ints = list(Int);
    let bytes = counted(2, &[Some(ONE), None]);
    assert_eq!(problem(decode::<Vec<i32>>(&ints, Some(&bytes))), ValueProblem::Null);
    assert_eq!(decode::<Vec<Option<i32>>>(&ints, Some(&bytes)), Ok(vec![Some(1), None]));
    let pairs = map(Int, Int);
    let bytes = counted(1, &[Some(ONE), None]);
    assert_eq!(problem(decode::<HashMap<i32, i32>>(&pairs, Some(&bytes))), ValueProblem::Null);
    assert_eq!(
        decode::<HashMap<i32, Option<i32>>>(&pairs, Some(&bytes)),
        Ok(HashMap::from([(1, None)]))
    );
}

#[test]
fn h11_an_element_past_the_end_or_of_a_negative_length_is_an_error() {
    let ints = list(Int);
    let of_length = |length: i32| {
        let bytes = [&ONE.to_vec()[..], &length.to_be_bytes(), &[0; 4]].concat();
        problem(decode::<Vec<Option<i32>>>(&ints, Some(&bytes)))
    };
    for length in [5, i32::MAX] {
        let needed = usize::try_from(length).unwrap();
        assert_eq!(of_length(length), ValueProblem::UnexpectedEnd { needed, remaining: 4 });
    }
    for length in [-2, i32::MIN] {
        assert_eq!(of_length(length), ValueProblem::NegativeLength { length });
    }
}

#[test]
fn h12_members_and_keys_may_come_twice_and_in_any_order() {
    let ints = set(Int);
    let bytes = counted(3, &[Some(TWO), Some(ONE), Some(TWO)]);
    assert_eq!(decode::<HashSet<i32>>(&ints, Some(&bytes)), Ok(HashSet::from([1, 2])));
    assert_eq!(decode::<BTreeSet<i32>>(&ints, Some(&bytes)), Ok(BTreeSet::from([1, 2])));
    assert_eq!(decode::<Vec<i32>>(&ints, Some(&bytes)), Ok(vec![2, 1, 2]));
    let pairs = map(Int, Int);
    let bytes = counted(2, &[Some(ONE), Some(ONE), Some(ONE), Some(TWO)]);
    assert_eq!(decode::<HashMap<i32, i32>>(&pairs, Some(&bytes)), Ok(HashMap::from([(1, 2)])));
}

#[test]
fn h13_bytes_after_the_last_element_are_an_error() {
    for count in [0, 1] {
        let content = [Some(ONE), Some(ONE)];
        let elements = content.get(..usize::try_from(count).unwrap()).unwrap();
        let bytes = [&counted(count, elements)[..], &[0; 9]].concat();
        let trailing = ValueProblem::TrailingBytes { bytes: 9 };
        let ty = list(Int);
        assert_eq!(problem(decode::<Vec<i32>>(&ty, Some(&bytes))), trailing);
        let lazy = decode::<ListIter<'_, i32>>(&ty, Some(&bytes));
        let lazy = lazy.and_then(Iterator::collect::<Result<Vec<_>, _>>);
        assert_eq!(problem(lazy), trailing);
    }
    let ty = map(Int, Int);
    let bytes = [&counted(1, &[Some(ONE), Some(ONE)])[..], &[0; 9]].concat();
    let trailing = ValueProblem::TrailingBytes { bytes: 9 };
    assert_eq!(problem(decode::<BTreeMap<i32, i32>>(&ty, Some(&bytes))), trailing);
}

#[test]
fn h17_sets_and_maps_from_the_wire_are_hashed_with_a_seed_of_their_own() {
    use std::hash::{BuildHasher, RandomState};
    fn seed(set: &HashSet<i32, RandomState>) -> u64 {
        set.hasher().hash_one(1)
    }
    let ty = set(Int);
    let bytes = counted(1, &[Some(ONE)]);
    let [first, second] = [(), ()].map(|()| decode(&ty, Some(&bytes)).unwrap());
    assert_ne!(seed(&first), seed(&second));
}

#[test]
fn an_error_inside_names_the_type_inside() {
    let ty = list(list(Int));
    let bytes = counted(1, &[Some(&counted(1, &[Some(b"x")]))]);
    let error = decode::<Vec<Vec<i32>>>(&ty, Some(&bytes)).unwrap_err().in_column("c");
    assert_eq!(error.to_string(), "column `c`: int as i32: it cannot have 1 bytes");
    let error = decode::<Vec<Vec<i32>>>(&ty, Some(&counted(1, &[Some(&cells(&[None]))])));
    let ValueError::Value(invalid) = error.unwrap_err() else { panic!("another error") };
    assert_eq!(invalid.cql, list(Int));
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(
        lists in prop::collection::vec(prop::collection::vec(any::<i64>(), 0..5), 0..5),
        members in prop::collection::hash_set("[a-zñ]{0,4}", 0..5),
        entries in prop::collection::btree_map("[a-zñ]{0,4}", prop::collection::vec(any::<i32>(), 0..5), 0..5),
    ) {
        let ty = list(list(BigInt));
        let bytes = encode(Some(&ty), &lists).unwrap();
        prop_assert_eq!(decode(&ty, Some(&bytes)), Ok(lists));
        let ty = set(Text);
        let bytes = encode(Some(&ty), &members).unwrap();
        prop_assert_eq!(decode(&ty, Some(&bytes)), Ok(members));
        let ty = map(Text, list(Int));
        let bytes = encode(Some(&ty), &entries).unwrap();
        prop_assert_eq!(decode(&ty, Some(&bytes)), Ok(entries));
    }
}
