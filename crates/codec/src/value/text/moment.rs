//! date, time and timestamp.
//!
//! ```text
//! date      = day | days                          days centred at 2^31, as the wire has them
//! time      = clock | nanoseconds                 of the day
//! timestamp = day [ ("T" | " ") clock ] [ zone ] | milliseconds         since 1970, in UTC
//! day       = [ "+" | "-" ] year "-" month "-" day
//! clock     = hour ":" minute [ ":" second [ "." fraction ] ]
//! zone      = "Z" | ("+" | "-") hour [ [ ":" ] minute ]
//! ```

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::day::{Day, two_digits};
use super::{ParseValueError, Parsed, all_digits, integer};
use crate::{CqlDate, CqlTime, CqlTimestamp};

const MILLIS_PER_DAY: i64 = 86_400_000;
const NANOS_PER_MILLI: i64 = 1_000_000;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// `2024-02-29`; years of more than four digits, and those before 0, have their sign.
impl Display for CqlDate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Day(self.unix_days().into()).fmt(f)
    }
}

/// As it is shown, or the number that the wire has, as CQL takes it, too.
impl FromStr for CqlDate {
    type Err = ParseValueError;

    fn from_str(text: &str) -> Parsed<Self> {
        if all_digits(text).is_ok() {
            return integer(text).map(Self);
        }
        match Day::begins(text)? {
            (Day(day), "") => {
                let day = i32::try_from(day).map_err(|_| ParseValueError::OutOfRange)?;
                Ok(Self::from_unix_days(day))
            }
            _ => Err(ParseValueError::Malformed),
        }
    }
}

/// `23:59:59.999999999`. One that is out of the day is its number of nanoseconds.
impl Display for CqlTime {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(nanos) = *self;
        if !(0..=Self::MAX.0).contains(&nanos) {
            return nanos.fmt(f);
        }
        write!(f, "{}.{:09}", Clock(nanos / NANOS_PER_SECOND), nanos % NANOS_PER_SECOND)
    }
}

/// As it is shown, with fewer digits of a second or none, or a number of nanoseconds; within the day.
impl FromStr for CqlTime {
    type Err = ParseValueError;

    fn from_str(text: &str) -> Parsed<Self> {
        if text.contains(':') {
            return match clock(text)? {
                (nanos, "") => Ok(Self(nanos)),
                _ => Err(ParseValueError::Malformed),
            };
        }
        let time = integer(text).map(Self)?;
        if (0..=Self::MAX.0).contains(&time.0) {
            Ok(time)
        } else {
            Err(ParseValueError::OutOfRange)
        }
    }
}

/// ISO 8601 in UTC, with milliseconds: `2015-11-02T00:00:00.000Z`.
impl Display for CqlTimestamp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(millis) = *self;
        let (day, millis) = (millis.div_euclid(MILLIS_PER_DAY), millis.rem_euclid(MILLIS_PER_DAY));
        write!(f, "{}T{}.{:03}Z", Day(day), Clock(millis / 1000), millis % 1000)
    }
}

/// ISO 8601, with a blank instead of the T as well, as far as the day, the minute, the second, or the
/// millisecond, and in any zone: without one it is UTC. Or a number of milliseconds. What is finer than
/// a millisecond is no timestamp, unless it is zero.
impl FromStr for CqlTimestamp {
    type Err = ParseValueError;

    fn from_str(text: &str) -> Parsed<Self> {
        if all_digits(text.strip_prefix('-').unwrap_or(text)).is_ok() {
            return integer(text).map(Self);
        }
        let (Day(day), rest) = Day::begins(text)?;
        let (nanos, rest) = match rest.strip_prefix(['T', 't', ' ']) {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => clock(rest)?,
            _ => (0, rest),
        };
        if nanos % NANOS_PER_MILLI != 0 {
            return Err(ParseValueError::OutOfRange);
        }
        let millis = i128::from(day) * i128::from(MILLIS_PER_DAY)
            + i128::from(nanos / NANOS_PER_MILLI)
            - i128::from(zone(rest.trim_start())?) * 60_000;
        i64::try_from(millis).map(Self).map_err(|_| ParseValueError::OutOfRange)
    }
}

/// Hours, minutes and seconds.
struct Clock(i64);

impl Display for Clock {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (minutes, seconds) = (self.0 / 60, self.0 % 60);
        write!(f, "{:02}:{:02}:{seconds:02}", minutes / 60, minutes % 60)
    }
}

/// The nanoseconds of the time of day that a text begins with, and what follows it.
fn clock(text: &str) -> Parsed<(i64, &str)> {
    let (hours, rest) = two_digits(Some(text))?;
    let (minutes, rest) = two_digits(rest.strip_prefix(':'))?;
    let (seconds, rest) = match rest.strip_prefix(':') {
        Some(rest) => two_digits(Some(rest))?,
        None => (0, rest),
    };
    let (nanos, rest) = match rest.strip_prefix('.') {
        Some(rest) => fraction(rest)?,
        None => (0, rest),
    };
    if hours > 23 || minutes > 59 || seconds > 59 {
        return Err(ParseValueError::OutOfRange);
    }
    Ok((((hours * 60 + minutes) * 60 + seconds) * NANOS_PER_SECOND + nanos, rest))
}

/// One digit or more of a second, as nanoseconds.
fn fraction(text: &str) -> Parsed<(i64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(digits);
    all_digits(digits)?;
    let digits = digits.trim_end_matches('0');
    if digits.len() > 9 {
        return Err(ParseValueError::OutOfRange);
    }
    Ok((integer(&format!("{digits:0<9}"))?, rest))
}

/// How many minutes it is ahead of UTC.
fn zone(text: &str) -> Parsed<i64> {
    if matches!(text, "" | "Z" | "z") {
        return Ok(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, rest) = two_digits(text.strip_prefix(['+', '-']))?;
    let minutes = match rest.strip_prefix(':').unwrap_or(rest) {
        "" => 0,
        minutes => match two_digits(Some(minutes))? {
            (minutes, "") => minutes,
            _ => return Err(ParseValueError::Malformed),
        },
    };
    if hours > 23 || minutes > 59 {
        return Err(ParseValueError::OutOfRange);
    }
    Ok(sign * (hours * 60 + minutes))
}
