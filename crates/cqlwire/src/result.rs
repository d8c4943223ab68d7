//! The whole result of one statement.

use cqlwire_codec::{DecodeRow, RowIter, SchemaChange, StatementKind, ValueError};
use cqlwire_stream::Page;

use crate::conditional::{APPLIED, AfterFirst};
use crate::error::{Error, ErrorKind, Result};

/// The whole result of one statement: its rows, none if it has none, and what came with them.
///
/// Rows borrow from it; its bytes count in the session's budget until it is dropped.
#[derive(Debug)]
pub struct QueryResult {
    page: Page,
    /// What changed, and whether all servers know.
    schema: Option<Box<SchemaChanged>>,
    /// What the statement does, which its errors tell.
    of: StatementKind,
}

/// What changed of the schema, and whether all hosts knew it in time.
#[derive(Debug)]
pub(crate) struct SchemaChanged {
    pub(crate) change: SchemaChange,
    pub(crate) agreed: bool,
}

impl QueryResult {
    pub(crate) const fn new(
        page: Page,
        schema: Option<Box<SchemaChanged>>,
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
    /// condition to fail, true; so too of a transaction, which does not say whether its `IF` held: judge
    /// by the rows that it selects. What was there instead is in [`present_row`](Self::present_row).
    ///
    /// # Errors
    ///
    /// The row that says so cannot be read.
    #[doc(alias = "lwt")]
    #[doc(alias = "conditional")]
    pub fn was_applied(&self) -> Result<bool> {
        if !self.is_of_condition() {
            return Ok(true);
        }
        let row: Option<cqlwire_codec::Row<'_>> = self.first_row()?;
        let applied = row.map(|row| row.get::<bool>(0_usize)).transpose();
        Ok(applied.map_err(|error| self.unreadable(error))?.unwrap_or(false))
    }

    /// What is there instead of what a conditional statement was to find, if it was not applied;
    /// `None` if it was, and if there is no such row at all.
    ///
    /// ```no_run
    /// # async fn example(session: cqlwire::Session) -> cqlwire::Result<()> {
    /// let take = "UPDATE shop.seats SET owner = ? WHERE id = ? IF owner = null";
    /// let result = session.query(take, ("Ada", 12)).await?;
    /// if !result.was_applied()? {
    ///     match result.present_row::<(Option<&str>,)>()? {
    ///         Some((owner,)) => println!("it is {owner:?}'s"),
    ///         None => println!("there is no such seat"),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// Its columns are those that the server sends, without `[applied]`, which a tuple takes by their
    /// positions and a struct by their names. Cassandra sends:
    ///
    /// | what was not applied | columns | rows |
    /// |---|---|---|
    /// | `INSERT … IF NOT EXISTS` | all of the table | the one that exists |
    /// | `UPDATE`, `DELETE … IF a = …` | those of the conditions, in their order | one; none if there is no such row |
    /// | `UPDATE`, `DELETE … IF EXISTS` | | none |
    /// | a batch | the primary key, and those of all conditions; of one with `IF EXISTS` or `IF NOT EXISTS`, all of the table | each that a condition is about and that exists, those that were as they were to be too |
    ///
    /// What it has not read is null, whatever the table has: the static columns, where the statement
    /// is not about one, and all others where it is about static columns alone.
    ///
    /// # Errors
    ///
    /// The columns do not go with `T`, or the row does not. As rows of one statement have different
    /// columns from result to result, ask only for those that its text makes sure of.
    #[doc(alias = "lwt")]
    pub fn present_row<'r, T: DecodeRow<'r>>(&'r self) -> Result<Option<T>> {
        let first = self.present_rows()?.next().transpose();
        first.map_err(|error| self.unreadable(error))
    }

    /// The same of a conditional batch, whose conditions may be about several rows of its partition:
    /// all that exist, also those that were as they were to be.
    ///
    /// # Errors
    ///
    /// As of [`present_row`](Self::present_row), of each row by itself.
    pub fn present_rows<'r, T: DecodeRow<'r>>(
        &'r self,
    ) -> Result<impl Iterator<Item = Result<T, ValueError>>> {
        let has_some = self.page.columns().len() > 1 && !self.was_applied()?;
        let rows = has_some.then(|| self.rows::<AfterFirst<T>>()).transpose()?;
        Ok(rows.into_iter().flatten().map(|row| row.map(|AfterFirst(row)| row)))
    }

    /// Does it say whether a condition held?
    fn is_of_condition(&self) -> bool {
        self.page.columns().first().is_some_and(|column| column.name == APPLIED)
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
        self.schema.as_ref().map(|changed| &changed.change)
    }

    /// After a change of the schema: whether all servers knew it by the time that the statement
    /// returned. Until they do, a statement about what was changed may fail on some.
    pub fn schema_agreed(&self) -> Option<bool> {
        self.schema.as_ref().map(|changed| changed.agreed)
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
