//! counter.

use bytes::{BufMut, BytesMut};

use crate::value::decode::number::decode_fixed;
use crate::value::encode::number::encode_fixed;
use crate::{ColumnType, DecodeValue, EncodeValue, ValueError};

/// The sum of a counter column, or what is added to it: 8 bytes.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counter(pub i64);

decode_fixed!(Counter, ColumnType::Counter, |bytes| Self(i64::from_be_bytes(bytes)));
encode_fixed!(
    Counter,
    ColumnType::Counter,
    |counter: Self| counter.0.to_be_bytes(),
    own = ColumnType::Counter
);
