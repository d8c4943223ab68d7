//! The server's half: responses written as a server of the version writes them.

use bytes::{BufMut, BytesMut};

use super::error::{Failures, Replicas, ServerError, ServerErrorDetail};
use super::event::{
    Event, SchemaChange, SchemaChangeKind, SchemaTarget, StatusChange, TopologyChange,
};
use super::result::{Prepared, ResultResponse, Rows, RowsMetadata, flag, kind};
use super::{Decoded, Response, Supported};
use crate::envelope_writer::{require_version, write_envelope};
use crate::wire::write;
use crate::{
    ColumnSpec, Compression, Direction, EncodeError, EnvelopeFlags, EnvelopeHeader,
    ProtocolVersion, StreamId,
};

/// Appends a response envelope to `out`. `compression` is that of v3 and v4, where it was negotiated.
///
/// # Errors
///
/// What the version cannot say, and what is longer than its length field can say; `out` is as it was.
pub fn encode_response(
    response: &Decoded,
    version: ProtocolVersion,
    stream: StreamId,
    compression: Option<Compression>,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    let mut flags = EnvelopeFlags::NONE;
    if response.tracing_id.is_some() {
        flags |= EnvelopeFlags::TRACING;
    }
    if !response.warnings.is_empty() {
        require_version("warnings", version, ProtocolVersion::V4)?;
        flags |= EnvelopeFlags::WARNING;
    }
    if response.custom_payload.is_some() {
        require_version("custom payload", version, ProtocolVersion::V4)?;
        flags |= EnvelopeFlags::CUSTOM_PAYLOAD;
    }
    let (direction, opcode) = (Direction::Response, response.response.opcode());
    let header = EnvelopeHeader { version, direction, flags, stream, opcode, length: 0 };
    write_envelope(out, header, compression, None, |out| {
        if let Some(id) = response.tracing_id {
            out.put_slice(id.as_bytes());
        }
        if !response.warnings.is_empty() {
            write::string_list(out, "warnings", &response.warnings)?;
        }
        if let Some(payload) = &response.custom_payload {
            write::bytes_map(out, "custom payload", payload)?;
        }
        put_message(out, &response.response, version)
    })
}

fn put_message(
    out: &mut BytesMut,
    response: &Response,
    version: ProtocolVersion,
) -> Result<(), EncodeError> {
    match response {
        Response::Error(error) => put_error(out, error, version),
        Response::Ready => Ok(()),
        Response::Authenticate { authenticator } => {
            write::string(out, "authenticator", authenticator)
        }
        Response::Supported(supported) => put_supported(out, supported),
        Response::Result(result) => put_result(out, result, version),
        Response::Event(event) => put_event(out, event),
        Response::AuthChallenge(token) | Response::AuthSuccess(token) => {
            write::bytes(out, "authentication token", token.as_deref())
        }
    }
}

fn put_supported(out: &mut BytesMut, supported: &Supported) -> Result<(), EncodeError> {
    write::short_length(out, "supported options", supported.all().len())?;
    supported.all().iter().try_for_each(|(name, values)| {
        write::string(out, "supported option", name)?;
        write::string_list(out, "values of a supported option", values)
    })
}

fn put_error(
    out: &mut BytesMut,
    error: &ServerError,
    version: ProtocolVersion,
) -> Result<(), EncodeError> {
    out.put_i32(error.code.code());
    write::string(out, "text of an error", &error.message)?;
    match &error.detail {
        ServerErrorDetail::None => {}
        ServerErrorDetail::Unavailable { consistency, required, alive } => {
            let (received, required) = (*required, *alive);
            put_replicas(out, Replicas { consistency: *consistency, received, required });
        }
        ServerErrorDetail::WriteTimeout { replicas, write_type, contentions } => {
            put_replicas(out, *replicas);
            write::string(out, "write type", write_type.as_str())?;
            if let Some(contentions) = contentions.filter(|_| version >= ProtocolVersion::V5) {
                out.put_u16(contentions);
            }
        }
        ServerErrorDetail::ReadTimeout { replicas, data_present } => {
            put_replicas(out, *replicas);
            out.put_u8(u8::from(*data_present));
        }
        ServerErrorDetail::ReadFailure { replicas, failures, data_present } => {
            put_replicas(out, *replicas);
            put_failures(out, failures, version)?;
            out.put_u8(u8::from(*data_present));
        }
        ServerErrorDetail::WriteFailure { replicas, failures, write_type } => {
            put_replicas(out, *replicas);
            put_failures(out, failures, version)?;
            write::string(out, "write type", write_type.as_str())?;
        }
        ServerErrorDetail::FunctionFailure { keyspace, function, arguments } => {
            write::string(out, "keyspace of a function", keyspace)?;
            write::string(out, "name of a function", function)?;
            write::string_list(out, "argument types of a function", arguments)?;
        }
        ServerErrorDetail::CasWriteUnknown { replicas } => put_replicas(out, *replicas),
        ServerErrorDetail::AlreadyExists { keyspace, table } => {
            write::string(out, "keyspace that exists", keyspace)?;
            write::string(out, "table that exists", table.as_deref().unwrap_or_default())?;
        }
        ServerErrorDetail::Unprepared { id } => {
            write::short_bytes(out, "id of an unprepared statement", id)?;
        }
    }
    Ok(())
}

fn put_replicas(out: &mut BytesMut, replicas: Replicas) {
    out.put_u16(replicas.consistency.code());
    out.put_i32(replicas.received);
    out.put_i32(replicas.required);
}

fn put_failures(
    out: &mut BytesMut,
    failures: &Failures,
    version: ProtocolVersion,
) -> Result<(), EncodeError> {
    out.put_i32(failures.count);
    if version < ProtocolVersion::V5 {
        return Ok(());
    }
    if usize::try_from(failures.count) != Ok(failures.reasons.len()) {
        let why = "v5 gives a reason for each of them";
        return Err(EncodeError::Invalid { what: "number of failures", why });
    }
    for (replica, reason) in &failures.reasons {
        write::inetaddr(out, *replica);
        out.put_u16(*reason);
    }
    Ok(())
}

fn put_result(
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
            put_schema_change(out, change)?;
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

fn put_event(out: &mut BytesMut, event: &Event) -> Result<(), EncodeError> {
    let what = "kind of an event";
    match event {
        Event::TopologyChange { change, address } => {
            write::string(out, what, "TOPOLOGY_CHANGE")?;
            let change = match change {
                TopologyChange::NewNode => "NEW_NODE",
                TopologyChange::RemovedNode => "REMOVED_NODE",
                TopologyChange::MovedNode => "MOVED_NODE",
                TopologyChange::Other(other) => other,
            };
            write::string(out, "topology change", change)?;
            write::inet(out, *address);
        }
        Event::StatusChange { change, address } => {
            write::string(out, what, "STATUS_CHANGE")?;
            let change = match change {
                StatusChange::Up => "UP",
                StatusChange::Down => "DOWN",
                StatusChange::Other(other) => other,
            };
            write::string(out, "status change", change)?;
            write::inet(out, *address);
        }
        Event::SchemaChange(change) => {
            write::string(out, what, "SCHEMA_CHANGE")?;
            put_schema_change(out, change)?;
        }
        Event::Other(kind) => write::string(out, what, kind)?,
    }
    Ok(())
}

fn put_schema_change(out: &mut BytesMut, change: &SchemaChange) -> Result<(), EncodeError> {
    let kind = match &change.kind {
        SchemaChangeKind::Created => "CREATED",
        SchemaChangeKind::Updated => "UPDATED",
        SchemaChangeKind::Dropped => "DROPPED",
        SchemaChangeKind::Other(other) => other,
    };
    let (target, name, arguments) = match &change.target {
        SchemaTarget::Keyspace => ("KEYSPACE", None, None),
        SchemaTarget::Table(name) => ("TABLE", Some(name), None),
        SchemaTarget::Type(name) => ("TYPE", Some(name), None),
        SchemaTarget::Function(name, arguments) => ("FUNCTION", Some(name), Some(arguments)),
        SchemaTarget::Aggregate(name, arguments) => ("AGGREGATE", Some(name), Some(arguments)),
        SchemaTarget::Other(other) => (other.as_str(), None, None),
    };
    write::string(out, "schema change", kind)?;
    write::string(out, "target of a schema change", target)?;
    write::string(out, "keyspace of a schema change", &change.keyspace)?;
    if let Some(name) = name {
        write::string(out, "name in a schema change", name)?;
    }
    arguments
        .map_or(Ok(()), |list| write::string_list(out, "argument types in a schema change", list))
}

fn int(what: &'static str, number: u32) -> Result<i32, EncodeError> {
    i32::try_from(number).map_err(|_| EncodeError::TooLong {
        what,
        length: usize::try_from(number).unwrap_or(usize::MAX),
        limit: usize::try_from(i32::MAX).unwrap_or(usize::MAX),
    })
}
