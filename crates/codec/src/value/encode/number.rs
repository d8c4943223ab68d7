//! Values of a fixed size: numbers, uuids, addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::{BufMut, BytesMut};
use uuid::Uuid;

use super::{EncodeValue, put_bytes};
use crate::ColumnType;
use crate::value::ValueError;

/// Implements [`EncodeValue`] for a type that is made of a fixed number of bytes.
macro_rules! encode_fixed {
    ($rust:ty, $types:pat, $to_bytes:expr, own = $own:expr) => {
        impl EncodeValue for $rust {
            #[inline]
            fn encode(
                &self,
                ty: Option<&ColumnType>,
                out: &mut BytesMut,
            ) -> Result<(), ValueError> {
                ty.map_or(Ok(()), Self::fits)?;
                $crate::value::encode::number::put_fixed(out, $to_bytes(*self));
                Ok(())
            }

            #[inline]
            fn encode_content(
                &self,
                ty: Option<&ColumnType>,
                out: &mut BytesMut,
            ) -> Result<(), ValueError> {
                ty.map_or(Ok(()), Self::fits)?;
                out.put_slice(&$to_bytes(*self));
                Ok(())
            }

            fn own_type(&self) -> Option<ColumnType> {
                Self::static_type()
            }

            fn static_type() -> Option<ColumnType> {
                Some($own)
            }

            #[inline]
            fn fits(ty: &ColumnType) -> Result<(), ValueError> {
                match ty {
                    $types => Ok(()),
                    _ => Err(ValueError::mismatch::<Self>(ty)),
                }
            }
        }
    };
}

pub(crate) use encode_fixed;

encode_fixed!(i8, ColumnType::TinyInt, Self::to_be_bytes, own = ColumnType::TinyInt);
encode_fixed!(i16, ColumnType::SmallInt, Self::to_be_bytes, own = ColumnType::SmallInt);
encode_fixed!(i32, ColumnType::Int, Self::to_be_bytes, own = ColumnType::Int);
encode_fixed!(
    i64,
    ColumnType::BigInt | ColumnType::Counter | ColumnType::Timestamp | ColumnType::Time,
    Self::to_be_bytes,
    own = ColumnType::BigInt
);
encode_fixed!(f32, ColumnType::Float, Self::to_be_bytes, own = ColumnType::Float);
encode_fixed!(f64, ColumnType::Double, Self::to_be_bytes, own = ColumnType::Double);
encode_fixed!(bool, ColumnType::Boolean, |truth| [u8::from(truth)], own = ColumnType::Boolean);
encode_fixed!(
    Uuid,
    ColumnType::Uuid | ColumnType::TimeUuid,
    Self::into_bytes,
    own = ColumnType::Uuid
);
encode_fixed!(Ipv4Addr, ColumnType::Inet, |address: Self| address.octets(), own = ColumnType::Inet);
encode_fixed!(Ipv6Addr, ColumnType::Inet, |address: Self| address.octets(), own = ColumnType::Inet);

/// `N` bytes, preceded by their number.
#[inline]
pub(crate) fn put_fixed<const N: usize>(out: &mut BytesMut, bytes: [u8; N]) {
    // None has more than 16 bytes.
    out.put_i32(i32::try_from(N).unwrap_or(i32::MAX));
    out.put_slice(&bytes);
}

/// 4 bytes for an IPv4 address, 16 for an IPv6 address.
impl EncodeValue for IpAddr {
    #[inline]
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        ty.map_or(Ok(()), Self::fits)?;
        match self {
            Self::V4(address) => put_bytes(out, &address.octets()),
            Self::V6(address) => put_bytes(out, &address.octets()),
        }
    }

    fn own_type(&self) -> Option<ColumnType> {
        Self::static_type()
    }

    fn static_type() -> Option<ColumnType> {
        Some(ColumnType::Inet)
    }

    #[inline]
    fn fits(ty: &ColumnType) -> Result<(), ValueError> {
        match ty {
            ColumnType::Inet => Ok(()),
            _ => Err(ValueError::mismatch::<Self>(ty)),
        }
    }
}
