//! Texts and blobs.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{EncodeValue, put_bytes};
use crate::ColumnType;
use crate::value::{ValueError, ValueProblem};

/// Checks that `T`, a text, goes with this type.
#[inline]
fn text_fits<T>(ty: &ColumnType) -> Result<(), ValueError> {
    match ty {
        ColumnType::Text | ColumnType::Ascii => Ok(()),
        _ => Err(ValueError::mismatch::<T>(ty)),
    }
}

/// Checks that `T`, bytes, goes with this type.
#[inline]
fn blob_fits<T>(ty: &ColumnType) -> Result<(), ValueError> {
    match ty {
        ColumnType::Blob | ColumnType::Custom(_) => Ok(()),
        _ => Err(ValueError::mismatch::<T>(ty)),
    }
}

/// Appends a text that is an `R`. What is not ASCII is refused for an ascii column: the server would
/// refuse the whole request.
#[inline]
fn encode_text<R>(
    text: &str,
    ty: Option<&ColumnType>,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    if let Some(ty) = ty {
        text_fits::<R>(ty)?;
        if *ty == ColumnType::Ascii && !text.is_ascii() {
            return Err(ValueError::value::<R>(ty, ValueProblem::NotAscii));
        }
    }
    put_bytes(out, text.as_bytes())
}

impl EncodeValue for str {
    #[inline]
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        encode_text::<&Self>(self, ty, out)
    }

    fn own_type(&self) -> Option<ColumnType> {
        Some(ColumnType::Text)
    }
}

impl EncodeValue for [u8] {
    #[inline]
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        ty.map_or(Ok(()), blob_fits::<&Self>)?;
        put_bytes(out, self)
    }

    fn own_type(&self) -> Option<ColumnType> {
        Some(ColumnType::Blob)
    }
}

/// Implements [`EncodeValue`] for what holds or points to a text.
macro_rules! encode_text {
    ($rust:ty) => {
        impl EncodeValue for $rust {
            #[inline]
            fn encode(
                &self,
                ty: Option<&ColumnType>,
                out: &mut BytesMut,
            ) -> Result<(), ValueError> {
                encode_text::<Self>(self, ty, out)
            }

            fn own_type(&self) -> Option<ColumnType> {
                Self::static_type()
            }

            fn static_type() -> Option<ColumnType> {
                Some(ColumnType::Text)
            }

            #[inline]
            fn fits(ty: &ColumnType) -> Result<(), ValueError> {
                text_fits::<Self>(ty)
            }
        }
    };
}

encode_text!(&str);
encode_text!(String);
encode_text!(Box<str>);
encode_text!(Rc<str>);
encode_text!(Arc<str>);
encode_text!(Cow<'_, str>);

/// Implements [`EncodeValue`] for what holds or points to bytes.
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

            fn own_type(&self) -> Option<ColumnType> {
                Self::static_type()
            }

            fn static_type() -> Option<ColumnType> {
                Some(ColumnType::Blob)
            }

            #[inline]
            fn fits(ty: &ColumnType) -> Result<(), ValueError> {
                blob_fits::<Self>(ty)
            }
        }
    };
}

encode_blob!(&[u8]);
encode_blob!(Vec<u8>);
encode_blob!(Box<[u8]>);
encode_blob!(Rc<[u8]>);
encode_blob!(Arc<[u8]>);
encode_blob!(Cow<'_, [u8]>);
encode_blob!(Bytes);
encode_blob!(BytesMut);
encode_blob!([u8; N], N);
