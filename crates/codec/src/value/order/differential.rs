//! The order of the server once more, of values rather than bytes, as its comparators put it into
//! words: what is written has to be in it.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use super::compare;
use crate::value::decode::DecodeValue;
use crate::value::tests::{encode, list, map, set, vector_of};
use crate::{
    ColumnType, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlUserType, CqlValue,
    CqlVarint, UserType,
};

use ColumnType as T;
use CqlValue as V;

/// A type that is not made of others, and few values of it, so that many are the same or nearly so.
fn plain() -> BoxedStrategy<T> {
    select(vec![
        T::Ascii,
        T::BigInt,
        T::Blob,
        T::Boolean,
        T::Date,
        T::Decimal,
        T::Double,
        T::Duration,
        T::Float,
        T::Inet,
        T::Int,
        T::SmallInt,
        T::Text,
        T::Time,
        T::TimeUuid,
        T::Timestamp,
        T::TinyInt,
        T::Uuid,
        T::Varint,
    ])
    .boxed()
}

fn any_type() -> BoxedStrategy<T> {
    plain()
        .prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(list),
                inner.clone().prop_map(set),
                (inner.clone(), inner.clone()).prop_map(|(key, value)| map(key, value)),
                (inner.clone(), 1..3_u16).prop_map(|(element, n)| vector_of(element, n.into())),
                vec(inner.clone(), 1..4).prop_map(T::Tuple),
                vec(inner, 1..4).prop_map(|types| {
                    let fields = (0..).zip(types).map(|(n, ty): (i32, _)| (format!("f{n}"), ty));
                    let fields = fields.collect();
                    T::UserType(UserType { keyspace: "ks".into(), name: "u".into(), fields }.into())
                }),
            ]
        })
        .boxed()
}

fn value(ty: &T) -> BoxedStrategy<V> {
    let number = || select(vec![-257_i64, -256, -129, -128, -1, 0, 1, 127, 128, 255, 256, 32_768]);
    match ty {
        T::Ascii => select(vec!["", "\0", "a", "aa", "b", "B"]).prop_map(V::from).boxed(),
        T::Text => select(vec!["", "\0", "a", "aa", "ñ", "ま", "\u{10000}", "\u{FFFF}"])
            .prop_map(V::from)
            .boxed(),
        T::Blob => vec(select(vec![0, 0x7F, 0x80, 0xFF]), 0..3).prop_map(V::Blob).boxed(),
        T::Boolean => any::<bool>().prop_map(V::Boolean).boxed(),
        T::TinyInt => any::<i8>().prop_map(V::TinyInt).boxed(),
        T::SmallInt => number().prop_map(|n| V::SmallInt(i16::try_from(n).unwrap_or(7))).boxed(),
        T::Int => number().prop_map(|n| V::Int(i32::try_from(n).unwrap())).boxed(),
        T::BigInt => number().prop_map(V::BigInt).boxed(),
        T::Timestamp => number().prop_map(|n| V::Timestamp(CqlTimestamp(n))).boxed(),
        T::Time => number().prop_map(|n| V::Time(CqlTime(n.abs()))).boxed(),
        T::Date => select(vec![0, 1, 255, 256, 0x7FFF_FFFF, 0x8000_0000, u32::MAX])
            .prop_map(|n| V::Date(CqlDate(n)))
            .boxed(),
        T::Float => select(vec![0, 1 << 31, 1, 0x3F80_0000, 0x7F80_0000, 0x7FC0_0000, 0xFFC0_0001])
            .prop_map(|bits: u32| V::Float(f32::from_bits(bits)))
            .boxed(),
        T::Double => {
            select(vec![0, 1 << 63, 1, 0x3FF0 << 48, 0xBFF0 << 48, 0x7FF8 << 48, u64::MAX])
                .prop_map(|bits: u64| V::Double(f64::from_bits(bits)))
                .boxed()
        }
        T::Varint => prop_oneof![
            number().prop_map(|n| V::Varint(n.into())),
            any::<i128>().prop_map(|n| V::Varint(n.into()))
        ]
        .boxed(),
        T::Decimal => (select(vec![-1000_i64, -100, -10, -1, 0, 1, 9, 10, 11, 99, 100]), -3..4)
            .prop_map(|(n, scale)| V::Decimal(CqlDecimal { unscaled: n.into(), scale }))
            .boxed(),
        T::Uuid => uuid(select(vec![0_u8, 1, 4, 7]).boxed()),
        T::TimeUuid => uuid(Just(1).boxed()),
        T::Inet => select(vec![
            IpAddr::V4(Ipv4Addr::new(1, 2, 3, 4)),
            IpAddr::V4(Ipv4Addr::new(200, 0, 0, 1)),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::from([0xFF; 16])),
        ])
        .prop_map(V::Inet)
        .boxed(),
        T::Duration => (0..3, 0..3)
            .prop_map(|(months, days)| V::Duration(CqlDuration { months, days, nanos: 0 }))
            .boxed(),
        made => composite(made),
    }
}

/// A value of a type that is made of others.
fn composite(ty: &T) -> BoxedStrategy<V> {
    let all = |ty: &T| vec(value(ty), 0..4);
    let nullable = |ty: &T| prop_oneof![4 => value(ty), 1 => Just(V::Null)];
    match ty {
        T::List(element) => all(element).prop_map(V::List).boxed(),
        T::Set(element) => all(element).prop_map(V::Set).boxed(),
        T::Map(key, value_type) => {
            // One value for all keys: two that are the same to a server are not refused.
            let same = value(value_type);
            (vec(value(key), 0..4), same)
                .prop_map(|(keys, one)| {
                    V::Map(keys.into_iter().map(|key| (key, one.clone())).collect())
                })
                .boxed()
        }
        T::Vector(element, n) => {
            vec(value(element), usize::try_from(*n).unwrap()).prop_map(V::Vector).boxed()
        }
        T::Tuple(types) => {
            types.iter().map(nullable).collect::<Vec<_>>().prop_map(V::Tuple).boxed()
        }
        T::UserType(user) => {
            let user_type = user.clone();
            let fields: Vec<_> = user.fields.iter().map(|(_, ty)| nullable(ty)).collect();
            fields
                .prop_map(move |values| {
                    V::UserType(CqlUserType { user_type: user_type.clone(), values })
                })
                .boxed()
        }
        other => unreachable!("{other}"),
    }
}

fn uuid(version: BoxedStrategy<u8>) -> BoxedStrategy<V> {
    let byte = || select(vec![0_u8, 1, 0x7F, 0x80, 0xFF]);
    (version, byte(), byte(), byte(), byte(), byte())
        .prop_map(|(version, low, mid, high, clock, node)| {
            let high = u16::from(version) << 12 | u16::from(high);
            V::Uuid(Uuid::from_fields(
                u32::from(low) << 24 | 5,
                u16::from(mid),
                high,
                &[clock, 3, 0, node, 0, 0, 0, 9],
            ))
        })
        .boxed()
}

/// The timestamp of a uuid of version 1, put together from its fields.
fn time_of(uuid: &Uuid) -> u64 {
    let (low, mid, high, _) = uuid.as_fields();
    u64::from(high & 0xFFF) << 48 | u64::from(mid) << 32 | u64::from(low)
}

fn small(varint: &CqlVarint) -> i128 {
    varint.to_i128().unwrap()
}

/// As `Double.compare`: by value, and equal ones by the bits of theirs, of which NaN has one form.
fn java(a: f64, b: f64) -> Ordering {
    let bits = |f: f64| if f.is_nan() { 0x7FF8_i64 << 48 } else { f.to_bits().cast_signed() };
    if a < b {
        Ordering::Less
    } else if a > b {
        Ordering::Greater
    } else {
        bits(a).cmp(&bits(b))
    }
}

/// The first that differ, and then the number.
fn all<'a>(
    a: impl ExactSizeIterator<Item = &'a V>,
    b: impl ExactSizeIterator<Item = &'a V>,
    mut order: impl FnMut(usize, &V, &V) -> Ordering,
) -> Ordering {
    let lengths = a.len().cmp(&b.len());
    let mut differ = a.zip(b).enumerate().map(|(at, (a, b))| order(at, a, b));
    differ.find(|order| order.is_ne()).unwrap_or(lengths)
}

/// Sorted, and each once, as a server keeps it.
fn sorted<E: Clone>(values: &[E], order: impl Fn(&E, &E) -> Ordering) -> Vec<E> {
    let mut kept: Vec<E> = Vec::new();
    for value in values {
        let at = kept.iter().position(|other| order(other, value).is_ge()).unwrap_or(kept.len());
        if kept.get(at).is_none_or(|other| order(other, value).is_ne()) {
            kept.insert(at, value.clone());
        }
    }
    kept
}

fn oracle(ty: &T, a: &V, b: &V) -> Ordering {
    match (ty, a, b) {
        (_, V::Null, V::Null) => Ordering::Equal,
        (_, V::Null, _) => Ordering::Less,
        (_, _, V::Null) => Ordering::Greater,
        (_, V::Text(a), V::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        (_, V::Blob(a), V::Blob(b)) => a.cmp(b),
        (_, V::Boolean(a), V::Boolean(b)) => a.cmp(b),
        (_, V::TinyInt(a), V::TinyInt(b)) => a.cmp(b),
        (_, V::SmallInt(a), V::SmallInt(b)) => a.cmp(b),
        (_, V::Int(a), V::Int(b)) => a.cmp(b),
        (_, V::BigInt(a), V::BigInt(b)) => a.cmp(b),
        (_, V::Timestamp(a), V::Timestamp(b)) => a.0.cmp(&b.0),
        (_, V::Time(a), V::Time(b)) => a.0.cmp(&b.0),
        (_, V::Date(a), V::Date(b)) => a.0.cmp(&b.0),
        (_, V::Float(a), V::Float(b)) => java(f64::from(*a), f64::from(*b)),
        (_, V::Double(a), V::Double(b)) => java(*a, *b),
        (_, V::Varint(a), V::Varint(b)) => small(a).cmp(&small(b)),
        (_, V::Decimal(a), V::Decimal(b)) => {
            let scale = a.scale.max(b.scale);
            let scaled = |d: &CqlDecimal| {
                small(&d.unscaled) * 10_i128.pow(u32::try_from(scale - d.scale).unwrap())
            };
            scaled(a).cmp(&scaled(b))
        }
        (T::TimeUuid, V::Uuid(a), V::Uuid(b)) => {
            let signed = |uuid: &Uuid| uuid.as_fields().3.map(u8::cast_signed);
            time_of(a).cmp(&time_of(b)).then(signed(a).cmp(&signed(b)))
        }
        (_, V::Uuid(a), V::Uuid(b)) => {
            let versions = a.get_version_num().cmp(&b.get_version_num());
            let times = match a.get_version_num() {
                1 => time_of(a).cmp(&time_of(b)),
                _ => Ordering::Equal,
            };
            versions.then(times).then(a.as_bytes().cmp(b.as_bytes()))
        }
        (_, V::Inet(a), V::Inet(b)) => {
            let bytes = |address: &IpAddr| match address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            bytes(a).cmp(&bytes(b))
        }
        (_, V::Duration(a), V::Duration(b)) => {
            // Small ones are vints of one byte.
            (a.months, a.days, a.nanos).cmp(&(b.months, b.days, b.nanos))
        }
        _ => oracle_of_made(ty, a, b),
    }
}

/// Of what is made of other values.
fn oracle_of_made(ty: &T, a: &V, b: &V) -> Ordering {
    match (ty, a, b) {
        (T::List(of) | T::Vector(of, _), V::List(a) | V::Vector(a), V::List(b) | V::Vector(b)) => {
            all(a.iter(), b.iter(), |_, a, b| oracle(of, a, b))
        }
        (T::Set(of), V::Set(a), V::Set(b)) => {
            let sort = |values: &[V]| sorted(values, |a, b| oracle(of, a, b));
            all(sort(a).iter(), sort(b).iter(), |_, a, b| oracle(of, a, b))
        }
        (T::Map(key, of), V::Map(a), V::Map(b)) => {
            let flat = |entries: &[(V, V)]| -> Vec<V> {
                let sorted = sorted(entries, |(a, _), (b, _)| oracle(key, a, b));
                sorted.into_iter().flat_map(|(key, value)| [key, value]).collect()
            };
            let of = |at: usize| if at.is_multiple_of(2) { &**key } else { &**of };
            all(flat(a).iter(), flat(b).iter(), |at, a, b| oracle(of(at), a, b))
        }
        (T::Tuple(types), V::Tuple(a), V::Tuple(b)) => {
            all(a.iter(), b.iter(), |at, a, b| oracle(&types[at], a, b))
        }
        (T::UserType(user), V::UserType(a), V::UserType(b)) => {
            all(a.values.iter(), b.values.iter(), |at, a, b| oracle(&user.fields[at].1, a, b))
        }
        other => unreachable!("{other:?}"),
    }
}

fn values() -> impl Strategy<Value = (T, Vec<V>)> {
    any_type().prop_flat_map(|ty| {
        let values = vec(value(&ty), 1..40);
        (Just(ty), values)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn g15_5_any_two_values_are_ordered_as_the_server_does((ty, values) in values()) {
        for a in &values {
            for b in &values {
                let (x, y) = (encode(Some(&ty), a).unwrap(), encode(Some(&ty), b).unwrap());
                prop_assert_eq!(compare(Some(&ty), &x, &y), oracle(&ty, a, b), "{} {:?} {:?}", ty, a, b);
            }
        }
    }

    #[test]
    fn g15_5_a_set_is_written_as_the_server_keeps_it((ty, values) in values()) {
        let of_set = set(ty.clone());
        let written = encode(Some(&of_set), &V::Set(values.clone())).unwrap();
        let read = V::decode(&of_set, Some(&written)).unwrap();
        let V::Set(read) = read else { panic!("{read:?}") };
        let expected = sorted(&values, |a, b| oracle(&ty, a, b));
        prop_assert_eq!(read.len(), expected.len());
        for (a, b) in read.iter().zip(&expected) {
            prop_assert!(oracle(&ty, a, b).is_eq(), "{} {:?} {:?}", ty, a, b);
        }
        let mut turned = values;
        turned.reverse();
        prop_assert_eq!(encode(Some(&of_set), &V::Set(turned)).unwrap(), written);
    }

    /// Without a type, the values tell it, unless there are none; a uuid alone may be one of two types.
    #[test]
    fn g15_5_a_set_without_a_type_is_written_as_one_with_it((ty, values) in values()) {
        if !tells_its_type(&ty) || values.iter().any(is_vague) {
            return Ok(());
        }
        let value = V::Set(values);
        prop_assert_eq!(encode(None, &value).unwrap(), encode(Some(&set(ty)), &value).unwrap());
    }
}

fn tells_its_type(ty: &T) -> bool {
    match ty {
        T::TimeUuid => false,
        T::List(of) | T::Set(of) | T::Vector(of, _) => tells_its_type(of),
        T::Map(key, value) => tells_its_type(key) && tells_its_type(value),
        T::Tuple(types) => types.iter().all(tells_its_type),
        T::UserType(user) => user.fields.iter().all(|(_, ty)| tells_its_type(ty)),
        _ => true,
    }
}

/// Does it not tell what is in it?
fn is_vague(value: &V) -> bool {
    match value {
        V::Null => true,
        V::List(all) | V::Set(all) | V::Vector(all) | V::Tuple(all) => {
            all.is_empty() || all.iter().any(is_vague)
        }
        V::Map(all) => {
            all.is_empty() || all.iter().any(|(key, value)| is_vague(key) || is_vague(value))
        }
        V::UserType(user) => user.values.iter().any(is_vague),
        _ => false,
    }
}
