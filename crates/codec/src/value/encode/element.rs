//! Values inside of others: elements of collections, fields of tuples and user types.

use bytes::{BufMut, BytesMut};

use super::ordered::Ordered;
use super::{EncodeValue, NULL, UNSET, length};
use crate::ColumnType;
use crate::value::ValueError;
use crate::value::vint::Vint;
use crate::wire::write::patch;

const LENGTH: usize = size_of::<i32>();
const ABSENT: &str = "an element of a collection or vector can be neither null nor unset";

/// What `content` appends, preceded by its length.
#[inline]
pub(crate) fn measured(
    out: &mut BytesMut,
    content: impl FnOnce(&mut BytesMut) -> Result<(), ValueError>,
) -> Result<(), ValueError> {
    let start = out.len();
    out.put_i32(0);
    content(out)?;
    let length = length(out.len() - start - LENGTH)?;
    patch(out, start, length.to_be_bytes());
    Ok(())
}

/// How many there are, as an \[int\].
#[inline]
pub(super) fn put_count(out: &mut BytesMut, count: usize) -> Result<(), ValueError> {
    out.put_i32(length(count)?);
    Ok(())
}

/// The entries of a set or map, so many \[bytes\] each, that `entry` appends one by one: in the
/// order of their first, after their number.
pub(super) fn put_ordered<E>(
    out: &mut BytesMut,
    key: Option<&ColumnType>,
    cells: usize,
    entries: impl ExactSizeIterator<Item = E>,
    mut put: impl FnMut(usize, E, &mut BytesMut) -> Result<(), ValueError>,
) -> Result<(), ValueError> {
    let (count_at, given) = (out.len(), entries.len());
    put_count(out, given)?;
    let mut ordered = Ordered::new(key, out.len());
    for (at, entry) in entries.enumerate() {
        let start = out.len();
        put(at, entry, out)?;
        ordered.note(out, start);
    }
    let kept = ordered.finish(out, given, cells)?;
    if kept != given {
        patch(out, count_at, length(kept)?.to_be_bytes());
    }
    Ok(())
}

/// One field of a tuple or user type as \[bytes\]; it may be null. Unset would be read as null.
#[inline]
pub(crate) fn encode_field<T: EncodeValue + ?Sized>(
    value: &T,
    ty: Option<&ColumnType>,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    let start = out.len();
    value.encode(ty, out)?;
    if length_at(out, start) == UNSET {
        return Err(ValueError::misplaced("a value inside of another cannot be unset"));
    }
    Ok(())
}

/// One element of a collection as \[bytes\]. Servers refuse null there (but for the list of an IN
/// in a condition, where a marker for each value does the same).
#[inline]
pub(super) fn encode_element<T: EncodeValue + ?Sized>(
    value: &T,
    ty: Option<&ColumnType>,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    let start = out.len();
    value.encode(ty, out)?;
    if length_at(out, start) < 0 {
        return Err(ValueError::misplaced(ABSENT));
    }
    Ok(())
}

/// One element of a vector whose elements have no length of their own.
pub(crate) fn encode_vint_element<T: EncodeValue + ?Sized>(
    value: &T,
    ty: Option<&ColumnType>,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    let start = out.len();
    value.encode(ty, out)?;
    let length = there(length_at(out, start))?;
    let end = start + LENGTH + length;
    let vint = Vint::unsigned(u64::try_from(length).unwrap_or(u64::MAX));
    let prefix = vint.as_bytes();
    let content = start + prefix.len();
    // A very long length takes a byte more than the one that it replaces.
    out.resize(end.max(content + length), 0);
    out.copy_within(start + LENGTH..end, content);
    out.truncate(content + length);
    if let Some(place) = out.get_mut(start..content) {
        place.copy_from_slice(prefix);
    }
    Ok(())
}

/// Takes the length of the value that begins at `start` back.
pub(super) fn strip_length(out: &mut BytesMut, start: usize) -> Result<(), ValueError> {
    let length = there(length_at(out, start))?;
    out.copy_within(start + LENGTH..start + LENGTH + length, start);
    out.truncate(start + length);
    Ok(())
}

/// The length of a value that has to be there.
fn there(length: i32) -> Result<usize, ValueError> {
    usize::try_from(length).map_err(|_| ValueError::misplaced(ABSENT))
}

/// Where the \[bytes\] end that begin at `start`.
#[inline]
pub(super) fn end_of(out: &[u8], start: usize) -> usize {
    start + LENGTH + usize::try_from(length_at(out, start)).unwrap_or(0)
}

/// The bytes that begin at `start` with their length.
#[inline]
pub(super) fn bytes_at(out: &[u8], start: usize) -> &[u8] {
    out.get(start + LENGTH..end_of(out, start)).unwrap_or_default()
}

/// The length that a value begins with.
#[inline]
fn length_at(out: &[u8], start: usize) -> i32 {
    let length = out.get(start..).and_then(<[u8]>::first_chunk);
    length.map_or(NULL, |length| i32::from_be_bytes(*length))
}
