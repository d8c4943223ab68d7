//! The names of the columns that a row type is read from.

use std::fmt::{Display, Formatter, Result, Write};

use super::Row;

/// A row type that knows its columns by name. Structs with named fields that derive `Row` do; a row
/// that takes whatever columns there are, such as [`Row`], names none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which columns it is read from",
    label = "no `NamedColumns`",
    note = "a struct with named fields that derives `Row` does; without the derive, implement `NamedColumns`"
)]
pub trait NamedColumns {
    /// The columns, in the order of the fields.
    const COLUMNS: Columns;
}

impl NamedColumns for Row<'_> {
    const COLUMNS: Columns = Columns::new(&[]);
}

impl<T> NamedColumns for Vec<T> {
    const COLUMNS: Columns = Columns::new(&[]);
}

/// The columns of a row type, as CQL lists them: in quotes, so that any name is right whatever its
/// case, and though it is a word of the language.
///
/// ```
/// use cqlwire_codec::{ColumnNames, Columns};
///
/// // What `#[derive(Row)]` makes of a struct with these fields, as its constant `COLUMNS`.
/// const COLUMNS: Columns =
///     Columns::new(&[ColumnNames::Name("id"), ColumnNames::Name("fullName")]);
///
/// let select = format!("SELECT {COLUMNS} FROM users");
/// assert_eq!(select, r#"SELECT "id", "fullName" FROM users"#);
/// let insert = format!("INSERT INTO users ({COLUMNS}) VALUES ({})", COLUMNS.markers());
/// assert_eq!(insert, r#"INSERT INTO users ("id", "fullName") VALUES (:"id", :"fullName")"#);
/// ```
#[derive(Copy, Clone, Debug)]
pub struct Columns(&'static [ColumnNames]);

/// One column of a row type, or those of a struct that is flattened into it.
#[derive(Copy, Clone, Debug)]
pub enum ColumnNames {
    /// A column of this name.
    Name(&'static str),
    /// The columns of another row type.
    Of(&'static Columns),
}

impl Columns {
    /// These, in order.
    pub const fn new(columns: &'static [ColumnNames]) -> Self {
        Self(columns)
    }

    /// The names, as the server spells them and without quotes. A column that two fields take comes
    /// once.
    pub fn names(self) -> Vec<&'static str> {
        let mut names = Vec::new();
        self.collect(&mut names);
        names
    }

    /// A named bind marker for each, with commas: for the VALUES of an INSERT, to which a struct
    /// that derives `BindValues` of the same fields is bound.
    pub const fn markers(self) -> ColumnMarkers {
        ColumnMarkers(self)
    }

    fn collect(self, names: &mut Vec<&'static str>) {
        for column in self.0 {
            match column {
                ColumnNames::Name(name) if names.contains(name) => {}
                ColumnNames::Name(name) => names.push(name),
                ColumnNames::Of(columns) => columns.collect(names),
            }
        }
    }

    fn list(self, f: &mut Formatter<'_>, prefix: &str) -> Result {
        for (position, name) in self.names().into_iter().enumerate() {
            f.write_str(if position == 0 { "" } else { ", " })?;
            f.write_str(prefix)?;
            quote(f, name)?;
        }
        Ok(())
    }
}

/// With commas, and in quotes.
impl Display for Columns {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.list(f, "")
    }
}

/// The bind markers of [`Columns`], as text.
#[derive(Copy, Clone, Debug)]
pub struct ColumnMarkers(Columns);

impl Display for ColumnMarkers {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.list(f, ":")
    }
}

/// A name in quotes; a quote in it is doubled.
fn quote(f: &mut Formatter<'_>, name: &str) -> Result {
    f.write_char('"')?;
    for (position, part) in name.split('"').enumerate() {
        f.write_str(if position == 0 { "" } else { "\"\"" })?;
        f.write_str(part)?;
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::{ColumnNames, Columns};

    #[test]
    fn any_name_is_quoted_and_comes_once() {
        const PLACE: Columns = Columns::new(&[ColumnNames::Name("order"), ColumnNames::Name("id")]);
        const ALL: Columns = Columns::new(&[
            ColumnNames::Name("id"),
            ColumnNames::Of(&PLACE),
            ColumnNames::Name("say \"hi\""),
        ]);
        assert_eq!(ALL.names(), ["id", "order", "say \"hi\""]);
        assert_eq!(ALL.to_string(), r#""id", "order", "say ""hi""""#);
        assert_eq!(ALL.markers().to_string(), r#":"id", :"order", :"say ""hi""""#);
        assert_eq!(Columns::new(&[]).to_string(), "");
    }
}
