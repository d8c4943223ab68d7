//! What rows of a stream may be.

use cqlwire_codec::{ColumnSpec, DecodeRow, RowCursor, RowPlan, ValueError};

use crate::Page;

/// A row that a [`RowStream`](crate::RowStream) can give out: it owns what it holds, so that it
/// outlives its page.
///
/// Every [`DecodeRow`] that borrows nothing is one (with `String` instead of `&str`, and `Vec<u8>`
/// or `Bytes` instead of `&[u8]`), and so is [`OwnedRow`](crate::OwnedRow). Rows that borrow are
/// read from a page: [`Page::rows`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no row that a stream can give out",
    note = "one column is read as a tuple of one: `(T,)`; a struct has to derive `Row`",
    note = "it has to own what it holds; rows that borrow are read from a page: `page.rows::<T>()`"
)]
pub trait StreamRow: Sized {
    /// Checks that rows of these columns can be decoded, and finds out which column goes where;
    /// done once for pages that share them.
    ///
    /// # Errors
    ///
    /// They cannot; the error names the column.
    fn plan(columns: &[ColumnSpec]) -> Result<RowPlan, ValueError>;

    /// The next row of a page of the columns that the plan was made for, or `None` after the last
    /// one and after an error.
    fn next(
        plan: &RowPlan,
        cursor: &mut RowCursor,
        page: &Page,
    ) -> Option<Result<Self, ValueError>>;
}

impl<T: for<'page> DecodeRow<'page>> StreamRow for T {
    fn plan(columns: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
        <T as DecodeRow<'_>>::plan(columns)
    }

    #[inline]
    fn next(
        plan: &RowPlan,
        cursor: &mut RowCursor,
        page: &Page,
    ) -> Option<Result<Self, ValueError>> {
        cursor.next_as(plan, page.columns(), page.content())
    }
}
