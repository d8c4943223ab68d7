//! Texts and blobs, borrowed from the page or owned. 0 bytes are a value like any other here.

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

/// An ascii column is read as UTF-8 too: the two agree on what a server accepts as ascii.
impl<'page> DecodeValue<'page> for &'page str {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        match ty {
            ColumnType::Text | ColumnType::Ascii => Ok(()),
            _ => Err(ValueError::mismatch::<Self>(ty)),
        }
    }

    #[inline]
    fn decode(ty: &ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        std::str::from_utf8(not_null::<Self>(ty, cell)?)
            .map_err(|_| ValueError::value::<Self>(ty, ValueProblem::NotUtf8))
    }
}

impl DecodeValue<'_> for String {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        <&str>::accepts(ty)
    }

    #[inline]
    fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        <&str>::decode(ty, cell).map(str::to_owned)
    }
}

impl<'page> DecodeValue<'page> for &'page [u8] {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        match ty {
            ColumnType::Blob | ColumnType::Custom(_) => Ok(()),
            _ => Err(ValueError::mismatch::<Self>(ty)),
        }
    }

    #[inline]
    fn decode(ty: &ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        not_null::<Self>(ty, cell)
    }
}

impl DecodeValue<'_> for Vec<u8> {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        <&[u8]>::accepts(ty)
    }

    #[inline]
    fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        <&[u8]>::decode(ty, cell).map(<[u8]>::to_vec)
    }
}

/// Copied, so that one small blob that is kept does not keep its whole page.
impl DecodeValue<'_> for Bytes {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        <&[u8]>::accepts(ty)
    }

    #[inline]
    fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        <&[u8]>::decode(ty, cell).map(Self::copy_from_slice)
    }
}
