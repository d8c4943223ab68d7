//! Values of user types known only when they are there.

use std::sync::Arc;

use super::CqlValue;
use crate::UserType;

/// A value of a user type (v5 §6).
#[derive(Clone, Debug, PartialEq)]
pub struct CqlUserType {
    /// Its type.
    pub user_type: Arc<UserType>,
    /// The values of its fields, in the order of the type; those missing at the end are null.
    pub values: Vec<CqlValue>,
}

impl CqlUserType {
    /// The value of the field of this name; null if the value ends before it. `None` if the type
    /// has no such field.
    pub fn field(&self, name: &str) -> Option<&CqlValue> {
        let position = self.user_type.fields.iter().position(|(field, _)| field == name)?;
        Some(self.values.get(position).unwrap_or(&CqlValue::Null))
    }

    /// The names of the fields that the value has, with their values.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &CqlValue)> {
        let names = self.user_type.fields.iter().map(|(name, _)| name.as_str());
        names.zip(&self.values)
    }
}
