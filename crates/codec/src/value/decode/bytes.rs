//! Texts and blobs, borrowed from the page or owned. 0 bytes are a value like any other here.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;

use super::DecodeValue;
use crate::ColumnType;
use crate::value::{ValueError, ValueProblem};

/// The bytes of a cell that must not be null.
#[inline]
pub(crate) fn not_null<'page, T>(
    ty: &ColumnType,
    cell: Option<&'page [u8]>,
) -> Result<&'page [u8], ValueError> {
    cell.ok_or_else(|| ValueError::value::<T>(ty, ValueProblem::Null))
}

/// Checks that `R`, a text, goes with this type.
#[inline]
fn accepts_text<R>(ty: &ColumnType) -> Result<(), ValueError> {
    match ty {
        ColumnType::Text | ColumnType::Ascii => Ok(()),
        _ => Err(ValueError::mismatch::<R>(ty)),
    }
}

/// A text that is to be an `R`. An ascii column is read as UTF-8 too: the two agree on what a
/// server accepts as ascii.
#[inline]
pub(crate) fn text<'page, R>(
    ty: &ColumnType,
    cell: Option<&'page [u8]>,
) -> Result<&'page str, ValueError> {
    std::str::from_utf8(not_null::<R>(ty, cell)?)
        .map_err(|_| ValueError::value::<R>(ty, ValueProblem::NotUtf8))
}

/// Checks that `R`, bytes, goes with this type.
#[inline]
fn accepts_blob<R>(ty: &ColumnType) -> Result<(), ValueError> {
    match ty {
        ColumnType::Blob | ColumnType::Custom(_) => Ok(()),
        _ => Err(ValueError::mismatch::<R>(ty)),
    }
}

/// Implements [`DecodeValue`] for what is made of a text or of a blob.
macro_rules! decode_bytes {
    ($rust:ty, $accepts:ident, $bytes:ident, $from:expr) => {
        impl<'page> DecodeValue<'page> for $rust {
            fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
                $accepts::<Self>(ty)
            }

            #[inline]
            fn decode(ty: &ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
                $bytes::<Self>(ty, cell).map($from)
            }
        }
    };
}

decode_bytes!(&'page str, accepts_text, text, |text| text);
decode_bytes!(String, accepts_text, text, Self::from);
decode_bytes!(Box<str>, accepts_text, text, Self::from);
decode_bytes!(Rc<str>, accepts_text, text, Self::from);
decode_bytes!(Arc<str>, accepts_text, text, Self::from);
decode_bytes!(Cow<'page, str>, accepts_text, text, Self::from);

decode_bytes!(&'page [u8], accepts_blob, not_null, |bytes| bytes);
decode_bytes!(Vec<u8>, accepts_blob, not_null, Self::from);
decode_bytes!(Box<[u8]>, accepts_blob, not_null, Self::from);
decode_bytes!(Rc<[u8]>, accepts_blob, not_null, Self::from);
decode_bytes!(Arc<[u8]>, accepts_blob, not_null, Self::from);
decode_bytes!(Cow<'page, [u8]>, accepts_blob, not_null, Self::from);
// Copied, so that one small blob that is kept does not keep its whole page.
decode_bytes!(Bytes, accepts_blob, not_null, Self::copy_from_slice);

/// As many bytes as the array has, no more and no fewer.
impl<const N: usize> DecodeValue<'_> for [u8; N] {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        accepts_blob::<Self>(ty)
    }

    #[inline]
    fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        let bytes = not_null::<Self>(ty, cell)?;
        let length = ValueProblem::Length { found: bytes.len() };
        Self::try_from(bytes).map_err(|_| ValueError::value::<Self>(ty, length))
    }
}
