//! Decoding: cells to Rust values.
//!
//! A cell is the bytes of one value, or null. Which Rust type goes with which type of CQL is
//! checked once for a whole result ([`DecodeValue::accepts`]); the bytes of each cell are checked
//! as they are read. A cell is never trusted: any bytes give a value or an error.
//!
//! | CQL | Rust |
//! |---|---|
//! | tinyint, smallint, int | `i8`, `i16`, `i32` |
//! | bigint, counter, timestamp, time | `i64` |
//! | counter | [`Counter`](super::Counter) |
//! | timestamp, date, time, duration | [`CqlTimestamp`], [`CqlDate`], [`CqlTime`], [`CqlDuration`] |
//! | varint, decimal | [`CqlVarint`], [`CqlDecimal`] |
//! | float, double, boolean | `f32`, `f64`, `bool` |
//! | text, ascii | `&str`, `String`, `Cow<str>` |
//! | blob, and types unknown here | `&[u8]`, `Vec<u8>`, `[u8; N]`, `Bytes`, `Cow<[u8]>` |
//! | uuid, timeuuid | `Uuid` |
//! | inet | `IpAddr`, `Ipv4Addr`, `Ipv6Addr` |
//! | any of these by a feature | types of bigdecimal, chrono, jiff, num-bigint, rust_decimal, serde_json, time |
//! | any of these | newtypes and enums that derive `Value` |
//! | list, set, vector | `Vec<T>`, `[T; N]`, [`ListIter`] |
//! | set | `HashSet<T>`, `BTreeSet<T>` |
//! | map | `HashMap<K, V>`, `BTreeMap<K, V>`, [`MapIter`] |
//! | tuple | tuples of as many |
//! | user type | structs that derive `UserType`; by its fields: [`FieldCells`] |
//! | any type | [`CqlValue`](super::CqlValue), [`Undecoded`] |
//! | any of them | `Box<T>`, `Rc<T>`, `Arc<T>` |
//! | any of them, or null, or empty | `Option<T>` |
//!
//! [`CqlTimestamp`]: super::CqlTimestamp
//! [`CqlDate`]: super::CqlDate
//! [`CqlTime`]: super::CqlTime
//! [`CqlDuration`]: super::CqlDuration
//! [`CqlVarint`]: super::CqlVarint
//! [`CqlDecimal`]: super::CqlDecimal

mod bytes;
mod cells;
mod fields;
mod list;
mod map;
mod named_fields;
pub(crate) mod number;
pub(crate) mod option;
mod pointer;
mod row;
mod tuple;
mod undecoded;

pub(crate) use bytes::text;
pub(crate) use fields::user_type;
pub use fields::{
    FieldCell, FieldCells, FieldCheck, check_fields, check_optional_fields, missing_field,
};
pub use list::ListIter;
pub(crate) use list::element_of;
pub use map::MapIter;
pub use named_fields::NamedFields;
pub use row::DecodeRow;
pub(crate) use tuple::TupleCells;
pub use undecoded::Undecoded;

use super::{ValueError, ValueProblem};
use crate::ColumnType;

/// A Rust type that cells can be decoded to; it may borrow from the page (`'page`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of CQL: no cell is read as it",
    label = "not a value of CQL",
    note = "a newtype, or an enum without fields, derives `Value`; the struct of a user-defined type derives `UserType`",
    note = "types of other crates are values by features of the same name: bigdecimal, chrono, jiff, num-bigint, rust_decimal, serde_json, time",
    note = "what borrows from a page has the lifetime of the row"
)]
pub trait DecodeValue<'page>: Sized {
    /// Checks that this Rust type goes with this type of CQL, whatever the cells hold.
    ///
    /// # Errors
    ///
    /// [`ValueError::Mismatch`], made with [`ValueError::mismatch`].
    fn accepts(ty: &ColumnType) -> Result<(), ValueError>;

    /// Decodes one cell of a type that was accepted; `None` is null.
    ///
    /// # Errors
    ///
    /// A cell that is no value of `ty`, or none that this Rust type can hold: null and empty
    /// cells among them, unless it is an `Option`.
    fn decode(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError>;
}

/// The bytes of a cell of a type that has a value of 0 bytes only as a relic.
#[inline]
pub(crate) fn not_null_nor_empty<'page, R>(
    ty: &ColumnType,
    cell: Option<&'page [u8]>,
) -> Result<&'page [u8], ValueError> {
    match bytes::not_null::<R>(ty, cell)? {
        [] => Err(ValueError::value::<R>(ty, ValueProblem::Empty)),
        bytes => Ok(bytes),
    }
}

#[cfg(test)]
mod tests;
