//! RESULT (v5 §4.2.5).

use bytes::{BufMut, BytesMut};

use super::event::put_schema_change;
use crate::envelope_writer::require_version;
use crate::response::result::{flag, kind};
use crate::wire::write;
use crate::{
    ColumnSpec, EncodeError, Prepared, ProtocolVersion, ResultResponse, Rows, RowsMetadata,
};

pub(super) fn put_result(
    out: &mut BytesMut,
    result: &ResultResponse,
    version: ProtocolVersion,
) -> Result<(), EncodeError> {
    match result {
        ResultResponse::Void => out.put_i32(kind::VOID),
        ResultResponse::Rows(rows) => {
            out.put_i32(kind::ROWS);
            put_rows(out, rows, version)?;
        }
        ResultResponse::SetKeyspace(keyspace) => {
            out.put_i32(kind::SET_KEYSPACE);
            write::string(out, "keyspace of USE", keyspace)?;
        }
        ResultResponse::Prepared(prepared) => {
            out.put_i32(kind::PREPARED);
            put_prepared(out, prepared, version)?;
        }
        ResultResponse::SchemaChange(change) => {
            out.put_i32(kind::SCHEMA_CHANGE);
            put_schema_change(out, change, version)?;
        }
    }
    Ok(())
}

fn put_rows(out: &mut BytesMut, rows: &Rows, version: ProtocolVersion) -> Result<(), EncodeError> {
    put_metadata(out, &rows.metadata, version)?;
    out.put_i32(int("number of rows", rows.row_count)?);
    out.put_slice(&rows.content);
    Ok(())
}

fn put_metadata(
    out: &mut BytesMut,
    metadata: &RowsMetadata,
    version: ProtocolVersion,
) -> Result<(), EncodeError> {
    let columns = metadata.columns.as_deref();
    if let Some(why) = contradiction(metadata) {
        return Err(EncodeError::Invalid { what: "metadata of a result", why });
    }
    let mut flags = columns.map_or(flag::NO_METADATA, table_flag);
    if metadata.paging_state.is_some() {
        flags |= flag::MORE_PAGES;
    }
    if metadata.new_metadata_id.is_some() {
        require_version("id of the result metadata", version, ProtocolVersion::V5)?;
        flags |= flag::METADATA_CHANGED;
    }
    out.put_i32(flags);
    write::int_length(out, "number of columns", metadata.column_count)?;
    if let Some(state) = &metadata.paging_state {
        write::bytes(out, "paging state", Some(state.as_bytes()))?;
    }
    if let Some(id) = &metadata.new_metadata_id {
        write::short_bytes(out, "id of the result metadata", id)?;
    }
    columns.map_or(Ok(()), |columns| put_columns(out, columns, version))
}

/// What of this metadata a client would refuse, or read as something else.
fn contradiction(metadata: &RowsMetadata) -> Option<&'static str> {
    if metadata.columns.as_ref().is_some_and(|columns| columns.len() != metadata.column_count) {
        return Some("the number of columns is not that of their descriptions");
    }
    if metadata.columns.is_none() && metadata.new_metadata_id.is_some() {
        return Some("a new id comes with the columns that it is the id of");
    }
    let state = metadata.paging_state.as_ref();
    state.is_some_and(|state| state.as_bytes().is_empty()).then_some("an empty paging state")
}

fn put_prepared(
    out: &mut BytesMut,
    prepared: &Prepared,
    version: ProtocolVersion,
) -> Result<(), EncodeError> {
    write::short_bytes(out, "id of a prepared statement", &prepared.id)?;
    if version >= ProtocolVersion::V5 {
        let what = "id of the result metadata";
        let missing = EncodeError::Missing { what, version };
        write::short_bytes(out, what, prepared.result_metadata_id.as_ref().ok_or(missing)?)?;
    }
    let markers = &prepared.bind.columns;
    out.put_i32(table_flag(markers));
    write::int_length(out, "number of bind markers", markers.len())?;
    if version >= ProtocolVersion::V4 {
        let what = "partition key among bind markers";
        write::int_length(out, what, prepared.bind.partition_key.len())?;
        prepared.bind.partition_key.iter().for_each(|index| out.put_u16(*index));
    }
    put_columns(out, markers, version)?;
    put_metadata(out, &prepared.result, version)
}

/// Servers name the table once if it is that of all columns.
fn table_flag(columns: &[ColumnSpec]) -> i32 {
    if common_table(columns).is_some() { flag::GLOBAL_TABLE } else { 0 }
}

fn common_table(columns: &[ColumnSpec]) -> Option<&ColumnSpec> {
    let first = columns.first()?;
    let same =
        |column: &ColumnSpec| column.keyspace == first.keyspace && column.table == first.table;
    columns.iter().all(same).then_some(first)
}

fn put_columns(
    out: &mut BytesMut,
    columns: &[ColumnSpec],
    version: ProtocolVersion,
) -> Result<(), EncodeError> {
    let common = common_table(columns);
    if let Some(column) = common {
        put_table(out, column)?;
    }
    columns.iter().try_for_each(|column| {
        if common.is_none() {
            put_table(out, column)?;
        }
        write::string(out, "name of a column", &column.name)?;
        column.column_type.write_option(version, out)
    })
}

fn put_table(out: &mut BytesMut, column: &ColumnSpec) -> Result<(), EncodeError> {
    write::string(out, "keyspace of a column", &column.keyspace)?;
    write::string(out, "table of a column", &column.table)
}

fn int(what: &'static str, number: u32) -> Result<i32, EncodeError> {
    i32::try_from(number).map_err(|_| EncodeError::TooLong {
        what,
        length: usize::try_from(number).unwrap_or(usize::MAX),
        limit: usize::try_from(i32::MAX).unwrap_or(usize::MAX),
    })
}
