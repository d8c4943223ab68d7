//! The order in which servers sort values: that of the elements of a set and of the keys of a map.
//!
//! A set inside of a tuple, a user type or another collection is stored as the bytes that came, and
//! two sets of the same elements in another order are then two different keys. So sets and maps are
//! written in the one order that servers keep, that of the comparator of their type. The comparators
//! are those of the classes in `org.apache.cassandra.db.marshal` (3.11 to 5.0 agree where both have
//! the type), as read there:
//!
//! | CQL | order |
//! |---|---|
//! | tinyint, smallint, int, bigint, timestamp | signed, by value |
//! | float, double | by value, -0.0 before 0.0, every NaN the same and last (`Double.compare`) |
//! | varint, decimal | by value: 1.0 and 1.00 are the same |
//! | boolean | false, then true |
//! | uuid | by version; of version 1 by time; then by bytes |
//! | timeuuid | by time, then by the *signed* bytes of clock sequence and node |
//! | text, ascii, blob, inet, date, time, duration, custom | by bytes, unsigned; a prefix is first |
//! | list, set, vector | by the first elements that differ; then the shorter is first |
//! | map | as a list of key, value, key, value |
//! | tuple, user type | by the first fields that differ, null first; left out at the end is null |
//!
//! Of every type, the empty value (0 bytes) is first. Counters are in no collection. What is none of
//! its type (a timeuuid of another version) is in some order too: it is for the server to refuse.

mod decimal;
mod nested;
mod number;
mod uuid;

pub(super) use number::{compare_signed, minimal};

use std::cmp::Ordering;

use crate::ColumnType;

/// Compares two values, without their lengths, as a server compares values of this type; by their
/// bytes, if no type is known. Bytes that differ may be equal: 1.0 and 1.00.
pub(super) fn compare(ty: Option<&ColumnType>, a: &[u8], b: &[u8]) -> Ordering {
    use ColumnType as T;
    let Some(ty) = ty else { return a.cmp(b) };
    if a.is_empty() || b.is_empty() {
        return a.len().cmp(&b.len());
    }
    match ty {
        T::TinyInt | T::SmallInt | T::Int | T::BigInt | T::Timestamp => number::fixed(a, b),
        T::Boolean => number::boolean(a, b),
        T::Float => number::float(a, b),
        T::Double => number::double(a, b),
        T::Varint => compare_signed(a, b),
        T::Decimal => decimal::compare(a, b),
        T::Uuid => uuid::compare(a, b),
        T::TimeUuid => uuid::compare_times(a, b),
        T::List(element) | T::Set(element) => nested::counted(a, b, &[element]),
        T::Map(key, value) => nested::counted(a, b, &[key, value]),
        T::Tuple(types) => nested::fields(a, b, types.iter()),
        T::UserType(user) => nested::fields(a, b, user.fields.iter().map(|(_, ty)| ty)),
        T::Vector(element, _) => nested::vector(a, b, element),
        T::Ascii
        | T::Blob
        | T::Counter
        | T::Custom(_)
        | T::Date
        | T::Duration
        | T::Inet
        | T::Text
        | T::Time => a.cmp(b),
    }
}

/// Two of which not both are of their type: those that are not are first, by their bytes. So there
/// is one order of all bytes, without which sorting panics.
fn misfits(fits: bool, other_fits: bool, a: &[u8], b: &[u8]) -> Ordering {
    fits.cmp(&other_fits).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;
