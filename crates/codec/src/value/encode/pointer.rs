//! Values behind a reference or a pointer: as what they point to.

use std::rc::Rc;
use std::sync::Arc;

use bytes::BytesMut;

use super::EncodeValue;
use crate::ColumnType;
use crate::value::ValueError;

/// Implements [`EncodeValue`] for pointers; how the type is checked, and what it is
/// by itself, depends on what they point to.
macro_rules! encode_pointer {
    ([$($generics:tt)*] $pointer:ty, $fits:expr, $static_type:expr) => {
        impl<$($generics)*> EncodeValue for $pointer {
            #[inline]
            fn encode(
                &self,
                ty: Option<&ColumnType>,
                out: &mut BytesMut,
            ) -> Result<(), ValueError> {
                (**self).encode(ty, out)
            }

            #[inline]
            fn encode_content(
                &self,
                ty: Option<&ColumnType>,
                out: &mut BytesMut,
            ) -> Result<(), ValueError> {
                (**self).encode_content(ty, out)
            }

            fn own_type(&self) -> Option<ColumnType> {
                (**self).own_type()
            }

            fn rust_type(&self) -> &'static str {
                (**self).rust_type()
            }

            fn static_type() -> Option<ColumnType> {
                $static_type
            }

            #[inline]
            fn fits(ty: &ColumnType) -> Result<(), ValueError> {
                $fits(ty)
            }
        }
    };
}

encode_pointer!([T: EncodeValue] &T, T::fits, T::static_type());
encode_pointer!([T: EncodeValue] Box<T>, T::fits, T::static_type());
encode_pointer!([T: EncodeValue] Rc<T>, T::fits, T::static_type());
encode_pointer!([T: EncodeValue] Arc<T>, T::fits, T::static_type());

/// Any type may go with it.
const fn any_fits(_: &ColumnType) -> Result<(), ValueError> {
    Ok(())
}

encode_pointer!([] &dyn EncodeValue, any_fits, None);
encode_pointer!([] &(dyn EncodeValue + Sync), any_fits, None);
encode_pointer!([] &(dyn EncodeValue + Send + Sync), any_fits, None);
encode_pointer!([] Box<dyn EncodeValue>, any_fits, None);
encode_pointer!([] Box<dyn EncodeValue + Send>, any_fits, None);
encode_pointer!([] Box<dyn EncodeValue + Send + Sync>, any_fits, None);
encode_pointer!([] Arc<dyn EncodeValue + Send + Sync>, any_fits, None);
