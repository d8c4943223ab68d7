//! What has no counterpart of its name: a field of a struct and the columns of a result, or the
//! fields of a user type.

use std::fmt::{self, Display, Formatter};

use super::{ValueError, rust_type};
use crate::UserType;

/// Of more names than this, an error lists the first: a table may have thousands of columns.
const MOST_NAMES: usize = 16;

/// A field of a struct for which the result has no column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingColumn {
    /// The name that the column would have.
    pub column: Box<str>,
    /// The struct.
    pub row: &'static str,
    /// What the field is in Rust.
    pub rust: &'static str,
    /// The columns that there are, in quotes and with commas; of many, the first.
    pub columns: Box<str>,
}

impl MissingColumn {
    #[cold]
    pub(crate) fn new<'a, T>(
        column: &str,
        row: &'static str,
        columns: impl Iterator<Item = &'a str>,
    ) -> Self {
        let rust = std::any::type_name::<T>();
        Self { column: column.into(), row, rust, columns: list(columns).into() }
    }
}

impl From<MissingColumn> for ValueError {
    fn from(missing: MissingColumn) -> Self {
        Self::MissingColumn(Box::new(missing))
    }
}

impl std::error::Error for MissingColumn {}

impl Display for MissingColumn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { column, columns, .. } = self;
        let (row, rust) = (rust_type::short(self.row), rust_type::short(self.rust));
        write!(
            f,
            "there is no column `{column}` for a field of {row}, {rust}: there is {columns}"
        )?;
        f.write_str("; select it, rename the field, or let it have a default")
    }
}

/// A field of a struct that the user type has not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingField {
    /// The column or bind marker, if there is one.
    pub column: Option<Box<str>>,
    /// Its name; with dots before it, the fields that lead to it.
    pub field: Box<str>,
    /// The user type, with its keyspace.
    pub user_type: Box<str>,
    /// The fields that the type has, in quotes and with commas; of many, the first.
    pub fields: Box<str>,
    /// The struct.
    pub rust: &'static str,
}

impl MissingField {
    #[cold]
    pub(crate) fn new<R: ?Sized>(field: &str, ty: &UserType) -> Self {
        let fields = list(ty.fields.iter().map(|(name, _)| name.as_str())).into();
        let user_type = format!("{}.{}", ty.keyspace, ty.name).into();
        let rust = std::any::type_name::<R>();
        Self { column: None, field: field.into(), user_type, fields, rust }
    }
}

impl From<MissingField> for ValueError {
    fn from(missing: MissingField) -> Self {
        Self::MissingField(Box::new(missing))
    }
}

impl std::error::Error for MissingField {}

impl Display for MissingField {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { field, user_type, fields, .. } = self;
        if let Some(column) = &self.column {
            write!(f, "column `{column}`: ")?;
        }
        let rust = rust_type::short(self.rust);
        write!(f, "there is no field `{field}` in {user_type} for {rust}: there is {fields}")
    }
}

/// Names in quotes, with commas between them.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names = names.peekable();
    let mut list = Vec::from_iter(names.by_ref().take(MOST_NAMES).map(|name| format!("`{name}`")));
    if list.is_empty() {
        return "none".to_owned();
    }
    if names.peek().is_some() {
        list.push("and more".to_owned());
    }
    list.join(", ")
}
