//! The cells of one row, in order.

use std::slice;

use crate::ColumnSpec;
use crate::value::{DecodeValue, ValueError};

/// One cell as it is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawCell<'page> {
    /// The column that it is of.
    pub column: &'page ColumnSpec,
    /// Its bytes; `None` is null.
    pub bytes: Option<&'page [u8]>,
}

impl<'page> RawCell<'page> {
    /// Checks the type of the column and decodes the cell.
    ///
    /// # Errors
    ///
    /// A column of a type that is no `T`, or a cell that is no `T`. The error names the column.
    pub fn decode<T: DecodeValue<'page>>(&self) -> Result<T, ValueError> {
        T::accepts(&self.column.column_type)
            .and_then(|()| T::decode(&self.column.column_type, self.bytes))
            .map_err(|error| error.in_column(&self.column.name))
    }
}

/// Reads the cells of one row, each once.
#[derive(Clone, Debug)]
pub struct RowCells<'page> {
    columns: slice::Iter<'page, ColumnSpec>,
    rest: &'page [u8],
    /// Where `rest` ends, in bytes from the start of the content.
    end: usize,
}

impl<'page> RowCells<'page> {
    /// The cells of the row that begins `offset` bytes into the content.
    #[inline]
    pub(super) fn new(columns: &'page [ColumnSpec], content: &'page [u8], offset: usize) -> Self {
        let rest = content.get(offset..).unwrap_or_default();
        Self { columns: columns.iter(), rest, end: content.len() }
    }

    /// The columns of the cells that have not been read yet.
    pub fn columns(&self) -> &'page [ColumnSpec] {
        self.columns.as_slice()
    }

    /// How far the content has been read, in bytes from its start.
    #[inline]
    pub(super) const fn offset(&self) -> usize {
        self.end - self.rest.len()
    }

    /// The bytes that have not been read yet, of this row and all that follow.
    #[inline]
    pub(super) const fn rest(&self) -> &'page [u8] {
        self.rest
    }

    /// Decodes the next cell.
    ///
    /// # Errors
    ///
    /// A cell that is no `T`, content that ends too early, and no cell being left.
    #[inline]
    pub fn value<T: DecodeValue<'page>>(&mut self) -> Result<T, ValueError> {
        let Some(column) = self.columns.next() else { return Err(no_more_columns()) };
        let cell = self.take()?;
        T::decode(&column.column_type, cell).map_err(|error| error.in_column(&column.name))
    }

    /// Decodes the next cell; the default, if it is null.
    ///
    /// # Errors
    ///
    /// As [`value`](Self::value).
    #[inline]
    pub fn value_or_default<T: DecodeValue<'page> + Default>(&mut self) -> Result<T, ValueError> {
        let value: Option<T> = self.value()?;
        Ok(value.unwrap_or_default())
    }

    /// The next cell as it is; `None` after the last one.
    ///
    /// # Errors
    ///
    /// Content that ends too early.
    #[inline]
    pub fn raw(&mut self) -> Result<Option<RawCell<'page>>, ValueError> {
        let Some(column) = self.columns.next() else { return Ok(None) };
        self.take().map(|bytes| Some(RawCell { column, bytes }))
    }

    /// Steps over the cells that are left.
    #[inline]
    pub(super) fn skip_rest(&mut self) -> Result<(), ValueError> {
        while self.columns.next().is_some() {
            self.take()?;
        }
        Ok(())
    }

    /// One cell: an \[int\] length, negative for null, and its bytes.
    #[inline]
    fn take(&mut self) -> Result<Option<&'page [u8]>, ValueError> {
        let Some((length, tail)) = self.rest.split_first_chunk() else {
            return Err(self.cut(size_of::<i32>(), self.rest.len()));
        };
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            self.rest = tail;
            return Ok(None);
        };
        let Some((cell, tail)) = tail.split_at_checked(length) else {
            return Err(self.cut(length, tail.len()));
        };
        self.rest = tail;
        Ok(Some(cell))
    }

    #[cold]
    const fn cut(&self, needed: usize, remaining: usize) -> ValueError {
        ValueError::CutRow { at: self.end - remaining, needed, remaining }
    }
}

#[cold]
fn no_more_columns() -> ValueError {
    ValueError::NoColumn("after the last".into())
}
