//! What a request asks of a node: the fields that it acts on.

use std::collections::BTreeMap;

use bytes::Bytes;
use cqlwire_codec::wire::{RawValue, Reader};
use cqlwire_codec::{
    DecodeError, DecodeErrorKind, Envelope, EnvelopeFlags, Opcode, ProtocolVersion,
};

use super::rows::PageRequest;

/// A request.
#[derive(Clone, Debug)]
pub(super) enum Request {
    Startup(BTreeMap<String, String>),
    Options,
    Register(Vec<String>),
    AuthResponse(Option<Bytes>),
    Query { statement: String, parameters: Parameters },
    Prepare { statement: String, keyspace: Option<String> },
    Execute { id: Bytes, parameters: Parameters },
    Batch(Vec<BatchStatement>),
}

/// Values and paging of a QUERY or an EXECUTE.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters {
    pub(super) values: Vec<Option<Bytes>>,
    pub(super) page: PageRequest,
}

/// One statement of a BATCH.
#[derive(Clone, Debug)]
pub(super) struct BatchStatement {
    pub(super) kind: BatchStatementKind,
    pub(super) values: Vec<Option<Bytes>>,
}

#[derive(Clone, Debug)]
pub(super) enum BatchStatementKind {
    Text(String),
    Prepared(Bytes),
}

/// The flags of QUERY and EXECUTE (v5 §4.1.4).
mod flag {
    pub(super) const VALUES: i32 = 0x01;
    pub(super) const SKIP_METADATA: i32 = 0x02;
    pub(super) const PAGE_SIZE: i32 = 0x04;
    pub(super) const PAGING_STATE: i32 = 0x08;
    pub(super) const NAMES: i32 = 0x40;
    /// Of PREPARE on v5.
    pub(super) const PREPARE_KEYSPACE: i32 = 0x01;
}

impl Request {
    /// Reads the body of an envelope; what follows the fields of interest is not looked at.
    pub(super) fn decode(envelope: &Envelope) -> Result<Self, DecodeError> {
        let version = envelope.header.version;
        let mut reader = Reader::new(&envelope.body);
        if envelope.header.flags.contains(EnvelopeFlags::CUSTOM_PAYLOAD) {
            reader.bytes_map("custom payload")?;
        }
        let reader = &mut reader;
        Ok(match envelope.header.opcode {
            Opcode::Startup => Self::Startup(read_options(reader)?),
            Opcode::Options => Self::Options,
            Opcode::Register => Self::Register(reader.string_list("event types")?),
            Opcode::AuthResponse => {
                Self::AuthResponse(reader.bytes("token")?.map(Bytes::copy_from_slice))
            }
            Opcode::Query => Self::Query {
                statement: reader.long_string("statement")?.to_owned(),
                parameters: read_parameters(reader, version)?,
            },
            Opcode::Prepare => read_prepare(reader, version)?,
            Opcode::Execute => read_execute(reader, version)?,
            Opcode::Batch => Self::Batch(read_batch(reader)?),
            response => {
                let kind = DecodeErrorKind::Unknown { value: i64::from(response.byte()) };
                return Err(reader.error("opcode of a request", kind));
            }
        })
    }
}

fn read_options(reader: &mut Reader<'_>) -> Result<BTreeMap<String, String>, DecodeError> {
    let pairs = reader.list("options", |reader| {
        // Servers take the keys in any case.
        let key = reader.string("option")?.to_ascii_uppercase();
        Ok((key, reader.string("option")?.to_owned()))
    })?;
    Ok(pairs.into_iter().collect())
}

fn read_prepare(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<Request, DecodeError> {
    let statement = reader.long_string("statement")?.to_owned();
    let flags = if version >= ProtocolVersion::V5 { reader.int("flags of PREPARE")? } else { 0 };
    let keyspace = if flags & flag::PREPARE_KEYSPACE != 0 {
        Some(reader.string("keyspace")?.to_owned())
    } else {
        None
    };
    Ok(Request::Prepare { statement, keyspace })
}

fn read_execute(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<Request, DecodeError> {
    let id = Bytes::copy_from_slice(reader.short_bytes("id of a prepared statement")?);
    let metadata_id = if version >= ProtocolVersion::V5 {
        Some(Bytes::copy_from_slice(reader.short_bytes("id of the result metadata")?))
    } else {
        None
    };
    let mut parameters = read_parameters(reader, version)?;
    parameters.page.metadata_id = metadata_id;
    Ok(Request::Execute { id, parameters })
}

fn read_parameters(
    reader: &mut Reader<'_>,
    version: ProtocolVersion,
) -> Result<Parameters, DecodeError> {
    reader.consistency("consistency")?;
    let flags = if version >= ProtocolVersion::V5 {
        reader.int("flags")?
    } else {
        i32::from(reader.byte("flags")?)
    };
    let mut parameters = Parameters::default();
    if flags & flag::VALUES != 0 {
        parameters.values = read_values(reader, flags & flag::NAMES != 0)?;
    }
    parameters.page.skip_metadata = flags & flag::SKIP_METADATA != 0;
    if flags & flag::PAGE_SIZE != 0 {
        parameters.page.page_size = Some(reader.int("page size")?);
    }
    if flags & flag::PAGING_STATE != 0 {
        parameters.page.paging_state = reader.bytes("paging state")?.map(Bytes::copy_from_slice);
    }
    Ok(parameters)
}

fn read_values(reader: &mut Reader<'_>, named: bool) -> Result<Vec<Option<Bytes>>, DecodeError> {
    reader.list("values", |reader| {
        if named {
            reader.string("name of a value")?;
        }
        Ok(match reader.value("value")? {
            RawValue::Bytes(bytes) => Some(Bytes::copy_from_slice(bytes)),
            RawValue::Null | RawValue::Unset => None,
        })
    })
}

fn read_batch(reader: &mut Reader<'_>) -> Result<Vec<BatchStatement>, DecodeError> {
    reader.byte("type of a batch")?;
    reader.list("statements of a batch", |reader| {
        let kind = match reader.byte("kind of a statement")? {
            0 => BatchStatementKind::Text(reader.long_string("statement")?.to_owned()),
            _ => {
                let id = reader.short_bytes("id of a prepared statement")?;
                BatchStatementKind::Prepared(Bytes::copy_from_slice(id))
            }
        };
        Ok(BatchStatement { kind, values: read_values(reader, false)? })
    })
}
