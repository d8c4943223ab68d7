//! The fields of a user type's value, for whoever decodes it by name.

use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::slice;

use super::DecodeValue;
use super::bytes::not_null;
use super::cells::take_field;
use crate::value::{MissingField, ValueError, ValueProblem};
use crate::{ColumnType, UserType};

/// One field of a user type's value (v5 §6).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldCell<'page> {
    /// The name of the field.
    pub name: &'page str,
    /// Its type.
    pub field_type: &'page ColumnType,
    /// Its bytes; `None` is null.
    pub bytes: Option<&'page [u8]>,
}

impl<'page> FieldCell<'page> {
    /// Decodes the field, of a type that `T` accepts.
    ///
    /// # Errors
    ///
    /// A field that is no `T`. The error names the field.
    #[inline]
    pub fn decode<T: DecodeValue<'page>>(&self) -> Result<T, ValueError> {
        T::decode(self.field_type, self.bytes).map_err(|error| error.in_field(self.name))
    }
}

/// Reads the fields of a user type's value, in the order of the type, for an `R`.
///
/// Fields that are missing at the end, as in values from before they were added, do not come: they
/// are null ([`missing_field`]). All are to be read: more fields than the type has are an error
/// after the last. Ends after its first error.
#[derive(Clone, Debug)]
pub struct FieldCells<'page, R> {
    ty: &'page ColumnType,
    fields: slice::Iter<'page, (String, ColumnType)>,
    count: usize,
    rest: &'page [u8],
    reader: PhantomData<fn() -> R>,
}

impl<'page, R> FieldCells<'page, R> {
    /// Of this cell.
    ///
    /// # Errors
    ///
    /// A type that is no user type, and null.
    #[inline]
    pub fn new(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        let fields = &user_type::<R>(ty)?.fields;
        let rest = not_null::<R>(ty, cell)?;
        Ok(Self { ty, fields: fields.iter(), count: fields.len(), rest, reader: PhantomData })
    }

    #[cold]
    fn fail(&mut self, problem: ValueProblem) -> ValueError {
        self.fields = [].iter();
        self.rest = &[];
        ValueError::value::<R>(self.ty, problem)
    }
}

impl<'page, R> Iterator for FieldCells<'page, R> {
    type Item = Result<FieldCell<'page>, ValueError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let Some((name, field_type)) = self.fields.next() else {
            let fields = self.count;
            return Some(Err(self.fail(ValueProblem::TooManyFields { fields })));
        };
        let cell = take_field(&mut self.rest);
        let cell = cell.map(|bytes| FieldCell { name, field_type, bytes });
        Some(cell.map_err(|problem| self.fail(problem)))
    }
}

impl<R> FusedIterator for FieldCells<'_, R> {}

/// The value of a field that did not come ([`FieldCells`]) and so is null.
///
/// # Errors
///
/// A `T` that is no `Option`. The error names the field.
#[inline]
pub fn missing_field<'page, T: DecodeValue<'page>>(
    ty: &'page ColumnType,
    name: &str,
) -> Result<T, ValueError> {
    // What is made of null does not depend on the type, and looking the field up takes time.
    T::decode(ty, None).or_else(|error| {
        let ColumnType::UserType(user) = ty else { return Err(error) };
        let (_, field_type) = user.fields.iter().find(|(field, _)| field == name).ok_or(error)?;
        T::decode(field_type, None).map_err(|error| error.in_field(name))
    })
}

/// The user type that this type has to be for an `R`.
#[inline]
pub(crate) fn user_type<R: ?Sized>(ty: &ColumnType) -> Result<&UserType, ValueError> {
    match ty {
        ColumnType::UserType(user) => Ok(user),
        _ => Err(ValueError::mismatch::<R>(ty)),
    }
}

/// How the type of one field is checked: [`DecodeValue::accepts`] or
/// [`EncodeValue::fits`](crate::EncodeValue::fits) of what it is in Rust.
pub type FieldCheck = fn(&ColumnType) -> Result<(), ValueError>;

/// Checks that a user type has fields of these names and types, in any order and among others.
///
/// # Errors
///
/// A type that is no user type, a field that it does not have, and one of another type. The error
/// names the field.
pub fn check_fields<R>(ty: &ColumnType, fields: &[(&str, FieldCheck)]) -> Result<(), ValueError> {
    let user = user_type::<R>(ty)?;
    fields.iter().try_for_each(|(name, check)| {
        let field = user.fields.iter().find(|(field, _)| field == name);
        let (_, field_type) = field.ok_or_else(|| MissingField::new::<R>(name, user))?;
        check(field_type).map_err(|error| error.in_field(name))
    })
}

/// Checks the types of those of these fields that a user type has.
///
/// # Errors
///
/// A type that is no user type, and a field of another type. The error names the field.
pub fn check_optional_fields<R>(
    ty: &ColumnType,
    fields: &[(&str, FieldCheck)],
) -> Result<(), ValueError> {
    let user = user_type::<R>(ty)?;
    user.fields.iter().try_for_each(|(name, field_type)| {
        let wanted = fields.iter().find(|(field, _)| field == name);
        wanted.map_or(Ok(()), |(_, check)| check(field_type).map_err(|error| error.in_field(name)))
    })
}
