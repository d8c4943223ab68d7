//! Values of whatever type, known only when they are there.

mod convert;
mod decode;
mod encode;
mod row;
mod user_type;

pub use row::CqlRow;
pub use user_type::CqlUserType;

use std::net::IpAddr;

use uuid::Uuid;

use super::{Counter, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlVarint};

/// Any value of CQL.
///
/// Decoded from a column of any type, it says by its variant what it is. Encoded, it has to fit its
/// bind marker; in an unprepared QUERY its variant decides.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CqlValue {
    /// No value.
    Null,
    /// 0 bytes of a type whose values have a size: a relic of old clients, and not null.
    Empty,
    /// ascii and text.
    Text(String),
    /// blob.
    Blob(Vec<u8>),
    /// boolean.
    Boolean(bool),
    /// tinyint.
    TinyInt(i8),
    /// smallint.
    SmallInt(i16),
    /// int.
    Int(i32),
    /// bigint.
    BigInt(i64),
    /// counter.
    Counter(Counter),
    /// float.
    Float(f32),
    /// double.
    Double(f64),
    /// varint.
    Varint(CqlVarint),
    /// decimal.
    Decimal(CqlDecimal),
    /// uuid and timeuuid.
    Uuid(Uuid),
    /// inet.
    Inet(IpAddr),
    /// timestamp.
    Timestamp(CqlTimestamp),
    /// date.
    Date(CqlDate),
    /// time.
    Time(CqlTime),
    /// duration.
    Duration(CqlDuration),
    /// list.
    List(Vec<Self>),
    /// set, in the order of the server.
    Set(Vec<Self>),
    /// map: its entries, in the order of the server.
    Map(Vec<(Self, Self)>),
    /// tuple; as many elements as the value has, perhaps fewer than its type.
    Tuple(Vec<Self>),
    /// A value of a user type.
    UserType(CqlUserType),
    /// vector.
    Vector(Vec<Self>),
    /// The bytes of a value whose type is not understood.
    Custom(Vec<u8>),
}

#[cfg(test)]
pub(super) mod arbitrary;
#[cfg(test)]
mod tests;
