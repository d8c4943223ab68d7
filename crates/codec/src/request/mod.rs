//! Requests: what a client asks, encoded by the client and decoded by the server's half.
//!
//! Each message is a struct that borrows what it says and implements [`EncodeRequest`];
//! [`encode_request`] makes a whole [`RequestEnvelope`] of one. What a version cannot say is an
//! error there, never left out in silence. For the other end, [`decode`] gives an owned
//! [`RequestMessage`].

mod batch;
mod batch_statements;
mod bound;
mod decode;
mod message;
mod parameters;
mod session;
mod statement;

pub use batch::{Batch, BatchType};
pub use batch_statements::{
    BatchMark, BatchStatement, BatchStatementKind, BatchStatements, BatchValues,
};
pub use bound::{BindValue, BoundValue};
pub use decode::{custom_payload, decode};
pub use message::{
    DecodedBatch, DecodedBatchStatement, DecodedParameters, DecodedStatement, RequestMessage,
};
pub use parameters::QueryParameters;
pub use session::{AuthResponse, Options, Register, Startup};
pub use statement::{Execute, Prepare, Query};

use bytes::BytesMut;

use crate::envelope_writer::{require_version, write_envelope};
use crate::wire::write;
use crate::{
    Compression, CustomPayload, Direction, EncodeError, EnvelopeFlags, EnvelopeHeader, Opcode,
    ProtocolVersion, RequestEnvelope, StreamId,
};

/// A request message, as a client encodes it.
pub trait EncodeRequest {
    /// The opcode of its envelope.
    const OPCODE: Opcode;

    /// Appends the message, without the prefixes that the envelope's flags announce.
    ///
    /// # Errors
    ///
    /// What the message says and the version cannot. What was appended until then is taken back by
    /// [`encode_request`].
    fn encode_body(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError>;
}

/// What goes with a request apart from its message.
#[derive(Clone, Debug, Default)]
pub struct RequestOptions<'a> {
    /// Asks the server to trace the request. Honoured for QUERY, PREPARE, EXECUTE and BATCH.
    pub tracing: bool,
    /// For the server's query handler (v4 and newer).
    pub custom_payload: Option<&'a CustomPayload>,
    /// The compression that STARTUP negotiated. Only of v3 and v4, where envelopes are compressed
    /// one by one; v5 compresses segments. Never applied to STARTUP itself.
    pub compression: Option<Compression>,
    /// The longest body, in bytes before compression; `None` for what the protocol can say.
    /// Servers refuse more than their own limit: 16 MiB since 4.1, 256 MiB before.
    pub max_body_bytes: Option<usize>,
}

/// Encodes one request into a whole envelope, with stream 0 in its header.
///
/// `buffer` is cleared first; giving the one of an earlier request back
/// ([`RequestEnvelope::into_buffer`]) saves its allocation: with room in it, encoding allocates
/// nothing.
///
/// # Errors
///
/// What the version does not have, what is longer than its length field can say or than
/// `max_body_bytes`, and values that do not fit their bind markers. The buffer is dropped then,
/// with what was written of the request.
pub fn encode_request<R: EncodeRequest>(
    request: &R,
    version: ProtocolVersion,
    options: &RequestOptions<'_>,
    mut buffer: BytesMut,
) -> Result<RequestEnvelope, EncodeError> {
    buffer.clear();
    write_request(request, version, options, &mut buffer)?;
    Ok(RequestEnvelope::from_encoded(buffer, version, R::OPCODE))
}

/// Writes the envelope of one request to an empty buffer, which is empty again after an error.
#[inline]
pub(crate) fn write_request<R: EncodeRequest>(
    request: &R,
    version: ProtocolVersion,
    options: &RequestOptions<'_>,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    let mut flags = EnvelopeFlags::NONE;
    if options.tracing {
        flags |= EnvelopeFlags::TRACING;
    }
    if options.custom_payload.is_some() {
        require_version("custom payload", version, ProtocolVersion::V4)?;
        flags |= EnvelopeFlags::CUSTOM_PAYLOAD;
    }
    let direction = Direction::Request;
    let stream = StreamId::CONNECTION;
    let header = EnvelopeHeader { version, direction, flags, stream, opcode: R::OPCODE, length: 0 };
    // A server cannot know the compression before STARTUP has told it.
    let compression = options.compression.filter(|_| R::OPCODE != Opcode::Startup);
    write_envelope(out, header, compression, options.max_body_bytes, |out| {
        if let Some(payload) = options.custom_payload {
            write::bytes_map(out, "custom payload", payload)?;
        }
        request.encode_body(version, out)
    })
}

#[cfg(test)]
mod tests;
