//! Types as CQL writes them.

use std::fmt::{Display, Formatter, Result, Write};

use super::ColumnType;

/// As in CQL: `map<text, int>`, a user type with its keyspace, a custom type in quotes. Names that
/// CQL would not read as they are stand in quotes.
impl Display for ColumnType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::List(element) => write!(f, "list<{element}>"),
            Self::Set(element) => write!(f, "set<{element}>"),
            Self::Map(key, value) => write!(f, "map<{key}, {value}>"),
            Self::UserType(user) => write!(f, "{}.{}", Name(&user.keyspace), Name(&user.name)),
            Self::Tuple(elements) => {
                f.write_str("tuple<")?;
                for (position, element) in elements.iter().enumerate() {
                    let comma = if position == 0 { "" } else { ", " };
                    write!(f, "{comma}{element}")?;
                }
                f.write_str(">")
            }
            Self::Vector(element, dimension) => write!(f, "vector<{element}, {dimension}>"),
            Self::Custom(class) => quote(f, class, '\''),
            native => f.write_str(native.native_name()),
        }
    }
}

/// The name of a keyspace or a user type.
struct Name<'a>(&'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if self.0.starts_with(|c: char| c.is_ascii_lowercase()) && self.0.chars().all(plain) {
            f.write_str(self.0)
        } else {
            quote(f, self.0, '"')
        }
    }
}

/// A text in quotes; those in it are doubled.
fn quote(f: &mut Formatter<'_>, text: &str, quote: char) -> Result {
    f.write_char(quote)?;
    for c in text.chars() {
        if c == quote {
            f.write_char(quote)?;
        }
        f.write_char(c)?;
    }
    f.write_char(quote)
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
