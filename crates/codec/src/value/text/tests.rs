use std::fmt::Display;
use std::str::FromStr;

use proptest::collection::vec;
use proptest::prelude::*;

use super::ParseValueError::{Malformed, OutOfRange};
use super::*;
use crate::{CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlVarint};

fn read<T: FromStr<Err = ParseValueError>>(text: &str) -> Parsed<T> {
    text.parse()
}

/// What is shown is read as the same.
fn same<T: Display + FromStr<Err = ParseValueError> + PartialEq + std::fmt::Debug>(value: &T) {
    let text = value.to_string();
    assert_eq!(text.parse::<T>().as_ref(), Ok(value), "{text}");
}

proptest! {
    #[test]
    fn what_is_shown_is_read_as_the_same(
        days: u32,
        nanos in 0..=CqlTime::MAX.0,
        millis: i64,
        bytes in vec(any::<u8>(), 0..40),
        scale: i32,
        places in -50..50_i32,
        parts in (0..=i32::MAX, 0..=i32::MAX, 0..=i64::MAX),
        negative: bool,
    ) {
        same(&CqlDate(days));
        same(&CqlTime(nanos));
        same(&CqlTimestamp(millis));
        let unscaled = CqlVarint::from_signed_bytes_be(&bytes);
        same(&unscaled);
        same(&CqlDecimal { unscaled: unscaled.clone(), scale });
        same(&CqlDecimal { unscaled, scale: places });
        let (months, days, nanos) = parts;
        let duration = CqlDuration { months, days, nanos };
        same(&duration);
        if negative {
            same(&CqlDuration { months: -months, days: -days, nanos: -nanos });
        }
    }

    /// Whatever is read of any text is shown in a way that is read as the same.
    #[test]
    fn no_text_is_too_much(text in "\\PC{0,30}", digits in "[-+0-9.:TPEe]{0,30}") {
        for text in [text, digits] {
            again::<CqlDate>(&text);
            again::<CqlTime>(&text);
            again::<CqlTimestamp>(&text);
            again::<CqlVarint>(&text);
            again::<CqlDecimal>(&text);
            again::<CqlDuration>(&text);
        }
    }
}

fn again<T: Display + FromStr<Err = ParseValueError> + PartialEq + std::fmt::Debug>(text: &str) {
    if let Ok(value) = read::<T>(text) {
        same(&value);
    }
}

#[test]
fn the_ends_of_each_range_are_values() {
    for days in [0, 1, CqlDate::UNIX_EPOCH.0, u32::MAX] {
        same(&CqlDate(days));
    }
    for millis in [i64::MIN, -1, 0, i64::MAX] {
        same(&CqlTimestamp(millis));
    }
    same(&CqlDuration { months: i32::MIN, days: i32::MIN, nanos: i64::MIN });
    same(&CqlDuration { months: i32::MAX, days: i32::MAX, nanos: i64::MAX });
    for scale in [i32::MIN, -1, 0, 40, 41, i32::MAX] {
        same(&CqlDecimal { unscaled: CqlVarint::from(-7), scale });
    }
}

#[test]
fn days_are_those_of_the_calendar() {
    let cases = [
        ("1970-01-01", 0),
        ("1969-12-31", -1),
        ("2024-02-29", 19_782),
        ("2000-03-01", 11_017),
        ("9999-12-31", 2_932_896),
        ("+10000-01-01", 2_932_897),
        ("0000-01-01", -719_528),
        ("-0001-12-31", -719_529),
        ("+5881580-07-11", i32::MAX),
        ("-5877641-06-23", i32::MIN),
    ];
    for (text, days) in cases {
        assert_eq!(read(text), Ok(CqlDate::from_unix_days(days)), "{text}");
        assert_eq!(CqlDate::from_unix_days(days).to_string(), text);
    }
    assert_eq!(read("2147483648"), Ok(CqlDate::UNIX_EPOCH));
    for text in ["2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "2024-04-31"]
    {
        assert_eq!(read::<CqlDate>(text), Err(OutOfRange), "{text}");
    }
    for text in ["4294967296", "+5881580-07-12", "-5877641-06-22", "99999999999-01-01"] {
        assert_eq!(read::<CqlDate>(text), Err(OutOfRange), "{text}");
    }
    for text in ["", "-", "24-01-01", "2024-1-1", "2024-01-01x", "2024/01/01", "2024-01-0ñ"] {
        assert_eq!(read::<CqlDate>(text), Err(Malformed), "{text}");
    }
}

#[test]
fn times_have_as_many_digits_as_one_likes() {
    let hour = 3_600_000_000_000;
    let cases = [
        ("01:00", hour),
        ("01:00:00", hour),
        ("01:00:00.5", hour + 500_000_000),
        ("01:00:00.000000001000", hour + 1),
        ("7", 7),
    ];
    for (text, nanos) in cases {
        assert_eq!(read(text), Ok(CqlTime(nanos)), "{text}");
    }
    for text in ["24:00", "00:60", "00:00:60", "00:00:00.0000000001", "86400000000000", "-1"] {
        assert_eq!(read::<CqlTime>(text), Err(OutOfRange), "{text}");
    }
    for text in ["", "1:00", "01:00:", "01:00:00.", "01:00 ", "0100", "-01:00"] {
        let outcome = read::<CqlTime>(text);
        assert!(outcome.is_err() || text == "0100", "{text}");
    }
    assert_eq!(CqlTime(-5).to_string(), "-5");
}

#[test]
fn timestamps_have_any_zone_or_are_milliseconds() {
    let day = 1_446_422_400_000;
    let cases = [
        ("2015-11-02", day),
        ("2015-11-02T00:00:00.000Z", day),
        ("2015-11-02 00:00:00.000+0000", day),
        ("2015-11-02 01:30+01:30", day),
        ("2015-11-01T19:00-05", day),
        ("2015-11-02+0100", day - 3_600_000),
        ("2015-11-02 00:00:00.001 +0000", day + 1),
        ("2015-11-02 00:00:00.001000000Z", day + 1),
        ("1446422400000", day),
        ("-1", -1),
        ("1969-12-31T23:59:59.999Z", -1),
    ];
    for (text, millis) in cases {
        assert_eq!(read(text), Ok(CqlTimestamp(millis)), "{text}");
    }
    let micros = "2015-11-02T00:00:00.000001Z";
    for text in [micros, "9223372036854775808", "2015-02-30", "2015-11-02T24:00", "2015-11-02+2400"]
    {
        assert_eq!(read::<CqlTimestamp>(text), Err(OutOfRange), "{text}");
    }
    for text in
        ["", "2015-11-02T", "2015-11-02Tx", "2015-11-02X", "2015-11", "2015-11-02 00:00 CET"]
    {
        assert_eq!(read::<CqlTimestamp>(text), Err(Malformed), "{text}");
    }
}

#[test]
fn durations_come_in_three_forms() {
    let of = |months, days, nanos| CqlDuration { months, days, nanos };
    let time = 4 * 3_600_000_000_000 + 5 * 60_000_000_000 + 6_000_000_000;
    let cases = [
        ("1y2mo3d4h5m6s", of(14, 3, time)),
        ("P1Y2M3DT4H5M6S", of(14, 3, time)),
        ("P0001-02-03T04:05:06", of(14, 3, time)),
        ("-1Y2MO", of(-14, 0, 0)),
        ("-P1M", of(-1, 0, 0)),
        ("2w1d", of(0, 15, 0)),
        ("P2W", of(0, 14, 0)),
        ("PT1M", of(0, 0, 60_000_000_000)),
        ("7ms8us9ns", of(0, 0, 7_008_009)),
        ("7ms8µs9ns", of(0, 0, 7_008_009)),
        ("0s", of(0, 0, 0)),
    ];
    for (text, duration) in cases {
        assert_eq!(read(text), Ok(duration), "{text}");
    }
    assert_eq!(of(14, 3, time + 7_008_009).to_string(), "1y2mo3d4h5m6s7ms8us9ns");
    assert_eq!(of(-1, -2, -3).to_string(), "-1mo2d3ns");
    // One part is enough for the sign.
    for (duration, text) in [(of(-1, 0, 0), "-1mo"), (of(0, -2, 0), "-2d"), (of(0, 0, -3), "-3ns")]
    {
        assert_eq!((duration.to_string(), read(text)), (text.to_owned(), Ok(duration)));
    }
    for text in ["", "-", "P", "PT", "1", "1x", "1d1y", "1d1d", "P1D1Y", "P1-2-3T4:5:6", "d"] {
        assert_eq!(read::<CqlDuration>(text), Err(Malformed), "{text}");
    }
    for text in [
        "2147483648mo",
        "200000000y",
        "9223372036854775808ns",
        "99999999999999999999999999999999999999999d",
    ] {
        assert_eq!(read::<CqlDuration>(text), Err(OutOfRange), "{text}");
    }
}

#[test]
fn integers_of_any_size_have_their_digits() {
    let thousand = format!("1{}", "0".repeat(1_000));
    for text in
        ["0", "-1", "170141183460469231731687303715884105728", &thousand, &format!("-{thousand}")]
    {
        assert_eq!(read::<CqlVarint>(text).unwrap().to_string(), text);
    }
    assert_eq!(read("+007"), Ok(CqlVarint::from(7)));
    assert_eq!(read("0xff"), Ok(CqlVarint::from(-1)));
    // The lowest and the highest of 1,024 bytes, and one byte more of each.
    for (first, rest) in [(0x80, 0), (0x7F, 0xFF)] {
        for length in [16, 17, 1_023, 1_024, 1_025] {
            let mut bytes = vec![rest; length];
            bytes[0] = first;
            let number = CqlVarint::from_signed_bytes_be(&bytes);
            same(&number);
            assert_eq!(number.to_string().starts_with("0x"), length > 1_024);
        }
    }
    assert_eq!(read::<CqlVarint>(&"9".repeat(2_467)), Err(OutOfRange));
    for text in ["", "-", "+-1", "1.0", "1e3", "0x", "0x1", "0xgg", "0x+1", "ñ"] {
        assert_eq!(read::<CqlVarint>(text), Err(Malformed), "{text}");
    }
}

#[test]
fn decimals_keep_their_scale() {
    let of = |unscaled: i64, scale| CqlDecimal { unscaled: CqlVarint::from(unscaled), scale };
    let cases = [
        ("12.50", of(1250, 2)),
        ("-0.05", of(-5, 2)),
        ("7", of(7, 0)),
        ("7E3", of(7, -3)),
        ("7e+3", of(7, -3)),
        ("1.5E-2", of(15, 3)),
        (".5", of(5, 1)),
        ("5.", of(5, 0)),
        ("0.00", of(0, 2)),
        ("0x0fE-1", of(15, 1)),
        ("0x0e", of(14, 0)),
        ("0X10e5", of(0x10E5, 0)),
        ("0X0fE-1", of(15, 1)),
    ];
    for (text, decimal) in cases {
        assert_eq!(read(text), Ok(decimal), "{text}");
    }
    assert_eq!(of(-7, 40).to_string(), format!("-0.{}7", "0".repeat(39)));
    assert_eq!(of(-7, 41).to_string(), "-7E-41");
    assert_eq!(of(-7, -1).to_string(), "-7E1");
    let bytes = CqlVarint::from_signed_bytes_be(&[0x1E; 1_100]);
    same(&CqlDecimal { unscaled: bytes, scale: 7 });
    for text in ["", ".", "1.2.3", "1.-2", "1e", "e1", "NaN", "1,5", "0X12.34", "0X.12"] {
        assert_eq!(read::<CqlDecimal>(text), Err(Malformed), "{text}");
    }
    assert_eq!(read::<CqlDecimal>("1E2147483649"), Err(OutOfRange));
}
