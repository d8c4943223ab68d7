//! varint.

use std::cmp::Ordering;
use std::fmt;

use bytes::BytesMut;

use crate::value::decode::not_null_nor_empty;
use crate::value::encode::put_bytes;
use crate::value::order::{compare_signed, minimal};
use crate::{ColumnType, DecodeValue, EncodeValue, ValueError};

/// An integer of any size (v5 §5.24), 1 byte or more.
///
/// Kept as the wire has it, in two's complement: no more than compared and passed on. To reckon
/// with it, turn it into an integer of Rust, or use the feature `num-bigint`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CqlVarint {
    /// Big-endian and minimal, one byte at least.
    bytes: Box<[u8]>,
}

impl CqlVarint {
    /// The integer that these bytes are in two's complement, the highest first. They need not be
    /// minimal; none at all are zero.
    pub fn from_signed_bytes_be(bytes: &[u8]) -> Self {
        Self { bytes: minimal(bytes).into() }
    }

    /// Two's complement, the highest byte first, one byte at least and no more than needed.
    pub fn to_signed_bytes_be(&self) -> &[u8] {
        &self.bytes
    }

    /// The integer, if an `i128` can hold it.
    pub fn to_i128(&self) -> Option<i128> {
        const SIZE: usize = size_of::<i128>();
        let mut wide = if self.is_negative() { [0xFF; SIZE] } else { [0; SIZE] };
        let start = SIZE.checked_sub(self.bytes.len())?;
        wide.get_mut(start..)?.copy_from_slice(&self.bytes);
        Some(i128::from_be_bytes(wide))
    }

    /// The integer, if an `i64` can hold it.
    pub fn to_i64(&self) -> Option<i64> {
        self.to_i128()?.try_into().ok()
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.bytes.first().is_some_and(|byte| byte.leading_ones() > 0)
    }
}

macro_rules! from_integer {
    ($($integer:ty)+) => {
        $(
            impl From<$integer> for CqlVarint {
                fn from(integer: $integer) -> Self {
                    Self::from_signed_bytes_be(&integer.to_be_bytes())
                }
            }
        )+
    };
}

from_integer!(i8 i16 i32 i64 i128);

macro_rules! from_unsigned {
    ($($integer:ty)+) => {
        $(
            impl From<$integer> for CqlVarint {
                fn from(integer: $integer) -> Self {
                    Self::from(i128::from(integer))
                }
            }
        )+
    };
}

from_unsigned!(u8 u16 u32 u64);

/// By value.
impl Ord for CqlVarint {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_signed(&self.bytes, &other.bytes)
    }
}

impl PartialOrd for CqlVarint {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// In decimal digits up to the size of an `i128`, beyond that in hexadecimal ones: decimal digits
/// take time that grows with the square of their number.
impl fmt::Debug for CqlVarint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(small) = self.to_i128() {
            return write!(f, "CqlVarint({small})");
        }
        f.write_str("CqlVarint(0x")?;
        self.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

impl DecodeValue<'_> for CqlVarint {
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

impl EncodeValue for CqlVarint {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        ty.map_or(Ok(()), <Self as EncodeValue>::fits)?;
        put_bytes(out, &self.bytes)
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
