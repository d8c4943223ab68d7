//! time: timestamp, date and time.

use time::{Date, Duration, OffsetDateTime, Time};

use super::{decode_number, encode_number};
use crate::value::{CqlDate, CqlTime};

const NANOS_PER_MILLI: i128 = 1_000_000;
/// The Julian day of 1970-01-01.
const EPOCH: i32 = 2_440_588;

decode_number!(OffsetDateTime, Timestamp, i64, |millis| {
    Self::from_unix_timestamp_nanos(i128::from(millis) * NANOS_PER_MILLI).ok()
});
// The whole millisecond at or before it: a timestamp has no more.
encode_number!([] OffsetDateTime, Timestamp, |time: &Self| {
    i64::try_from(time.unix_timestamp_nanos().div_euclid(NANOS_PER_MILLI)).ok()
});

decode_number!(Date, Date, u32, |days| {
    Self::from_julian_day(CqlDate(days).unix_days().checked_add(EPOCH)?).ok()
});
encode_number!([] Date, Date, |date: &Self| {
    date.to_julian_day().checked_sub(EPOCH).map(|days| CqlDate::from_unix_days(days).0)
});

decode_number!(Time, Time, i64, |nanos| {
    let of_a_day = 0..=CqlTime::MAX.0;
    of_a_day.contains(&nanos).then(|| Self::MIDNIGHT + Duration::nanoseconds(nanos))
});
encode_number!([] Time, Time, |time: &Self| {
    i64::try_from((*time - Self::MIDNIGHT).whole_nanoseconds()).ok()
});

#[cfg(test)]
mod tests {
    use ::time::macros::{date, datetime, time};
    use proptest::prelude::*;

    use super::*;
    use crate::ColumnType as T;
    use crate::ValueProblem;
    use crate::value::tests::{decode, encode, mismatch, problem};
    use crate::vectors::vector;

    #[test]
    fn g11_3_they_are_as_the_vectors_are() {
        let bytes = vector("value", "timestamp 2015-11-02").bytes;
        assert_eq!(decode(&T::Timestamp, Some(&bytes)), Ok(datetime!(2015-11-02 00:00 UTC)));
        assert_eq!(encode(None, &datetime!(2015-11-02 02:00 +2)).unwrap(), bytes);
        let bytes = vector("value", "timestamp -1ms").bytes;
        assert_eq!(encode(None, &datetime!(1969-12-31 23:59:59.999_999_999 UTC)).unwrap(), bytes);
        let bytes = vector("value", "date 1969-12-31").bytes;
        assert_eq!(decode(&T::Date, Some(&bytes)), Ok(date!(1969 - 12 - 31)));
        assert_eq!(encode(Some(&T::Date), &date!(1969 - 12 - 31)).unwrap(), bytes);
        let bytes = vector("value", "time max").bytes;
        assert_eq!(decode(&T::Time, Some(&bytes)), Ok(time!(23:59:59.999_999_999)));
        assert_eq!(encode(Some(&T::Time), &time!(23:59:59.999_999_999)).unwrap(), bytes);
        assert!(mismatch(encode(Some(&T::Time), &date!(1969 - 12 - 31))));
        assert!(mismatch(encode(Some(&T::BigInt), &None::<OffsetDateTime>)));
    }

    #[test]
    fn h7_what_a_calendar_cannot_say_is_an_error() {
        for end in [i64::MIN, i64::MAX] {
            let outcome = decode::<OffsetDateTime>(&T::Timestamp, Some(&end.to_be_bytes()));
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
    }

    proptest! {
        #[test]
        fn any_number_is_a_value_or_an_error(number: i64, bits in 0_u32..64) {
            let bytes = (number >> bits).to_be_bytes();
            if let Ok(time) = decode::<OffsetDateTime>(&T::Timestamp, Some(&bytes)) {
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
