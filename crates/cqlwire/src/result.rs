//! The whole result of one statement.

use cqlwire_codec::{DecodeRow, RowIter, SchemaChange, StatementKind, ValueError};
use cqlwire_stream::Page;

use crate::error::{Error, ErrorKind, Result};

/// The whole result of one statement: its rows, none if it has none, and what came with them.
///
/// Rows borrow from it; its bytes count in the session's budget until it is dropped.
#[derive(Debug)]
pub struct QueryResult {
    page: Page,
    /// What changed, and whether all servers know.
    schema: Option<(Box<SchemaChange>, bool)>,
    /// What the statement does, which its errors tell.
    of: StatementKind,
}

impl QueryResult {
    pub(crate) const fn new(
        page: Page,
        schema: Option<(Box<SchemaChange>, bool)>,
        of: StatementKind,
    ) -> Self {
        Self { page, schema, of }
    }

    /// The rows, decoded one at a time and borrowed from the result.
    ///
    /// # Errors
    ///
    /// The columns do not go with `T`; the error names the column.
    pub fn rows<'r, T: DecodeRow<'r>>(&'r self) -> Result<RowIter<'r, T>> {
        self.page.rows().map_err(|error| self.unreadable(error))
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// The columns do not go with `T`, or the row does not.
    pub fn first_row<'r, T: DecodeRow<'r>>(&'r self) -> Result<Option<T>> {
        if self.page.is_empty() {
            return Ok(None);
        }
        let first = self.page.rows().and_then(|mut rows| rows.next().transpose());
        first.map_err(|error| self.unreadable(error))
    }

    /// The only row, or none.
    ///
    /// # Errors
    ///
    /// [`RowCount`](ErrorKind::RowCount) if there are several; otherwise as
    /// [`first_row`](Self::first_row).
    pub fn maybe_one_row<'r, T: DecodeRow<'r>>(&'r self) -> Result<Option<T>> {
        match self.row_count() {
            0 | 1 => self.first_row(),
            _ => Err(self.wrong_count("at most one row")),
        }
    }

    /// The only row.
    ///
    /// # Errors
    ///
    /// [`RowCount`](ErrorKind::RowCount) if there is none, or several; otherwise as
    /// [`first_row`](Self::first_row).
    pub fn one_row<'r, T: DecodeRow<'r>>(&'r self) -> Result<T> {
        if self.row_count() > 1 {
            return Err(self.wrong_count("one row"));
        }
        self.first_row()?.ok_or_else(|| self.wrong_count("one row"))
    }

    /// Whether a conditional statement did what it says. Of any other statement, which has no
    /// condition to fail, true.
    ///
    /// # Errors
    ///
    /// The row that says so cannot be read.
    #[doc(alias = "lwt")]
    #[doc(alias = "conditional")]
    pub fn was_applied(&self) -> Result<bool> {
        const APPLIED: &str = "[applied]";
        let conditional = self.page.columns().iter().any(|column| column.name == APPLIED);
        if !conditional {
            return Ok(true);
        }
        let row: Option<cqlwire_codec::Row<'_>> = self.first_row()?;
        let applied = row.map(|row| row.get::<bool>(APPLIED)).transpose();
        Ok(applied.map_err(|error| self.unreadable(error))?.unwrap_or(false))
    }

    /// How many rows there are.
    pub fn row_count(&self) -> usize {
        self.page.len()
    }

    /// The page that the rows are on: columns, warnings, tracing id, coordinator.
    pub const fn page(&self) -> &Page {
        &self.page
    }

    /// What the statement changed of the schema, if it did.
    pub fn schema_change(&self) -> Option<&SchemaChange> {
        self.schema.as_ref().map(|(change, _)| &**change)
    }

    /// After a change of the schema: whether all servers knew it by the time that the statement
    /// returned. Until they do, a statement about what was changed may fail on some.
    pub fn schema_agreed(&self) -> Option<bool> {
        self.schema.as_ref().map(|(_, agreed)| *agreed)
    }

    #[cold]
    fn wrong_count(&self, expected: &'static str) -> Error {
        let found = u32::try_from(self.row_count()).unwrap_or(u32::MAX);
        Error::new(ErrorKind::RowCount { expected, found }).of(self.of)
    }

    #[cold]
    fn unreadable(&self, error: ValueError) -> Error {
        Error::from(error).of(self.of)
    }
}
