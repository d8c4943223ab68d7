//! Values of Rust as values of whatever type.

use std::net::IpAddr;

use uuid::Uuid;

use super::{CqlUserType, CqlValue};
use crate::value::{Counter, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlVarint};

macro_rules! from {
    ($($rust:ty => $variant:ident),+ $(,)?) => {
        $(
            impl From<$rust> for CqlValue {
                fn from(value: $rust) -> Self {
                    Self::$variant(value.into())
                }
            }
        )+
    };
}

from! {
    String => Text,
    &str => Text,
    Vec<u8> => Blob,
    &[u8] => Blob,
    bool => Boolean,
    i8 => TinyInt,
    i16 => SmallInt,
    i32 => Int,
    i64 => BigInt,
    Counter => Counter,
    f32 => Float,
    f64 => Double,
    CqlVarint => Varint,
    CqlDecimal => Decimal,
    Uuid => Uuid,
    IpAddr => Inet,
    CqlTimestamp => Timestamp,
    CqlDate => Date,
    CqlTime => Time,
    CqlDuration => Duration,
    CqlUserType => UserType,
}

/// `None` is null.
impl<T: Into<Self>> From<Option<T>> for CqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
