//! bigdecimal: decimal.

use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::BigInt;
use bytes::{BufMut, BytesMut};

use crate::value::cql::scale_and_unscaled;
use crate::value::encode::element::measured;
use crate::{ColumnType, CqlDecimal, DecodeValue, EncodeValue, ValueError, ValueProblem};

/// With any scale that there is; but beware of writing such a number out, or of adding two whose
/// scales are far apart.
impl DecodeValue<'_> for BigDecimal {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        match ty {
            ColumnType::Decimal => Ok(()),
            _ => Err(ValueError::mismatch::<Self>(ty)),
        }
    }

    fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        let (scale, unscaled) = scale_and_unscaled::<Self>(ty, cell)?;
        Ok(Self::new(BigInt::from_signed_bytes_be(unscaled), scale.into()))
    }
}

/// A scale that is no `i32` is out of range.
impl EncodeValue for BigDecimal {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        let ty = ty.unwrap_or(&ColumnType::Decimal);
        <Self as EncodeValue>::fits(ty)?;
        let (unscaled, scale) = self.as_bigint_and_scale();
        let out_of_range = |_| ValueError::value::<Self>(ty, ValueProblem::OutOfRange);
        let scale = i32::try_from(scale).map_err(out_of_range)?;
        measured(out, |out| {
            out.put_i32(scale);
            out.put_slice(&unscaled.to_signed_bytes_be());
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

impl From<&CqlDecimal> for BigDecimal {
    fn from(decimal: &CqlDecimal) -> Self {
        let unscaled = BigInt::from_signed_bytes_be(decimal.unscaled.to_signed_bytes_be());
        Self::new(unscaled, decimal.scale.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::CqlVarint;
    use crate::value::tests::{decode, encode, mismatch, problem};
    use crate::vectors::section;

    const TY: &ColumnType = &ColumnType::Decimal;

    #[test]
    fn g11_3_decimals_are_as_the_vectors_are() {
        for vector in section("value") {
            let Some(digits) = vector.name.strip_prefix("decimal ") else { continue };
            let value: BigDecimal = digits.parse().unwrap();
            let decoded: BigDecimal = decode(TY, Some(&vector.bytes)).unwrap();
            assert_eq!(decoded.as_bigint_and_scale(), value.as_bigint_and_scale());
            assert_eq!(encode(Some(TY), &value).unwrap(), vector.bytes);
        }
        assert!(mismatch(BigDecimal::accepts(&ColumnType::Double)));
        assert!(mismatch(encode(Some(&ColumnType::Varint), &BigDecimal::from(1))));
    }

    #[test]
    fn h4_the_ends_of_the_scale_are_values_and_what_is_beyond_is_an_error() {
        for scale in [i32::MIN, i32::MAX] {
            let value = BigDecimal::new(1.into(), scale.into());
            let bytes = encode(None, &value).unwrap();
            assert_eq!(bytes, [&scale.to_be_bytes()[..], &[1]].concat());
            let decoded: BigDecimal = decode(TY, Some(&bytes)).unwrap();
            assert_eq!(decoded.as_bigint_and_scale(), value.as_bigint_and_scale());
        }
        for scale in [i64::from(i32::MAX) + 1, i64::from(i32::MIN) - 1] {
            let outcome = encode(None, &BigDecimal::new(1.into(), scale));
            assert_eq!(problem(outcome), ValueProblem::OutOfRange);
        }
        let cut = problem(decode::<BigDecimal>(TY, Some(&[0; 4])));
        assert_eq!(cut, ValueProblem::UnexpectedEnd { needed: 5, remaining: 4 });
    }

    proptest! {
        #[test]
        fn both_kinds_of_decimal_are_the_same(bytes: Vec<u8>, scale: i32) {
            let plain = CqlDecimal { unscaled: CqlVarint::from_signed_bytes_be(&bytes), scale };
            prop_assert_eq!(encode(None, &BigDecimal::from(&plain)), encode(None, &plain));
        }
    }
}
