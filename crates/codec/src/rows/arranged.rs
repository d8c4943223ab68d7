//! The cells of one row in the order of the fields that take them.

use super::{RawCell, RowCells};
use crate::value::{DecodeValue, ValueError};

/// The cells of one row in the order of the fields of a struct
/// ([`RowPlan::arrange`](super::RowPlan::arrange)). On the stack: it allocates nothing.
#[derive(Debug)]
pub struct ArrangedCells<'page, const FIELDS: usize> {
    /// At the place of each field its cell; none, if there is no such column.
    cells: [Option<RawCell<'page>>; FIELDS],
    next: usize,
}

impl<'page, const FIELDS: usize> ArrangedCells<'page, FIELDS> {
    /// Each cell goes to the field that takes it, if any does.
    #[inline]
    pub(super) fn new(row: &mut RowCells<'page>, takers: &[usize]) -> Result<Self, ValueError> {
        let mut cells = [None; FIELDS];
        for field in takers {
            let cell = row.raw()?;
            if let Some(place) = cells.get_mut(*field) {
                *place = cell;
            }
        }
        Ok(Self { cells, next: 0 })
    }

    /// The value of the next field, which has to have a column.
    ///
    /// # Errors
    ///
    /// A cell that is no `T`, and a plan that was made for another type.
    #[inline]
    pub fn value<T: DecodeValue<'page>>(&mut self) -> Result<T, ValueError> {
        match self.next_value()? {
            Some(value) => Ok(value),
            None => Err(other_plan()),
        }
    }

    /// The value of the next field; its default, if it has no column or the cell is null.
    ///
    /// # Errors
    ///
    /// A cell that is no `T`.
    #[inline]
    pub fn value_or_default<T: DecodeValue<'page> + Default>(&mut self) -> Result<T, ValueError> {
        let value: Option<Option<T>> = self.next_value()?;
        Ok(value.flatten().unwrap_or_default())
    }

    /// The value of the next field, if it has a column.
    #[inline]
    fn next_value<T: DecodeValue<'page>>(&mut self) -> Result<Option<T>, ValueError> {
        let cell = self.cells.get(self.next);
        self.next += 1;
        // Looked at where it is: to copy it first takes longer than all the rest.
        let Some(Some(RawCell { column, bytes })) = cell else { return Ok(None) };
        let value = T::decode(&column.column_type, *bytes);
        value.map(Some).map_err(|error| error.in_column(&column.name))
    }
}

#[cold]
pub(super) fn other_plan() -> ValueError {
    ValueError::NoColumn("of a plan that was made for another type".into())
}
