//! The rows of `system_schema`, and what its columns are.

use cqlwire_codec::ColumnType::{self, Blob, Boolean, Double, Int, Text, Uuid};

use crate::schema::{
    Aggregate, Column, ColumnKind, Function, Index, Keyspace, Table, UserType, View,
};

use super::super::rows::cell;
use super::Cells;
use super::cells::{boolean, double, int, map, text, texts};
use super::member::uuid_of;

fn list() -> ColumnType {
    ColumnType::List(Box::new(Text))
}

pub(super) fn text_map() -> ColumnType {
    ColumnType::Map(Box::new(Text), Box::new(Text))
}

pub(super) fn keyspace_cells(keyspace: &Keyspace) -> Cells {
    vec![
        ("keyspace_name", Text, text(&keyspace.name)),
        ("durable_writes", Boolean, boolean(keyspace.durable_writes)),
        ("replication", text_map(), map(keyspace.replication.iter())),
    ]
}

pub(super) fn table_cells(keyspace: &str, table: &Table, release: u32) -> Cells {
    let mut cells = vec![
        ("keyspace_name", Text, text(keyspace)),
        ("table_name", Text, text(&table.name)),
        ("flags", ColumnType::Set(Box::new(Text)), texts(table.flags.iter())),
        ("id", Uuid, cell(uuid_of(&(keyspace, &table.name)))),
    ];
    cells.extend(option_cells(table, release));
    cells
}

/// What a table and a view have in common.
fn option_cells(table: &Table, release: u32) -> Cells {
    let caching = [("keys", "ALL"), ("rows_per_partition", "NONE")];
    let compaction = [
        ("class", "org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy"),
        ("max_threshold", "32"),
        ("min_threshold", "4"),
    ];
    let compression =
        [("chunk_length_in_kb", "16"), ("class", "org.apache.cassandra.io.compress.LZ4Compressor")];
    let extensions = ColumnType::Map(Box::new(Text), Box::new(Blob));
    let mut cells = vec![
        ("bloom_filter_fp_chance", Double, double(0.01)),
        ("caching", text_map(), map(caching.into_iter())),
        ("comment", Text, text(&table.comment)),
        ("compaction", text_map(), map(compaction.into_iter())),
        ("compression", text_map(), map(compression.into_iter())),
        ("crc_check_chance", Double, double(1.0)),
        ("default_time_to_live", Int, int(table.default_time_to_live)),
        ("extensions", extensions, map(table.extensions.iter())),
        ("gc_grace_seconds", Int, int(864_000)),
        ("max_index_interval", Int, int(2048)),
        ("memtable_flush_period_in_ms", Int, int(0)),
        ("min_index_interval", Int, int(128)),
        ("speculative_retry", Text, text("99p")),
    ];
    if release >= 4 {
        cells.extend([
            ("additional_write_policy", Text, text("99p")),
            ("cdc", Boolean, None),
            ("memtable", Text, None),
            ("read_repair", Text, text("BLOCKING")),
        ]);
    } else {
        cells.extend([
            ("dclocal_read_repair_chance", Double, double(0.1)),
            ("read_repair_chance", Double, double(0.0)),
        ]);
    }
    cells
}

pub(super) fn no_column() -> Column {
    Column {
        name: String::new(),
        kind: ColumnKind::Regular,
        position: -1,
        clustering_order: String::new(),
        column_type: String::new(),
    }
}

pub(super) fn column_cells(keyspace: &str, table: &str, column: &Column) -> Cells {
    vec![
        ("keyspace_name", Text, text(keyspace)),
        ("table_name", Text, text(table)),
        ("column_name", Text, text(&column.name)),
        ("clustering_order", Text, text(&column.clustering_order)),
        ("column_name_bytes", Blob, cell(&column.name)),
        ("kind", Text, text(column.kind.as_str())),
        ("position", Int, int(column.position)),
        ("type", Text, text(&column.column_type)),
    ]
}

pub(super) fn type_cells(keyspace: &str, of: &UserType) -> Cells {
    vec![
        ("keyspace_name", Text, text(keyspace)),
        ("type_name", Text, text(&of.name)),
        ("field_names", list(), texts(of.fields.iter().map(|(name, _)| name))),
        ("field_types", list(), texts(of.fields.iter().map(|(_, of)| of))),
    ]
}

pub(super) fn function_cells(keyspace: &str, function: &Function) -> Cells {
    let arguments = function.arguments.iter();
    vec![
        ("keyspace_name", Text, text(keyspace)),
        ("function_name", Text, text(&function.name)),
        ("argument_types", list(), texts(arguments.clone().map(|(_, of)| of))),
        ("argument_names", list(), texts(arguments.map(|(name, _)| name))),
        ("body", Text, text(&function.body)),
        ("called_on_null_input", Boolean, boolean(function.called_on_null_input)),
        ("language", Text, text(&function.language)),
        ("return_type", Text, text(&function.return_type)),
    ]
}

pub(super) fn no_aggregate() -> Aggregate {
    Aggregate {
        name: String::new(),
        argument_types: Vec::new(),
        state_function: String::new(),
        state_type: String::new(),
        final_function: None,
        initial: None,
        return_type: String::new(),
    }
}

pub(super) fn aggregate_cells(keyspace: &str, aggregate: &Aggregate) -> Cells {
    vec![
        ("keyspace_name", Text, text(keyspace)),
        ("aggregate_name", Text, text(&aggregate.name)),
        ("argument_types", list(), texts(aggregate.argument_types.iter())),
        ("final_func", Text, aggregate.final_function.as_deref().and_then(text)),
        ("initcond", Text, aggregate.initial.as_deref().and_then(text)),
        ("return_type", Text, text(&aggregate.return_type)),
        ("state_func", Text, text(&aggregate.state_function)),
        ("state_type", Text, text(&aggregate.state_type)),
    ]
}

pub(super) fn index_cells(keyspace: &str, table: &str, name: &str, index: &Index) -> Cells {
    vec![
        ("keyspace_name", Text, text(keyspace)),
        ("table_name", Text, text(table)),
        ("index_name", Text, text(name)),
        ("kind", Text, text(&index.kind)),
        ("options", text_map(), map(index.options.iter())),
    ]
}

pub(super) fn no_view() -> View {
    View {
        table: Table::new(""),
        base_table: String::new(),
        where_clause: String::new(),
        include_all_columns: false,
    }
}

pub(super) fn view_cells(keyspace: &str, view: &View, release: u32) -> Cells {
    let mut cells = vec![
        ("keyspace_name", Text, text(keyspace)),
        ("view_name", Text, text(&view.table.name)),
        ("base_table_id", Uuid, cell(uuid_of(&(keyspace, &view.base_table)))),
        ("base_table_name", Text, text(&view.base_table)),
        ("where_clause", Text, text(&view.where_clause)),
        ("include_all_columns", Boolean, boolean(view.include_all_columns)),
        ("id", Uuid, cell(uuid_of(&(keyspace, &view.table.name)))),
    ];
    cells.extend(option_cells(&view.table, release));
    cells
}
