//! Positions as text: the hexadecimal digits of their bytes, for files that people look into.

use std::fmt;
use std::str::FromStr;

use super::{Position, PositionError};

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Reads what [`Display`](fmt::Display) wrote, whatever white space is around it.
impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        let digits = text.trim().as_bytes();
        let (pairs, odd) = digits.as_chunks::<2>();
        let byte = |(index, [high, low]): (usize, &[u8; 2])| {
            Ok(digit(*high, index * 2)? << 4 | digit(*low, index * 2 + 1)?)
        };
        let bytes: Vec<u8> = pairs.iter().enumerate().map(byte).collect::<Result<_, _>>()?;
        if !odd.is_empty() {
            return Err(PositionError::Truncated { present: bytes.len(), needed: bytes.len() + 1 });
        }
        Self::from_bytes(&bytes)
    }
}

fn digit(digit: u8, at: usize) -> Result<u8, PositionError> {
    let value = char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    value.ok_or(PositionError::NotHex { at })
}
