//! The types of CQL as the metadata of a result describes them (v5 §4.2.5.2), and columns of them.
//!
//! The notation is \[option\]: an id, and for collections, tuples and user types what they are made
//! of. Reading one is bounded in depth and, over a whole message, in number. What has no id comes as
//! the name of a class of the server; of those that are known, the type that they are is read.

mod class;
mod class_name;
mod cql;
mod display;
mod option;
mod size;

pub use cql::{CqlTypeError, FindUserType, Measured, TypeExtent};
pub(crate) use option::MAX_DEPTH;
pub use option::TypeReader;

use std::sync::Arc;

/// One column of a result, or one bind marker of a prepared statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ColumnSpec {
    /// The keyspace of its table.
    pub keyspace: Arc<str>,
    /// The table; of a bind marker the one that the statement is about.
    pub table: Arc<str>,
    /// The name: of the column, of the alias, or of the marker.
    pub name: String,
    /// The type of its values.
    pub column_type: ColumnType,
}

/// A type of CQL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnType {
    /// 0x01: text of ASCII characters.
    Ascii,
    /// 0x02: 64 bits.
    BigInt,
    /// 0x03: any bytes.
    Blob,
    /// 0x04.
    Boolean,
    /// 0x05: a distributed counter, 64 bits.
    Counter,
    /// 0x06: a decimal number of any size.
    Decimal,
    /// 0x07: IEEE 754, 64 bits.
    Double,
    /// 0x08: IEEE 754, 32 bits.
    Float,
    /// 0x09: 32 bits.
    Int,
    /// 0x0B: milliseconds since 1970.
    Timestamp,
    /// 0x0C.
    Uuid,
    /// 0x0D (and the alias 0x0A): UTF-8.
    Text,
    /// 0x0E: an integer of any size.
    Varint,
    /// 0x0F: a uuid of version 1.
    TimeUuid,
    /// 0x10: an IPv4 or IPv6 address.
    Inet,
    /// 0x11: days, centred at 2^31.
    Date,
    /// 0x12: nanoseconds of the day.
    Time,
    /// 0x13: 16 bits.
    SmallInt,
    /// 0x14: 8 bits.
    TinyInt,
    /// 0x15: months, days and nanoseconds.
    Duration,
    /// 0x20.
    List(Box<Self>),
    /// 0x21: keys, then values.
    Map(Box<Self>, Box<Self>),
    /// 0x22.
    Set(Box<Self>),
    /// 0x30; shared with the values of it that are decoded.
    UserType(Arc<UserType>),
    /// 0x31.
    Tuple(Vec<Self>),
    /// So many elements of one type, from 1 to `i32::MAX`: a class of Cassandra 5.0, without an id
    /// in any version of the protocol.
    Vector(Box<Self>, u32),
    /// 0x00: any other class of the server by its name; its values are opaque.
    Custom(String),
}

/// A user type: named fields in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserType {
    /// The keyspace that it belongs to.
    pub keyspace: String,
    /// Its name there.
    pub name: String,
    /// Its fields, in the order of their values.
    pub fields: Vec<(String, ColumnType)>,
}

#[cfg(test)]
pub(crate) mod arbitrary;
#[cfg(test)]
mod tests;
