//! \[option\]: a type on the wire.

use std::sync::Arc;

use bytes::{BufMut, BytesMut};

use super::class_name::ClassName;
use super::{ColumnType, UserType, class};
use crate::wire::{Reader, write};
use crate::{DecodeError, DecodeErrorKind, EncodeError, ProtocolVersion};

/// How deep types may be nested. Servers build a few levels at most; a bomb has a hundred thousand.
pub(crate) const MAX_DEPTH: usize = 64;

/// How many types one message may hold, however they are nested: two bytes on the wire become a
/// few dozen in memory.
const MAX_TYPES: usize = 1_000_000;

/// Reads the types of one message and keeps count of them.
#[derive(Debug)]
pub struct TypeReader {
    left: usize,
}

impl Default for TypeReader {
    fn default() -> Self {
        Self { left: MAX_TYPES }
    }
}

impl TypeReader {
    /// Reads one \[option\].
    ///
    /// # Errors
    ///
    /// An id that does not exist (how long its description is cannot be known), more than 64
    /// levels, and more than a million types since this reader was made.
    pub fn read(&mut self, reader: &mut Reader<'_>) -> Result<ColumnType, DecodeError> {
        self.read_nested(reader, MAX_DEPTH)
    }

    fn read_nested(
        &mut self,
        reader: &mut Reader<'_>,
        depth: usize,
    ) -> Result<ColumnType, DecodeError> {
        let Some(inner) = depth.checked_sub(1) else {
            return Err(reader.error("type", DecodeErrorKind::TooDeep { limit: MAX_DEPTH }));
        };
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            reader.error("type", DecodeErrorKind::TooManyTypes { limit: MAX_TYPES })
        })?;
        let unread = reader.clone();
        let id = reader.short("type")?;
        Ok(match id {
            0x00 => class::parse(reader.string("class of a custom type")?, depth, &mut self.left),
            0x20 => ColumnType::List(Box::new(self.read_nested(reader, inner)?)),
            0x21 => {
                let key = self.read_nested(reader, inner)?;
                ColumnType::Map(Box::new(key), Box::new(self.read_nested(reader, inner)?))
            }
            0x22 => ColumnType::Set(Box::new(self.read_nested(reader, inner)?)),
            0x30 => ColumnType::UserType(Arc::new(self.read_user_type(reader, inner)?)),
            0x31 => ColumnType::Tuple(
                reader.list("tuple type", |reader| self.read_nested(reader, inner))?,
            ),
            _ => native(id).ok_or_else(|| {
                unread.error("type", DecodeErrorKind::Unknown { value: i64::from(id) })
            })?,
        })
    }

    fn read_user_type(
        &mut self,
        reader: &mut Reader<'_>,
        inner: usize,
    ) -> Result<UserType, DecodeError> {
        let keyspace = reader.string("keyspace of a user type")?.to_owned();
        let name = reader.string("name of a user type")?.to_owned();
        let fields = reader.list("user type", |reader| {
            let field = reader.string("field of a user type")?.to_owned();
            Ok((field, self.read_nested(reader, inner)?))
        })?;
        Ok(UserType { keyspace, name, fields })
    }
}

/// The type that is nothing but its id.
const fn native(id: u16) -> Option<ColumnType> {
    Some(match id {
        0x01 => ColumnType::Ascii,
        0x02 => ColumnType::BigInt,
        0x03 => ColumnType::Blob,
        0x04 => ColumnType::Boolean,
        0x05 => ColumnType::Counter,
        0x06 => ColumnType::Decimal,
        0x07 => ColumnType::Double,
        0x08 => ColumnType::Float,
        0x09 => ColumnType::Int,
        0x0B => ColumnType::Timestamp,
        0x0C => ColumnType::Uuid,
        // 0x0A is an alias that the server's table of types reserves and never sends.
        0x0A | 0x0D => ColumnType::Text,
        0x0E => ColumnType::Varint,
        0x0F => ColumnType::TimeUuid,
        0x10 => ColumnType::Inet,
        0x11 => ColumnType::Date,
        0x12 => ColumnType::Time,
        0x13 => ColumnType::SmallInt,
        0x14 => ColumnType::TinyInt,
        0x15 => ColumnType::Duration,
        _ => return None,
    })
}

impl ColumnType {
    /// The first version whose \[option\] has an id for the type.
    const fn since(&self) -> ProtocolVersion {
        match self {
            Self::Date | Self::Time | Self::SmallInt | Self::TinyInt => ProtocolVersion::V4,
            Self::Duration => ProtocolVersion::V5,
            _ => ProtocolVersion::V3,
        }
    }

    /// The id of its \[option\] in this version: 0x0000 ("custom") for what comes as the name of a
    /// class there, because no version has an id for it or only a newer one has.
    pub fn id(&self, version: ProtocolVersion) -> u16 {
        if version < self.since() { 0x00 } else { self.newest_id() }
    }

    const fn newest_id(&self) -> u16 {
        match self {
            Self::Vector(..) | Self::Custom(_) => 0x00,
            Self::Ascii => 0x01,
            Self::BigInt => 0x02,
            Self::Blob => 0x03,
            Self::Boolean => 0x04,
            Self::Counter => 0x05,
            Self::Decimal => 0x06,
            Self::Double => 0x07,
            Self::Float => 0x08,
            Self::Int => 0x09,
            Self::Timestamp => 0x0B,
            Self::Uuid => 0x0C,
            Self::Text => 0x0D,
            Self::Varint => 0x0E,
            Self::TimeUuid => 0x0F,
            Self::Inet => 0x10,
            Self::Date => 0x11,
            Self::Time => 0x12,
            Self::SmallInt => 0x13,
            Self::TinyInt => 0x14,
            Self::Duration => 0x15,
            Self::List(_) => 0x20,
            Self::Map(..) => 0x21,
            Self::Set(_) => 0x22,
            Self::UserType(_) => 0x30,
            Self::Tuple(_) => 0x31,
        }
    }

    /// Appends the type as an \[option\] of this version, for the server's half. What has no id
    /// in it is described by its class, as servers do: a duration on v3 and v4; a date, a time, a
    /// smallint and a tinyint on v3; a vector in every version.
    ///
    /// # Errors
    ///
    /// Names over 65,535 bytes, and more than 65,535 fields. What was appended until then stays.
    pub fn write_option(
        &self,
        version: ProtocolVersion,
        out: &mut BytesMut,
    ) -> Result<(), EncodeError> {
        let id = self.id(version);
        out.put_u16(id);
        match self {
            _ if id == 0x00 => {
                write::string(out, "class of a custom type", &ClassName::of(self).to_string())
            }
            Self::List(element) | Self::Set(element) => element.write_option(version, out),
            Self::Map(key, value) => {
                key.write_option(version, out)?;
                value.write_option(version, out)
            }
            Self::Tuple(elements) => {
                write::short_length(out, "elements of a tuple type", elements.len())?;
                elements.iter().try_for_each(|element| element.write_option(version, out))
            }
            Self::UserType(user) => {
                write::string(out, "keyspace of a user type", &user.keyspace)?;
                write::string(out, "name of a user type", &user.name)?;
                write::short_length(out, "fields of a user type", user.fields.len())?;
                user.fields.iter().try_for_each(|(name, field)| {
                    write::string(out, "field of a user type", name)?;
                    field.write_option(version, out)
                })
            }
            _ => Ok(()),
        }
    }
}
