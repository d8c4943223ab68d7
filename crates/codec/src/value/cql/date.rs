//! date.

use bytes::{BufMut, BytesMut};

use crate::value::decode::number::decode_fixed;
use crate::value::encode::number::encode_fixed;
use crate::{ColumnType, DecodeValue, EncodeValue, ValueError};

/// A day (v5 §5.5), 4 bytes: days since -5877641-06-23, so that 1970-01-01 is 2^31; any `u32`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CqlDate(pub u32);

impl CqlDate {
    /// 1970-01-01.
    pub const UNIX_EPOCH: Self = Self(1 << 31);

    /// The day so many days after 1970-01-01; before it, if negative.
    pub const fn from_unix_days(days: i32) -> Self {
        Self(days.cast_unsigned() ^ Self::UNIX_EPOCH.0)
    }

    /// How many days after 1970-01-01 it is; negative before it.
    pub const fn unix_days(self) -> i32 {
        (self.0 ^ Self::UNIX_EPOCH.0).cast_signed()
    }
}

decode_fixed!(CqlDate, ColumnType::Date, |bytes| Self(u32::from_be_bytes(bytes)));
encode_fixed!(CqlDate, ColumnType::Date, |date: Self| date.0.to_be_bytes(), own = ColumnType::Date);
