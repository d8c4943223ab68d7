//! Decoding by the type of the column.

use std::sync::Arc;

use super::{CqlUserType, CqlValue};
use crate::types::MAX_DEPTH;
use crate::value::decode::TupleCells;
use crate::value::decode::option::holds_empty;
use crate::value::{FieldCells, ListIter, MapIter, Undecoded, ValueError};
use crate::{ColumnType, DecodeValue};

/// Any type goes with it. Null and empty are values of it, so that `Option` is needed only to tell
/// them from all others.
impl DecodeValue<'_> for CqlValue {
    fn accepts(_: &ColumnType) -> Result<(), ValueError> {
        Ok(())
    }

    fn decode(ty: &ColumnType, bytes: Option<&[u8]>) -> Result<Self, ValueError> {
        decode(&Undecoded { ty, bytes }, MAX_DEPTH)
    }
}

/// A value of at most `depth` levels.
fn decode(value: &Undecoded<'_>, depth: usize) -> Result<CqlValue, ValueError> {
    let ty = value.ty;
    match value.bytes {
        None => return Ok(CqlValue::Null),
        Some([]) if !holds_empty(ty) => return Ok(CqlValue::Empty),
        Some(_) => {}
    }
    Ok(match ty {
        ColumnType::Ascii | ColumnType::Text => CqlValue::Text(value.decode()?),
        ColumnType::Blob => CqlValue::Blob(value.decode()?),
        ColumnType::Boolean => CqlValue::Boolean(value.decode()?),
        ColumnType::TinyInt => CqlValue::TinyInt(value.decode()?),
        ColumnType::SmallInt => CqlValue::SmallInt(value.decode()?),
        ColumnType::Int => CqlValue::Int(value.decode()?),
        ColumnType::BigInt => CqlValue::BigInt(value.decode()?),
        ColumnType::Counter => CqlValue::Counter(value.decode()?),
        ColumnType::Float => CqlValue::Float(value.decode()?),
        ColumnType::Double => CqlValue::Double(value.decode()?),
        ColumnType::Varint => CqlValue::Varint(value.decode()?),
        ColumnType::Decimal => CqlValue::Decimal(value.decode()?),
        ColumnType::Uuid | ColumnType::TimeUuid => CqlValue::Uuid(value.decode()?),
        ColumnType::Inet => CqlValue::Inet(value.decode()?),
        ColumnType::Timestamp => CqlValue::Timestamp(value.decode()?),
        ColumnType::Date => CqlValue::Date(value.decode()?),
        ColumnType::Time => CqlValue::Time(value.decode()?),
        ColumnType::Duration => CqlValue::Duration(value.decode()?),
        ColumnType::Custom(_) => CqlValue::Custom(value.decode()?),
        ColumnType::List(_) => CqlValue::List(decode_elements(value, inside(depth)?)?),
        ColumnType::Set(_) => CqlValue::Set(decode_elements(value, inside(depth)?)?),
        ColumnType::Vector(..) => CqlValue::Vector(decode_elements(value, inside(depth)?)?),
        ColumnType::Map(..) => CqlValue::Map(decode_entries(value, inside(depth)?)?),
        ColumnType::Tuple(_) => CqlValue::Tuple(decode_tuple(value, inside(depth)?)?),
        ColumnType::UserType(user_type) => {
            let values = decode_fields(value, inside(depth)?)?;
            CqlValue::UserType(CqlUserType { user_type: Arc::clone(user_type), values })
        }
    })
}

/// How many levels are left for what a value is made of.
fn inside(depth: usize) -> Result<usize, ValueError> {
    depth.checked_sub(1).ok_or_else(ValueError::too_deep)
}

fn decode_elements(value: &Undecoded<'_>, depth: usize) -> Result<Vec<CqlValue>, ValueError> {
    let elements = ListIter::<Undecoded<'_>>::decode(value.ty, value.bytes)?;
    let mut values = Vec::with_capacity(elements.size_hint().0);
    for element in elements {
        values.push(decode(&element?, depth)?);
    }
    Ok(values)
}

fn decode_entries(
    value: &Undecoded<'_>,
    depth: usize,
) -> Result<Vec<(CqlValue, CqlValue)>, ValueError> {
    let entries = MapIter::<Undecoded<'_>, Undecoded<'_>>::decode(value.ty, value.bytes)?;
    let mut values = Vec::with_capacity(entries.size_hint().0);
    for entry in entries {
        let (key, value) = entry?;
        values.push((decode(&key, depth)?, decode(&value, depth)?));
    }
    Ok(values)
}

/// As many elements as there are bytes for: a type may have thousands.
fn decode_tuple(value: &Undecoded<'_>, depth: usize) -> Result<Vec<CqlValue>, ValueError> {
    let mut elements = TupleCells::new::<CqlValue>(value.ty, value.bytes)?;
    let mut values = Vec::new();
    while !elements.is_at_end() {
        values.push(decode(&elements.next::<CqlValue>()?, depth)?);
    }
    Ok(values)
}

/// As many fields as there are bytes for: a type may have thousands.
fn decode_fields(value: &Undecoded<'_>, depth: usize) -> Result<Vec<CqlValue>, ValueError> {
    let mut values = Vec::new();
    for field in FieldCells::<CqlUserType>::new(value.ty, value.bytes)? {
        let field = field?;
        let undecoded = Undecoded { ty: field.field_type, bytes: field.bytes };
        values.push(decode(&undecoded, depth).map_err(|error| error.in_field(field.name))?);
    }
    Ok(values)
}
