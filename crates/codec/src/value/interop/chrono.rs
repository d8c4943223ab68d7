//! chrono: timestamp, date and time.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeZone, Timelike, Utc};

use super::{decode_number, encode_number};
use crate::value::CqlDate;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// How many days after 0000-12-31 is 1970-01-01.
const EPOCH: i32 = 719_163;

decode_number!(DateTime<Utc>, Timestamp, i64, Self::from_timestamp_millis);
// The whole millisecond at or before it: a timestamp has no more.
encode_number!([Tz: TimeZone] DateTime<Tz>, Timestamp, |time: &Self| Some(time.timestamp_millis()));

decode_number!(NaiveDate, Date, u32, |days| {
    Self::from_num_days_from_ce_opt(CqlDate(days).unix_days().checked_add(EPOCH)?)
});
encode_number!([] NaiveDate, Date, |date: &Self| {
    date.num_days_from_ce().checked_sub(EPOCH).map(|days| CqlDate::from_unix_days(days).0)
});

decode_number!(NaiveTime, Time, i64, |nanos: i64| {
    let seconds = u32::try_from(nanos.div_euclid(NANOS_PER_SECOND)).ok()?;
    let nanos = u32::try_from(nanos.rem_euclid(NANOS_PER_SECOND)).ok()?;
    Self::from_num_seconds_from_midnight_opt(seconds, nanos)
});
// There are no leap seconds in CQL; chrono has them as a second of more nanoseconds.
encode_number!([] NaiveTime, Time, |time: &Self| {
    let (seconds, nanos) = (time.num_seconds_from_midnight(), i64::from(time.nanosecond()));
    (nanos < NANOS_PER_SECOND).then(|| i64::from(seconds) * NANOS_PER_SECOND + nanos)
});

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;
    use proptest::prelude::*;

    use super::*;
    use crate::ColumnType as T;
    use crate::ValueProblem;
    use crate::value::CqlTime;
    use crate::value::tests::{decode, encode, mismatch, problem};
    use crate::vectors::vector;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn g11_3_they_are_as_the_vectors_are() {
        let bytes = vector("value", "timestamp 2015-11-02").bytes;
        let midnight = day(2015, 11, 2).and_hms_opt(0, 0, 0).unwrap().and_utc();
        assert_eq!(decode(&T::Timestamp, Some(&bytes)), Ok(midnight));
        let elsewhere = midnight.with_timezone(&FixedOffset::east_opt(7200).unwrap());
        assert_eq!(encode(None, &elsewhere).unwrap(), bytes);
        let bytes = vector("value", "timestamp -1ms").bytes;
        let last = day(1969, 12, 31).and_hms_nano_opt(23, 59, 59, 999_999_999).unwrap();
        assert_eq!(encode(None, &last.and_utc()).unwrap(), bytes);
        let bytes = vector("value", "date 1969-12-31").bytes;
        assert_eq!(decode(&T::Date, Some(&bytes)), Ok(day(1969, 12, 31)));
        assert_eq!(encode(Some(&T::Date), &day(1969, 12, 31)).unwrap(), bytes);
        let bytes = vector("value", "time max").bytes;
        assert_eq!(decode(&T::Time, Some(&bytes)), Ok(last.time()));
        assert_eq!(encode(Some(&T::Time), &last.time()).unwrap(), bytes);
        assert!(mismatch(encode(Some(&T::Time), &last.date())));
        assert!(mismatch(encode(Some(&T::BigInt), &None::<DateTime<Utc>>)));
    }

    #[test]
    fn h7_what_a_calendar_cannot_say_is_an_error() {
        for end in [i64::MIN, i64::MAX] {
            let outcome = decode::<DateTime<Utc>>(&T::Timestamp, Some(&end.to_be_bytes()));
            assert_eq!(problem(outcome), ValueProblem::OutOfRange);
        }
        for end in [0, u32::MAX] {
            let outcome = decode::<NaiveDate>(&T::Date, Some(&end.to_be_bytes()));
            assert_eq!(problem(outcome), ValueProblem::OutOfRange);
        }
        for nanos in [i64::MIN, -1, CqlTime::MAX.0 + 1, i64::MAX] {
            let outcome = decode::<NaiveTime>(&T::Time, Some(&nanos.to_be_bytes()));
            assert_eq!(problem(outcome), ValueProblem::OutOfRange);
        }
        let leap = NaiveTime::from_hms_milli_opt(23, 59, 59, 1500).unwrap();
        assert_eq!(problem(encode(None, &leap)), ValueProblem::OutOfRange);
        for end in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            let millis = decode::<DateTime<Utc>>(&T::Timestamp, Some(&encode(None, &end).unwrap()));
            assert_eq!(millis.unwrap().timestamp_millis(), end.timestamp_millis());
            assert!(encode(None, &end.date_naive()).is_ok());
        }
    }

    proptest! {
        #[test]
        fn any_number_is_a_value_or_an_error(number: i64, bits in 0_u32..64) {
            let bytes = (number >> bits).to_be_bytes();
            if let Ok(time) = decode::<DateTime<Utc>>(&T::Timestamp, Some(&bytes)) {
                prop_assert_eq!(&encode(None, &time).unwrap()[..], &bytes[..]);
            }
            if let Ok(time) = decode::<NaiveTime>(&T::Time, Some(&bytes)) {
                prop_assert_eq!(&encode(None, &time).unwrap()[..], &bytes[..]);
            }
            let days = CqlDate::from_unix_days(i32::try_from(number >> 32).unwrap() >> (bits / 2));
            let bytes = days.0.to_be_bytes();
            if let Ok(date) = decode::<NaiveDate>(&T::Date, Some(&bytes)) {
                prop_assert_eq!(&encode(None, &date).unwrap()[..], &bytes[..]);
            }
        }
    }
}
