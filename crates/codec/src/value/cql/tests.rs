use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::{Counter, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlVarint};
use crate::value::tests::{decode, encode, mismatch, problem};
use crate::vectors::{section, vector};
use crate::{ColumnType, DecodeValue, EncodeValue, ValueProblem};

/// Checks that a value is encoded to these bytes and decoded from them.
fn is<T>(ty: &ColumnType, value: &T, bytes: &[u8])
where
    T: EncodeValue + for<'page> DecodeValue<'page> + PartialEq + std::fmt::Debug,
{
    assert_eq!(encode(Some(ty), value).unwrap(), bytes);
    assert_eq!(encode(None, value).unwrap(), bytes);
    assert_eq!(decode::<T>(ty, Some(bytes)).as_ref(), Ok(value));
}

#[test]
fn g11_3_varints_are_as_the_vectors_are() {
    let varints = section("value").into_iter().filter_map(|vector| {
        vector
            .name
            .strip_prefix("varint ")
            .map(|digits| digits.parse::<i128>().unwrap())
            .map(|value| (value, vector.bytes))
    });
    let mut count = 0;
    for (value, bytes) in varints {
        is(&ColumnType::Varint, &CqlVarint::from(value), &bytes);
        assert_eq!(CqlVarint::from_signed_bytes_be(&bytes).to_i128(), Some(value));
        count += 1;
    }
    assert_eq!(count, 11);
}

#[test]
fn g11_3_decimals_are_as_the_vectors_are() {
    let vectors: [(&str, i64, i32); 5] = [
        ("decimal 1E+3", 1, -3),
        ("decimal 0.01", 1, 2),
        ("decimal -112233.441191", -112_233_441_191, 6),
        ("decimal 0.00000000000000064206", 64206, 20),
        ("decimal 64206E+100", 64206, -100),
    ];
    for (name, unscaled, scale) in vectors {
        let decimal = CqlDecimal { unscaled: unscaled.into(), scale };
        is(&ColumnType::Decimal, &decimal, &vector("value", name).bytes);
    }
    let unscaled = 12_438_789_579_431_234_124_191_998_i128.into();
    let bytes = vector("value", "decimal 1243878957943.1234124191998").bytes;
    is(&ColumnType::Decimal, &CqlDecimal { unscaled, scale: 13 }, &bytes);
}

#[test]
fn g11_3_durations_are_as_the_vectors_are() {
    let vectors = [
        ("duration 0mo0d0ns", 0, 0, 0),
        ("duration -1mo-2d-3ns", -1, -2, -3),
        ("duration -1233mo-123213d-2312323ns", -1233, -123_213, -2_312_323),
        ("duration 1mo2d115ns", 1, 2, 115),
        ("duration -2147483648mo", i32::MIN, i32::MIN, i64::MIN),
    ];
    for (name, months, days, nanos) in vectors {
        let duration = CqlDuration { months, days, nanos };
        is(&ColumnType::Duration, &duration, &vector("value", name).bytes);
    }
}

#[test]
fn g11_3_dates_and_times_are_as_the_vectors_are() {
    let date = |name, date| is(&ColumnType::Date, &date, &vector("value", name).bytes);
    date("date 1970-01-02", CqlDate::from_unix_days(1));
    date("date 1969-12-31", CqlDate::from_unix_days(-1));
    date("date min", CqlDate::from_unix_days(i32::MIN));
    is(&ColumnType::Time, &CqlTime::MAX, &vector("value", "time max").bytes);
    let timestamp = |name, millis| {
        is(&ColumnType::Timestamp, &CqlTimestamp(millis), &vector("value", name).bytes);
    };
    timestamp("timestamp 2015-11-02", 1_446_422_400_000);
    timestamp("timestamp -1ms", -1);
    is(&ColumnType::Counter, &Counter(-2), &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE]);
}

#[test]
fn each_goes_with_its_own_type_of_cql() {
    use ColumnType as T;
    let refused = [
        Counter::accepts(&T::BigInt),
        CqlTimestamp::accepts(&T::BigInt),
        CqlDate::accepts(&T::Int),
        CqlTime::accepts(&T::Timestamp),
        CqlDuration::accepts(&T::Time),
        CqlVarint::accepts(&T::Blob),
        CqlDecimal::accepts(&T::Varint),
    ];
    assert!(refused.into_iter().all(mismatch));
    let duration = CqlDuration::default();
    let zero = CqlVarint::from(0);
    let decimal = CqlDecimal { unscaled: zero.clone(), scale: 0 };
    let values: [&dyn EncodeValue; 8] = [
        &Counter(0),
        &CqlTimestamp(0),
        &CqlDate(0),
        &CqlTime(0),
        &duration,
        &zero,
        &decimal,
        &None::<CqlVarint>,
    ];
    for value in values {
        assert!(mismatch(encode(Some(&T::Int), value)));
    }
}

#[test]
fn h1_empty_values_are_none() {
    use ColumnType as T;
    assert_eq!(decode::<Option<CqlTimestamp>>(&T::Timestamp, Some(&[])), Ok(None));
    assert_eq!(decode::<Option<CqlVarint>>(&T::Varint, Some(&[])), Ok(None));
    assert_eq!(decode::<Option<CqlDecimal>>(&T::Decimal, Some(&[])), Ok(None));
    assert_eq!(decode::<Option<CqlDuration>>(&T::Duration, Some(&[])), Ok(None));
    assert_eq!(problem(decode::<CqlDate>(&T::Date, Some(&[]))), ValueProblem::Empty);
    assert_eq!(
        problem(decode::<CqlTime>(&T::Time, Some(&[0; 7]))),
        ValueProblem::Length { found: 7 }
    );
    assert_eq!(problem(decode::<Counter>(&T::Counter, None)), ValueProblem::Null);
}

#[test]
fn h3_a_varint_has_a_byte_at_least_and_any_number_of_them() {
    let ty = ColumnType::Varint;
    assert_eq!(problem(decode::<CqlVarint>(&ty, Some(&[]))), ValueProblem::Empty);
    assert_eq!(problem(decode::<CqlVarint>(&ty, None)), ValueProblem::Null);
    let mut huge = vec![0x55; 64 << 20];
    let varint = decode::<CqlVarint>(&ty, Some(&huge)).unwrap();
    assert_eq!((varint.to_i128(), varint.to_i64()), (None, None));
    assert_eq!(varint.to_signed_bytes_be().len(), huge.len());
    // Bytes that only repeat the sign are accepted, and not sent.
    huge.fill(0xFF);
    assert_eq!(decode(&ty, Some(&huge)), Ok(CqlVarint::from(-1)));
    assert_eq!(CqlVarint::from_signed_bytes_be(&[]), CqlVarint::from(0));
    let over = CqlVarint::from(i128::from(i64::MAX) + 1);
    assert_eq!((over.to_i64(), over.to_i128()), (None, Some(1 << 63)));
    assert_eq!(CqlVarint::from(u64::MAX).to_i128(), Some(i128::from(u64::MAX)));
    assert_eq!(format!("{over:?}"), "CqlVarint(9223372036854775808)");
    let wide = CqlVarint::from_signed_bytes_be(&[1; 17]);
    assert_eq!(format!("{wide:?}"), format!("CqlVarint(0x{})", "01".repeat(17)));
}

#[test]
fn h4_a_decimal_has_a_scale_and_a_digit_and_is_never_written_out() {
    let ty = ColumnType::Decimal;
    for remaining in 1..=4 {
        let expected = ValueProblem::UnexpectedEnd { needed: 5, remaining };
        assert_eq!(problem(decode::<CqlDecimal>(&ty, Some(&[0; 4][..remaining]))), expected);
    }
    for scale in [i32::MIN, i32::MAX] {
        let decimal = CqlDecimal { unscaled: 1.into(), scale };
        is(&ty, &decimal, &[&scale.to_be_bytes()[..], &[1]].concat());
        assert!(format!("{decimal:?}").len() < 80);
    }
}

#[test]
fn h5_a_duration_that_is_none_is_an_error_and_mixed_signs_are_shown() {
    let ty = ColumnType::Duration;
    let of = |bytes: &[u8]| decode::<CqlDuration>(&ty, Some(bytes));
    assert_eq!(problem(of(&[0, 0])), ValueProblem::UnexpectedEnd { needed: 1, remaining: 0 });
    let cut = [0, 0, 0xFF, 1, 2, 3, 4, 5, 6, 7];
    assert_eq!(problem(of(&cut)), ValueProblem::UnexpectedEnd { needed: 9, remaining: 8 });
    assert_eq!(problem(of(&[0, 0, 0, 0])), ValueProblem::TrailingBytes { bytes: 1 });
    let over = [0xF1, 0, 0, 0, 0];
    assert_eq!(problem(of(&[&over[..], &[0, 0]].concat())), ValueProblem::OutOfRange);
    assert_eq!(problem(of(&[&[0], &over[..], &[0]].concat())), ValueProblem::OutOfRange);
    let mixed = CqlDuration { months: 1, days: -1, nanos: 0 };
    assert_eq!(of(&[2, 1, 0]), Ok(mixed));
}

#[test]
fn j_a_duration_of_mixed_signs_is_refused() {
    for (months, days, nanos) in [(1, -1, 0), (0, 1, -1), (-1, 0, 1)] {
        let mixed = CqlDuration { months, days, nanos };
        assert_eq!(problem(encode(None, &mixed)), ValueProblem::MixedSigns);
        assert_eq!(problem(encode(Some(&ColumnType::Duration), &mixed)), ValueProblem::MixedSigns);
    }
}

#[test]
fn h6_a_duration_may_take_more_bytes_than_it_needs() {
    let bytes = [0x80, 2, 0xC0, 0, 4, 0x80, 6];
    let expected = CqlDuration { months: 1, days: 2, nanos: 3 };
    assert_eq!(decode(&ColumnType::Duration, Some(&bytes)), Ok(expected));
}

#[test]
fn h7_the_ends_of_the_ranges_are_values() {
    use ColumnType as T;
    for raw in [i64::MIN, -1, 86_400_000_000_000, i64::MAX] {
        is(&T::Time, &CqlTime(raw), &raw.to_be_bytes());
        is(&T::Timestamp, &CqlTimestamp(raw), &raw.to_be_bytes());
    }
    for (raw, days) in [(0, i32::MIN), (u32::MAX, i32::MAX), (1 << 31, 0)] {
        is(&T::Date, &CqlDate(raw), &raw.to_be_bytes());
        assert_eq!((CqlDate(raw).unix_days(), CqlDate::from_unix_days(days)), (days, CqlDate(raw)));
    }
}

#[test]
fn h7_a_timestamp_is_a_system_time_where_the_system_can_say_it() {
    let epoch = SystemTime::UNIX_EPOCH;
    let (second, nano) = (Duration::from_secs(1), Duration::from_nanos(1));
    let pairs = [(epoch, 0), (epoch + second, 1000), (epoch - second, -1000)];
    for (time, millis) in pairs {
        assert_eq!(CqlTimestamp::from_system_time(time), Some(CqlTimestamp(millis)));
        assert_eq!(CqlTimestamp(millis).to_system_time(), Some(time));
    }
    assert_eq!(CqlTimestamp::from_system_time(epoch - nano), Some(CqlTimestamp(-1)));
    assert_eq!(CqlTimestamp::from_system_time(epoch + nano), Some(CqlTimestamp(0)));
    for end in [i64::MIN, i64::MAX] {
        if let Some(time) = CqlTimestamp(end).to_system_time() {
            assert_eq!(CqlTimestamp::from_system_time(time), Some(CqlTimestamp(end)));
        }
    }
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(
        (months, days, nanos) in (0..=i32::MAX, 0..=i32::MAX, 0..=i64::MAX),
        negative: bool,
        bytes: Vec<u8>,
        scale: i32,
    ) {
        let sign = if negative { -1 } else { 1 };
        let duration = CqlDuration { months: months * sign, days: days * sign, nanos: nanos * i64::from(sign) };
        let encoded = encode(None, &duration).unwrap();
        prop_assert_eq!(decode(&ColumnType::Duration, Some(&encoded)), Ok(duration));
        let unscaled = CqlVarint::from_signed_bytes_be(&bytes);
        let encoded = encode(None, &unscaled).unwrap();
        prop_assert_eq!(decode(&ColumnType::Varint, Some(&encoded)), Ok(unscaled.clone()));
        let decimal = CqlDecimal { unscaled, scale };
        let encoded = encode(None, &decimal).unwrap();
        prop_assert_eq!(decode(&ColumnType::Decimal, Some(&encoded)), Ok(decimal));
    }

    #[test]
    fn varints_are_minimal_and_in_the_order_of_their_values(
        (a, a_bits) in any::<(i128, u8)>(),
        (b, b_bits) in any::<(i128, u8)>(),
    ) {
        let (a, b) = (a >> (a_bits % 128), b >> (b_bits % 128));
        let (big_a, big_b) = (CqlVarint::from(a), CqlVarint::from(b));
        prop_assert_eq!(big_a.to_i128(), Some(a));
        prop_assert_eq!(big_a.cmp(&big_b), a.cmp(&b));
        prop_assert_eq!(CqlVarint::from_signed_bytes_be(&a.to_be_bytes()), big_a);
    }
}
