//! The cells of enums, for `#[derive(Value)]`.

use super::ValueError;
use super::decode::{number, text};
use crate::ColumnType;

/// The text of a cell that is to be an `R`, an enum that is stored by text.
///
/// # Errors
///
/// Null, and what is not UTF-8.
#[inline]
pub fn variant_text<'page, R>(
    ty: &ColumnType,
    cell: Option<&'page [u8]>,
) -> Result<&'page str, ValueError> {
    text::<R>(ty, cell)
}

/// The bytes of a cell that is to be an `R`, an enum that is stored as an integer of so many.
///
/// # Errors
///
/// Null, and another number of bytes.
#[inline]
pub fn variant_bytes<R, const BYTES: usize>(
    ty: &ColumnType,
    cell: Option<&[u8]>,
) -> Result<[u8; BYTES], ValueError> {
    number::fixed::<R, BYTES>(ty, cell)
}
