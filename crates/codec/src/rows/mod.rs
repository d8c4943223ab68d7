//! Rows of a page: cells one after another, nothing between rows.
//!
//! The content of a page is `row_count` times `columns` cells, each \[bytes\]; nothing says where a
//! row begins, so rows are walked in order. Three things do it:
//!
//! * [`RowCells`] reads the cells of one row, each once: what [`DecodeRow`] decodes from.
//! * [`Row`] is one row found, to be looked at in any order.
//! * [`RowCursor`] remembers how far a page has been read, in plain numbers, so that whoever owns a
//!   page can keep it beside the page; [`RowIter`] is both together, borrowed.
//!
//! What a row type has to find out about the columns, it finds out once for a whole result: that is
//! its [`RowPlan`], which [`RowPlanner`] makes for structs. [`ArrangedCells`] are the cells of a row
//! in the order of the fields, where the columns come in another. [`Columns`] are the names that a
//! struct asks for.
//!
//! [`DecodeRow`]: crate::DecodeRow

mod arranged;
mod cells;
mod columns;
mod cursor;
mod iter;
mod plan;
mod row;

pub use arranged::ArrangedCells;
pub use cells::{RawCell, RowCells};
pub use columns::{ColumnMarkers, ColumnNames, Columns, NamedColumns};
pub use cursor::RowCursor;
pub use iter::RowIter;
pub use plan::{RowPlan, RowPlanner};
pub use row::{ColumnIndex, Row};

#[cfg(test)]
mod tests;
