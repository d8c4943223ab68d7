//! Types of other crates, each behind the feature of its name, for types of CQL that they go with.
//!
//! What they cannot hold, or CQL cannot, is an error ([`ValueProblem::OutOfRange`]).
//!
//! [`ValueProblem::OutOfRange`]: crate::ValueProblem::OutOfRange

#[cfg(feature = "bigdecimal")]
mod bigdecimal;
#[cfg(feature = "chrono")]
mod chrono;
#[cfg(feature = "jiff")]
mod jiff;
#[cfg(feature = "num-bigint")]
mod num_bigint;
#[cfg(feature = "rust_decimal")]
mod rust_decimal;
#[cfg(feature = "serde")]
mod serde;
#[cfg(feature = "serde_json")]
mod serde_json;
#[cfg(feature = "time")]
mod time;

/// Implements [`DecodeValue`](crate::DecodeValue) by way of the number that the wire has.
#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
macro_rules! decode_number {
    ($rust:ty, $cql:ident, $number:ty, $from:expr) => {
        impl crate::DecodeValue<'_> for $rust {
            fn accepts(ty: &crate::ColumnType) -> Result<(), crate::ValueError> {
                match ty {
                    crate::ColumnType::$cql => Ok(()),
                    _ => Err(crate::ValueError::mismatch::<Self>(ty)),
                }
            }

            #[inline]
            fn decode(
                ty: &crate::ColumnType,
                cell: Option<&[u8]>,
            ) -> Result<Self, crate::ValueError> {
                let bytes = crate::value::decode::number::fixed::<Self, _>(ty, cell)?;
                let out_of_range = crate::ValueProblem::OutOfRange;
                $from(<$number>::from_be_bytes(bytes))
                    .ok_or_else(|| crate::ValueError::value::<Self>(ty, out_of_range))
            }
        }
    };
}

/// Implements [`EncodeValue`](crate::EncodeValue) by way of the number that the wire has.
#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
macro_rules! encode_number {
    ([$($generics:tt)*] $rust:ty, $cql:ident, $number:expr) => {
        impl<$($generics)*> crate::EncodeValue for $rust {
            #[inline]
            fn encode(
                &self,
                ty: Option<&crate::ColumnType>,
                out: &mut bytes::BytesMut,
            ) -> Result<(), crate::ValueError> {
                let ty = ty.unwrap_or(&crate::ColumnType::$cql);
                <Self as crate::EncodeValue>::fits(ty)?;
                let out_of_range = crate::ValueProblem::OutOfRange;
                let number = $number(self)
                    .ok_or_else(|| crate::ValueError::value::<Self>(ty, out_of_range))?;
                crate::value::encode::number::put_fixed(out, number.to_be_bytes());
                Ok(())
            }

            fn own_type(&self) -> Option<crate::ColumnType> {
                <Self as crate::EncodeValue>::static_type()
            }

            fn static_type() -> Option<crate::ColumnType> {
                Some(crate::ColumnType::$cql)
            }

            #[inline]
            fn fits(ty: &crate::ColumnType) -> Result<(), crate::ValueError> {
                match ty {
                    crate::ColumnType::$cql => Ok(()),
                    _ => Err(crate::ValueError::mismatch::<Self>(ty)),
                }
            }
        }
    };
}

#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
use {decode_number, encode_number};
