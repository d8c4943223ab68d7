//! duration.

use bytes::{BufMut, BytesMut};

use crate::value::decode::not_null_nor_empty;
use crate::value::encode::length;
use crate::value::vint::{Vint, take_signed};
use crate::{ColumnType, DecodeValue, EncodeValue, ValueError, ValueProblem};

/// A duration (v5 §5.8), 3 to 19 bytes: months, days and nanoseconds, apart from each other since
/// months and days have no fixed length.
///
/// Servers want all parts of the same sign; others are refused before they are sent, and given as
/// they are if they were stored nevertheless.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CqlDuration {
    /// Months; 12 are a year.
    pub months: i32,
    /// Days; 7 are a week.
    pub days: i32,
    /// Nanoseconds: hours, minutes and seconds too.
    pub nanos: i64,
}

impl CqlDuration {
    /// Whether a part is below zero and another above.
    const fn has_mixed_signs(&self) -> bool {
        let negative = self.months < 0 || self.days < 0 || self.nanos < 0;
        let positive = self.months > 0 || self.days > 0 || self.nanos > 0;
        negative && positive
    }

    /// Three \[vint\]s (v5 §5.8).
    fn read(mut rest: &[u8]) -> Result<Self, ValueProblem> {
        let int = |value| i32::try_from(value).map_err(|_| ValueProblem::OutOfRange);
        let months = take_signed(&mut rest).and_then(int)?;
        let days = take_signed(&mut rest).and_then(int)?;
        let nanos = take_signed(&mut rest)?;
        if !rest.is_empty() {
            return Err(ValueProblem::TrailingBytes { bytes: rest.len() });
        }
        Ok(Self { months, days, nanos })
    }
}

impl DecodeValue<'_> for CqlDuration {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        match ty {
            ColumnType::Duration => Ok(()),
            _ => Err(ValueError::mismatch::<Self>(ty)),
        }
    }

    fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        let bytes = not_null_nor_empty::<Self>(ty, cell)?;
        Self::read(bytes).map_err(|problem| ValueError::value::<Self>(ty, problem))
    }
}

impl EncodeValue for CqlDuration {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        ty.map_or(Ok(()), <Self as EncodeValue>::fits)?;
        if self.has_mixed_signs() {
            let ty = ty.unwrap_or(&ColumnType::Duration);
            return Err(ValueError::value::<Self>(ty, ValueProblem::MixedSigns));
        }
        let parts = [self.months.into(), self.days.into(), self.nanos].map(Vint::signed);
        out.put_i32(length(parts.iter().map(|part| part.as_bytes().len()).sum())?);
        parts.iter().for_each(|part| out.put_slice(part.as_bytes()));
        Ok(())
    }

    fn own_type(&self) -> Option<ColumnType> {
        Self::static_type()
    }

    fn static_type() -> Option<ColumnType> {
        Some(ColumnType::Duration)
    }

    fn fits(ty: &ColumnType) -> Result<(), ValueError> {
        Self::accepts(ty)
    }
}
