//! The order of numbers.

use std::cmp::Ordering;

use super::misfits;

/// Two's complement of one size: `Int32Type`, `LongType` and their kin.
pub(super) fn fixed(a: &[u8], b: &[u8]) -> Ordering {
    sign(a).cmp(&sign(b)).then_with(|| a.cmp(b))
}

/// The highest byte, with its sign.
fn sign(bytes: &[u8]) -> i8 {
    bytes.first().map_or(0, |byte| byte.cast_signed())
}

/// `BooleanType`: whatever is not 0 is true.
pub(super) fn boolean(a: &[u8], b: &[u8]) -> Ordering {
    let truth = |bytes: &[u8]| bytes.first().is_some_and(|byte| *byte != 0);
    truth(a).cmp(&truth(b))
}

/// `FloatType`.
pub(super) fn float(a: &[u8], b: &[u8]) -> Ordering {
    match (a.first_chunk(), b.first_chunk()) {
        (Some(a), Some(b)) => {
            let (a, b) = (f32::from_be_bytes(*a), f32::from_be_bytes(*b));
            a.is_nan().cmp(&b.is_nan()).then_with(|| either_nan(a.is_nan(), || a.total_cmp(&b)))
        }
        (first, second) => misfits(first.is_some(), second.is_some(), a, b),
    }
}

/// `DoubleType`.
pub(super) fn double(a: &[u8], b: &[u8]) -> Ordering {
    match (a.first_chunk(), b.first_chunk()) {
        (Some(a), Some(b)) => {
            let (a, b) = (f64::from_be_bytes(*a), f64::from_be_bytes(*b));
            a.is_nan().cmp(&b.is_nan()).then_with(|| either_nan(a.is_nan(), || a.total_cmp(&b)))
        }
        (first, second) => misfits(first.is_some(), second.is_some(), a, b),
    }
}

/// Java has one NaN, whatever its bits; Rust tells them apart.
fn either_nan(are_nan: bool, otherwise: impl FnOnce() -> Ordering) -> Ordering {
    if are_nan { Ordering::Equal } else { otherwise() }
}

/// Two's complement of any size (`IntegerType`), the highest byte first. Bytes that only repeat the
/// sign do not count; none at all are zero.
pub(in crate::value) fn compare_signed(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (minimal(a), minimal(b));
    let length = || a.len().cmp(&b.len());
    match (is_negative(a), is_negative(b)) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => length().then_with(|| a.cmp(b)),
        (true, true) => length().reverse().then_with(|| a.cmp(b)),
    }
}

pub(super) fn is_negative(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|byte| byte.leading_ones() > 0)
}

/// These bytes without those that only repeat the sign; one at least.
pub(in crate::value) fn minimal(mut bytes: &[u8]) -> &[u8] {
    while let [0x00, 0x00..=0x7F, ..] | [0xFF, 0x80..=0xFF, ..] = bytes {
        bytes = bytes.get(1..).unwrap_or_default();
    }
    if bytes.is_empty() { &[0] } else { bytes }
}
