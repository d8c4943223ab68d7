//! The class of a type by its name, as a server writes it: the other way of [`class`](super::class).

use std::fmt::{Display, Formatter, Result};

use super::{ColumnType, UserType};

/// The package of the server's own types.
pub(super) const PACKAGE: &str = "org.apache.cassandra.db.marshal.";

/// The class of a type that stands inside of another.
pub(super) struct ClassName<'a> {
    ty: &'a ColumnType,
    /// Whether what it stands in says that it is frozen; otherwise it says so itself.
    frozen: bool,
}

impl<'a> ClassName<'a> {
    pub(super) const fn of(ty: &'a ColumnType) -> Self {
        Self { ty, frozen: false }
    }

    /// Of what a frozen type is made of.
    const fn inside(ty: &'a ColumnType) -> Self {
        Self { ty, frozen: true }
    }
}

impl Display for ClassName<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let inside = Self::inside;
        let class = native(self.ty);
        match self.ty {
            ColumnType::Custom(class) => f.write_str(class),
            ColumnType::Vector(element, dimension) => {
                let element = ClassName { ty: element, frozen: self.frozen };
                write!(f, "{PACKAGE}{class}({element} , {dimension})")
            }
            ColumnType::Tuple(elements) => {
                write!(f, "{PACKAGE}{class}(")?;
                for (position, element) in elements.iter().enumerate() {
                    let comma = if position == 0 { "" } else { "," };
                    write!(f, "{comma}{}", inside(element))?;
                }
                f.write_str(")")
            }
            ColumnType::List(_)
            | ColumnType::Set(_)
            | ColumnType::Map(..)
            | ColumnType::UserType(_)
                if !self.frozen =>
            {
                write!(f, "{PACKAGE}FrozenType({})", inside(self.ty))
            }
            ColumnType::List(element) | ColumnType::Set(element) => {
                write!(f, "{PACKAGE}{class}({})", inside(element))
            }
            ColumnType::Map(key, value) => {
                write!(f, "{PACKAGE}{class}({},{})", inside(key), inside(value))
            }
            ColumnType::UserType(user) => {
                write!(f, "{PACKAGE}{class}(")?;
                write_user_type(f, user)?;
                f.write_str(")")
            }
            _ => write!(f, "{PACKAGE}{class}"),
        }
    }
}

fn write_user_type(f: &mut Formatter<'_>, user: &UserType) -> Result {
    write!(f, "{},", user.keyspace)?;
    write_hex(f, &user.name)?;
    for (name, field) in &user.fields {
        f.write_str(",")?;
        write_hex(f, name)?;
        write!(f, ":{}", ClassName::inside(field))?;
    }
    Ok(())
}

fn write_hex(f: &mut Formatter<'_>, text: &str) -> Result {
    text.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// The class without its package and its parameters.
const fn native(ty: &ColumnType) -> &'static str {
    match ty {
        ColumnType::Ascii => "AsciiType",
        ColumnType::BigInt => "LongType",
        ColumnType::Blob | ColumnType::Custom(_) => "BytesType",
        ColumnType::Boolean => "BooleanType",
        ColumnType::Counter => "CounterColumnType",
        ColumnType::Decimal => "DecimalType",
        ColumnType::Double => "DoubleType",
        ColumnType::Float => "FloatType",
        ColumnType::Int => "Int32Type",
        ColumnType::Timestamp => "TimestampType",
        ColumnType::Uuid => "UUIDType",
        ColumnType::Text => "UTF8Type",
        ColumnType::Varint => "IntegerType",
        ColumnType::TimeUuid => "TimeUUIDType",
        ColumnType::Inet => "InetAddressType",
        ColumnType::Date => "SimpleDateType",
        ColumnType::Time => "TimeType",
        ColumnType::SmallInt => "ShortType",
        ColumnType::TinyInt => "ByteType",
        ColumnType::Duration => "DurationType",
        ColumnType::List(_) => "ListType",
        ColumnType::Map(..) => "MapType",
        ColumnType::Set(_) => "SetType",
        ColumnType::UserType(_) => "UserType",
        ColumnType::Tuple(_) => "TupleType",
        ColumnType::Vector(..) => "VectorType",
    }
}
