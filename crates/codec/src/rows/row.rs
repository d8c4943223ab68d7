//! One row, to be looked at in any order.

use super::{RawCell, RowCells, RowPlan};
use crate::ColumnSpec;
use crate::value::{DecodeRow, DecodeValue, ValueError};

/// One row of a page, whole and borrowed from it.
///
/// Cells are found by walking those before them: for wide rows read in full, a tuple or
/// [`cells`](Self::cells) is faster.
#[derive(Copy, Clone, Debug)]
pub struct Row<'page> {
    columns: &'page [ColumnSpec],
    /// The bytes of its cells, and no more.
    bytes: &'page [u8],
}

impl<'page> Row<'page> {
    /// The columns, in the order of the cells.
    pub const fn columns(&self) -> &'page [ColumnSpec] {
        self.columns
    }

    /// The cells, in order.
    pub fn cells(&self) -> RowCells<'page> {
        RowCells::new(self.columns, self.bytes, 0)
    }

    /// The whole row decoded.
    ///
    /// # Errors
    ///
    /// As [`DecodeRow::plan`] and [`DecodeRow::decode_row`].
    pub fn decode<T: DecodeRow<'page>>(&self) -> Result<T, ValueError> {
        T::decode_row(&T::plan(self.columns)?, &mut self.cells())
    }

    /// The cell of one column decoded, the column given by its position (from 0) or its name.
    ///
    /// # Errors
    ///
    /// No such column, one of a type that is no `T`, or a cell that is no `T`.
    pub fn get<T: DecodeValue<'page>>(&self, column: impl ColumnIndex) -> Result<T, ValueError> {
        self.raw(column)?.decode()
    }

    /// The cell of one column as it is; `None` is null.
    ///
    /// # Errors
    ///
    /// No such column.
    pub fn raw(&self, column: impl ColumnIndex) -> Result<RawCell<'page>, ValueError> {
        let missing = || ValueError::NoColumn(column.describe());
        let position = column.position(self.columns).ok_or_else(missing)?;
        let mut cells = self.cells();
        for _ in 0..position {
            cells.raw()?;
        }
        cells.raw()?.ok_or_else(missing)
    }
}

/// Any columns do.
impl<'page> DecodeRow<'page> for Row<'page> {
    fn plan(_: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
        Ok(RowPlan::by_position())
    }

    #[inline]
    fn decode_row(_: &RowPlan, cells: &mut RowCells<'page>) -> Result<Self, ValueError> {
        let (columns, from) = (cells.columns(), cells.rest());
        cells.skip_rest()?;
        let length = from.len() - cells.rest().len();
        Ok(Self { columns, bytes: from.get(..length).unwrap_or_default() })
    }
}

/// How a column is asked for: by its position from 0 (`usize`), or by its name (`&str`).
///
/// A name is matched exactly, as the server spells it: in lower case, unless it was quoted.
pub trait ColumnIndex: sealed::Sealed {
    /// Where among these columns it is; of two with the same name, the first.
    fn position(&self, columns: &[ColumnSpec]) -> Option<usize>;

    /// Its name, for the error that it does not exist.
    fn describe(&self) -> Box<str>;
}

impl ColumnIndex for usize {
    fn position(&self, columns: &[ColumnSpec]) -> Option<usize> {
        (*self < columns.len()).then_some(*self)
    }

    fn describe(&self) -> Box<str> {
        self.to_string().into()
    }
}

impl ColumnIndex for &str {
    fn position(&self, columns: &[ColumnSpec]) -> Option<usize> {
        columns.iter().position(|column| column.name == *self)
    }

    fn describe(&self) -> Box<str> {
        (*self).into()
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "so that nobody else can implement what it seals")]
    pub trait Sealed {}
    impl Sealed for usize {}
    impl Sealed for &str {}
}
