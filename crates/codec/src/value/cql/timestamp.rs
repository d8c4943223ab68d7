//! timestamp.

use std::time::{Duration, SystemTime};

use bytes::{BufMut, BytesMut};

use crate::value::decode::number::decode_fixed;
use crate::value::encode::number::encode_fixed;
use crate::{ColumnType, DecodeValue, EncodeValue, ValueError};

/// A point in time (v5 §5.18), 8 bytes: milliseconds since 1970-01-01T00:00:00Z, of any `i64`.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CqlTimestamp(pub i64);

impl CqlTimestamp {
    /// The whole millisecond at or before this time; `None` if an `i64` cannot say it.
    pub fn from_system_time(time: SystemTime) -> Option<Self> {
        const NANOS_PER_MILLI: u128 = 1_000_000;
        let millis = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).ok()?,
            Err(before) => {
                let millis = before.duration().as_nanos().div_ceil(NANOS_PER_MILLI);
                0_i64.checked_sub_unsigned(u64::try_from(millis).ok()?)?
            }
        };
        Some(Self(millis))
    }

    /// This time; `None` if the system cannot say it.
    pub fn to_system_time(self) -> Option<SystemTime> {
        let distance = Duration::from_millis(self.0.unsigned_abs());
        if self.0 < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        }
    }
}

decode_fixed!(CqlTimestamp, ColumnType::Timestamp, |bytes| Self(i64::from_be_bytes(bytes)));
encode_fixed!(
    CqlTimestamp,
    ColumnType::Timestamp,
    |time: Self| time.0.to_be_bytes(),
    own = ColumnType::Timestamp
);
