//! Days of the Gregorian calendar, which goes on before its beginning, as numbers since 1970-01-01.

use std::fmt::{self, Display, Formatter};

use super::{ParseValueError, Parsed, all_digits, integer};

/// From 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_1970: i64 = 719_468;
/// 400 years.
const DAYS_OF_ERA: i64 = 146_097;

/// A day by its number. Years of more than four digits, and those before 0, have their sign.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Day(pub(super) i64);

impl Display for Day {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // From 0000-03-01 on, so that a leap day is the last of its year: eras of 400 years, all as
        // long. Months from March on have 153 days in each five.
        let day = self.0 + DAYS_BEFORE_1970;
        let (era, day) = (day.div_euclid(DAYS_OF_ERA), day.rem_euclid(DAYS_OF_ERA));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year + i64::from(month <= 2);
        match year {
            0..=9999 => write!(f, "{year:04}-{month:02}-{day:02}"),
            _ => write!(f, "{year:+05}-{month:02}-{day:02}"),
        }
    }
}

impl Day {
    /// Reads the day that a text begins with, and gives what follows it.
    pub(super) fn begins(text: &str) -> Parsed<(Self, &str)> {
        let sign = usize::from(text.starts_with(['-', '+']));
        let unsigned = text.get(sign..).unwrap_or_default();
        let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
        let (year, rest) = text.split_at(sign + digits);
        // Longer ones are beyond whatever a value can be, and would not fit in what follows.
        if digits < 4 {
            return Err(ParseValueError::Malformed);
        }
        let year: i32 = integer(year)?;
        let (month, rest) = two_digits(rest.strip_prefix('-'))?;
        let (day, rest) = two_digits(rest.strip_prefix('-'))?;
        let day = Self::of(year.into(), month, day).ok_or(ParseValueError::OutOfRange)?;
        Ok((day, rest))
    }

    /// `None` if there is no such day.
    fn of(year: i64, month: i64, day: i64) -> Option<Self> {
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            2 => 28 + i64::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if !(1..=last).contains(&day) {
            return None;
        }
        let year = year - i64::from(month <= 2);
        let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
        let month = if month > 2 { month - 3 } else { month + 9 };
        let day = (153 * month + 2) / 5 + day - 1;
        let day = 365 * year + year / 4 - year / 100 + day;
        Some(Self(era * DAYS_OF_ERA + day - DAYS_BEFORE_1970))
    }
}

/// A number of two digits at the beginning, and what follows it.
pub(super) fn two_digits(text: Option<&str>) -> Parsed<(i64, &str)> {
    let (digits, rest) =
        text.and_then(|text| text.split_at_checked(2)).ok_or(ParseValueError::Malformed)?;
    all_digits(digits)?;
    Ok((integer(digits)?, rest))
}
