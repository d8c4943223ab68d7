//! Types of CQL as types of Parquet, by way of those of Arrow.
//!
//! | CQL | Parquet |
//! |---|---|
//! | ascii, text; inet, varint, decimal as text | STRING |
//! | tinyint, smallint, int, bigint, counter | INT of 8 to 64 bits |
//! | float, double, boolean | FLOAT, DOUBLE, BOOLEAN |
//! | blob, custom types | BYTE_ARRAY |
//! | uuid, timeuuid | UUID |
//! | timestamp | TIMESTAMP in milliseconds, UTC |
//! | date, time | DATE, TIME in nanoseconds |
//! | duration | a group of months, days, nanoseconds |
//! | list, set, vector | LIST |
//! | map | MAP |
//! | user type | a group of its fields |
//! | tuple | a group of fields 1, 2, ... |
//!
//! Varints and decimals are texts since they may have any number of digits, and each decimal its own
//! scale: no DECIMAL takes them all.

use std::sync::Arc;

use arrow_schema::extension::Uuid;
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use cqlwire::codec::ColumnType;

use crate::exit::Failure;
use crate::export::shape::TypedColumn;

/// The schema of a file of these columns.
pub(super) fn of(columns: &[TypedColumn]) -> Result<SchemaRef, Failure> {
    let fields = columns.iter().map(|column| {
        field(&column.name, &column.ty).ok_or_else(|| {
            Failure::usage(format_args!(
                "column `{}`: Parquet has nothing for the type {}; leave it out by --columns",
                column.name, column.ty
            ))
        })
    });
    Ok(Arc::new(Schema::new(fields.collect::<Result<Fields, _>>()?)))
}

/// A column or a part of one, which may be null.
pub(super) fn field(name: &str, ty: &ColumnType) -> Option<Field> {
    let field = Field::new(name, data_type(ty)?, true);
    Some(match ty {
        ColumnType::Uuid | ColumnType::TimeUuid => field.with_extension_type(Uuid),
        _ => field,
    })
}

fn data_type(ty: &ColumnType) -> Option<DataType> {
    use ColumnType as T;
    Some(match ty {
        T::Ascii | T::Text | T::Inet | T::Varint | T::Decimal => DataType::Utf8,
        T::TinyInt => DataType::Int8,
        T::SmallInt => DataType::Int16,
        T::Int => DataType::Int32,
        T::BigInt | T::Counter => DataType::Int64,
        T::Float => DataType::Float32,
        T::Double => DataType::Float64,
        T::Boolean => DataType::Boolean,
        T::Blob | T::Custom(_) => DataType::Binary,
        T::Uuid | T::TimeUuid => DataType::FixedSizeBinary(16),
        T::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into())),
        T::Date => DataType::Date32,
        T::Time => DataType::Time64(TimeUnit::Nanosecond),
        T::Duration => DataType::Struct(duration()),
        T::List(element) | T::Set(element) | T::Vector(element, _) => {
            DataType::List(Arc::new(item(element)?))
        }
        T::Map(key, value) => {
            let entries = DataType::Struct(entries(key, value)?);
            DataType::Map(Arc::new(Field::new("key_value", entries, false)), false)
        }
        T::Tuple(types) => DataType::Struct(tuple(types)?),
        T::UserType(ty) => {
            let fields = ty.fields.iter().map(|(name, ty)| field(name, ty));
            DataType::Struct(fields.collect::<Option<_>>()?)
        }
        // What a later driver knows.
        _ => return None,
    })
}

/// The zone of every timestamp.
pub(super) const UTC: &str = "UTC";

/// What a list has.
pub(super) fn item(element: &ColumnType) -> Option<Field> {
    field("element", element)
}

/// What a map has.
pub(super) fn entries(key: &ColumnType, value: &ColumnType) -> Option<Fields> {
    let key = field("key", key)?.with_nullable(false);
    Some(vec![key, field("value", value)?].into())
}

pub(super) fn tuple(types: &[ColumnType]) -> Option<Fields> {
    types.iter().zip(1..).map(|(ty, number): (_, u32)| field(&number.to_string(), ty)).collect()
}

/// What a duration is made of: none is as long as another, since neither months nor days are.
pub(super) fn duration() -> Fields {
    vec![
        Field::new("months", DataType::Int32, true),
        Field::new("days", DataType::Int32, true),
        Field::new("nanoseconds", DataType::Int64, true),
    ]
    .into()
}
