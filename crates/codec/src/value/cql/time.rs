//! time.

use bytes::{BufMut, BytesMut};

use crate::value::decode::number::decode_fixed;
use crate::value::encode::number::encode_fixed;
use crate::{ColumnType, DecodeValue, EncodeValue, ValueError};

/// A time of day (v5 §5.17), 8 bytes: nanoseconds since midnight.
///
/// From 0 to [`MAX`](Self::MAX), to be one; but servers look at nothing but its length, so that
/// any `i64` may be stored.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CqlTime(pub i64);

impl CqlTime {
    /// The last nanosecond of the day.
    pub const MAX: Self = Self(86_399_999_999_999);
}

decode_fixed!(CqlTime, ColumnType::Time, |bytes| Self(i64::from_be_bytes(bytes)));
encode_fixed!(CqlTime, ColumnType::Time, |time: Self| time.0.to_be_bytes(), own = ColumnType::Time);
