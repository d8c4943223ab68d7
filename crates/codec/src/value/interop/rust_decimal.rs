//! `rust_decimal`: decimal.

use bytes::{BufMut, BytesMut};
use rust_decimal::Decimal;

use crate::value::cql::scale_and_unscaled;
use crate::value::encode::element::measured;
use crate::{
    ColumnType, CqlDecimal, CqlVarint, DecodeValue, EncodeValue, ValueError, ValueProblem,
};

/// The largest scale of a `Decimal`.
const MOST_PLACES: u32 = Decimal::MAX_SCALE;

/// A decimal of 96 bits and up to 28 places. What is not exactly one is out of range: nothing is
/// rounded. Zeros at the end are taken off, and put on, where that makes it fit; otherwise the scale
/// is kept as it is: 1.00 is read as 1.00.
impl DecodeValue<'_> for Decimal {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        match ty {
            ColumnType::Decimal => Ok(()),
            _ => Err(ValueError::mismatch::<Self>(ty)),
        }
    }

    fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        let (scale, unscaled) = scale_and_unscaled::<Self>(ty, cell)?;
        let unscaled = CqlVarint::from_signed_bytes_be(unscaled).to_i128();
        unscaled
            .and_then(|unscaled| exact(unscaled, scale))
            .ok_or_else(|| ValueError::value::<Self>(ty, ValueProblem::OutOfRange))
    }
}

/// The decimal of this value, if there is one.
fn exact(mut unscaled: i128, scale: i32) -> Option<Decimal> {
    let mut scale = i64::from(scale);
    if unscaled == 0 {
        scale = scale.clamp(0, MOST_PLACES.into());
    }
    // At most 38 rounds: that many zeros an i128 may end with, or be given.
    while scale < 0 {
        unscaled = unscaled.checked_mul(10)?;
        scale += 1;
    }
    let fits = |unscaled: i128| unscaled.unsigned_abs() >> 96 == 0;
    while scale > MOST_PLACES.into() || scale > 0 && !fits(unscaled) {
        if unscaled % 10 != 0 {
            return None;
        }
        unscaled /= 10;
        scale -= 1;
    }
    Decimal::try_from_i128_with_scale(unscaled, u32::try_from(scale).ok()?).ok()
}

impl EncodeValue for Decimal {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        ty.map_or(Ok(()), <Self as EncodeValue>::fits)?;
        let decimal = CqlDecimal::from(self);
        measured(out, |out| {
            out.put_i32(decimal.scale);
            out.put_slice(decimal.unscaled.to_signed_bytes_be());
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

impl From<&Decimal> for CqlDecimal {
    fn from(decimal: &Decimal) -> Self {
        let scale = i32::try_from(decimal.scale()).unwrap_or(i32::MAX);
        Self { unscaled: CqlVarint::from(decimal.mantissa()), scale }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::tests::{decode, encode, mismatch, problem};

    const TY: &ColumnType = &ColumnType::Decimal;

    fn bytes(unscaled: impl Into<CqlVarint>, scale: i32) -> Vec<u8> {
        encode(None, &CqlDecimal { unscaled: unscaled.into(), scale }).unwrap().to_vec()
    }

    fn read(unscaled: impl Into<CqlVarint>, scale: i32) -> Result<String, ValueError> {
        decode::<Decimal>(TY, Some(&bytes(unscaled, scale))).map(|decimal| decimal.to_string())
    }

    #[test]
    fn decimals_are_read_and_written_with_their_scale() {
        for (text, unscaled, scale) in [("1.00", 100, 2), ("-0.5", -5, 1), ("0", 0, 0)] {
            let value: Decimal = text.parse().unwrap();
            assert_eq!(encode(Some(TY), &value).unwrap(), bytes(unscaled, scale));
            assert_eq!(read(unscaled, scale).unwrap(), text);
        }
        for end in [Decimal::MIN, Decimal::MAX] {
            let bytes = encode(None, &end).unwrap();
            assert_eq!(decode(TY, Some(&bytes)), Ok(end));
        }
        assert!(mismatch(Decimal::accepts(&ColumnType::Double)));
        assert!(mismatch(encode(Some(&ColumnType::Varint), &Decimal::ONE)));
    }

    #[test]
    fn h4_what_is_exactly_one_is_read_and_what_is_not_is_an_error() {
        assert_eq!(read(12, -3).unwrap(), "12000");
        assert_eq!(read(10, 29).unwrap(), "0.0000000000000000000000000001");
        assert_eq!(read(10_i128.pow(30), 2).unwrap(), Decimal::from(10_u128.pow(28)).to_string());
        for (unscaled, scale) in [
            (1, 29),
            (1, i32::MAX),
            (1, -29),
            (1, i32::MIN),
            (1_i128 << 96, 0),
            ((1_i128 << 96) + 1, 1),
            (i128::MAX, 28),
            (i128::MIN, i32::MIN),
        ] {
            let outcome = decode::<Decimal>(TY, Some(&bytes(unscaled, scale)));
            assert_eq!(problem(outcome), ValueProblem::OutOfRange, "{unscaled} {scale}");
        }
        for scale in [i32::MIN, i32::MAX] {
            assert!(decode::<Decimal>(TY, Some(&bytes(0, scale))).unwrap().is_zero());
        }
        let long = CqlVarint::from_signed_bytes_be(&[1; 17]);
        assert_eq!(problem(read(long, 0)), ValueProblem::OutOfRange);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(low: u32, middle: u32, high: u32, negative: bool, scale in 0..=28_u32) {
            let value = Decimal::from_parts(low, middle, high, negative, scale);
            let read: Decimal = decode(TY, Some(&encode(None, &value).unwrap())).unwrap();
            prop_assert_eq!((read.mantissa(), read.scale()), (value.mantissa(), value.scale()));
        }

        #[test]
        fn what_is_read_has_the_same_value(unscaled: i128, bits in 0..127_u32, scale in -40..60_i32) {
            let plain = bytes(unscaled >> bits, scale);
            if let Ok(read) = decode::<Decimal>(TY, Some(&plain)) {
                let again = encode(None, &read).unwrap();
                prop_assert!(crate::value::order::compare(Some(TY), &plain, &again).is_eq());
            }
        }
    }
}
