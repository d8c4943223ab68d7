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
//! its [`RowPlan`], which [`RowPlanner`] makes for structs, and whose [`PlannedCells`] give the cells
//! of a row out in the order of the fields.
//!
//! [`DecodeRow`]: crate::DecodeRow

mod cells;
mod cursor;
mod iter;
mod plan;
mod planned;
mod row;

pub use cells::{RawCell, RowCells};
pub use cursor::RowCursor;
pub use iter::RowIter;
pub use plan::{RowPlan, RowPlanner};
pub use planned::PlannedCells;
pub use row::{ColumnIndex, Row};

#[cfg(test)]
mod tests;
