//! The text of values that Rust has no type for: each is shown as CQL writes it, and read again.
//!
//! `day.rs` is the calendar, `moment.rs` has date, time and timestamp, `duration.rs` and `digits.rs` the
//! others.

mod day;
mod digits;
mod duration;
mod moment;
#[cfg(test)]
mod tests;

/// Why a text is no value of its type.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ParseValueError {
    /// It is not written as values of the type are.
    #[error("it is not written as such values are")]
    Malformed,
    /// It is written well, and no value of the type is so large, or so small.
    #[error("it is out of range")]
    OutOfRange,
}

/// What can be read of a text.
type Parsed<T> = Result<T, ParseValueError>;

/// An integer that may have a sign. Errors tell what is none from what is too large.
fn integer<T: TryFrom<i128>>(text: &str) -> Parsed<T> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    all_digits(digits)?;
    let integer: i128 = text.parse().map_err(|_| ParseValueError::OutOfRange)?;
    T::try_from(integer).map_err(|_| ParseValueError::OutOfRange)
}

/// Checks that it is one digit or more, and nothing else.
fn all_digits(text: &str) -> Parsed<()> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { Ok(()) } else { Err(ParseValueError::Malformed) }
}
