//! varint and decimal.
//!
//! To turn a number of any size into decimal digits and back takes time that grows with the square of its
//! length. So that it stays a matter of microseconds, there is a limit; beyond it, numbers are written in
//! hexadecimal, as the bytes that they are.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::{ParseValueError, Parsed, all_digits, integer};
use crate::{CqlDecimal, CqlVarint};

/// Numbers of more bytes have no decimal digits.
const MOST_BYTES: usize = 1024;

/// No number of so many bytes has more digits.
const MOST_DIGITS: usize = 2466;

/// With more places than this, a number is written with an exponent.
const MOST_PLACES: usize = 40;

/// Nine digits at a time.
const GROUP: usize = 9;
const OF_GROUP: u64 = 1_000_000_000;

/// Decimal digits; of more than 1,024 bytes, these in hexadecimal, `0x...`, in two's complement.
impl Display for CqlVarint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let bytes = self.to_signed_bytes_be();
        match self.to_i128() {
            Some(small) => small.fmt(f),
            None if bytes.len() > MOST_BYTES => {
                f.write_str("0x")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            None => f.pad_integral(!self.is_negative(), "", &digits(&magnitude(bytes))),
        }
    }
}

/// As it is shown: at most 2,466 digits, or `0x` and the bytes in two's complement, one at least.
impl FromStr for CqlVarint {
    type Err = ParseValueError;

    fn from_str(text: &str) -> Parsed<Self> {
        if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            return of_hex(hex);
        }
        let (is_negative, digits) = match text.strip_prefix(['-', '+']) {
            Some(digits) => (text.starts_with('-'), digits),
            None => (false, text),
        };
        all_digits(digits)?;
        if let Ok(small) = text.parse::<i128>() {
            return Ok(Self::from(small));
        }
        let digits = digits.trim_start_matches('0');
        if digits.len() > MOST_DIGITS {
            return Err(ParseValueError::OutOfRange);
        }
        Ok(Self::from_signed_bytes_be(&of_digits(digits, is_negative)))
    }
}

fn of_hex(hex: &str) -> Parsed<CqlVarint> {
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| !pair.starts_with('+'));
        pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())
    };
    if hex.is_empty() || !hex.len().is_multiple_of(2) {
        return Err(ParseValueError::Malformed);
    }
    let bytes: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(byte).collect();
    let bytes = bytes.ok_or(ParseValueError::Malformed)?;
    Ok(CqlVarint::from_signed_bytes_be(&bytes))
}

/// The number without its sign, 32 bits at a time, the lowest first.
fn magnitude(bytes: &[u8]) -> Vec<u32> {
    let is_negative = bytes.first().is_some_and(|byte| byte.leading_ones() > 0);
    let mut carry = is_negative;
    let mut limbs = Vec::with_capacity(bytes.len() / 4 + 1);
    for chunk in bytes.rchunks(4) {
        let mut limb = [if is_negative { 0xFF } else { 0 }; 4];
        if let Some(low) = limb.get_mut(4 - chunk.len()..) {
            low.copy_from_slice(chunk);
        }
        let limb = u32::from_be_bytes(limb);
        let limb = if is_negative { !limb } else { limb };
        let (limb, over) = limb.overflowing_add(carry.into());
        carry = over;
        limbs.push(limb);
    }
    limbs
}

fn digits(limbs: &[u32]) -> String {
    let mut limbs = limbs.to_vec();
    let mut groups = Vec::new();
    while !limbs.is_empty() {
        let mut rest = 0;
        for limb in limbs.iter_mut().rev() {
            let value = rest << 32 | u64::from(*limb);
            // The rest is below the divisor, so that this is 32 bits.
            *limb = u32::try_from(value / OF_GROUP).unwrap_or(u32::MAX);
            rest = value % OF_GROUP;
        }
        groups.push(rest);
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
    }
    let mut text = groups.pop().unwrap_or_default().to_string();
    for group in groups.iter().rev() {
        text.push_str(&format!("{group:0GROUP$}"));
    }
    text
}

/// Two's complement of digits, the highest byte first.
fn of_digits(digits: &str, is_negative: bool) -> Vec<u8> {
    let mut limbs: Vec<u32> = Vec::with_capacity(digits.len() / GROUP + 1);
    let (first, rest) = digits.split_at(digits.len() % GROUP);
    let groups =
        rest.as_bytes().chunks(GROUP).map(|group| std::str::from_utf8(group).unwrap_or("0"));
    for group in [first].into_iter().filter(|first| !first.is_empty()).chain(groups) {
        let mut carry: u64 = group.parse().unwrap_or_default();
        for limb in &mut limbs {
            let value = u64::from(*limb) * OF_GROUP + carry;
            *limb = u32::try_from(value & u64::from(u32::MAX)).unwrap_or_default();
            carry = value >> 32;
        }
        limbs.extend(u32::try_from(carry).ok().filter(|carry| *carry > 0));
    }
    // A byte for the sign.
    limbs.push(0);
    if is_negative {
        let mut carry = true;
        for limb in &mut limbs {
            let (negated, over) = (!*limb).overflowing_add(carry.into());
            (*limb, carry) = (negated, over);
        }
    }
    limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect()
}

/// `12.50`, `1E-41`: no digit is lost, and none is added.
impl Display for CqlDecimal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { unscaled, scale } = self;
        let text = unscaled.to_string();
        let places = usize::try_from(*scale).ok().filter(|places| *places <= MOST_PLACES);
        match places {
            Some(0) => f.write_str(&text),
            Some(places) if !text.starts_with("0x") => {
                let (sign, digits) = match text.strip_prefix('-') {
                    Some(digits) => ("-", digits),
                    None => ("", &*text),
                };
                let digits = format!("{digits:0>width$}", width = places + 1);
                let (whole, fraction) = digits.split_at(digits.len() - places);
                write!(f, "{sign}{whole}.{fraction}")
            }
            _ => write!(f, "{text}E{}", -i64::from(*scale)),
        }
    }
}

/// As it is shown: digits with a point or without one, and an exponent or none. The digits behind the
/// point, less the exponent, are the scale.
impl FromStr for CqlDecimal {
    type Err = ParseValueError;

    fn from_str(text: &str) -> Parsed<Self> {
        if text.starts_with("0x") || text.starts_with("0X") {
            // An `e` is a digit there, and there is no point.
            let (unscaled, exponent) = text.split_once('E').unwrap_or((text, "0"));
            return Self::of_parts(unscaled, 0, exponent);
        }
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        match mantissa.split_once('.') {
            None => Self::of_parts(mantissa, 0, exponent),
            Some((whole, fraction)) => {
                if !fraction.is_empty() {
                    all_digits(fraction)?;
                }
                Self::of_parts(&format!("{whole}{fraction}"), fraction.len(), exponent)
            }
        }
    }
}

impl CqlDecimal {
    fn of_parts(unscaled: &str, places: usize, exponent: &str) -> Parsed<Self> {
        let exponent: i64 = integer(exponent)?;
        let places = i64::try_from(places).map_err(|_| ParseValueError::OutOfRange)?;
        let scale = places.checked_sub(exponent).and_then(|scale| i32::try_from(scale).ok());
        let scale = scale.ok_or(ParseValueError::OutOfRange)?;
        Ok(Self { unscaled: unscaled.parse()?, scale })
    }
}
