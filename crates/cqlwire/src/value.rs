//! The values of CQL that Rust has no type for, and what values are made with.
//!
//! Everything else is a type of Rust itself: the table is in the documentation of
//! [`EncodeValue`](crate::EncodeValue) and [`DecodeValue`](crate::DecodeValue).

pub use cqlwire_codec::{
    Counter, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlUserType, CqlValue,
    CqlVarint, DecodeRow, DecodeValue, EncodeValue, EncodeValues, MaybeUnset, NamedValues, Row,
    Unset,
};
