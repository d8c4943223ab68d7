//! duration, in the three forms of CQL: `1y2mo3d4h5m6s7ms8us9ns`, as it is shown, and two of ISO 8601,
//! `P1Y2M3DT4H5M6S` or `P2W`, and `P0001-02-03T04:05:06`. A sign before it is that of the whole.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::day::two_digits;
use super::{ParseValueError, Parsed, integer};
use crate::CqlDuration;

/// What a unit is counted in, and how many of these it is.
#[derive(Copy, Clone)]
enum Unit {
    Months(i128),
    Days(i128),
    Nanos(i128),
}

const YEAR: Unit = Unit::Months(12);
const MONTH: Unit = Unit::Months(1);
const WEEK: Unit = Unit::Days(7);
const DAY: Unit = Unit::Days(1);
const HOUR: Unit = Unit::Nanos(3_600_000_000_000);
const MINUTE: Unit = Unit::Nanos(60_000_000_000);
const SECOND: Unit = Unit::Nanos(1_000_000_000);
const MILLI: Unit = Unit::Nanos(1_000_000);
const MICRO: Unit = Unit::Nanos(1_000);
const NANO: Unit = Unit::Nanos(1);

/// All of CQL, largest first: they come in this order, each once.
const UNITS: [(&str, Unit); 11] = [
    ("y", YEAR),
    ("mo", MONTH),
    ("w", WEEK),
    ("d", DAY),
    ("h", HOUR),
    ("m", MINUTE),
    ("s", SECOND),
    ("ms", MILLI),
    ("us", MICRO),
    ("µs", MICRO),
    ("ns", NANO),
];

const ISO_DATE: [(&str, Unit); 3] = [("y", YEAR), ("m", MONTH), ("d", DAY)];
const ISO_WEEKS: [(&str, Unit); 1] = [("w", WEEK)];
const ISO_TIME: [(&str, Unit); 3] = [("h", HOUR), ("m", MINUTE), ("s", SECOND)];

/// What was added up, without its sign. No text is long enough to pass an `i128`: numbers are 39 digits
/// at most, and these are checked.
#[derive(Default)]
struct Sum {
    months: i128,
    days: i128,
    nanos: i128,
}

impl Sum {
    fn add(&mut self, number: i128, unit: Unit) -> Parsed<()> {
        let (sum, each) = match unit {
            Unit::Months(each) => (&mut self.months, each),
            Unit::Days(each) => (&mut self.days, each),
            Unit::Nanos(each) => (&mut self.nanos, each),
        };
        let more = number.checked_mul(each).and_then(|more| sum.checked_add(more));
        *sum = more.ok_or(ParseValueError::OutOfRange)?;
        Ok(())
    }

    /// Numbers with units, in the order of these, each once at most; gives whether there was any.
    fn add_all(&mut self, mut text: &str, mut units: &[(&str, Unit)]) -> Parsed<bool> {
        let any = !text.is_empty();
        while !text.is_empty() {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = text.split_at(digits);
            let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            let name = name.to_lowercase();
            let at = units.iter().position(|(unit, _)| *unit == name);
            let at = at.ok_or(ParseValueError::Malformed)?;
            let (_, unit) = units.get(at).ok_or(ParseValueError::Malformed)?;
            self.add(integer(number)?, *unit)?;
            units = units.get(at + 1..).unwrap_or_default();
            text = rest;
        }
        Ok(any)
    }

    fn signed(self, is_negative: bool) -> Parsed<CqlDuration> {
        let sign = if is_negative { -1 } else { 1 };
        let out_of_range = |_| ParseValueError::OutOfRange;
        Ok(CqlDuration {
            months: (sign * self.months).try_into().map_err(out_of_range)?,
            days: (sign * self.days).try_into().map_err(out_of_range)?,
            nanos: (sign * self.nanos).try_into().map_err(out_of_range)?,
        })
    }
}

/// `1y2mo3d4h5m6s7ms8us9ns`, without what is zero; all zero is `0s`. One whose parts differ in sign,
/// which servers refuse, is shown as below zero.
impl Display for CqlDuration {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { months, days, nanos } = *self;
        if (months, days, nanos) == (0, 0, 0) {
            return f.write_str("0s");
        }
        if months < 0 || days < 0 || nanos < 0 {
            f.write_str("-")?;
        }
        let mut left = [
            u64::from(months.unsigned_abs()),
            u64::from(days.unsigned_abs()),
            nanos.unsigned_abs(),
        ];
        // Servers show days, never weeks.
        for (name, unit) in UNITS.iter().filter(|(name, _)| !matches!(*name, "w" | "µs")) {
            let (part, each) = match unit {
                Unit::Months(each) => (0, each),
                Unit::Days(each) => (1, each),
                Unit::Nanos(each) => (2, each),
            };
            let Some(part) = left.get_mut(part) else { continue };
            let each = u64::try_from(*each).unwrap_or(1);
            if *part >= each {
                write!(f, "{}{name}", *part / each)?;
                *part %= each;
            }
        }
        Ok(())
    }
}

impl FromStr for CqlDuration {
    type Err = ParseValueError;

    fn from_str(text: &str) -> Parsed<Self> {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let mut sum = Sum::default();
        let any = match text.strip_prefix(['P', 'p']) {
            None => sum.add_all(text, &UNITS)?,
            Some(dashed) if dashed.contains('-') => {
                sum.add_dashed(dashed)?;
                true
            }
            Some(weeks) if weeks.ends_with(['W', 'w']) => sum.add_all(weeks, &ISO_WEEKS)?,
            Some(iso) => {
                let (date, time) = iso.split_once(['T', 't']).unwrap_or((iso, ""));
                // Not `|`: either may have something.
                let any = sum.add_all(date, &ISO_DATE)?;
                sum.add_all(time, &ISO_TIME)? || any
            }
        };
        if any { sum.signed(is_negative) } else { Err(ParseValueError::Malformed) }
    }
}

impl Sum {
    /// `0001-02-03T04:05:06`
    fn add_dashed(&mut self, text: &str) -> Parsed<()> {
        let (year, rest) = text.split_at_checked(4).ok_or(ParseValueError::Malformed)?;
        super::all_digits(year)?;
        self.add(integer(year)?, YEAR)?;
        let mut rest = rest;
        for (before, unit) in [('-', MONTH), ('-', DAY), ('T', HOUR), (':', MINUTE), (':', SECOND)]
        {
            let (number, behind) = two_digits(rest.strip_prefix(before))?;
            self.add(number.into(), unit)?;
            rest = behind;
        }
        if rest.is_empty() { Ok(()) } else { Err(ParseValueError::Malformed) }
    }
}
