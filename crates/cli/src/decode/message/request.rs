//! What requests say.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use cqlwire::codec::request::{
    BindValue, BoundValue, DecodedBatch, DecodedBatchStatement, DecodedParameters,
    DecodedStatement, RequestMessage, custom_payload, decode,
};
use cqlwire::codec::{
    BatchType, ColumnSpec, Consistency, DecodeError, Envelope, SerialConsistency,
};
use cqlwire::cql;
use cqlwire::value::CqlValue;

use super::super::field::{Cell, Field, Fields, put, put_some};
use super::{Asked, Reader, put_payload};

pub(super) fn read(reader: &Reader, envelope: &Envelope) -> Result<(Fields, Asked), DecodeError> {
    let (mut fields, mut asked) = (Fields::new(), Asked::default());
    put_payload(&mut fields, custom_payload(envelope)?.as_ref());
    match decode(envelope)? {
        RequestMessage::Startup(options) => {
            fields.extend(options.into_iter().map(|(name, option)| (name, Field::Text(option))));
        }
        RequestMessage::Options => {}
        RequestMessage::Register(events) => put(&mut fields, "events", Field::texts(events)),
        RequestMessage::AuthResponse(token) => {
            put_some(&mut fields, "token", token, |token| reader.secret(&token));
        }
        RequestMessage::Query { statement, parameters } => {
            put(&mut fields, "statement", reader.statement(&statement));
            put_parameters(&mut fields, &parameters, &[]);
            asked.has_secret = cql::has_secret(&statement);
        }
        RequestMessage::Prepare { statement, keyspace } => {
            put(&mut fields, "statement", reader.statement(&statement));
            put_some(&mut fields, "keyspace", keyspace, Field::Text);
            asked.has_secret = cql::has_secret(&statement);
            asked.text = Some(statement.into());
        }
        RequestMessage::Execute { id, result_metadata_id, parameters } => {
            let markers = put_prepared(reader, &mut fields, &id);
            let metadata_id = result_metadata_id.as_deref();
            put_some(&mut fields, "result metadata id", metadata_id, Field::raw);
            put_parameters(&mut fields, &parameters, &markers);
            asked.has_secret = has_secret(reader, &id);
            asked.id = Some(id);
        }
        RequestMessage::Batch(batch) => {
            put_batch(reader, &mut fields, &batch);
            asked.has_secret = batch.statements.iter().any(|of| match &of.statement {
                DecodedStatement::Query(text) => cql::has_secret(text),
                DecodedStatement::Prepared(id) => has_secret(reader, id),
            });
        }
        other => put(&mut fields, "message", Field::Text(format!("{other:?}"))),
    }
    Ok((fields, asked))
}

/// Does a password stand in the text of a prepared statement, if that is known?
fn has_secret(reader: &Reader, id: &Bytes) -> bool {
    let text = reader.statements.find(id).and_then(|known| known.text.as_deref());
    text.is_some_and(cql::has_secret)
}

/// Appends which statement is executed, and gives its bind markers, if they are known.
fn put_prepared(reader: &Reader, fields: &mut Fields, id: &Bytes) -> Arc<[ColumnSpec]> {
    put(fields, "id", Field::raw(id));
    let Some(known) = reader.statements.find(id) else { return Arc::from([]) };
    put_some(fields, "statement", known.text.as_deref(), |text| reader.statement(text));
    Arc::clone(&known.bind)
}

fn put_parameters(fields: &mut Fields, parameters: &DecodedParameters, markers: &[ColumnSpec]) {
    put_values(fields, &parameters.values, markers);
    if parameters.skip_metadata {
        put(fields, "skip metadata", Field::Flag);
    }
    put_some(fields, "page size", parameters.page_size, |rows| Field::Number(rows.into()));
    let state = parameters.paging_state.as_ref();
    put_some(fields, "paging state", state, |state| Field::raw(state.as_bytes()));
    put_options(
        fields,
        parameters.consistency,
        parameters.serial_consistency,
        parameters.timestamp_micros,
        parameters.keyspace.as_deref(),
        parameters.now_in_seconds,
    );
}

/// Appends what a batch has, too.
fn put_options(
    fields: &mut Fields,
    consistency: Consistency,
    serial: Option<SerialConsistency>,
    timestamp: Option<i64>,
    keyspace: Option<&str>,
    now: Option<i32>,
) {
    put(fields, "consistency", Field::text(consistency));
    put_some(fields, "serial consistency", serial, Field::text);
    put_some(fields, "timestamp", timestamp, Field::Number);
    put_some(fields, "keyspace", keyspace, Field::text);
    put_some(fields, "now in seconds", now, |now| Field::Number(now.into()));
}

/// Appends bind values, each by its name or its number.
fn put_values(fields: &mut Fields, values: &[BoundValue], markers: &[ColumnSpec]) {
    if values.is_empty() {
        return;
    }
    let mut named = Fields::with_capacity(values.len());
    let mut taken = HashSet::new();
    for (at, bound) in values.iter().enumerate() {
        let marker = match &bound.name {
            Some(name) => markers.iter().find(|marker| marker.name == *name),
            None => markers.get(at),
        };
        let name = bound.name.clone().or_else(|| marker.map(|marker| marker.name.clone()));
        let name = name.unwrap_or_else(|| (at + 1).to_string());
        // Several markers may have one name, as those of `c > ? AND c < ?`.
        let shown = match taken.insert(name.clone()) {
            true => name,
            false => format!("{name}#{}", at + 1),
        };
        named.push((shown, Field::Value(cell(&bound.value, marker))));
    }
    put(fields, "values", Field::Fields(named));
}

fn cell(value: &BindValue, marker: Option<&ColumnSpec>) -> Cell {
    match (value, marker) {
        (BindValue::Null, _) => Cell::Value(CqlValue::Null),
        (BindValue::Unset, _) => Cell::Unset,
        (BindValue::Bytes(bytes), Some(marker)) => Cell::of(marker, Some(bytes)),
        (BindValue::Bytes(bytes), None) => Cell::Raw(bytes.clone()),
    }
}

fn put_batch(reader: &Reader, fields: &mut Fields, batch: &DecodedBatch) {
    let kind = match batch.batch_type {
        BatchType::Logged => "logged",
        BatchType::Unlogged => "unlogged",
        BatchType::Counter => "counter",
    };
    put(fields, "type", Field::text(kind));
    let statements = batch.statements.iter().map(|statement| of_batch(reader, statement));
    put(fields, "statements", Field::List(statements.collect()));
    put_options(
        fields,
        batch.consistency,
        batch.serial_consistency,
        batch.timestamp_micros,
        batch.keyspace.as_deref(),
        batch.now_in_seconds,
    );
}

fn of_batch(reader: &Reader, statement: &DecodedBatchStatement) -> Field {
    let mut fields = Fields::new();
    let markers = match &statement.statement {
        DecodedStatement::Query(text) => {
            put(&mut fields, "statement", reader.statement(text));
            Arc::from([])
        }
        DecodedStatement::Prepared(id) => put_prepared(reader, &mut fields, id),
    };
    put_values(&mut fields, &statement.values, &markers);
    Field::Fields(fields)
}
