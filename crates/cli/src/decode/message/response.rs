//! What responses say.

use bytes::Bytes;
use cqlwire::codec::{
    ColumnSpec, DecodeError, Envelope, Event, Prepared, Response, ResultResponse, RowIter, Rows,
    RowsMetadata, SchemaChange, SchemaTarget, ValueError, decode_response,
};
use cqlwire::value::Row;

use super::super::field::{self, Cell, Field, Fields, put, put_some};
use super::{Asked, Reader, error, put_payload};

pub(super) fn read(
    reader: &mut Reader,
    envelope: &Envelope,
    asked: &Asked,
) -> Result<Fields, DecodeError> {
    let decoded = decode_response(envelope)?;
    let mut fields = Fields::new();
    put_some(&mut fields, "tracing id", decoded.prefixes.tracing_id(), Field::text);
    if !decoded.prefixes.warnings().is_empty() {
        put(&mut fields, "warnings", Field::texts(decoded.prefixes.warnings()));
    }
    put_payload(&mut fields, decoded.prefixes.custom_payload());
    match decoded.response {
        Response::Error(said) => error::put_error(reader, &mut fields, &said, asked),
        Response::Ready => {}
        Response::Authenticate { authenticator } => {
            put(&mut fields, "authenticator", Field::Text(authenticator));
        }
        Response::Supported(supported) => {
            let options = supported.all().iter();
            fields.extend(options.map(|(name, all)| (name.clone(), Field::texts(all))));
        }
        Response::Result(result) => put_result(reader, &mut fields, result, asked),
        Response::Event(event) => put_event(&mut fields, &event),
        Response::AuthChallenge(token) | Response::AuthSuccess(token) => {
            put_some(&mut fields, "token", token, |token: Bytes| reader.secret(&token));
        }
    }
    Ok(fields)
}

fn put_result(reader: &mut Reader, fields: &mut Fields, result: ResultResponse, asked: &Asked) {
    match result {
        ResultResponse::Void => put(fields, "kind", Field::text("void")),
        ResultResponse::Rows(rows) => put_rows(reader, fields, &rows, asked),
        ResultResponse::SetKeyspace(keyspace) => {
            put(fields, "kind", Field::text("set keyspace"));
            put(fields, "keyspace", Field::Text(keyspace));
        }
        ResultResponse::Prepared(prepared) => {
            reader.statements.add(&prepared, asked.text.clone());
            put_prepared(fields, &prepared);
        }
        ResultResponse::SchemaChange(change) => {
            put(fields, "kind", Field::text("schema change"));
            put_schema_change(fields, &change);
        }
    }
}

fn put_prepared(fields: &mut Fields, prepared: &Prepared) {
    put(fields, "kind", Field::text("prepared"));
    put(fields, "id", Field::raw(&prepared.id));
    let metadata_id = prepared.result_metadata_id.as_deref();
    put_some(fields, "result metadata id", metadata_id, Field::raw);
    put_columns(fields, "markers", &prepared.bind.columns);
    let key = &prepared.bind.partition_key;
    if !key.is_empty() {
        put(fields, "partition key", Field::texts(key.iter().map(|at| at + 1)));
    }
    put_columns(fields, "columns", prepared.result.columns.as_deref().unwrap_or_default());
}

/// Appends names with their types.
fn put_columns(fields: &mut Fields, name: &str, columns: &[ColumnSpec]) {
    if columns.is_empty() {
        return;
    }
    let typed =
        columns.iter().map(|column| (column.name.clone(), Field::text(&column.column_type)));
    put(fields, name, Field::Fields(typed.collect()));
}

fn put_rows(reader: &mut Reader, fields: &mut Fields, rows: &Rows, asked: &Asked) {
    put(fields, "kind", Field::text("rows"));
    put(fields, "count", Field::Number(rows.row_count.into()));
    put_metadata(fields, &rows.metadata);
    let Some(columns) = reader.statements.columns(&rows.metadata, asked.id.as_ref()) else {
        let columns = i64::try_from(rows.metadata.column_count).unwrap_or(i64::MAX);
        put(fields, "columns", Field::Number(columns));
        put(fields, "undescribed", Field::text("the PREPARE that describes them was not seen"));
        return put(fields, "content", Field::raw(&rows.content));
    };
    if let Some(first) = columns.first() {
        put(fields, "table", Field::Text(format!("{}.{}", first.keyspace, first.table)));
    }
    let mut shown = Vec::new();
    let read = read_rows(rows, &columns, reader.rows, &mut shown);
    let typed = columns.iter().map(|column| (column.name.clone(), column.column_type.to_string()));
    put(fields, "rows", Field::Rows(field::Rows { columns: typed.collect(), rows: shown }));
    put_some(fields, "unreadable", read.err(), Field::text);
}

fn put_metadata(fields: &mut Fields, metadata: &RowsMetadata) {
    let state = metadata.paging_state.as_ref();
    put_some(fields, "paging state", state, |state| Field::raw(state.as_bytes()));
    let changed = metadata.new_metadata_id.as_deref();
    put_some(fields, "new result metadata id", changed, Field::raw);
}

/// Reads so many rows, and keeps those before the first that cannot be read.
fn read_rows(
    rows: &Rows,
    columns: &[ColumnSpec],
    most: usize,
    shown: &mut Vec<Vec<Cell>>,
) -> Result<(), ValueError> {
    for row in RowIter::<Row<'_>>::new(columns, rows.row_count, &rows.content)?.take(most) {
        let (row, mut read) = (row?, Vec::new());
        let mut cells = row.cells();
        while let Some(cell) = cells.raw()? {
            read.push(Cell::of(cell.column, cell.bytes));
        }
        shown.push(read);
    }
    Ok(())
}

fn put_event(fields: &mut Fields, event: &Event) {
    match event {
        Event::TopologyChange { change, address } => {
            put(fields, "topology change", Field::text(change.as_str()));
            put(fields, "address", Field::text(address));
        }
        Event::StatusChange { change, address } => {
            put(fields, "status change", Field::text(change.as_str()));
            put(fields, "address", Field::text(address));
        }
        Event::SchemaChange(change) => put_schema_change(fields, change),
        Event::Other(kind) => put(fields, "event", Field::text(kind)),
    }
}

fn put_schema_change(fields: &mut Fields, change: &SchemaChange) {
    put(fields, "schema change", Field::text(change.kind.as_str()));
    put(fields, "keyspace", Field::text(&change.keyspace));
    let (kind, name, arguments) = match &change.target {
        SchemaTarget::Keyspace => return,
        SchemaTarget::Table(name) => ("table", name, None),
        SchemaTarget::Type(name) => ("type", name, None),
        SchemaTarget::Function(name, arguments) => ("function", name, Some(arguments)),
        SchemaTarget::Aggregate(name, arguments) => ("aggregate", name, Some(arguments)),
        SchemaTarget::Other(target) => ("target", target, None),
    };
    put(fields, kind, Field::text(name));
    put_some(fields, "arguments", arguments, Field::texts);
}
