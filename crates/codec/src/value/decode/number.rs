//! Values of a fixed size: numbers, uuids, addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use uuid::Uuid;

use super::DecodeValue;
use crate::ColumnType;
use crate::value::{ValueError, ValueProblem};

/// The `N` bytes of a cell of a type that always has as many.
#[inline]
pub(crate) fn fixed<T, const N: usize>(
    ty: &ColumnType,
    cell: Option<&[u8]>,
) -> Result<[u8; N], ValueError> {
    match cell.map(<[u8; N]>::try_from) {
        Some(Ok(bytes)) => Ok(bytes),
        _ => Err(not_fixed::<T>(ty, cell)),
    }
}

/// The error for a cell of another size than it must have.
#[cold]
pub(crate) fn not_fixed<T>(ty: &ColumnType, cell: Option<&[u8]>) -> ValueError {
    let problem = match cell {
        None => ValueProblem::Null,
        Some([]) => ValueProblem::Empty,
        Some(bytes) => ValueProblem::Length { found: bytes.len() },
    };
    ValueError::value::<T>(ty, problem)
}

/// Implements [`DecodeValue`] for a type that is made of a fixed number of bytes.
macro_rules! decode_fixed {
    ($rust:ty, $types:pat, $from:expr) => {
        impl DecodeValue<'_> for $rust {
            fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
                match ty {
                    $types => Ok(()),
                    _ => Err(ValueError::mismatch::<Self>(ty)),
                }
            }

            #[inline]
            fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
                crate::value::decode::number::fixed::<Self, _>(ty, cell).map($from)
            }
        }
    };
}

pub(crate) use decode_fixed;

decode_fixed!(i8, ColumnType::TinyInt, Self::from_be_bytes);
decode_fixed!(i16, ColumnType::SmallInt, Self::from_be_bytes);
decode_fixed!(i32, ColumnType::Int, Self::from_be_bytes);
decode_fixed!(
    i64,
    ColumnType::BigInt | ColumnType::Counter | ColumnType::Timestamp | ColumnType::Time,
    Self::from_be_bytes
);
decode_fixed!(f32, ColumnType::Float, Self::from_be_bytes);
decode_fixed!(f64, ColumnType::Double, Self::from_be_bytes);
// Servers write 1 and read anything but 0 as true.
decode_fixed!(bool, ColumnType::Boolean, |[byte]: [u8; 1]| byte != 0);
// Version and variant of a timeuuid are not looked at: servers store what they were given.
decode_fixed!(Uuid, ColumnType::Uuid | ColumnType::TimeUuid, Self::from_bytes);

decode_fixed!(Ipv4Addr, ColumnType::Inet, |octets: [u8; 4]| Self::from(octets));
decode_fixed!(Ipv6Addr, ColumnType::Inet, |octets: [u8; 16]| Self::from(octets));

/// 4 bytes are an IPv4 address, 16 an IPv6 address.
impl DecodeValue<'_> for IpAddr {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        match ty {
            ColumnType::Inet => Ok(()),
            _ => Err(ValueError::mismatch::<Self>(ty)),
        }
    }

    #[inline]
    fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        let bytes = cell.unwrap_or_default();
        if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
            return Ok(Ipv4Addr::from(v4).into());
        }
        match <[u8; 16]>::try_from(bytes) {
            Ok(v6) => Ok(Ipv6Addr::from(v6).into()),
            Err(_) => Err(not_fixed::<Self>(ty, cell)),
        }
    }
}
