//! All the rows of a page.

use std::iter::FusedIterator;
use std::marker::PhantomData;

use super::{RowCursor, RowPlan};
use crate::value::{DecodeRow, ValueError};
use crate::{ColumnSpec, Rows};

/// The rows of a page, decoded one at a time and borrowed from it. Ends after its first error.
#[derive(Clone, Debug)]
pub struct RowIter<'page, T> {
    columns: &'page [ColumnSpec],
    content: &'page [u8],
    plan: RowPlan,
    cursor: RowCursor,
    rows: PhantomData<fn() -> T>,
}

impl<'page, T: DecodeRow<'page>> RowIter<'page, T> {
    /// Checks that `T` goes with these columns.
    ///
    /// # Errors
    ///
    /// It does not; the error names the column.
    pub fn new(
        columns: &'page [ColumnSpec],
        row_count: u32,
        content: &'page [u8],
    ) -> Result<Self, ValueError> {
        let (plan, cursor) = (T::plan(columns)?, RowCursor::new(row_count));
        Ok(Self { columns, content, plan, cursor, rows: PhantomData })
    }

    /// The rows of a result that describes its own columns, as one to an unprepared QUERY does. One
    /// that left them out has none.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn of(rows: &'page Rows) -> Result<Self, ValueError> {
        let columns = rows.metadata.columns.as_deref().unwrap_or_default();
        Self::new(columns, rows.row_count, &rows.content)
    }
}

impl<'page, T: DecodeRow<'page>> Iterator for RowIter<'page, T> {
    type Item = Result<T, ValueError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.cursor.next_as(&self.plan, self.columns, self.content)
    }

    /// As many as the server declared: exact, unless an error ends the rows.
    fn size_hint(&self) -> (usize, Option<usize>) {
        let remaining = usize::try_from(self.cursor.remaining()).unwrap_or(usize::MAX);
        (remaining, Some(remaining))
    }
}

impl<'page, T: DecodeRow<'page>> FusedIterator for RowIter<'page, T> {}
