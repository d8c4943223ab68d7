//! Texts and blobs.

use bytes::{Bytes, BytesMut};

use super::{EncodeValue, put_bytes};
use crate::ColumnType;
use crate::value::{ValueError, ValueProblem};

/// Checks that `T`, a text, goes with this type.
#[inline]
pub(super) fn text_fits<T>(ty: &ColumnType) -> Result<(), ValueError> {
    match ty {
        ColumnType::Text | ColumnType::Ascii => Ok(()),
        _ => Err(ValueError::mismatch::<T>(ty)),
    }
}

/// Checks that `T`, bytes, goes with this type.
#[inline]
pub(super) fn blob_fits<T>(ty: &ColumnType) -> Result<(), ValueError> {
    match ty {
        ColumnType::Blob | ColumnType::Custom(_) => Ok(()),
        _ => Err(ValueError::mismatch::<T>(ty)),
    }
}

/// What is not ASCII is refused for an ascii column: the server would refuse the whole request.
impl EncodeValue for str {
    #[inline]
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        if let Some(ty) = ty {
            text_fits::<&Self>(ty)?;
            if *ty == ColumnType::Ascii && !self.is_ascii() {
                return Err(ValueError::value::<&Self>(ty, ValueProblem::NotAscii));
            }
        }
        put_bytes(out, self.as_bytes())
    }
}

impl EncodeValue for String {
    #[inline]
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        self.as_str().encode(ty, out)
    }

    #[inline]
    fn fits(ty: &ColumnType) -> Result<(), ValueError> {
        text_fits::<Self>(ty)
    }
}

impl EncodeValue for [u8] {
    #[inline]
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        ty.map_or(Ok(()), blob_fits::<&Self>)?;
        put_bytes(out, self)
    }
}

/// Implements [`EncodeValue`] for an owner of bytes.
macro_rules! encode_blob {
    ($rust:ty $(, $n:ident)?) => {
        impl$(<const $n: usize>)? EncodeValue for $rust {
            #[inline]
            fn encode(
                &self,
                ty: Option<&ColumnType>,
                out: &mut BytesMut,
            ) -> Result<(), ValueError> {
                ty.map_or(Ok(()), Self::fits)?;
                put_bytes(out, self)
            }

            #[inline]
            fn fits(ty: &ColumnType) -> Result<(), ValueError> {
                blob_fits::<Self>(ty)
            }
        }
    };
}

encode_blob!(Vec<u8>);
encode_blob!(Bytes);
encode_blob!(BytesMut);
encode_blob!([u8; N], N);
