//! The values of CQL that Rust has no type for, and what values are made with.
//!
//! Everything else is a type of Rust itself: the table is on the first page of the documentation of
//! this crate.

pub use cqlwire_codec::{
    Columns, Counter, CqlDate, CqlDecimal, CqlDuration, CqlRow, CqlTime, CqlTimestamp, CqlUserType,
    CqlValue, CqlVarint, ListIter, MapIter, MaybeUnset, NamedValues, ParseValueError, Row,
    Undecoded, Unset,
};

pub use crate::time_uuid::{TimeUuids, max_time_uuid, min_time_uuid};
