//! `system_schema` and `system_virtual_schema`, as Cassandra 3.11 to 5.0 have them.

use std::collections::BTreeMap;

use cqlwire_codec::ColumnType::{self, Text, Timestamp};

use crate::schema::{Function, Index, Keyspace, Table, UserType};

use super::schema_rows::{
    aggregate_cells, column_cells, function_cells, index_cells, keyspace_cells, no_aggregate,
    no_column, no_view, table_cells, text_map, type_cells, view_cells,
};
use super::{Cells, Cluster, SystemTable};

const KEYSPACE: &str = "system_schema";

/// The keyspaces that a server has by itself, each of its own kind of replication.
const OF_THE_SYSTEM: [&str; 2] = ["system", "system_schema"];

impl Cluster<'_> {
    /// The table of this name in the keyspace `system_schema`.
    pub(super) fn schema_table(&self, name: &str) -> Option<SystemTable> {
        let release = self.local.major_release();
        Some(match name {
            "keyspaces" => {
                let local = |name| Keyspace::new(name, "LocalStrategy", []);
                let system = OF_THE_SYSTEM.map(local);
                let rows = system.iter().chain(self.schema.keyspaces.values()).map(keyspace_cells);
                SystemTable::of(KEYSPACE, "keyspaces", keyspace_cells(&local("")), rows)
            }
            "tables" => {
                let example = table_cells("", &Table::new(""), release);
                self.of_keyspaces("tables", example, |keyspace| {
                    let cells = |table| table_cells(&keyspace.name, table, release);
                    keyspace.tables.values().map(cells).collect()
                })
            }
            "columns" => {
                self.of_keyspaces("columns", column_cells("", "", &no_column()), columns_of)
            }
            "indexes" => {
                let none = Index { kind: String::new(), options: BTreeMap::new() };
                self.of_keyspaces("indexes", index_cells("", "", "", &none), indexes_of)
            }
            "views" => {
                let example = view_cells("", &no_view(), release);
                self.of_keyspaces("views", example, |keyspace| {
                    let cells = |view| view_cells(&keyspace.name, view, release);
                    keyspace.views.values().map(cells).collect()
                })
            }
            _ => return self.code_table(name),
        })
    }

    /// The tables about types, functions and aggregates, and those that are always empty.
    fn code_table(&self, name: &str) -> Option<SystemTable> {
        Some(match name {
            "types" => {
                let example = type_cells("", &UserType::new("", []));
                self.of_keyspaces("types", example, |keyspace| {
                    keyspace.types.values().map(|of| type_cells(&keyspace.name, of)).collect()
                })
            }
            "functions" => {
                let example = function_cells("", &Function::new("", [], "", ""));
                self.of_keyspaces("functions", example, |keyspace| {
                    let cells = |function| function_cells(&keyspace.name, function);
                    keyspace.functions.values().map(cells).collect()
                })
            }
            "aggregates" => {
                let example = aggregate_cells("", &no_aggregate());
                self.of_keyspaces("aggregates", example, |keyspace| {
                    let cells = |aggregate| aggregate_cells(&keyspace.name, aggregate);
                    keyspace.aggregates.values().map(cells).collect()
                })
            }
            "triggers" => {
                let names = ["keyspace_name", "table_name", "trigger_name"];
                let columns = names.map(|name| (name, Text)).into_iter();
                empty(KEYSPACE, "triggers", columns.chain([("options", text_map())]))
            }
            "dropped_columns" => {
                let names = ["keyspace_name", "table_name", "column_name", "kind", "type"];
                let columns = names.map(|name| (name, Text)).into_iter();
                let columns = columns.chain([("dropped_time", Timestamp)]);
                empty(KEYSPACE, "dropped_columns", columns)
            }
            _ => return None,
        })
    }

    fn of_keyspaces(
        &self,
        name: &'static str,
        example: Cells,
        rows: impl FnMut(&Keyspace) -> Vec<Cells>,
    ) -> SystemTable {
        SystemTable::of(KEYSPACE, name, example, self.schema.keyspaces.values().flat_map(rows))
    }

    /// The table of this name in the keyspace `system_virtual_schema`, which is empty; before 4.0
    /// there is none.
    pub(super) fn virtual_schema_table(&self, name: &str) -> Option<SystemTable> {
        let keyspace = "system_virtual_schema";
        if self.local.major_release() < 4 {
            return None;
        }
        match name {
            "keyspaces" => Some(empty(keyspace, "keyspaces", [("keyspace_name", Text)])),
            "tables" => {
                let columns = ["keyspace_name", "table_name", "comment"].map(|name| (name, Text));
                Some(empty(keyspace, "tables", columns))
            }
            "columns" => {
                let example = column_cells("", "", &no_column());
                Some(SystemTable::of(keyspace, "columns", example, std::iter::empty()))
            }
            _ => None,
        }
    }
}

fn empty(
    keyspace: &'static str,
    name: &'static str,
    columns: impl IntoIterator<Item = (&'static str, ColumnType)>,
) -> SystemTable {
    let cells = columns.into_iter().map(|(name, column_type)| (name, column_type, None));
    SystemTable::of(keyspace, name, cells.collect(), std::iter::empty())
}

fn columns_of(keyspace: &Keyspace) -> Vec<Cells> {
    let views = keyspace.views.values().map(|view| &view.table);
    let of_table = |table: &Table| -> Vec<Cells> {
        let cells = |column| column_cells(&keyspace.name, &table.name, column);
        table.columns.iter().map(cells).collect()
    };
    keyspace.tables.values().chain(views).flat_map(of_table).collect()
}

fn indexes_of(keyspace: &Keyspace) -> Vec<Cells> {
    let of_table = |table: &Table| -> Vec<Cells> {
        let indexes = table.indexes.iter();
        let cells = |(name, index): (&String, &Index)| {
            index_cells(&keyspace.name, &table.name, name, index)
        };
        indexes.map(cells).collect()
    };
    keyspace.tables.values().flat_map(of_table).collect()
}
