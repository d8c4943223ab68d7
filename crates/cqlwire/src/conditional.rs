//! What a server sends of a conditional statement: `[applied]` as the first column of each row, and
//! after it, of one that was not applied, what is there instead.

use cqlwire_codec::{ColumnSpec, DecodeRow, RowCells, RowPlan, ValueError};

/// What the first column is called.
pub(crate) const APPLIED: &str = "[applied]";

/// A row without its first column.
pub(crate) struct AfterFirst<T>(pub(crate) T);

impl<'page, T: DecodeRow<'page>> DecodeRow<'page> for AfterFirst<T> {
    fn plan(columns: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
        T::plan(columns.get(1..).unwrap_or_default())
    }

    #[inline]
    fn decode_row(plan: &RowPlan, cells: &mut RowCells<'page>) -> Result<Self, ValueError> {
        cells.raw()?;
        T::decode_row(plan, cells).map(Self)
    }
}
