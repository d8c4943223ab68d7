//! The order of uuids.

use std::cmp::Ordering;

use super::misfits;

/// `UUIDType`: the version; of version 1 the time; then the bytes, unsigned.
pub(super) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = match (halves(a), halves(b)) {
        (Some(a), Some(b)) => (a, b),
        (first, second) => return misfits(first.is_some(), second.is_some(), a, b),
    };
    let by_time = version(a.0) == 1;
    let high = |half| if by_time { time(half) } else { half };
    let versions = version(a.0).cmp(&version(b.0));
    versions.then_with(|| high(a.0).cmp(&high(b.0))).then_with(|| a.1.cmp(&b.1))
}

/// `TimeUUIDType`: the time; then the bytes that are left, each of them with a sign.
pub(super) fn compare_times(a: &[u8], b: &[u8]) -> Ordering {
    /// What makes the order of unsigned bytes that of signed ones.
    const SIGNS: u64 = 0x8080_8080_8080_8080;
    let (a, b) = match (halves(a), halves(b)) {
        (Some(a), Some(b)) => (a, b),
        (first, second) => return misfits(first.is_some(), second.is_some(), a, b),
    };
    time(a.0).cmp(&time(b.0)).then_with(|| (a.1 ^ SIGNS).cmp(&(b.1 ^ SIGNS)))
}

fn halves(bytes: &[u8]) -> Option<(u64, u64)> {
    let (high, low) = bytes.split_first_chunk()?;
    Some((u64::from_be_bytes(*high), u64::from_be_bytes(*low.first_chunk()?)))
}

const fn version(high: u64) -> u64 {
    high >> 12 & 0xF
}

/// The highest bits of the time first; the version, the same for all, is above them.
const fn time(high: u64) -> u64 {
    high << 48 | (high << 16 & 0xFFFF_0000_0000) | high >> 32
}
