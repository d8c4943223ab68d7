//! The fields of a user type's value, by name.

use std::sync::Arc;

use bytes::{BufMut, BytesMut};

use super::element::{self, measured};
use super::{EncodeValue, NULL};
use crate::value::decode::user_type;
use crate::value::{MissingField, ValueError};
use crate::{ColumnType, UserType};

/// Appends the value of a user type from the fields of an `R`, in the order of the type; in their
/// own, if no type is wanted.
///
/// Fields that the type has and `R` has not (they were added since) are null: between others
/// written as such, at the end left out.
///
/// # Errors
///
/// A type that is no user type, fields that it does not have, and values that do not fit. The
/// error names the field.
pub fn encode_fields<R: ?Sized>(
    ty: Option<&ColumnType>,
    fields: &[(&str, &dyn EncodeValue)],
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    let Some(ty) = ty else {
        return measured(out, |out| {
            fields.iter().try_for_each(|(name, value)| encode_field(name, *value, None, out))
        });
    };
    let user = user_type::<R>(ty)?;
    let mut left = fields.len();
    measured(out, |out| {
        for (position, (name, field_type)) in user.fields.iter().enumerate() {
            if left == 0 {
                break;
            }
            match find(fields, position, name) {
                None => out.put_i32(NULL),
                Some(value) => {
                    encode_field(name, value, Some(field_type), out)?;
                    left -= 1;
                }
            }
        }
        if left > 0 {
            return Err(unknown_field::<R>(fields, user));
        }
        Ok(())
    })
}

/// The [own type](EncodeValue::own_type) of a struct `R` with fields of these types: a user type with
/// the fields in their order, in no keyspace. `None` if one of them has none.
pub fn type_of_fields<R: ?Sized>(
    fields: impl IntoIterator<Item = (&'static str, Option<ColumnType>)>,
) -> Option<ColumnType> {
    let name = std::any::type_name::<R>().to_owned();
    let fields = fields.into_iter().map(|(name, of_field)| Some((name.to_owned(), of_field?)));
    let fields = fields.collect::<Option<_>>()?;
    Some(ColumnType::UserType(Arc::new(UserType { keyspace: String::new(), name, fields })))
}

/// The value of this name, mostly at the same position as in the type.
fn find<'a>(
    fields: &[(&str, &'a dyn EncodeValue)],
    position: usize,
    name: &str,
) -> Option<&'a dyn EncodeValue> {
    let same = fields.get(position).filter(|(field, _)| *field == name);
    same.or_else(|| fields.iter().find(|(field, _)| *field == name)).map(|(_, value)| *value)
}

fn encode_field(
    name: &str,
    value: &dyn EncodeValue,
    ty: Option<&ColumnType>,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    element::encode_field(value, ty, out).map_err(|error| error.in_field(name))
}

/// The error that names the field which the type does not have.
#[cold]
fn unknown_field<R: ?Sized>(fields: &[(&str, &dyn EncodeValue)], user: &UserType) -> ValueError {
    let is_known = |name: &str| user.fields.iter().any(|(known, _)| known == name);
    let unknown = fields.iter().find(|(name, _)| !is_known(name));
    MissingField::new::<R>(unknown.map_or("", |(name, _)| *name), user).into()
}
