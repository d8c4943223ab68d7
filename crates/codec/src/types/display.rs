//! Types as CQL writes them.

use std::fmt::{Display, Formatter, Result};

use super::ColumnType;

/// As in CQL: `map<text, int>`, a user type with its keyspace, a custom type in quotes.
impl Display for ColumnType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::List(element) => write!(f, "list<{element}>"),
            Self::Set(element) => write!(f, "set<{element}>"),
            Self::Map(key, value) => write!(f, "map<{key}, {value}>"),
            Self::UserType(user) => write!(f, "{}.{}", user.keyspace, user.name),
            Self::Tuple(elements) => {
                f.write_str("tuple<")?;
                for (position, element) in elements.iter().enumerate() {
                    let comma = if position == 0 { "" } else { ", " };
                    write!(f, "{comma}{element}")?;
                }
                f.write_str(">")
            }
            Self::Vector(element, dimension) => write!(f, "vector<{element}, {dimension}>"),
            Self::Custom(class) => write!(f, "'{class}'"),
            native => f.write_str(native.native_name()),
        }
    }
}

impl ColumnType {
    /// The name of a type that is nothing but its id; of the others, of their kind.
    const fn native_name(&self) -> &'static str {
        match self {
            Self::Ascii => "ascii",
            Self::BigInt => "bigint",
            Self::Blob => "blob",
            Self::Boolean => "boolean",
            Self::Counter => "counter",
            Self::Decimal => "decimal",
            Self::Double => "double",
            Self::Float => "float",
            Self::Int => "int",
            Self::Timestamp => "timestamp",
            Self::Uuid => "uuid",
            Self::Text => "text",
            Self::Varint => "varint",
            Self::TimeUuid => "timeuuid",
            Self::Inet => "inet",
            Self::Date => "date",
            Self::Time => "time",
            Self::SmallInt => "smallint",
            Self::TinyInt => "tinyint",
            Self::Duration => "duration",
            Self::List(_) => "list",
            Self::Map(..) => "map",
            Self::Set(_) => "set",
            Self::UserType(_) => "user type",
            Self::Tuple(_) => "tuple",
            Self::Vector(..) => "vector",
            Self::Custom(_) => "custom",
        }
    }
}
