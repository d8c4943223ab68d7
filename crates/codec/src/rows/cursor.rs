//! How far a page has been read.

use super::{Row, RowCells, RowPlan};
use crate::ColumnSpec;
use crate::value::{DecodeRow, ValueError};

/// A place between two rows of a page. Two numbers and no borrow: it is kept beside the page that
/// it walks, and given the same columns and content at every step.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct RowCursor {
    offset: usize,
    remaining: u32,
}

impl RowCursor {
    /// Before the first of so many rows.
    pub const fn new(row_count: u32) -> Self {
        Self { offset: 0, remaining: row_count }
    }

    /// How many rows are left; 0 after an error.
    pub const fn remaining(&self) -> u32 {
        self.remaining
    }

    /// How far the content has been read, in bytes from its start.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The next row, or `None` after the last one and after an error.
    ///
    /// # Errors
    ///
    /// Content that ends in the middle of the row.
    #[inline]
    pub fn next<'page>(
        &mut self,
        columns: &'page [ColumnSpec],
        content: &'page [u8],
    ) -> Option<Result<Row<'page>, ValueError>> {
        self.next_as(&RowPlan::by_position(), columns, content)
    }

    /// The next row decoded, or `None` after the last one and after an error. The plan is what `T`
    /// made of the columns ([`DecodeRow::plan`]), once for all rows.
    ///
    /// # Errors
    ///
    /// As [`DecodeRow::decode_row`], and content that ends in the middle of the row.
    #[inline]
    pub fn next_as<'page, T: DecodeRow<'page>>(
        &mut self,
        plan: &RowPlan,
        columns: &'page [ColumnSpec],
        content: &'page [u8],
    ) -> Option<Result<T, ValueError>> {
        self.remaining = self.remaining.checked_sub(1)?;
        let mut cells = RowCells::new(columns, content, self.offset);
        let row = T::decode_row(plan, &mut cells).and_then(|row| cells.skip_rest().map(|()| row));
        match row {
            Ok(_) => self.offset = cells.offset(),
            Err(_) => self.remaining = 0,
        }
        Some(row)
    }
}
