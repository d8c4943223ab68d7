//! Values behind a reference or a pointer: as what they point to.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use bytes::BytesMut;

use super::EncodeValue;
use super::bytes::{blob_fits, text_fits};
use crate::ColumnType;
use crate::value::ValueError;

/// Implements [`EncodeValue`] for pointers; how the type is checked depends on what they point to.
macro_rules! encode_pointer {
    ([$($generics:tt)*] $pointer:ty, $fits:expr) => {
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
            fn fits(ty: &ColumnType) -> Result<(), ValueError> {
                $fits(ty)
            }
        }
    };
}

encode_pointer!([T: EncodeValue] &T, T::fits);
encode_pointer!([T: EncodeValue] Box<T>, T::fits);
encode_pointer!([T: EncodeValue] Rc<T>, T::fits);
encode_pointer!([T: EncodeValue] Arc<T>, T::fits);

encode_pointer!([] & str, text_fits::<Self>);
encode_pointer!([] Box<str>, text_fits::<Self>);
encode_pointer!([] Rc<str>, text_fits::<Self>);
encode_pointer!([] Arc<str>, text_fits::<Self>);
encode_pointer!([] Cow<'_, str>, text_fits::<Self>);

encode_pointer!([] & [u8], blob_fits::<Self>);
encode_pointer!([] Box<[u8]>, blob_fits::<Self>);
encode_pointer!([] Arc<[u8]>, blob_fits::<Self>);
encode_pointer!([] Cow<'_, [u8]>, blob_fits::<Self>);

/// Any type may go with it.
const fn any_fits(_: &ColumnType) -> Result<(), ValueError> {
    Ok(())
}

encode_pointer!([] &dyn EncodeValue, any_fits);
encode_pointer!([] &(dyn EncodeValue + Sync), any_fits);
encode_pointer!([] &(dyn EncodeValue + Send + Sync), any_fits);
encode_pointer!([] Box<dyn EncodeValue>, any_fits);
encode_pointer!([] Box<dyn EncodeValue + Send>, any_fits);
encode_pointer!([] Box<dyn EncodeValue + Send + Sync>, any_fits);
encode_pointer!([] Arc<dyn EncodeValue + Send + Sync>, any_fits);
