//! Sets and maps in the order of the server, whatever they come from.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proptest::prelude::*;

use super::{cells, counted, encode, list, map, set, vector_of};
use crate::ColumnType::{self, Decimal, Int, Text};
use crate::value::dynamic::arbitrary::typed_value;
use crate::{CqlDecimal, CqlUserType, CqlValue, CqlVarint, EncodeValue, UserType};

const SORTED: [i32; 5] = [-300, -1, 0, 1, 300];

fn sorted_bytes() -> Vec<u8> {
    let ints = SORTED.map(i32::to_be_bytes);
    counted(5, &ints.each_ref().map(|int| Some(&int[..])))
}

fn decimal(unscaled: i32, scale: i32) -> CqlDecimal {
    CqlDecimal { unscaled: CqlVarint::from(unscaled), scale }
}

#[test]
fn a_set_has_the_same_bytes_whatever_it_comes_from() {
    let mut shuffled = SORTED;
    shuffled.reverse();
    shuffled.swap(1, 3);
    let twice = [shuffled, shuffled].concat();
    let dynamic = CqlValue::Set(twice.iter().copied().map(CqlValue::Int).collect());
    let as_list = CqlValue::List(twice.iter().copied().map(CqlValue::Int).collect());
    let sets: [&dyn EncodeValue; 8] = [
        &HashSet::from(SORTED),
        &HashSet::from(shuffled),
        &BTreeSet::from(shuffled),
        &shuffled,
        &twice,
        &&twice[..],
        &dynamic,
        &as_list,
    ];
    for value in sets {
        assert_eq!(encode(Some(&set(Int)), value).unwrap(), sorted_bytes());
    }
    // A list keeps its order, and its elements.
    let ints = twice.iter().map(|int| int.to_be_bytes()).collect::<Vec<_>>();
    let ints: Vec<_> = ints.iter().map(|int| Some(&int[..])).collect();
    assert_eq!(encode(Some(&list(Int)), &twice).unwrap(), counted(10, &ints));
}

#[test]
fn many_elements_are_sorted_as_few_are() {
    for count in [2_i32, 63, 64, 65, 1000] {
        let sorted: Vec<i32> = (0..count).map(|n| n - count / 2).collect();
        let reversed: Vec<i32> = sorted.iter().rev().copied().collect();
        let expected = encode(Some(&list(Int)), &sorted).unwrap();
        let members: HashSet<i32> = sorted.iter().copied().collect();
        let sets: [&dyn EncodeValue; 4] =
            [&members, &sorted, &reversed, &[&sorted[..], &reversed].concat()];
        for value in sets {
            assert_eq!(encode(Some(&set(Int)), value).unwrap(), expected);
        }
    }
}

#[test]
fn a_set_inside_of_another_value_is_in_order_too() {
    let (ints, bytes) = (set(Int), sorted_bytes());
    let members = HashSet::from(SORTED);
    let in_tuple = encode(Some(&ColumnType::Tuple(vec![Int, ints.clone()])), &(1, &members));
    assert_eq!(in_tuple.unwrap(), cells(&[Some(&[0, 0, 0, 1]), Some(&bytes)]));
    let user = UserType {
        keyspace: "ks".into(),
        name: "u".into(),
        fields: vec![("ints".into(), ints.clone())],
    };
    let values = vec![CqlValue::Set(SORTED.iter().rev().copied().map(CqlValue::Int).collect())];
    let value = CqlUserType { user_type: user.clone().into(), values };
    let in_user = encode(Some(&ColumnType::UserType(user.into())), &CqlValue::UserType(value));
    assert_eq!(in_user.unwrap(), cells(&[Some(&bytes)]));
    let in_list = encode(Some(&list(ints.clone())), &[&members]);
    assert_eq!(in_list.unwrap(), counted(1, &[Some(&bytes)]));
    let in_map = encode(Some(&map(Int, ints.clone())), &HashMap::from([(1, &members)]));
    assert_eq!(in_map.unwrap(), counted(1, &[Some(&[0, 0, 0, 1]), Some(&bytes)]));
    let in_vector = encode(Some(&vector_of(ints.clone(), 1)), &[&members]).unwrap();
    assert_eq!(in_vector[1..], bytes);
    // Sets of sets are compared after what is in them has been sorted.
    let sets = [HashSet::from([3, 1]), HashSet::from([2, 1])];
    let expected = encode(Some(&list(list(Int))), &[[1, 2], [1, 3]]).unwrap();
    assert_eq!(encode(Some(&set(ints)), &sets).unwrap(), expected);
}

#[test]
fn a_map_has_the_same_bytes_whatever_it_comes_from() {
    let entries = SORTED.map(|key| (key, key.to_string()));
    let pair = |(key, text): &(i32, String)| (CqlValue::Int(*key), CqlValue::from(text.as_str()));
    let dynamic = CqlValue::Map(entries.iter().rev().chain(&entries).map(pair).collect());
    let sorted = BTreeMap::from(entries.clone());
    let expected: Vec<_> = entries.iter().map(|(key, text)| (key.to_be_bytes(), text)).collect();
    let expected: Vec<_> =
        expected.iter().flat_map(|(key, text)| [Some(&key[..]), Some(text.as_bytes())]).collect();
    let maps: [&dyn EncodeValue; 3] = [&HashMap::from(entries.clone()), &sorted, &dynamic];
    for value in maps {
        assert_eq!(encode(Some(&map(Int, Text)), value).unwrap(), counted(5, &expected));
    }
}

#[test]
fn what_is_the_same_to_a_server_is_written_once() {
    let (one, same) = (decimal(1, 0), decimal(10, 1));
    let expected = encode(Some(&list(Decimal)), &[&one, &decimal(2, 0)]).unwrap();
    for members in [[&one, &same], [&same, &one]] {
        let members = [members[0], &decimal(2, 0), members[1]];
        assert_eq!(encode(Some(&set(Decimal)), &members).unwrap(), expected);
    }
    let entries =
        |values: [i32; 2]| HashMap::from([(one.clone(), values[0]), (same.clone(), values[1])]);
    let ty = map(Decimal, Int);
    let expected = encode(Some(&ty), &HashMap::from([(one.clone(), 7)])).unwrap();
    assert_eq!(encode(Some(&ty), &entries([7, 7])).unwrap(), expected);
    // Which of two values is meant, nobody can say.
    let error = encode(Some(&ty), &entries([7, 8])).unwrap_err().in_column("m");
    let expected =
        "column `m`: two keys of a map are the same to a server, and their values differ";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn without_a_type_a_set_still_has_one_order() {
    let texts = ["b", "a", "ab"];
    let expected = counted(3, &[Some(b"a"), Some(b"ab"), Some(b"b")]);
    let dynamic = CqlValue::Set(texts.iter().map(|text| CqlValue::from(*text)).collect());
    let sets: [&dyn EncodeValue; 3] = [&HashSet::from(texts), &BTreeSet::from(texts), &dynamic];
    for value in sets {
        assert_eq!(encode(None, value).unwrap(), expected);
    }
    assert_eq!(encode(None, &texts).unwrap(), counted(3, &texts.map(|text| Some(text.as_bytes()))));
}

#[test]
fn without_a_type_the_order_is_that_of_the_values_own_types() {
    let ints = HashSet::from(SORTED);
    let dynamic = CqlValue::Set(SORTED.iter().rev().copied().map(CqlValue::Int).collect());
    let pairs = |ints: &[i32]| -> HashSet<(i32, &str)> { ints.iter().map(|n| (*n, "x")).collect() };
    let lists: HashSet<Vec<i32>> = SORTED.iter().map(|n| vec![*n]).collect();
    let cases: [(ColumnType, &dyn EncodeValue); 9] = [
        (set(Int), &ints),
        (set(Int), &BTreeSet::from(SORTED)),
        (set(Int), &dynamic),
        (set(set(Int)), &CqlValue::Set(vec![dynamic.clone(), CqlValue::Set(vec![])])),
        (set(ColumnType::Tuple(vec![Int, Text])), &pairs(&SORTED)),
        (set(list(Int)), &lists),
        (ColumnType::Tuple(vec![set(Int)]), &(&ints,)),
        (map(Int, Text), &HashMap::from(SORTED.map(|n| (n, "x")))),
        (set(Decimal), &HashSet::from([decimal(-5, 0), decimal(5, 1), decimal(4, 0)])),
    ];
    for (ty, value) in cases {
        assert_eq!(encode(None, value), encode(Some(&ty), value), "{ty}");
    }
}

/// The same value, its sets and maps in another order and with some elements twice.
fn shuffled(value: &CqlValue, seed: &mut u64) -> CqlValue {
    let all = |values: &[CqlValue], seed: &mut u64| -> Vec<CqlValue> {
        values.iter().map(|value| shuffled(value, seed)).collect()
    };
    match value {
        CqlValue::List(values) => CqlValue::List(all(values, seed)),
        CqlValue::Vector(values) => CqlValue::Vector(all(values, seed)),
        CqlValue::Tuple(values) => CqlValue::Tuple(all(values, seed)),
        CqlValue::Set(values) => CqlValue::Set(turned(all(values, seed), seed)),
        CqlValue::Map(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| (shuffled(key, seed), shuffled(value, seed)))
                .collect();
            CqlValue::Map(turned(entries, seed))
        }
        CqlValue::UserType(user) => CqlValue::UserType(CqlUserType {
            user_type: user.user_type.clone(),
            values: all(&user.values, seed),
        }),
        other => other.clone(),
    }
}

fn turned<T: Clone>(mut entries: Vec<T>, seed: &mut u64) -> Vec<T> {
    let mut random = fastrand::Rng::with_seed(*seed);
    *seed = random.u64(..);
    if let Some(again) = random.choice(&entries).cloned() {
        entries.push(again);
    }
    random.shuffle(&mut entries);
    entries
}

proptest! {
    #[test]
    fn equal_values_have_equal_bytes((ty, value) in typed_value(), mut seed: u64) {
        if value != CqlValue::Null {
            let other = shuffled(&value, &mut seed);
            prop_assert_eq!(encode(Some(&ty), &other), encode(Some(&ty), &value));
        }
    }
}

/// The fields that the type has and the value has not, at its end, are left out.
#[test]
fn a_user_type_has_the_same_bytes_whatever_the_order_of_its_fields() {
    let user = |names: &[&str]| UserType {
        keyspace: "ks".into(),
        name: "u".into(),
        fields: names.iter().map(|name| ((*name).to_owned(), Int)).collect(),
    };
    let value = |names: &[&str], values: &[i32]| {
        let values = values.iter().copied().map(CqlValue::Int).collect();
        CqlValue::UserType(CqlUserType { user_type: user(names).into(), values })
    };
    let wanted = ColumnType::UserType(user(&["a", "b", "c"]).into());
    let in_order = encode(Some(&wanted), &value(&["a", "b"], &[1, 2])).unwrap();
    assert_eq!(in_order, cells(&[Some(&[0, 0, 0, 1]), Some(&[0, 0, 0, 2])]));
    assert_eq!(encode(Some(&wanted), &value(&["b", "a"], &[2, 1])).unwrap(), in_order);
}

/// Whatever an `EncodeValue` of a user's makes of itself.
struct Odd(Vec<u8>);

impl EncodeValue for Odd {
    fn encode(
        &self,
        _: Option<&ColumnType>,
        out: &mut bytes::BytesMut,
    ) -> Result<(), crate::ValueError> {
        crate::value::encode::put_bytes(out, &self.0)
    }
}

/// Several values where one belongs.
struct Several(usize);

impl EncodeValue for Several {
    fn encode(
        &self,
        _: Option<&ColumnType>,
        out: &mut bytes::BytesMut,
    ) -> Result<(), crate::ValueError> {
        (0..self.0).try_for_each(|at| crate::value::encode::put_bytes(out, &[u8::from(at == 0)]))
    }
}

#[test]
fn g7_3_what_writes_too_much_of_itself_does_not_panic() {
    let _outcome = encode(Some(&set(Int)), &[Several(100), Several(1)]);
}

proptest! {
    #[test]
    fn g7_3_what_is_none_of_its_type_has_one_order_too(
        ty in proptest::sample::select(vec![
            Decimal, ColumnType::Float, ColumnType::Double, ColumnType::Uuid, ColumnType::TimeUuid,
            list(Int), map(Int, Text), vector_of(Text, 2), ColumnType::Tuple(vec![Int, Text]),
        ]),
        values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..18), 0..200),
    ) {
        let mut odd: Vec<Odd> = values.into_iter().map(Odd).collect();
        let once = encode(Some(&set(ty.clone())), &odd).unwrap();
        odd.reverse();
        prop_assert_eq!(encode(Some(&set(ty)), &odd).unwrap(), once);
    }
}
