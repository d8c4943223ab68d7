//! Values behind a pointer: as what it points to.

use std::rc::Rc;
use std::sync::Arc;

use super::DecodeValue;
use crate::ColumnType;
use crate::value::ValueError;

/// Implements [`DecodeValue`] for a pointer that is made of a value.
macro_rules! decode_pointer {
    ($pointer:ty) => {
        impl<'page, T: DecodeValue<'page>> DecodeValue<'page> for $pointer {
            fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
                T::accepts(ty)
            }

            #[inline]
            fn decode(
                ty: &'page ColumnType,
                cell: Option<&'page [u8]>,
            ) -> Result<Self, ValueError> {
                T::decode(ty, cell).map(Self::from)
            }
        }
    };
}

decode_pointer!(Box<T>);
decode_pointer!(Rc<T>);
decode_pointer!(Arc<T>);
