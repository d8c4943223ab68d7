//! Values of each type in the order of the server.

use std::net::IpAddr;

use proptest::prelude::*;
use uuid::Uuid;

use super::compare;
use crate::value::tests::{cells, counted, encode, list, map, set, vector_of};
use crate::{
    ColumnType, CqlDate, CqlDecimal, CqlTime, CqlTimestamp, CqlVarint, EncodeValue, UserType,
};

use ColumnType as T;

/// Checks each of these against each other: they are in order, and different.
fn assert_in_order(ty: &ColumnType, values: &[impl AsRef<[u8]>]) {
    for (i, a) in values.iter().enumerate() {
        for (j, b) in values.iter().enumerate() {
            let (a, b) = (a.as_ref(), b.as_ref());
            assert_eq!(compare(Some(ty), a, b), i.cmp(&j), "{ty}: {a:?}, {b:?}");
        }
    }
}

/// As [`assert_in_order`], of values of Rust; before them all stands the empty value.
fn assert_values_in_order(ty: &ColumnType, values: &[impl EncodeValue]) {
    let mut bytes = vec![Vec::new()];
    bytes.extend(values.iter().map(|value| encode(Some(ty), value).unwrap().to_vec()));
    assert_in_order(ty, &bytes);
}

#[test]
fn integers_are_ordered_by_value() {
    assert_values_in_order(&T::TinyInt, &[i8::MIN, -1, 0, 1, i8::MAX]);
    assert_values_in_order(&T::SmallInt, &[i16::MIN, -256, -1, 0, 1, 255, 256, i16::MAX]);
    assert_values_in_order(&T::Int, &[i32::MIN, -256, -1, 0, 1, 255, 256, i32::MAX]);
    assert_values_in_order(&T::BigInt, &[i64::MIN, -256, -1, 0, 1, 255, 256, i64::MAX]);
    assert_values_in_order(&T::Timestamp, &[i64::MIN, -1, 0, 1, i64::MAX].map(CqlTimestamp));
    assert_values_in_order(
        &T::Varint,
        &[-32_769, -32_768, -129, -128, -1, 0, 1, 127, 128, 255, 256, 32_768].map(CqlVarint::from),
    );
    // A varint need not be minimal.
    assert!(compare(Some(&T::Varint), &[0, 0, 5], &[5]).is_eq());
    assert!(compare(Some(&T::Varint), &[0xFF, 0x80], &[0x80]).is_eq());
}

#[test]
fn dates_and_times_are_ordered_by_their_unsigned_bytes() {
    assert_values_in_order(
        &T::Date,
        &[0, 1, i32::MAX.cast_unsigned(), 1 << 31, u32::MAX].map(CqlDate),
    );
    assert_values_in_order(&T::Time, &[0, 1, 256, CqlTime::MAX.0].map(CqlTime));
}

#[test]
fn floats_are_ordered_as_java_does() {
    let floats =
        [f32::NEG_INFINITY, f32::MIN, -1.0, -0.0, 0.0, 1e-40, 1.0, f32::INFINITY, f32::NAN];
    assert_values_in_order(&T::Float, &floats);
    let doubles = floats.map(f64::from);
    assert_values_in_order(&T::Double, &doubles);
    let nan = f64::NAN.to_be_bytes();
    assert!(compare(Some(&T::Double), &(-f64::NAN).to_be_bytes(), &nan).is_eq());
    assert!(compare(Some(&T::Double), &u64::MAX.to_be_bytes(), &nan).is_eq());
    assert!(compare(Some(&T::Float), &u32::MAX.to_be_bytes(), &f32::NAN.to_be_bytes()).is_eq());
}

#[test]
fn booleans_texts_blobs_and_addresses_are_ordered_by_their_bytes() {
    assert_values_in_order(&T::Boolean, &[false, true]);
    assert!(compare(Some(&T::Boolean), &[1], &[0xFF]).is_eq());
    assert_in_order(&T::Text, &["", "\0", "A", "B", "a", "aa", "b", "ñ", "ま"]);
    assert_in_order(&T::Blob, &[&[][..], &[0], &[0, 0], &[0x7F], &[0x80], &[0xFF, 0]]);
    assert_in_order(&T::Custom("x".into()), &[&[][..], &[0], &[0xFF]]);
    let addresses = ["100::", "1.2.3.4", "127.0.0.1", "200.0.0.1", "fe80::1"];
    assert_values_in_order(&T::Inet, &addresses.map(|address| address.parse::<IpAddr>().unwrap()));
}

#[test]
fn uuids_are_ordered_by_version_then_by_time() {
    let uuids =
        |uuids: &[&str]| uuids.iter().map(|uuid| uuid.parse().unwrap()).collect::<Vec<Uuid>>();
    assert_values_in_order(
        &T::Uuid,
        &uuids(&[
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-0000-1000-8000-000000000000",
            "00000000-0001-1000-8000-000000000000",
            "00000000-ffff-1000-8000-000000000000",
            "00000000-0000-1001-8000-000000000000",
            "00000000-0000-1001-8000-00000000007f",
            "00000000-0000-1001-8000-000000000080",
            "00000000-0000-4000-8000-000000000000",
            "7fffffff-0000-4000-8000-000000000000",
            "80000000-0000-4000-8000-000000000000",
            "00000000-0000-7000-8000-000000000000",
        ]),
    );
    assert_values_in_order(
        &T::TimeUuid,
        &uuids(&[
            "ffffffff-0000-1000-8000-000000000000",
            "00000000-0001-1000-8000-000000000000",
            "00000000-0000-1001-8000-000000000080",
            "00000000-0000-1001-8000-0000000000ff",
            "00000000-0000-1001-8000-000000000000",
            "00000000-0000-1001-8000-00000000007f",
            "00000000-0000-1001-bfff-000000000000",
            "00000000-0000-1001-ffff-000000000000",
            "00000000-0000-1001-0000-000000000000",
        ]),
    );
}

fn decimal(unscaled: impl Into<CqlVarint>, scale: i32) -> CqlDecimal {
    CqlDecimal { unscaled: unscaled.into(), scale }
}

fn decimal_bytes(unscaled: impl Into<CqlVarint>, scale: i32) -> Vec<u8> {
    encode(None, &decimal(unscaled, scale)).unwrap().to_vec()
}

#[test]
fn decimals_are_ordered_by_value_whatever_their_scales() {
    let large = CqlVarint::from_signed_bytes_be(&[0x7F; 40]);
    assert_values_in_order(
        &T::Decimal,
        &[
            decimal(-1, i32::MIN),
            decimal(i128::MIN, 0),
            decimal(-101, 2),
            decimal(-1, 0),
            decimal(-99, 2),
            decimal(-1, i32::MAX),
            decimal(0, 7),
            decimal(1, i32::MAX),
            decimal(99, 2),
            decimal(1, 0),
            decimal(101, 2),
            decimal(11, 1),
            decimal(1, -1),
            decimal(i128::MAX, 0),
            decimal(large.clone(), 1),
            decimal(large.clone(), 0),
            decimal(large, -1),
            decimal(1, -200),
            decimal(1, i32::MIN),
        ],
    );
    let same = [
        (decimal_bytes(10, 1), decimal_bytes(1, 0)),
        (decimal_bytes(-100, 1), decimal_bytes(-1, -1)),
        (decimal_bytes(0, i32::MAX), decimal_bytes(0, i32::MIN)),
        (decimal_bytes(i128::MIN, 0), [&[0; 4][..], &[0xFF, 0x80], &[0; 15]].concat()),
    ];
    for (a, b) in same {
        assert!(compare(Some(&T::Decimal), &a, &b).is_eq(), "{a:?} {b:?}");
    }
}

/// Two to the power of `3 * zeros`, and ten to the same: `10^n = 2^n * 5^n`.
#[test]
fn decimals_of_many_digits_are_compared_exactly() {
    let mut power = num(1);
    for zeros in 1..200 {
        power = times_ten(&power);
        let one = decimal_bytes(1, -zeros);
        for (delta, order) in [
            (-1, std::cmp::Ordering::Less),
            (0, std::cmp::Ordering::Equal),
            (1, std::cmp::Ordering::Greater),
        ] {
            let near = decimal_bytes(CqlVarint::from_signed_bytes_be(&plus(&power, delta)), 0);
            assert_eq!(compare(Some(&T::Decimal), &near, &one), order, "{zeros} {delta}");
            assert_eq!(compare(Some(&T::Decimal), &one, &near), order.reverse());
            let (near, one) = (negated(&plus(&power, delta)), decimal_bytes(-1, -zeros));
            let near = decimal_bytes(CqlVarint::from_signed_bytes_be(&near), 0);
            assert_eq!(compare(Some(&T::Decimal), &near, &one), order.reverse());
        }
    }
}

/// Ten times a number whose bits are all ones has four bits more, not three.
#[test]
fn decimals_are_not_judged_by_too_few_bits() {
    let ones = [&[0x7F][..], &[0xFF; 19]].concat();
    let less = [&[0x04][..], &[0; 20]].concat();
    let (a, b) = (
        decimal_bytes(CqlVarint::from_signed_bytes_be(&ones), 0),
        decimal_bytes(CqlVarint::from_signed_bytes_be(&less), 1),
    );
    assert!(compare(Some(&T::Decimal), &a, &b).is_gt());
    assert!(compare(Some(&T::Decimal), &b, &a).is_lt());
}

fn num(n: u8) -> Vec<u8> {
    [&[0; 99][..], &[n]].concat()
}

fn times_ten(bytes: &[u8]) -> Vec<u8> {
    let mut carry = 0_u16;
    let mut digits: Vec<u8> = bytes
        .iter()
        .rev()
        .map(|byte| {
            let product = u16::from(*byte) * 10 + carry;
            carry = product >> 8;
            product.to_be_bytes()[1]
        })
        .collect();
    digits.reverse();
    digits
}

fn plus(bytes: &[u8], delta: i8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for byte in bytes.iter_mut().rev() {
        let (sum, over) = byte.overflowing_add_signed(delta);
        *byte = sum;
        if !over {
            break;
        }
    }
    bytes
}

fn negated(bytes: &[u8]) -> Vec<u8> {
    plus(&bytes.iter().map(|byte| !byte).collect::<Vec<_>>(), 1)
}

#[test]
fn collections_are_ordered_by_the_first_elements_that_differ() {
    let int = |n: i32| n.to_be_bytes();
    for ty in [list(T::Int), set(T::Int)] {
        let (minus, one, two) = (int(-1), int(1), int(2));
        let lists = [
            vec![],
            counted(0, &[]),
            counted(1, &[Some(&minus)]),
            counted(2, &[Some(&minus), Some(&one)]),
            counted(3, &[Some(&minus), Some(&one), Some(&two)]),
            counted(1, &[Some(&one)]),
        ];
        assert_in_order(&ty, &lists);
    }
    let (minus, one) = (int(-1), int(1));
    let maps = [
        vec![],
        counted(0, &[]),
        counted(1, &[Some(&minus), Some(b"")]),
        counted(1, &[Some(&minus), Some(b"a")]),
        counted(2, &[Some(&minus), Some(b"a"), Some(&one), Some(b"")]),
        counted(1, &[Some(&minus), Some(b"b")]),
        counted(1, &[Some(&one), Some(b"")]),
    ];
    assert_in_order(&map(T::Int, T::Text), &maps);
}

#[test]
fn tuples_and_user_types_are_ordered_by_their_fields_null_first() {
    let (minus, one) = ((-1_i32).to_be_bytes(), 1_i32.to_be_bytes());
    let values = [
        cells(&[None, Some(b"")]),
        cells(&[None, Some(b"a")]),
        cells(&[Some(&minus), None]),
        cells(&[Some(&minus), Some(b"a")]),
        cells(&[Some(&one), None]),
        cells(&[Some(&one), Some(b"")]),
    ];
    let fields = vec![("a".to_owned(), T::Int), ("b".to_owned(), T::Text)];
    let user = UserType { keyspace: "ks".into(), name: "t".into(), fields };
    let (tuple, user) = (T::Tuple(vec![T::Int, T::Text]), T::UserType(user.into()));
    for ty in [&tuple, &user] {
        assert_in_order(ty, &values);
        let (short, whole) = (cells(&[Some(&one)]), cells(&[Some(&one), None]));
        assert!(compare(Some(ty), &short, &whole).is_eq());
        assert!(compare(Some(ty), &whole, &short).is_eq());
    }
}

#[test]
fn vectors_are_ordered_by_their_elements() {
    let ints = [[-2, 5], [-1, -1], [-1, 0], [0, -1], [0, 0]];
    assert_values_in_order(&vector_of(T::Int, 2), &ints);
    assert_values_in_order(&vector_of(T::Varint, 2), &ints.map(|two| two.map(CqlVarint::from)));
    let texts = [["", "b"], ["", "ba"], ["a", ""], ["aa", ""], ["b", ""]];
    assert_values_in_order(&vector_of(T::Text, 2), &texts);
}

proptest! {
    #[test]
    fn g11_1_any_bytes_have_some_order(
        (ty, _) in crate::value::dynamic::arbitrary::typed_value(),
        a: Vec<u8>,
        b: Vec<u8>,
    ) {
        let order = compare(Some(&ty), &a, &b);
        prop_assert_eq!(order.reverse(), compare(Some(&ty), &b, &a));
        prop_assert!(compare(Some(&ty), &a, &a).is_eq());
    }
}

#[cfg(feature = "bigdecimal")]
proptest! {
    #[test]
    fn decimals_are_ordered_as_another_library_does(
        a: Vec<u8>, i in -60..60_i32, b: Vec<u8>, j in -60..60_i32,
    ) {
        let (a, b) = (CqlVarint::from_signed_bytes_be(&a), CqlVarint::from_signed_bytes_be(&b));
        let (a, b) = (decimal(a, i), decimal(b, j));
        let order = bigdecimal::BigDecimal::from(&a).cmp(&bigdecimal::BigDecimal::from(&b));
        let bytes = |decimal| encode(None, decimal).unwrap();
        prop_assert_eq!(compare(Some(&T::Decimal), &bytes(&a), &bytes(&b)), order);
    }
}
