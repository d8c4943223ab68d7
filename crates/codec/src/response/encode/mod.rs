//! The server's half: responses written as a server of the version writes them.
//!
//! What a version does not have is refused, not replaced: a server of v3 reports the failure of a
//! read as a timeout, say, and which of them it sends is for its owner to decide.

mod error;
mod event;
mod result;

use bytes::{BufMut, BytesMut};

use self::error::put_error;
use self::event::put_event;
use self::result::put_result;
use super::{Decoded, Response, Supported};
use crate::envelope_writer::{require_version, write_envelope};
use crate::wire::write;
use crate::{
    Compression, Direction, EncodeError, EnvelopeFlags, EnvelopeHeader, ProtocolVersion, StreamId,
};

/// Appends a response envelope to `out`. `compression` is that of v3 and v4, where it was
/// negotiated.
///
/// # Errors
///
/// What the version cannot say, and what is longer than its length field can say; `out` is as it
/// was.
pub fn encode_response(
    response: &Decoded,
    version: ProtocolVersion,
    stream: StreamId,
    compression: Option<Compression>,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    let mut flags = EnvelopeFlags::NONE;
    if response.prefixes.tracing_id().is_some() {
        flags |= EnvelopeFlags::TRACING;
    }
    if !response.prefixes.warnings().is_empty() {
        require_version("warnings", version, ProtocolVersion::V4)?;
        flags |= EnvelopeFlags::WARNING;
    }
    if response.prefixes.custom_payload().is_some() {
        require_version("custom payload", version, ProtocolVersion::V4)?;
        flags |= EnvelopeFlags::CUSTOM_PAYLOAD;
    }
    let (direction, opcode) = (Direction::Response, response.response.opcode());
    let header = EnvelopeHeader { version, direction, flags, stream, opcode, length: 0 };
    write_envelope(out, header, compression, None, |out| {
        if let Some(id) = response.prefixes.tracing_id() {
            out.put_slice(id.as_bytes());
        }
        if !response.prefixes.warnings().is_empty() {
            write::string_list(out, "warnings", response.prefixes.warnings())?;
        }
        if let Some(payload) = response.prefixes.custom_payload() {
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
        Response::Event(event) => put_event(out, event, version),
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
