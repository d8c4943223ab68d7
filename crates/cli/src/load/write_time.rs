//! The write time of a row, from the number in its field. Of two values of a column the one with the later
//! time stays, so that a number which is taken for another unit hides what is written later, or is hidden:
//! nobody sees that it is wrong. So it is only taken as it is said to be, or where it can be nothing else.

/// What a write time is counted in, since 1970.
#[derive(Copy, Clone, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
    /// As in CQL and in exports
    Microseconds,
}

/// 1980-01-01 and 2100-01-01, in microseconds. Seconds and milliseconds of these years are before them as
/// microseconds, and nanoseconds behind.
const PLAUSIBLE: std::ops::Range<i64> = 315_532_800_000_000..4_102_444_800_000_000;

/// The write time in microseconds. Without a unit, it is in microseconds if it is of a year that makes sense.
pub(super) fn micros(number: i64, unit: Option<Unit>) -> Result<i64, String> {
    let factor = match unit {
        None if PLAUSIBLE.contains(&number) => 1,
        None => return Err(implausible(number)),
        Some(Unit::Seconds) => 1_000_000,
        Some(Unit::Milliseconds) => 1_000,
        Some(Unit::Microseconds) => 1,
    };
    let micros = number.checked_mul(factor);
    micros.ok_or_else(|| format!("the write time `{number}` is beyond what microseconds can say"))
}

fn implausible(number: i64) -> String {
    let fits =
        |factor| number.checked_mul(factor).is_some_and(|micros| PLAUSIBLE.contains(&micros));
    let guess = if fits(1_000_000) {
        "seconds, --timestamp-unit seconds"
    } else if fits(1_000) {
        "milliseconds, --timestamp-unit milliseconds"
    } else {
        "what is meant, --timestamp-unit microseconds"
    };
    format!(
        "the write time `{number}` would be outside of 1980 to 2100 in microseconds; if it is {guess} takes it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_not_taken_for_another_one() {
        let now = 1_730_000_000;
        assert_eq!(micros(now * 1_000_000 + 7, None), Ok(now * 1_000_000 + 7));
        for (number, unit) in [(now, "seconds"), (now * 1_000, "milliseconds")] {
            let said = micros(number, None).unwrap_err();
            assert!(said.contains(&format!("{number}")), "{said}");
            assert!(said.ends_with(&format!("--timestamp-unit {unit} takes it")), "{said}");
        }
        // Nanoseconds, and what was counted by hand.
        for number in [now * 1_000_000_000, 0, 7, -1, i64::MIN, i64::MAX] {
            let said = micros(number, None).unwrap_err();
            assert!(said.ends_with("--timestamp-unit microseconds takes it"), "{said}");
            assert_eq!(micros(number, Some(Unit::Microseconds)), Ok(number));
        }
        assert_eq!(micros(now, Some(Unit::Seconds)), Ok(now * 1_000_000));
        assert_eq!(micros(-now, Some(Unit::Milliseconds)), Ok(-now * 1_000));
        for unit in [Unit::Seconds, Unit::Milliseconds] {
            assert!(micros(i64::MAX, Some(unit)).is_err());
        }
    }
}
