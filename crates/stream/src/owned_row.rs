//! A row of any columns that outlives its page.

use std::fmt;
use std::sync::Arc;

use cqlwire_codec::{
    ColumnIndex, ColumnSpec, DecodeRow, DecodeValue, RawCell, Row, RowCursor, RowPlan, ValueError,
};

use crate::{Page, StreamRow};

/// A row of any columns, its cells copied: it does not keep the page that it came from. It costs
/// one allocation, and shares the description of its columns with the others.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnedRow {
    columns: Arc<[ColumnSpec]>,
    cells: Box<[u8]>,
}

impl OwnedRow {
    /// The columns, in the order of the cells.
    pub fn columns(&self) -> &[ColumnSpec] {
        &self.columns
    }

    /// The cell of one column decoded, the column given by its position (from 0) or its name.
    ///
    /// # Errors
    ///
    /// No such column, one of a type that is no `T`, or a cell that is no `T`.
    pub fn get<'row, T: DecodeValue<'row>>(
        &'row self,
        column: impl ColumnIndex,
    ) -> Result<T, ValueError> {
        self.borrowed()?.get(column)
    }

    /// The cell of one column as it is; `None` is null.
    ///
    /// # Errors
    ///
    /// No such column.
    pub fn raw(&self, column: impl ColumnIndex) -> Result<RawCell<'_>, ValueError> {
        self.borrowed()?.raw(column)
    }

    /// The whole row decoded.
    ///
    /// # Errors
    ///
    /// As [`DecodeRow::plan`] and [`DecodeRow::decode_row`].
    pub fn decode<'row, T: DecodeRow<'row>>(&'row self) -> Result<T, ValueError> {
        self.borrowed()?.decode()
    }

    /// Its cells were walked once when they were copied, so they are all there.
    fn borrowed(&self) -> Result<Row<'_>, ValueError> {
        let row = RowCursor::new(1).next(&self.columns, &self.cells);
        row.unwrap_or(Err(ValueError::CutRow { at: 0, needed: 0, remaining: 0 }))
    }
}

/// Any columns do.
impl StreamRow for OwnedRow {
    fn plan(_: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
        Ok(RowPlan::by_position())
    }

    fn next(_: &RowPlan, cursor: &mut RowCursor, page: &Page) -> Option<Result<Self, ValueError>> {
        let start = cursor.offset();
        let row = cursor.next(page.columns(), page.content())?;
        let cells = page.content().get(start..cursor.offset()).unwrap_or_default();
        Some(row.map(|_| Self { columns: Arc::clone(page.columns()), cells: cells.into() }))
    }
}

/// The names of its columns, and none of its values.
impl fmt::Debug for OwnedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.columns.iter().map(|column| &column.name);
        write!(f, "OwnedRow({} bytes) ", self.cells.len())?;
        f.debug_list().entries(names).finish()
    }
}
