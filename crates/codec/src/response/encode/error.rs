//! ERROR, each code with the details that its version gives it (v5 §8).

use bytes::{BufMut, BytesMut};

use crate::envelope_writer::require_version;
use crate::wire::write;
use crate::{EncodeError, Failures, ProtocolVersion, Replicas, ServerError, ServerErrorDetail};

pub(super) fn put_error(
    out: &mut BytesMut,
    error: &ServerError,
    version: ProtocolVersion,
) -> Result<(), EncodeError> {
    require_version("the code of this error", version, error.code.since())?;
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
