//! Reading an ERROR: the code and the text, then what that error says beyond them.

use std::net::IpAddr;

use bytes::Bytes;

use super::{ErrorCode, Failures, Replicas, ServerError, ServerErrorDetail, WriteType};
use crate::wire::Reader;
use crate::{DecodeError, ProtocolVersion};

pub(in crate::response) fn read(
    reader: &mut Reader<'_>,
    version: ProtocolVersion,
) -> Result<ServerError, DecodeError> {
    let code = ErrorCode::from_code(reader.int("code of an error")?);
    // Servers have been seen to cut the text off; the code is worth having even so.
    let message = reader.lossy_string("text of an error").unwrap_or_default();
    let detail = read_detail(reader, code, version).unwrap_or(ServerErrorDetail::None);
    Ok(ServerError { code, message, detail })
}

fn read_detail(
    reader: &mut Reader<'_>,
    code: ErrorCode,
    version: ProtocolVersion,
) -> Result<ServerErrorDetail, DecodeError> {
    Ok(match code {
        ErrorCode::Unavailable => {
            let Replicas { consistency, received: required, required: alive } = replicas(reader)?;
            ServerErrorDetail::Unavailable { consistency, required, alive }
        }
        ErrorCode::WriteTimeout => {
            let replicas = replicas(reader)?;
            let write_type = write_type(reader)?;
            let contentions = contentions(reader, &write_type);
            ServerErrorDetail::WriteTimeout { replicas, write_type, contentions }
        }
        ErrorCode::ReadTimeout => ServerErrorDetail::ReadTimeout {
            replicas: replicas(reader)?,
            data_present: reader.byte("presence of data")? != 0,
        },
        ErrorCode::ReadFailure => ServerErrorDetail::ReadFailure {
            replicas: replicas(reader)?,
            failures: failures(reader, version)?,
            data_present: reader.byte("presence of data")? != 0,
        },
        ErrorCode::WriteFailure => ServerErrorDetail::WriteFailure {
            replicas: replicas(reader)?,
            failures: failures(reader, version)?,
            write_type: write_type(reader)?,
        },
        ErrorCode::FunctionFailure => ServerErrorDetail::FunctionFailure {
            keyspace: reader.string("keyspace of a function")?.to_owned(),
            function: reader.string("name of a function")?.to_owned(),
            arguments: reader.string_list("argument types of a function")?,
        },
        ErrorCode::CasWriteUnknown => {
            ServerErrorDetail::CasWriteUnknown { replicas: replicas(reader)? }
        }
        ErrorCode::AlreadyExists => {
            let keyspace = reader.string("keyspace that exists")?.to_owned();
            let table = reader.string("table that exists")?;
            let table = (!table.is_empty()).then(|| table.to_owned());
            ServerErrorDetail::AlreadyExists { keyspace, table }
        }
        ErrorCode::Unprepared => {
            let id = reader.short_bytes("id of an unprepared statement")?;
            ServerErrorDetail::Unprepared { id: Bytes::copy_from_slice(id) }
        }
        _ => ServerErrorDetail::None,
    })
}

fn replicas(reader: &mut Reader<'_>) -> Result<Replicas, DecodeError> {
    Ok(Replicas {
        consistency: reader.consistency("consistency of an error")?,
        received: reader.int("replicas that answered")?,
        required: reader.int("replicas that had to answer")?,
    })
}

fn write_type(reader: &mut Reader<'_>) -> Result<WriteType, DecodeError> {
    reader.string("write type").map(WriteType::from)
}

/// "only when the write type is CAS", says the specification of v5. Servers append it to some
/// others too, where it is not to be read, and older ones to none.
fn contentions(reader: &mut Reader<'_>, write_type: &WriteType) -> Option<u16> {
    (*write_type == WriteType::Cas).then(|| reader.short("contentions").ok()).flatten()
}

/// A number in v4; in v5 a map of addresses to reasons.
fn failures(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<Failures, DecodeError> {
    let what = "number of failures";
    if version < ProtocolVersion::V5 {
        return Ok(Failures { count: reader.int(what)?, reasons: Vec::new() });
    }
    let count = reader.clone().int(what)?;
    let declared = reader.count(what)?;
    let mut reasons = Vec::with_capacity(reader.room::<(IpAddr, u16)>(declared));
    for _ in 0..declared {
        let replica = reader.inetaddr("replica that failed")?;
        reasons.push((replica, reader.short("reason of a failure")?));
    }
    Ok(Failures { count, reasons })
}
