//! What may be missing.

use super::DecodeValue;
use crate::ColumnType;
use crate::value::ValueError;

/// `None` is null, and also the empty value (0 bytes) of a type whose values have a size. The
/// empty text and the empty blob are values: `Some`.
impl<'page, T: DecodeValue<'page>> DecodeValue<'page> for Option<T> {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        T::accepts(ty)
    }

    #[inline]
    fn decode(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        match cell {
            None => Ok(None),
            Some([]) if !holds_empty(ty) => Ok(None),
            Some(_) => T::decode(ty, cell).map(Some),
        }
    }
}

/// Whether 0 bytes are a value of this type like any other. Of a tuple or user type they are the
/// value all of whose fields are null.
pub(crate) const fn holds_empty(ty: &ColumnType) -> bool {
    matches!(
        ty,
        ColumnType::Ascii
            | ColumnType::Text
            | ColumnType::Blob
            | ColumnType::Custom(_)
            | ColumnType::Tuple(_)
            | ColumnType::UserType(_)
    )
}
