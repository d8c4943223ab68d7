//! Requests that a server has read, written again as a client writes them.

use bytes::BytesMut;
use cqlwire_codec::request::{
    BoundValue, DecodedBatch, DecodedParameters, DecodedStatement, RequestMessage,
};
use cqlwire_codec::{
    AuthResponse, Batch, BatchStatementKind, BatchStatements, EncodeError, EncodeRequest, Execute,
    Options, Prepare, ProtocolVersion, Query, QueryParameters, Register, RequestEnvelope,
    RequestOptions, Startup, encode_request,
};

/// A client's envelope of this message.
///
/// # Errors
///
/// What the version cannot say.
pub(crate) fn encode(
    message: &RequestMessage,
    version: ProtocolVersion,
    options: &RequestOptions<'_>,
) -> Result<RequestEnvelope, EncodeError> {
    let request = Encoding { version, options };
    match message {
        RequestMessage::Startup(options) => request.of(&Startup { options: options.clone() }),
        RequestMessage::Options => request.of(&Options),
        RequestMessage::Register(events) => request.of(&Register { events }),
        RequestMessage::AuthResponse(token) => {
            request.of(&AuthResponse { token: token.as_deref().unwrap_or_default() })
        }
        RequestMessage::Query { statement, parameters } => {
            request.of(&Query { statement, parameters: borrowed(parameters) })
        }
        RequestMessage::Prepare { statement, keyspace } => {
            request.of(&Prepare { statement, keyspace: keyspace.as_deref() })
        }
        RequestMessage::Execute { id, result_metadata_id, parameters } => request.of(&Execute {
            id,
            result_metadata_id: result_metadata_id.as_deref(),
            parameters: borrowed(parameters),
        }),
        RequestMessage::Batch(batch) => request.of_batch(batch),
        _ => unreachable!("a request that is not known here"),
    }
}

struct Encoding<'a> {
    version: ProtocolVersion,
    options: &'a RequestOptions<'a>,
}

impl Encoding<'_> {
    fn of<R: EncodeRequest>(&self, request: &R) -> Result<RequestEnvelope, EncodeError> {
        encode_request(request, self.version, self.options, BytesMut::new())
    }

    fn of_batch(&self, batch: &DecodedBatch) -> Result<RequestEnvelope, EncodeError> {
        let mut statements = BatchStatements::default();
        for statement in &batch.statements {
            let kind = match &statement.statement {
                DecodedStatement::Query(text) => BatchStatementKind::Query(text),
                DecodedStatement::Prepared(id) => BatchStatementKind::Prepared(id),
            };
            statements.add(kind, &statement.values[..], &[])?;
        }
        self.of(&Batch {
            batch_type: batch.batch_type,
            statements: &statements,
            consistency: batch.consistency,
            serial_consistency: batch.serial_consistency,
            timestamp_micros: batch.timestamp_micros,
            keyspace: batch.keyspace.as_deref(),
            now_in_seconds: batch.now_in_seconds,
        })
    }
}

fn borrowed(parameters: &DecodedParameters) -> QueryParameters<'_, [BoundValue]> {
    QueryParameters {
        skip_metadata: parameters.skip_metadata,
        page_size: parameters.page_size,
        paging_state: parameters.paging_state.as_ref(),
        serial_consistency: parameters.serial_consistency,
        timestamp_micros: parameters.timestamp_micros,
        keyspace: parameters.keyspace.as_deref(),
        now_in_seconds: parameters.now_in_seconds,
        ..QueryParameters::new(parameters.consistency, &parameters.values[..])
    }
}
