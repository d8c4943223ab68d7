//! Rows of whatever columns, known only when they are there.

use super::CqlValue;
use crate::{
    ColumnNames, ColumnSpec, Columns, DecodeRow, DecodeValue, NamedColumns, RowCells, RowPlan,
    ValueError,
};

/// A row of any columns: their names, with their values, in the order of the result.
///
/// It owns what it holds; a [`Row`](crate::Row) looks at the same in its page. With the feature
/// `serde` it is data for serde: a map from names to values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CqlRow(pub Vec<(String, CqlValue)>);

impl CqlRow {
    /// The value of the first column of this name, if there is one.
    pub fn column(&self, name: &str) -> Option<&CqlValue> {
        self.0.iter().find(|(column, _)| column == name).map(|(_, value)| value)
    }
}

impl<'page> DecodeRow<'page> for CqlRow {
    fn plan(columns: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
        columns.iter().try_for_each(|column| CqlValue::accepts(&column.column_type))?;
        Ok(RowPlan::by_position())
    }

    fn decode_row(_: &RowPlan, cells: &mut RowCells<'page>) -> Result<Self, ValueError> {
        let mut row = Vec::with_capacity(cells.columns().len());
        while let Some(column) = cells.columns().first() {
            let name = column.name.clone();
            row.push((name, cells.value()?));
        }
        Ok(Self(row))
    }
}

impl NamedColumns for CqlRow {
    const COLUMNS: Columns = Columns::new(&[] as &[ColumnNames]);
}
