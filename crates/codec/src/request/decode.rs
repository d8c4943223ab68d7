//! The server's half: requests read from envelopes.
//!
//! As strict as a server of the envelope's version is, so that a client which is tested against
//! it is tested against the protocol.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::bound::{BindValue, BoundValue};
use super::parameters::{Tail, flag};
use super::statement::PREPARE_KEYSPACE;
use super::{
    BatchType, DecodedBatch, DecodedBatchStatement, DecodedParameters, DecodedStatement,
    RequestMessage,
};
use crate::wire::{RawValue, Reader};
use crate::{
    CustomPayload, DecodeError, DecodeErrorKind, Envelope, EnvelopeFlags, EventKind, Opcode,
    PagingState, ProtocolVersion, SerialConsistency,
};

/// Reads the message of a request envelope.
///
/// # Errors
///
/// A body that ends too early, and what a server of the envelope's version would refuse: an
/// unknown batch type, a serial consistency that is none, a field that the version does not have,
/// a response.
pub fn decode(envelope: &Envelope) -> Result<RequestMessage, DecodeError> {
    let version = envelope.header.version;
    let mut reader = Reader::new(&envelope.body);
    read_payload(envelope, &mut reader)?;
    let reader = &mut reader;
    Ok(match envelope.header.opcode {
        Opcode::Startup => RequestMessage::Startup(read_string_map(reader)?),
        Opcode::Options => RequestMessage::Options,
        Opcode::Register => RequestMessage::Register(
            reader
                .list("event types", |reader| reader.string("event type").map(EventKind::from))?,
        ),
        Opcode::AuthResponse => {
            let token = reader.bytes("authentication token")?;
            RequestMessage::AuthResponse(token.map(Bytes::copy_from_slice))
        }
        Opcode::Query => RequestMessage::Query {
            statement: reader.long_string("statement")?.to_owned(),
            parameters: read_parameters(reader, version)?,
        },
        Opcode::Prepare => read_prepare(reader, version)?,
        Opcode::Execute => RequestMessage::Execute {
            id: read_id(reader, "id of a prepared statement")?,
            result_metadata_id: match version {
                ProtocolVersion::V5 => Some(read_id(reader, "id of the result metadata")?),
                _ => None,
            },
            parameters: read_parameters(reader, version)?,
        },
        Opcode::Batch => RequestMessage::Batch(read_batch(reader, version)?),
        response => {
            let kind = DecodeErrorKind::Unknown { value: i64::from(response.byte()) };
            return Err(reader.error("opcode of a request", kind));
        }
    })
}

/// The custom payload that came with a request, if one did.
///
/// # Errors
///
/// A payload that ends too early, and one on v3, which has none.
pub fn custom_payload(envelope: &Envelope) -> Result<Option<CustomPayload>, DecodeError> {
    read_payload(envelope, &mut Reader::new(&envelope.body))
}

fn read_payload(
    envelope: &Envelope,
    reader: &mut Reader<'_>,
) -> Result<Option<CustomPayload>, DecodeError> {
    let version = envelope.header.version;
    if !envelope.header.flags.contains(EnvelopeFlags::CUSTOM_PAYLOAD) {
        return Ok(None);
    }
    if version < ProtocolVersion::V4 {
        return Err(reader.error("custom payload", DecodeErrorKind::NotInVersion(version)));
    }
    reader.bytes_map("custom payload").map(Some)
}

fn read_string_map(reader: &mut Reader<'_>) -> Result<BTreeMap<String, String>, DecodeError> {
    let what = "STARTUP option";
    let pairs = reader.list("STARTUP options", |reader| {
        Ok((reader.string(what)?.to_owned(), reader.string(what)?.to_owned()))
    })?;
    Ok(pairs.into_iter().collect())
}

fn read_id(reader: &mut Reader<'_>, what: &'static str) -> Result<Bytes, DecodeError> {
    reader.short_bytes(what).map(Bytes::copy_from_slice)
}

fn read_prepare(
    reader: &mut Reader<'_>,
    version: ProtocolVersion,
) -> Result<RequestMessage, DecodeError> {
    let statement = reader.long_string("statement")?.to_owned();
    let flags = if version >= ProtocolVersion::V5 { reader.int("PREPARE flags")? } else { 0 };
    let keyspace = if flags & PREPARE_KEYSPACE != 0 {
        Some(reader.string("keyspace of a request")?.to_owned())
    } else {
        None
    };
    Ok(RequestMessage::Prepare { statement, keyspace })
}

fn read_parameters(
    reader: &mut Reader<'_>,
    version: ProtocolVersion,
) -> Result<DecodedParameters, DecodeError> {
    let consistency = reader.consistency("consistency")?;
    let flags = read_flags(reader, version)?;
    let values = if flags & flag::VALUES != 0 {
        read_values(reader, version, flags & flag::NAMES != 0)?
    } else {
        Vec::new()
    };
    let page_size = when(flags, flag::PAGE_SIZE, || reader.int("page size"))?;
    let paging_state = when(flags, flag::PAGING_STATE, || reader.bytes("paging state"))?.flatten();
    let tail = read_tail(reader, flags)?;
    Ok(DecodedParameters {
        consistency,
        values,
        skip_metadata: flags & flag::SKIP_METADATA != 0,
        page_size,
        paging_state: paging_state.map(PagingState::new),
        serial_consistency: tail.serial_consistency,
        timestamp_micros: tail.timestamp_micros,
        keyspace: tail.keyspace.map(str::to_owned),
        now_in_seconds: tail.now_in_seconds,
    })
}

fn read_batch(
    reader: &mut Reader<'_>,
    version: ProtocolVersion,
) -> Result<DecodedBatch, DecodeError> {
    let batch_type = reader.byte("batch type")?;
    let batch_type = BatchType::from_byte(batch_type).ok_or_else(|| {
        reader.error("batch type", DecodeErrorKind::Unknown { value: i64::from(batch_type) })
    })?;
    let statements = reader.list("statements of a batch", |reader| {
        let statement = match reader.byte("kind of a statement")? {
            0 => DecodedStatement::Query(reader.long_string("statement")?.to_owned()),
            1 => DecodedStatement::Prepared(read_id(reader, "id of a prepared statement")?),
            kind => {
                let kind = DecodeErrorKind::Unknown { value: i64::from(kind) };
                return Err(reader.error("kind of a statement", kind));
            }
        };
        Ok(DecodedBatchStatement { statement, values: read_values(reader, version, false)? })
    })?;
    let consistency = reader.consistency("consistency")?;
    let flags = read_flags(reader, version)?;
    let tail = read_tail(reader, flags)?;
    Ok(DecodedBatch {
        batch_type,
        statements,
        consistency,
        serial_consistency: tail.serial_consistency,
        timestamp_micros: tail.timestamp_micros,
        keyspace: tail.keyspace.map(str::to_owned),
        now_in_seconds: tail.now_in_seconds,
    })
}

/// The flags, as wide as the version has them. Of v3 and v4 a bit that only v5 has is an error:
/// some servers would read a field after it and some would not.
fn read_flags(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<i32, DecodeError> {
    if version >= ProtocolVersion::V5 {
        return reader.int("flags of a request");
    }
    let flags = i32::from(reader.byte("flags of a request")?);
    if flags & flag::KEYSPACE != 0 {
        return Err(reader.error("flags of a request", DecodeErrorKind::NotInVersion(version)));
    }
    Ok(flags)
}

fn read_values(
    reader: &mut Reader<'_>,
    version: ProtocolVersion,
    named: bool,
) -> Result<Vec<BoundValue>, DecodeError> {
    reader.list("bind values", |reader| {
        let name = if named { Some(reader.string("name of a value")?.to_owned()) } else { None };
        let raw = if version >= ProtocolVersion::V4 {
            reader.value("bind value")?
        } else {
            // v3 knows no "unset": every negative length is null.
            reader.bytes("bind value")?.map_or(RawValue::Null, RawValue::Bytes)
        };
        let value = match raw {
            RawValue::Null => BindValue::Null,
            RawValue::Unset => BindValue::Unset,
            RawValue::Bytes(bytes) => BindValue::Bytes(Bytes::copy_from_slice(bytes)),
        };
        Ok(BoundValue { name, value })
    })
}

fn read_tail<'a>(reader: &mut Reader<'a>, flags: i32) -> Result<Tail<'a>, DecodeError> {
    let serial_consistency = when(flags, flag::SERIAL_CONSISTENCY, || {
        let code = reader.short("serial consistency")?;
        SerialConsistency::from_code(code).ok_or_else(|| {
            reader.error("serial consistency", DecodeErrorKind::Unknown { value: i64::from(code) })
        })
    })?;
    Ok(Tail {
        serial_consistency,
        timestamp_micros: when(flags, flag::TIMESTAMP, || reader.long("timestamp"))?,
        keyspace: when(flags, flag::KEYSPACE, || reader.string("keyspace of a request"))?,
        now_in_seconds: when(flags, flag::NOW_IN_SECONDS, || reader.int("now_in_seconds"))?,
    })
}

/// Reads a field if its flag is set.
fn when<T>(
    flags: i32,
    flag: i32,
    read: impl FnOnce() -> Result<T, DecodeError>,
) -> Result<Option<T>, DecodeError> {
    if flags & flag == 0 {
        return Ok(None);
    }
    read().map(Some)
}
