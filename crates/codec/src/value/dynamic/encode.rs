//! Encoding by the type of the bind marker, or by the variant without one.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{BufMut, BytesMut};

use super::{CqlUserType, CqlValue};
use crate::types::MAX_DEPTH;
use crate::value::decode::user_type;
use crate::value::encode::NULL;
use crate::value::encode::element::{encode_field, encode_vint_element, measured};
use crate::value::encode::list::{encode_members, encode_sequence, own_type};
use crate::value::encode::map::encode_entries;
use crate::value::{MissingField, ValueError, ValueProblem};
use crate::{ColumnType, EncodeValue, UserType};

/// Checked against the bind marker as a value of the type in Rust would be.
impl EncodeValue for CqlValue {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        Nested { value: self, depth: MAX_DEPTH }.encode(ty, out)
    }

    fn own_type(&self) -> Option<ColumnType> {
        Nested { value: self, depth: MAX_DEPTH }.own_type()
    }
}

/// A value of at most `depth` levels.
#[derive(Copy, Clone)]
struct Nested<'a> {
    value: &'a CqlValue,
    depth: usize,
}

impl EncodeValue for Nested<'_> {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        match self.value {
            CqlValue::Null => out.put_i32(NULL),
            CqlValue::Empty => out.put_i32(0),
            CqlValue::Text(value) => return value.encode(ty, out),
            CqlValue::Blob(value) | CqlValue::Custom(value) => return value.encode(ty, out),
            CqlValue::Boolean(value) => return value.encode(ty, out),
            CqlValue::TinyInt(value) => return value.encode(ty, out),
            CqlValue::SmallInt(value) => return value.encode(ty, out),
            CqlValue::Int(value) => return value.encode(ty, out),
            CqlValue::BigInt(value) => return value.encode(ty, out),
            CqlValue::Counter(value) => return value.encode(ty, out),
            CqlValue::Float(value) => return value.encode(ty, out),
            CqlValue::Double(value) => return value.encode(ty, out),
            CqlValue::Varint(value) => return value.encode(ty, out),
            CqlValue::Decimal(value) => return value.encode(ty, out),
            CqlValue::Uuid(value) => return value.encode(ty, out),
            CqlValue::Inet(value) => return value.encode(ty, out),
            CqlValue::Timestamp(value) => return value.encode(ty, out),
            CqlValue::Date(value) => return value.encode(ty, out),
            CqlValue::Time(value) => return value.encode(ty, out),
            CqlValue::Duration(value) => return value.encode(ty, out),
            CqlValue::Vector(values) if ty.is_none() => return self.untyped_vector(values, out),
            CqlValue::Set(values) => {
                return encode_members::<Vec<CqlValue>, Self>(ty, self.all(values)?, out);
            }
            CqlValue::List(values) | CqlValue::Vector(values) => {
                let values = self.all(values)?;
                return encode_sequence::<Vec<CqlValue>, Self>(ty, values, out);
            }
            CqlValue::Map(entries) => return self.map(entries, ty, out),
            CqlValue::Tuple(values) => return self.tuple(values, ty, out),
            CqlValue::UserType(value) => return self.user_type(value, ty, out),
        }
        Ok(())
    }

    fn own_type(&self) -> Option<ColumnType> {
        let of_all = |values| self.all(values).ok().and_then(own_type).map(Box::new);
        Some(match self.value {
            CqlValue::Text(_) => ColumnType::Text,
            CqlValue::Blob(_) => ColumnType::Blob,
            CqlValue::Boolean(_) => ColumnType::Boolean,
            CqlValue::TinyInt(_) => ColumnType::TinyInt,
            CqlValue::SmallInt(_) => ColumnType::SmallInt,
            CqlValue::Int(_) => ColumnType::Int,
            CqlValue::BigInt(_) => ColumnType::BigInt,
            CqlValue::Counter(_) => ColumnType::Counter,
            CqlValue::Float(_) => ColumnType::Float,
            CqlValue::Double(_) => ColumnType::Double,
            CqlValue::Varint(_) => ColumnType::Varint,
            CqlValue::Decimal(_) => ColumnType::Decimal,
            CqlValue::Uuid(_) => ColumnType::Uuid,
            CqlValue::Inet(_) => ColumnType::Inet,
            CqlValue::Timestamp(_) => ColumnType::Timestamp,
            CqlValue::Date(_) => ColumnType::Date,
            CqlValue::Time(_) => ColumnType::Time,
            CqlValue::List(values) => ColumnType::List(of_all(values)?),
            CqlValue::Set(values) => ColumnType::Set(of_all(values)?),
            CqlValue::Vector(values) => {
                ColumnType::Vector(of_all(values)?, values.len().try_into().ok()?)
            }
            CqlValue::Map(entries) => {
                let depth = self.depth.checked_sub(1)?;
                let all = || entries.iter().map(|(key, value)| (key, value));
                let own = |value| Self { value, depth }.own_type();
                let key = all().find_map(|(key, _)| own(key))?;
                let value = all().find_map(|(_, value)| own(value))?;
                ColumnType::Map(Box::new(key), Box::new(value))
            }
            CqlValue::Duration(_) => ColumnType::Duration,
            CqlValue::UserType(value) => ColumnType::UserType(Arc::clone(&value.user_type)),
            CqlValue::Tuple(values) => {
                let mut types = self.all(values).ok()?.map(|value| value.own_type());
                ColumnType::Tuple(types.by_ref().collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }
}

impl<'a> Nested<'a> {
    /// What this value is made of.
    fn inside(self, value: &'a CqlValue) -> Result<Self, ValueError> {
        let depth = self.depth.checked_sub(1).ok_or_else(ValueError::too_deep)?;
        Ok(Self { value, depth })
    }

    /// All of what this value is made of.
    fn all(
        self,
        values: &'a [CqlValue],
    ) -> Result<impl ExactSizeIterator<Item = Self> + Clone + use<'a>, ValueError> {
        let depth = self.depth.checked_sub(1).ok_or_else(ValueError::too_deep)?;
        Ok(values.iter().map(move |value| Self { value, depth }))
    }

    /// A vector whose type its elements have to tell.
    fn untyped_vector(self, values: &'a [CqlValue], out: &mut BytesMut) -> Result<(), ValueError> {
        let elements = self.all(values)?;
        let fixed = values.first().is_some_and(CqlValue::is_fixed_in_vectors);
        measured(out, |out| {
            elements.enumerate().try_for_each(|(at, element)| {
                let encoded = if fixed {
                    element.encode_content(None, out)
                } else {
                    encode_vint_element(&element, None, out)
                };
                encoded.map_err(|error| error.in_element(at))
            })
        })
    }

    fn map(
        self,
        entries: &'a [(CqlValue, CqlValue)],
        ty: Option<&ColumnType>,
        out: &mut BytesMut,
    ) -> Result<(), ValueError> {
        let depth = self.depth.checked_sub(1).ok_or_else(ValueError::too_deep)?;
        let nested = |value| Self { value, depth };
        let entries = entries.iter().map(|(key, value)| (nested(key), nested(value)));
        encode_entries::<Vec<(CqlValue, CqlValue)>, Self, Self>(ty, entries, out)
    }

    fn tuple(
        self,
        values: &'a [CqlValue],
        ty: Option<&ColumnType>,
        out: &mut BytesMut,
    ) -> Result<(), ValueError> {
        let types: &[ColumnType] = match ty {
            None => &[],
            Some(ty @ ColumnType::Tuple(types)) => {
                at_most::<CqlValue>(ty, types.len(), values.len())?;
                types
            }
            Some(ty) => return Err(ValueError::mismatch::<CqlValue>(ty)),
        };
        let elements = self.all(values)?;
        measured(out, |out| {
            let mut elements = elements.enumerate();
            elements.try_for_each(|(at, value)| encode_field(&value, types.get(at), out))
        })
    }

    fn user_type(
        self,
        value: &'a CqlUserType,
        ty: Option<&ColumnType>,
        out: &mut BytesMut,
    ) -> Result<(), ValueError> {
        let own = ColumnType::UserType(Arc::clone(&value.user_type));
        at_most::<CqlUserType>(&own, value.user_type.fields.len(), value.values.len())?;
        let wanted = user_type::<CqlUserType>(ty.unwrap_or(&own))?;
        if !value.is_in_order_of(wanted) {
            return self.renamed(value, wanted, out);
        }
        measured(out, |out| {
            let mut fields = wanted.fields.iter().zip(&value.values);
            fields.try_for_each(|((name, field_type), value)| {
                self.field(name, value, field_type, out)
            })
        })
    }

    /// A user type whose fields are others than those of the value, or in another order.
    fn renamed(
        self,
        value: &'a CqlUserType,
        wanted: &UserType,
        out: &mut BytesMut,
    ) -> Result<(), ValueError> {
        let mut values: BTreeMap<_, _> = value.fields().collect();
        measured(out, |out| {
            for (name, field_type) in &wanted.fields {
                // Left out at the end, as of a value whose fields are in order.
                if values.is_empty() {
                    break;
                }
                let value = values.remove(name.as_str()).unwrap_or(&CqlValue::Null);
                self.field(name, value, field_type, out)?;
            }
            match values.first_key_value() {
                Some((unknown, _)) => Err(MissingField::new::<CqlUserType>(unknown, wanted).into()),
                None => Ok(()),
            }
        })
    }

    fn field(
        self,
        name: &str,
        value: &'a CqlValue,
        ty: &ColumnType,
        out: &mut BytesMut,
    ) -> Result<(), ValueError> {
        let value = self.inside(value)?;
        encode_field(&value, Some(ty), out).map_err(|error| error.in_field(name))
    }
}

/// Checks that there are no more fields than their type has.
fn at_most<R>(ty: &ColumnType, fields: usize, given: usize) -> Result<(), ValueError> {
    if given <= fields {
        return Ok(());
    }
    Err(ValueError::value::<R>(ty, ValueProblem::Elements { given, expected: fields }))
}

impl CqlValue {
    /// Whether a vector of such values has them without lengths. (What
    /// [`ColumnType::fixed_bytes`] says of their types.)
    fn is_fixed_in_vectors(&self) -> bool {
        match self {
            Self::Boolean(_)
            | Self::Int(_)
            | Self::BigInt(_)
            | Self::Float(_)
            | Self::Double(_)
            | Self::Timestamp(_)
            | Self::Uuid(_) => true,
            Self::Vector(values) => values.first().is_some_and(Self::is_fixed_in_vectors),
            _ => false,
        }
    }
}

impl CqlUserType {
    /// Whether the fields of the value are the first of this type.
    fn is_in_order_of(&self, wanted: &UserType) -> bool {
        let mut names = wanted.fields.iter().zip(&self.user_type.fields).take(self.values.len());
        std::ptr::eq(&*self.user_type, wanted)
            || self.values.len() <= wanted.fields.len() && names.all(|((a, _), (b, _))| a == b)
    }
}
