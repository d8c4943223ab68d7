//! The system tables that a schema is read from: what each is called, and what is done with its rows.

use cqlwire_codec::{ColumnSpec, DecodeRow, Row, RowPlan, ValueError};

use super::draft::Draft;
use super::rows::{
    AggregateRow, ColumnRow, FunctionRow, IndexRow, KeyspaceRow, TableRow, TabletsRow, TypeRow,
    ViewRow, VirtualKeyspaceRow, VirtualTableRow,
};

/// One system table.
#[derive(Copy, Clone, Debug)]
pub(super) struct SystemTable {
    pub(super) name: &'static str,
    /// Whether there are servers that do not have it.
    pub(super) is_optional: bool,
    /// Finds the columns that are wanted.
    pub(super) plan: fn(&[ColumnSpec]) -> Result<RowPlan, ValueError>,
    /// Puts what a row says where it belongs.
    pub(super) add: fn(&RowPlan, &Row<'_>, &mut Draft) -> Result<(), ValueError>,
}

/// The system table that has such rows, its name, and whether there are servers without it.
macro_rules! system_table {
    ($row:ident, $name:literal, $is_optional:literal) => {
        SystemTable {
            name: $name,
            is_optional: $is_optional,
            plan: $row::plan,
            add: |plan, row, draft| {
                $row::decode_row(plan, &mut row.cells()).map(|row| row.put(draft))
            },
        }
    };
}

pub(super) const KEYSPACES: SystemTable =
    system_table!(KeyspaceRow, "system_schema.keyspaces", false);
pub(super) const TYPES: SystemTable = system_table!(TypeRow, "system_schema.types", true);
pub(super) const TABLES: SystemTable = system_table!(TableRow, "system_schema.tables", false);
pub(super) const VIEWS: SystemTable = system_table!(ViewRow, "system_schema.views", true);
pub(super) const COLUMNS: SystemTable = system_table!(ColumnRow, "system_schema.columns", false);
pub(super) const INDEXES: SystemTable = system_table!(IndexRow, "system_schema.indexes", true);
pub(super) const FUNCTIONS: SystemTable =
    system_table!(FunctionRow, "system_schema.functions", true);
pub(super) const AGGREGATES: SystemTable =
    system_table!(AggregateRow, "system_schema.aggregates", true);

/// Of ScyllaDB.
pub(super) const TABLETS: SystemTable =
    system_table!(TabletsRow, "system_schema.scylla_keyspaces", true);

// Since Cassandra 4.0.
pub(super) const VIRTUAL_KEYSPACES: SystemTable =
    system_table!(VirtualKeyspaceRow, "system_virtual_schema.keyspaces", true);
pub(super) const VIRTUAL_TABLES: SystemTable =
    system_table!(VirtualTableRow, "system_virtual_schema.tables", true);
pub(super) const VIRTUAL_COLUMNS: SystemTable =
    system_table!(ColumnRow, "system_virtual_schema.columns", true);
