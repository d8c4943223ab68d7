//! jiff: timestamp, date and time.

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

use super::{decode_number, encode_number};
use crate::value::{CqlDate, CqlTime};

const NANOS_PER_MILLI: i128 = 1_000_000;
const HOURS_PER_DAY: i64 = 24;
const EPOCH: Date = Date::constant(1970, 1, 1);

decode_number!(Timestamp, Timestamp, i64, |millis| Self::from_millisecond(millis).ok());
// The whole millisecond at or before it: a timestamp has no more.
encode_number!([] Timestamp, Timestamp, |time: &Self| {
    i64::try_from(time.as_nanosecond().div_euclid(NANOS_PER_MILLI)).ok()
});
// The moment; its time zone is kept nowhere.
encode_number!([] ZonedDateTime, Timestamp, |time: &Self| {
    i64::try_from(time.timestamp().as_nanosecond().div_euclid(NANOS_PER_MILLI)).ok()
});

decode_number!(Date, Date, u32, |days| {
    let hours = i64::from(CqlDate(days).unix_days()) * HOURS_PER_DAY;
    EPOCH.checked_add(SignedDuration::from_hours(hours)).ok()
});
encode_number!([] Date, Date, |date: &Self| {
    let days = date.duration_since(EPOCH).as_hours() / HOURS_PER_DAY;
    i32::try_from(days).ok().map(|days| CqlDate::from_unix_days(days).0)
});

decode_number!(Time, Time, i64, |nanos| {
    let of_a_day = 0..=CqlTime::MAX.0;
    let time = of_a_day.contains(&nanos).then(|| SignedDuration::from_nanos(nanos))?;
    Self::midnight().checked_add(time).ok()
});
encode_number!([] Time, Time, |time: &Self| {
    i64::try_from(time.duration_since(Self::midnight()).as_nanos()).ok()
});

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};
    use jiff::tz::{TimeZone, offset};
    use proptest::prelude::*;

    use super::*;
    use crate::ColumnType as T;
    use crate::ValueProblem;
    use crate::value::tests::{decode, encode, mismatch, problem};
    use crate::vectors::vector;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn g11_3_they_are_as_the_vectors_are() {
        let bytes = vector("value", "timestamp 2015-11-02").bytes;
        let midnight = moment("2015-11-02T00:00:00Z");
        assert_eq!(decode(&T::Timestamp, Some(&bytes)), Ok(midnight));
        let elsewhere = midnight.to_zoned_datetime(TimeZone::fixed(offset(2)));
        assert_eq!(encode(None, &elsewhere).unwrap(), bytes);
        assert_eq!(encode(Some(&T::Timestamp), &midnight).unwrap(), bytes);
        let bytes = vector("value", "timestamp -1ms").bytes;
        assert_eq!(encode(None, &moment("1969-12-31T23:59:59.999999999Z")).unwrap(), bytes);
        let bytes = vector("value", "date 1969-12-31").bytes;
        assert_eq!(decode(&T::Date, Some(&bytes)), Ok(date(1969, 12, 31)));
        assert_eq!(encode(Some(&T::Date), &date(1969, 12, 31)).unwrap(), bytes);
        let bytes = vector("value", "time max").bytes;
        let last = time(23, 59, 59, 999_999_999);
        assert_eq!(decode(&T::Time, Some(&bytes)), Ok(last));
        assert_eq!(encode(Some(&T::Time), &last).unwrap(), bytes);
        assert!(mismatch(encode(Some(&T::Time), &date(1969, 12, 31))));
        assert!(mismatch(encode(Some(&T::BigInt), &None::<Timestamp>)));
    }

    #[test]
    fn h7_what_a_calendar_cannot_say_is_an_error() {
        for end in [i64::MIN, i64::MAX] {
            let outcome = decode::<Timestamp>(&T::Timestamp, Some(&end.to_be_bytes()));
            assert_eq!(problem(outcome), ValueProblem::OutOfRange);
        }
        for end in [0, u32::MAX] {
            let outcome = decode::<Date>(&T::Date, Some(&end.to_be_bytes()));
            assert_eq!(problem(outcome), ValueProblem::OutOfRange);
        }
        for nanos in [i64::MIN, -1, CqlTime::MAX.0 + 1, i64::MAX] {
            let outcome = decode::<Time>(&T::Time, Some(&nanos.to_be_bytes()));
            assert_eq!(problem(outcome), ValueProblem::OutOfRange);
        }
        for end in [Timestamp::MIN, Timestamp::MAX] {
            assert!(encode(None, &end).is_ok());
        }
        for end in [Date::MIN, Date::MAX] {
            let bytes = encode(None, &end).unwrap();
            assert_eq!(decode(&T::Date, Some(&bytes)), Ok(end));
        }
    }

    proptest! {
        #[test]
        fn any_number_is_a_value_or_an_error(number: i64, bits in 0_u32..64) {
            let bytes = (number >> bits).to_be_bytes();
            if let Ok(time) = decode::<Timestamp>(&T::Timestamp, Some(&bytes)) {
                prop_assert_eq!(&encode(None, &time).unwrap()[..], &bytes[..]);
            }
            if let Ok(time) = decode::<Time>(&T::Time, Some(&bytes)) {
                prop_assert_eq!(&encode(None, &time).unwrap()[..], &bytes[..]);
            }
            let days = CqlDate::from_unix_days(i32::try_from(number >> 32).unwrap() >> (bits / 2));
            let bytes = days.0.to_be_bytes();
            if let Ok(date) = decode::<Date>(&T::Date, Some(&bytes)) {
                prop_assert_eq!(&encode(None, &date).unwrap()[..], &bytes[..]);
            }
        }
    }
}
