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
//! | float, double, boolean | `f32`, `f64`, `bool` |
//! | text, ascii | `&str`, `String` |
//! | blob, and types unknown here | `&[u8]`, `Vec<u8>`, `Bytes` |
//! | uuid, timeuuid, inet | `Uuid`, `IpAddr` |
//! | any of them, or null, or empty | `Option<T>` |

mod bytes;
mod number;
mod option;
mod row;

pub use row::DecodeRow;

use super::ValueError;
use crate::ColumnType;

/// A Rust type that cells can be decoded to; it may borrow from the page (`'page`).
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
    fn decode(ty: &ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError>;
}

#[cfg(test)]
mod tests;
