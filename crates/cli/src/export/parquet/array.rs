//! Values of one type to a column of Arrow.

use std::fmt;
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time64NanosecondType, TimestampMillisecondType,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, ListArray, MapArray,
    PrimitiveArray, StringArray, StructArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, Field, Fields};
use cqlwire::codec::ColumnType;
use cqlwire::value::{CqlDuration, CqlValue};

use super::schema::{self, UTC};
use crate::value::write_text;

/// Why values do not go into a column.
#[derive(Debug)]
pub(super) enum Misfit {
    /// It is none of its type: the empty value, or of a type that has changed meanwhile.
    Value(CqlValue),
    Arrow(ArrowError),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(CqlValue::Empty) => f.write_str(
                "a value of 0 bytes, which is not null, has no place in Parquet; CSV and JSON have it",
            ),
            Self::Value(value) => {
                let mut text = String::new();
                write_text(value, &mut text);
                write!(f, "{text} is no value of its type; was the table altered?")
            }
            Self::Arrow(error) => write!(f, "{error}"),
        }
    }
}

impl From<ArrowError> for Misfit {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

type Made = Result<ArrayRef, Misfit>;

/// What stands where a part of a value is missing.
static NULL: CqlValue = CqlValue::Null;

/// The column of these values.
pub(super) fn of(ty: &ColumnType, values: &[&CqlValue]) -> Made {
    use ColumnType as T;
    use CqlValue as V;
    match ty {
        T::Ascii | T::Text => texts(values, |value| match value {
            V::Text(text) => Some(text.as_str().into()),
            _ => None,
        }),
        T::Inet | T::Varint | T::Decimal => texts(values, |value| match value {
            V::Inet(_) | V::Varint(_) | V::Decimal(_) => {
                let mut text = String::new();
                write_text(value, &mut text);
                Some(text.into())
            }
            _ => None,
        }),
        T::Blob | T::Custom(_) => bytes(values),
        T::Boolean => booleans(values),
        T::Uuid | T::TimeUuid => uuids(values),
        T::List(element) | T::Set(element) | T::Vector(element, _) => lists(element, values),
        T::Map(key, value) => maps(key, value, values),
        T::Tuple(types) => {
            let fields = schema::tuple(types).ok_or_else(|| unknown(ty))?;
            structs(fields, types, values, |value| match value {
                V::Tuple(parts) => Some(parts),
                _ => None,
            })
        }
        T::UserType(user_type) => {
            let (fields, types): (Vec<_>, Vec<_>) = user_type
                .fields
                .iter()
                .map(|(name, ty)| (schema::field(name, ty), ty.clone()))
                .unzip();
            let fields = fields.into_iter().collect::<Option<_>>().ok_or_else(|| unknown(ty))?;
            structs(fields, &types, values, |value| match value {
                V::UserType(value) => Some(&value.values),
                _ => None,
            })
        }
        T::Duration => durations(values),
        _ => numbers(ty, values),
    }
}

/// Numbers, and times, which are numbers too.
fn numbers(ty: &ColumnType, values: &[&CqlValue]) -> Made {
    use ColumnType as T;
    use CqlValue as V;
    macro_rules! of {
        ($arrow:ty, $pattern:pat => $number:expr) => {
            primitives::<$arrow>(values, |value| match value {
                $pattern => Some($number),
                _ => None,
            })
        };
    }
    Ok(match ty {
        T::TinyInt => Arc::new(of!(Int8Type, V::TinyInt(number) => *number)?),
        T::SmallInt => Arc::new(of!(Int16Type, V::SmallInt(number) => *number)?),
        T::Int => Arc::new(of!(Int32Type, V::Int(number) => *number)?),
        T::BigInt => Arc::new(of!(Int64Type, V::BigInt(number) => *number)?),
        T::Counter => Arc::new(of!(Int64Type, V::Counter(counter) => counter.0)?),
        T::Float => Arc::new(of!(Float32Type, V::Float(number) => *number)?),
        T::Double => Arc::new(of!(Float64Type, V::Double(number) => *number)?),
        T::Date => Arc::new(of!(Date32Type, V::Date(date) => date.unix_days())?),
        T::Time => Arc::new(of!(Time64NanosecondType, V::Time(time) => time.0)?),
        T::Timestamp => {
            let times = of!(TimestampMillisecondType, V::Timestamp(time) => time.0)?;
            Arc::new(times.with_timezone(UTC))
        }
        _ => return Err(unknown(ty)),
    })
}

fn unknown(ty: &ColumnType) -> Misfit {
    ArrowError::NotYetImplemented(format!("the type {ty}")).into()
}

/// Each value as it goes into a column; null stays null.
fn each<'a, T>(
    values: &[&'a CqlValue],
    read: impl Fn(&'a CqlValue) -> Option<T>,
) -> Result<Vec<Option<T>>, Misfit> {
    let read = |value: &&'a CqlValue| match *value {
        CqlValue::Null => Ok(None),
        value => read(value).map(Some).ok_or_else(|| Misfit::Value(value.clone())),
    };
    values.iter().map(read).collect()
}

fn primitives<T: ArrowPrimitiveType>(
    values: &[&CqlValue],
    read: impl Fn(&CqlValue) -> Option<T::Native>,
) -> Result<PrimitiveArray<T>, Misfit> {
    Ok(PrimitiveArray::from_iter(each(values, read)?))
}

fn texts<'a>(
    values: &[&'a CqlValue],
    read: impl Fn(&'a CqlValue) -> Option<std::borrow::Cow<'a, str>>,
) -> Made {
    Ok(Arc::new(StringArray::from_iter(each(values, read)?)))
}

fn bytes(values: &[&CqlValue]) -> Made {
    let all = each(values, |value| match value {
        CqlValue::Blob(bytes) | CqlValue::Custom(bytes) => Some(bytes.as_slice()),
        _ => None,
    })?;
    Ok(Arc::new(BinaryArray::from_iter(all)))
}

fn booleans(values: &[&CqlValue]) -> Made {
    let all = each(values, |value| match value {
        CqlValue::Boolean(truth) => Some(*truth),
        _ => None,
    })?;
    Ok(Arc::new(BooleanArray::from_iter(all)))
}

fn uuids(values: &[&CqlValue]) -> Made {
    let all = each(values, |value| match value {
        CqlValue::Uuid(uuid) => Some(uuid.into_bytes()),
        _ => None,
    })?;
    let array = FixedSizeBinaryArray::try_from_sparse_iter_with_size(all.into_iter(), 16)?;
    Ok(Arc::new(array))
}

fn durations(values: &[&CqlValue]) -> Made {
    let all: Vec<Option<CqlDuration>> = each(values, |value| match value {
        CqlValue::Duration(duration) => Some(*duration),
        _ => None,
    })?;
    let (months, days, nanos) = (
        all.iter().map(|it| it.map(|it| it.months)),
        all.iter().map(|it| it.map(|it| it.days)),
        all.iter().map(|it| it.map(|it| it.nanos)),
    );
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(PrimitiveArray::<Int32Type>::from_iter(months)),
        Arc::new(PrimitiveArray::<Int32Type>::from_iter(days)),
        Arc::new(PrimitiveArray::<Int64Type>::from_iter(nanos)),
    ];
    let nulls = nulls(&all);
    Ok(Arc::new(StructArray::try_new(schema::duration(), arrays, nulls)?))
}

/// Which of them are null.
fn nulls<T>(values: &[Option<T>]) -> Option<NullBuffer> {
    Some(NullBuffer::from_iter(values.iter().map(Option::is_some)))
}

fn lists(element: &ColumnType, values: &[&CqlValue]) -> Made {
    let all = each(values, |value| match value {
        CqlValue::List(items) | CqlValue::Set(items) | CqlValue::Vector(items) => Some(items),
        _ => None,
    })?;
    let items: Vec<&CqlValue> = all.iter().flatten().copied().flatten().collect();
    let lengths = all.iter().map(|items| items.map_or(0, Vec::len));
    let item = schema::item(element).ok_or_else(|| unknown(element))?;
    let list = ListArray::try_new(
        Arc::new(item),
        OffsetBuffer::from_lengths(lengths),
        of(element, &items)?,
        nulls(&all),
    );
    Ok(Arc::new(list?))
}

fn maps(key: &ColumnType, value: &ColumnType, values: &[&CqlValue]) -> Made {
    let all = each(values, |value| match value {
        CqlValue::Map(entries) => Some(entries),
        _ => None,
    })?;
    let entries: Vec<&(CqlValue, CqlValue)> = all.iter().flatten().copied().flatten().collect();
    let keys: Vec<&CqlValue> = entries.iter().map(|(key, _)| key).collect();
    let mapped: Vec<&CqlValue> = entries.iter().map(|(_, value)| value).collect();
    let fields = schema::entries(key, value).ok_or_else(|| unknown(key))?;
    let arrays = vec![of(key, &keys)?, of(value, &mapped)?];
    let entries = StructArray::try_new(fields, arrays, None)?;
    let entry = Field::new("key_value", entries.data_type().clone(), false);
    let lengths = all.iter().map(|entries| entries.map_or(0, Vec::len));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let map = MapArray::try_new(Arc::new(entry), offsets, entries, nulls(&all), false);
    Ok(Arc::new(map?))
}

/// What is made of parts, of which a value may have fewer than its type.
fn structs<'a>(
    fields: Fields,
    types: &[ColumnType],
    values: &[&'a CqlValue],
    read: impl Fn(&'a CqlValue) -> Option<&'a Vec<CqlValue>>,
) -> Made {
    let all = each(values, read)?;
    let arrays = types.iter().enumerate().map(|(at, ty)| {
        let part = |parts: &Option<&'a Vec<CqlValue>>| parts.and_then(|parts| parts.get(at));
        let parts: Vec<&CqlValue> = all.iter().map(|it| part(it).unwrap_or(&NULL)).collect();
        of(ty, &parts)
    });
    let arrays = arrays.collect::<Result<_, _>>()?;
    Ok(Arc::new(StructArray::try_new(fields, arrays, nulls(&all))?))
}
