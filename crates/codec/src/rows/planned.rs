//! The cells of one row in the order of the fields that take them.

use super::{RawCell, RowCells, RowPlan};
use crate::value::{DecodeRow, DecodeValue, ValueError};

/// Gives the cells of one row out in the order of the fields that a
/// [`RowPlanner`](super::RowPlanner) was told. Allocates nothing.
#[derive(Debug)]
pub struct PlannedCells<'row, 'page, const FIELDS: usize> {
    /// The whole row, for the rows inside of it.
    row: RowCells<'page>,
    /// Where the next cell is, if the columns come in the order of the fields.
    cells: &'row mut RowCells<'page>,
    /// Otherwise, the cells at the places of their fields.
    arranged: [Option<RawCell<'page>>; FIELDS],
    is_arranged: bool,
    next: usize,
    flattened: &'row [RowPlan],
}

impl<'row, 'page, const FIELDS: usize> PlannedCells<'row, 'page, FIELDS> {
    /// The first cells are those of the fields.
    #[inline]
    pub(super) fn in_order(cells: &'row mut RowCells<'page>, flattened: &'row [RowPlan]) -> Self {
        let (row, arranged) = (cells.clone(), [None; FIELDS]);
        Self { row, cells, arranged, is_arranged: false, next: 0, flattened }
    }

    /// Each cell goes to the field that takes it, if any does.
    #[inline]
    pub(super) fn arranged(
        cells: &'row mut RowCells<'page>,
        takers: &[usize],
        flattened: &'row [RowPlan],
    ) -> Result<Self, ValueError> {
        let mut this = Self::in_order(cells, flattened);
        this.is_arranged = true;
        for field in takers {
            let cell = this.cells.raw()?;
            if let Some(place) = this.arranged.get_mut(*field) {
                *place = cell;
            }
        }
        Ok(this)
    }

    /// The value of the next field, which has to have a column.
    ///
    /// # Errors
    ///
    /// A cell that is no `T`, and a plan that was made for another type.
    #[inline]
    pub fn value<T: DecodeValue<'page>>(&mut self) -> Result<T, ValueError> {
        if !self.is_arranged {
            return self.cells.value();
        }
        self.arranged_cell().map_or_else(|| Err(other_plan()), decode)
    }

    /// The value of the next field; its default, if it has no column or the cell is null.
    ///
    /// # Errors
    ///
    /// A cell that is no `T`.
    #[inline]
    pub fn value_or_default<T: DecodeValue<'page> + Default>(&mut self) -> Result<T, ValueError> {
        let value: Option<T> = if !self.is_arranged {
            self.cells.value()?
        } else {
            self.arranged_cell().map_or(Ok(None), decode)?
        };
        Ok(value.unwrap_or_default())
    }

    /// The next row inside of this one.
    ///
    /// # Errors
    ///
    /// As [`DecodeRow::decode_row`], and a plan that was made for another type.
    #[inline]
    pub fn flattened<T: DecodeRow<'page>>(&mut self) -> Result<T, ValueError> {
        let Some((plan, rest)) = self.flattened.split_first() else { return Err(other_plan()) };
        self.flattened = rest;
        T::decode_row(plan, &mut self.row.clone())
    }

    #[inline]
    fn arranged_cell(&mut self) -> Option<RawCell<'page>> {
        let field = self.next;
        self.next += 1;
        self.arranged.get(field).copied().flatten()
    }
}

/// Of a column that the plan has checked.
#[inline]
fn decode<'page, T: DecodeValue<'page>>(cell: RawCell<'page>) -> Result<T, ValueError> {
    let RawCell { column, bytes } = cell;
    T::decode(&column.column_type, bytes).map_err(|error| error.in_column(&column.name))
}

#[cold]
fn other_plan() -> ValueError {
    ValueError::NoColumn("of a plan that was made for another type".into())
}
