//! The fields of a user type's value in the order of those of a struct.

use super::{DecodeValue, FieldCell, FieldCells, user_type};
use crate::ColumnType;
use crate::value::{MissingField, ValueError};

/// The fields of a user type's value that an `R` wants, given out in the order of their names.
/// Allocates nothing.
///
/// Fields that are missing at the end of the value, as in one from before they were added, are
/// null. Of fields that nobody wants, only the length is looked at.
#[derive(Debug)]
pub struct NamedFields<'page, 'names, R, const FIELDS: usize> {
    names: &'names [&'names str; FIELDS],
    ty: &'page ColumnType,
    fields: [Option<FieldCell<'page>>; FIELDS],
    next: usize,
    reader: std::marker::PhantomData<fn() -> R>,
}

impl<'page, 'names, R, const FIELDS: usize> NamedFields<'page, 'names, R, FIELDS> {
    /// Of this cell.
    ///
    /// # Errors
    ///
    /// A type that is no user type; null; a value that is cut off, or has more fields than its
    /// type.
    #[inline]
    pub fn new(
        ty: &'page ColumnType,
        cell: Option<&'page [u8]>,
        names: &'names [&'names str; FIELDS],
    ) -> Result<Self, ValueError> {
        let mut fields = [None; FIELDS];
        for (position, field) in FieldCells::<R>::new(ty, cell)?.enumerate() {
            let field = field?;
            if let Some(place) = place_of(field.name, position, names)
                && let Some(place) = fields.get_mut(place)
            {
                *place = Some(field);
            }
        }
        Ok(Self { names, ty, fields, next: 0, reader: std::marker::PhantomData })
    }

    /// The value of the next field.
    ///
    /// # Errors
    ///
    /// A field that is no `T`, and one that the type does not have. The error names the field.
    #[inline]
    pub fn value<T: DecodeValue<'page>>(&mut self) -> Result<T, ValueError> {
        match self.next_value()? {
            Some(value) => Ok(value),
            None => self.missing(),
        }
    }

    /// The value of the next field; its default, if it is null or the type does not have it.
    ///
    /// # Errors
    ///
    /// A field that is no `T`. The error names the field.
    #[inline]
    pub fn value_or_default<T: DecodeValue<'page> + Default>(&mut self) -> Result<T, ValueError> {
        let value: Option<Option<T>> = self.next_value()?;
        Ok(value.flatten().unwrap_or_default())
    }

    /// The value of the next field, if it came.
    #[inline]
    fn next_value<T: DecodeValue<'page>>(&mut self) -> Result<Option<T>, ValueError> {
        let field = self.fields.get(self.next).and_then(Option::as_ref);
        self.next += 1;
        field.map(FieldCell::decode).transpose()
    }

    /// What the field is that did not come.
    #[cold]
    fn missing<T: DecodeValue<'page>>(&self) -> Result<T, ValueError> {
        let name = self.names.get(self.next.wrapping_sub(1)).copied().unwrap_or_default();
        let user = user_type::<R>(self.ty)?;
        let field = user.fields.iter().find(|(field, _)| field == name);
        let (name, field_type) = field.ok_or_else(|| MissingField::new::<R>(name, user))?;
        FieldCell { name, field_type, bytes: None }.decode()
    }
}

/// Where the name is, mostly at the same position as in the type.
#[inline]
fn place_of(name: &str, position: usize, names: &[&str]) -> Option<usize> {
    if names.get(position).is_some_and(|wanted| *wanted == name) {
        return Some(position);
    }
    names.iter().position(|wanted| *wanted == name)
}
