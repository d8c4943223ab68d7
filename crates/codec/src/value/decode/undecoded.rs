//! Values that are left as they are.

use super::DecodeValue;
use crate::ColumnType;
use crate::value::ValueError;

/// A value of whatever type as it is in the page: to be decoded later, if at all.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Undecoded<'page> {
    /// Its type.
    pub ty: &'page ColumnType,
    /// Its bytes; `None` is null.
    pub bytes: Option<&'page [u8]>,
}

impl<'page> Undecoded<'page> {
    /// Checks the type and decodes the value.
    ///
    /// # Errors
    ///
    /// A type that is no `T`, and a value that is no `T`.
    pub fn decode<T: DecodeValue<'page>>(&self) -> Result<T, ValueError> {
        T::accepts(self.ty).and_then(|()| T::decode(self.ty, self.bytes))
    }
}

impl<'page> DecodeValue<'page> for Undecoded<'page> {
    fn accepts(_: &ColumnType) -> Result<(), ValueError> {
        Ok(())
    }

    #[inline]
    fn decode(ty: &'page ColumnType, bytes: Option<&'page [u8]>) -> Result<Self, ValueError> {
        Ok(Self { ty, bytes })
    }
}
