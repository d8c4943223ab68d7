//! What may be missing: null, which deletes, and unset, which leaves alone.

use bytes::{BufMut, BytesMut};

use super::{EncodeValue, NULL, UNSET};
use crate::ColumnType;
use crate::value::ValueError;

/// `None` is null: the column is deleted, which leaves a tombstone.
impl<T: EncodeValue> EncodeValue for Option<T> {
    #[inline]
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        let Some(value) = self else {
            ty.map_or(Ok(()), T::fits)?;
            out.put_i32(NULL);
            return Ok(());
        };
        value.encode(ty, out)
    }

    fn own_type(&self) -> Option<ColumnType> {
        self.as_ref().map_or_else(T::static_type, T::own_type)
    }

    fn rust_type(&self) -> &'static str {
        self.as_ref().map_or_else(std::any::type_name::<T>, T::rust_type)
    }

    fn static_type() -> Option<ColumnType> {
        T::static_type()
    }

    #[inline]
    fn fits(ty: &ColumnType) -> Result<(), ValueError> {
        T::fits(ty)
    }
}

/// No value: the column is left as it is, without a tombstone.
///
/// For v4 and newer; on v3, where servers would take it for null, encoding the request fails.
/// Servers refuse it for the columns that a WHERE clause names, and inside of another value.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unset;

impl EncodeValue for Unset {
    #[inline]
    fn encode(&self, _: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        out.put_i32(UNSET);
        Ok(())
    }
}

/// A value that may be [`Unset`].
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum MaybeUnset<T> {
    /// No value: as [`Unset`].
    #[default]
    Unset,
    /// This value.
    Set(T),
}

impl<T: EncodeValue> EncodeValue for MaybeUnset<T> {
    #[inline]
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        let Self::Set(value) = self else {
            ty.map_or(Ok(()), T::fits)?;
            return Unset.encode(ty, out);
        };
        value.encode(ty, out)
    }

    fn own_type(&self) -> Option<ColumnType> {
        match self {
            Self::Set(value) => value.own_type(),
            Self::Unset => T::static_type(),
        }
    }

    fn rust_type(&self) -> &'static str {
        match self {
            Self::Set(value) => value.rust_type(),
            Self::Unset => std::any::type_name::<T>(),
        }
    }

    fn static_type() -> Option<ColumnType> {
        T::static_type()
    }

    #[inline]
    fn fits(ty: &ColumnType) -> Result<(), ValueError> {
        T::fits(ty)
    }
}
