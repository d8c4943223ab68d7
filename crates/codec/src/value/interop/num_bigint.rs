//! num-bigint: varint.

use bytes::BytesMut;
use num_bigint::BigInt;

use crate::value::decode::not_null_nor_empty;
use crate::value::encode::put_bytes;
use crate::{ColumnType, CqlVarint, DecodeValue, EncodeValue, ValueError};

impl DecodeValue<'_> for BigInt {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        match ty {
            ColumnType::Varint => Ok(()),
            _ => Err(ValueError::mismatch::<Self>(ty)),
        }
    }

    fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        not_null_nor_empty::<Self>(ty, cell).map(Self::from_signed_bytes_be)
    }
}

impl EncodeValue for BigInt {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        ty.map_or(Ok(()), <Self as EncodeValue>::fits)?;
        put_bytes(out, &self.to_signed_bytes_be())
    }

    fn own_type(&self) -> Option<ColumnType> {
        Self::static_type()
    }

    fn static_type() -> Option<ColumnType> {
        Some(ColumnType::Varint)
    }

    fn fits(ty: &ColumnType) -> Result<(), ValueError> {
        Self::accepts(ty)
    }
}

impl From<&BigInt> for CqlVarint {
    fn from(integer: &BigInt) -> Self {
        Self::from_signed_bytes_be(&integer.to_signed_bytes_be())
    }
}

impl From<&CqlVarint> for BigInt {
    fn from(integer: &CqlVarint) -> Self {
        Self::from_signed_bytes_be(integer.to_signed_bytes_be())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ValueProblem;
    use crate::value::tests::{decode, encode, mismatch, problem};
    use crate::vectors::section;

    const TY: &ColumnType = &ColumnType::Varint;

    #[test]
    fn g11_3_varints_are_as_the_vectors_are() {
        for vector in section("value") {
            let Some(digits) = vector.name.strip_prefix("varint ") else { continue };
            let value: BigInt = digits.parse().unwrap();
            assert_eq!(decode(TY, Some(&vector.bytes)), Ok(value.clone()));
            assert_eq!(encode(Some(TY), &value).unwrap(), vector.bytes);
        }
    }

    #[test]
    fn h3_a_varint_has_a_byte_at_least_and_goes_with_no_other_type() {
        assert_eq!(problem(decode::<BigInt>(TY, Some(&[]))), ValueProblem::Empty);
        assert_eq!(decode::<Option<BigInt>>(TY, Some(&[])), Ok(None));
        assert!(mismatch(BigInt::accepts(&ColumnType::Decimal)));
        assert!(mismatch(encode(Some(&ColumnType::BigInt), &BigInt::from(1))));
    }

    proptest! {
        #[test]
        fn both_kinds_of_varint_are_the_same(bytes: Vec<u8>) {
            let plain = CqlVarint::from_signed_bytes_be(&bytes);
            let big = BigInt::from(&plain);
            prop_assert_eq!(encode(None, &big), encode(None, &plain));
            prop_assert_eq!(CqlVarint::from(&big), plain);
        }
    }
}
