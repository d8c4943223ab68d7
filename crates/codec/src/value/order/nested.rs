//! The order of what is made of other values.

use std::cmp::Ordering;

use super::compare;
use crate::ColumnType;
use crate::value::vint::take_unsigned;

/// Lists and sets, which repeat one type (`CollectionType.compareListOrSet`), and maps, which
/// repeat two (`MapType.compareMaps`): a count, and \[bytes\].
pub(super) fn counted(a: &[u8], b: &[u8], types: &[&ColumnType]) -> Ordering {
    let (mut a, mut b) = (a, b);
    let (counts, mut types) = ((take_int(&mut a), take_int(&mut b)), types.iter().cycle());
    while let (false, false, Some(ty)) = (a.is_empty(), b.is_empty(), types.next()) {
        match nullable(ty, take_bytes(&mut a), take_bytes(&mut b)) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
    }
    // Of what is well formed the counts would say it alone.
    b.is_empty().cmp(&a.is_empty()).then(counts.0.cmp(&counts.1))
}

/// Tuples and user types (`TupleType`): a value may end before its type does, and what is missing
/// then is null. (Before 4.1 a server takes a shorter value to be less than one with nulls in their
/// place; for the order of two it makes no difference, as bytes decide between equals.)
pub(super) fn fields<'a>(
    a: &[u8],
    b: &[u8],
    types: impl Iterator<Item = &'a ColumnType>,
) -> Ordering {
    let (mut a, mut b) = (a, b);
    for ty in types {
        if a.is_empty() && b.is_empty() {
            break;
        }
        match nullable(ty, take_bytes(&mut a), take_bytes(&mut b)) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
    }
    a.cmp(b)
}

/// Vectors (`VectorType`): elements of one size one after another, others with their lengths.
pub(super) fn vector(a: &[u8], b: &[u8], element: &ColumnType) -> Ordering {
    let (mut a, mut b) = (a, b);
    let size = element.fixed_bytes();
    while !a.is_empty() && !b.is_empty() {
        let (first, second) = (take_element(&mut a, size), take_element(&mut b, size));
        match compare(Some(element), first, second) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
    }
    a.len().cmp(&b.len())
}

/// Null is before all values.
fn nullable(ty: &ColumnType, a: Option<&[u8]>, b: Option<&[u8]>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => compare(Some(ty), a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

fn take_int(rest: &mut &[u8]) -> i32 {
    let Some((int, tail)) = rest.split_first_chunk() else {
        *rest = &[];
        return 0;
    };
    *rest = tail;
    i32::from_be_bytes(*int)
}

/// One \[bytes\]. What is cut off is there as far as it goes: a value was written by this crate.
fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return None;
    }
    usize::try_from(take_int(rest)).ok().map(|length| take(rest, length))
}

fn take_element<'a>(rest: &mut &'a [u8], size: Option<usize>) -> &'a [u8] {
    let length =
        size.filter(|size| *size > 0).or_else(|| usize::try_from(take_unsigned(rest).ok()?).ok());
    // At least something, so that there is an end to it.
    take(rest, length.unwrap_or(usize::MAX))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, tail) = rest.split_at(length.min(rest.len()));
    *rest = tail;
    taken
}
