//! decimal.

use bytes::{BufMut, BytesMut};

use super::CqlVarint;
use crate::value::decode::not_null_nor_empty;
use crate::value::encode::element::measured;
use crate::{ColumnType, DecodeValue, EncodeValue, ValueError, ValueProblem};

/// A decimal number of any size (v5 §5.6), 5 bytes or more: `unscaled` times ten to the power of
/// minus `scale`.
///
/// Shown with an exponent where it would take many zeros: a scale of `i32::MIN` would take two thousand
/// million. To reckon with it, use the feature `bigdecimal`. Two are equal if both parts are: 1.0 is not 1.00.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CqlDecimal {
    /// The digits.
    pub unscaled: CqlVarint,
    /// How many of the digits are behind the point; below zero, how many zeros follow them.
    pub scale: i32,
}

impl DecodeValue<'_> for CqlDecimal {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        match ty {
            ColumnType::Decimal => Ok(()),
            _ => Err(ValueError::mismatch::<Self>(ty)),
        }
    }

    fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        let (scale, unscaled) = scale_and_unscaled::<Self>(ty, cell)?;
        Ok(Self { unscaled: CqlVarint::from_signed_bytes_be(unscaled), scale })
    }
}

/// The scale of a decimal that is to be an `R`, and the bytes of its unscaled value, one at least.
pub(crate) fn scale_and_unscaled<'page, R>(
    ty: &ColumnType,
    cell: Option<&'page [u8]>,
) -> Result<(i32, &'page [u8]), ValueError> {
    let bytes = not_null_nor_empty::<R>(ty, cell)?;
    match bytes.split_first_chunk() {
        Some((scale, unscaled @ [_, ..])) => Ok((i32::from_be_bytes(*scale), unscaled)),
        _ => {
            let (needed, remaining) = (size_of::<i32>() + 1, bytes.len());
            let problem = ValueProblem::UnexpectedEnd { needed, remaining };
            Err(ValueError::value::<R>(ty, problem))
        }
    }
}

impl EncodeValue for CqlDecimal {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        ty.map_or(Ok(()), <Self as EncodeValue>::fits)?;
        measured(out, |out| {
            out.put_i32(self.scale);
            out.put_slice(self.unscaled.to_signed_bytes_be());
            Ok(())
        })
    }

    fn own_type(&self) -> Option<ColumnType> {
        Self::static_type()
    }

    fn static_type() -> Option<ColumnType> {
        Some(ColumnType::Decimal)
    }

    fn fits(ty: &ColumnType) -> Result<(), ValueError> {
        Self::accepts(ty)
    }
}
