//! What a host said to an operation. Whatever a response changes beside the result is done here, for
//! all operations alike: the columns of a prepared statement, what is logged of warnings. A change
//! of the schema is handed on, as its agreement has to be waited for.

use std::net::SocketAddr;
use std::sync::Arc;

use cqlwire_cluster::Host;
use cqlwire_codec::{
    Decoded, Envelope, ErrorCode, Opcode, Prepared, ProtocolVersion, Response, ResultResponse,
    SchemaChange,
};
use cqlwire_net::RequestError;
use cqlwire_stream::{ExecutionInfo, Fetched};

use super::failure::Failure;
use crate::error::{AttemptFailure, ErrorKind};
use crate::prepared::{PreparedStatement, StatementMetadata};
use crate::shared::Shared;

/// A response that is not an error, and what is needed to read it.
pub(crate) struct HostResponse {
    coordinator: Option<SocketAddr>,
    version: ProtocolVersion,
    decoded: Decoded,
    metadata: Option<Arc<StatementMetadata>>,
    /// Of one that changed the schema: whether all hosts knew it in time.
    schema_agreed: bool,
}

/// A result that has been read: its rows, none if it has none, and what it changed of the schema,
/// with whether all hosts knew it in time.
pub(crate) type Fetch = (Fetched, Option<(Box<SchemaChange>, bool)>);

impl HostResponse {
    /// Did it change the schema?
    pub(crate) const fn changes_schema(&self) -> bool {
        matches!(self.decoded.response, Response::Result(ResultResponse::SchemaChange(_)))
    }

    pub(crate) fn set_schema_agreed(&mut self, agreed: bool) {
        self.schema_agreed = agreed;
    }

    /// The response to PREPARE.
    pub(crate) fn into_prepared(self) -> Result<Prepared, ErrorKind> {
        match self.decoded.response {
            Response::Result(ResultResponse::Prepared(prepared)) => Ok(*prepared),
            other => Err(ErrorKind::UnexpectedResponse(other.opcode())),
        }
    }

    /// Is it a page of rows, be it an empty one?
    pub(crate) const fn is_rows(&self) -> bool {
        matches!(self.decoded.response, Response::Result(ResultResponse::Rows(_)))
    }

    pub(crate) fn opcode(&self) -> Opcode {
        self.decoded.response.opcode()
    }

    /// The response to a statement.
    pub(crate) fn into_fetched(self) -> Result<Fetch, ErrorKind> {
        let info = ExecutionInfo {
            prefixes: self.decoded.prefixes,
            coordinator: self.coordinator,
            protocol: Some(self.version),
        };
        let result = match self.decoded.response {
            Response::Result(result) => result,
            other => return Err(ErrorKind::UnexpectedResponse(other.opcode())),
        };
        match result {
            ResultResponse::Rows(rows) => {
                let metadata = self.metadata.as_ref();
                let known = metadata.and_then(|metadata| metadata.result.columns.as_ref());
                let fetched = Fetched::new(rows, known, info)
                    .map_err(|unknown| ErrorKind::NoColumns { columns: unknown.sent })?;
                Ok((fetched, None))
            }
            ResultResponse::Void => Ok((Fetched::without_rows(info), None)),
            ResultResponse::SchemaChange(change) => {
                let change = Some((Box::new(change), self.schema_agreed));
                Ok((Fetched::without_rows(info), change))
            }
            ResultResponse::SetKeyspace(_) => Err(ErrorKind::UseStatement),
            ResultResponse::Prepared(_) => Err(ErrorKind::UnexpectedResponse(Opcode::Result)),
        }
    }
}

/// Reads what `host` said to a request that was encoded by `metadata`, and does what follows from
/// it.
///
/// # Errors
///
/// It said nothing, or an ERROR, or what cannot be read.
pub(crate) fn read(
    shared: &Shared,
    host: &Host,
    outcome: Result<Envelope, RequestError>,
    prepared: Option<&PreparedStatement>,
    metadata: Option<Arc<StatementMetadata>>,
) -> Result<HostResponse, Failure> {
    let envelope = outcome.map_err(without_response)?;
    let version = envelope.header.version;
    let decoded = envelope.into_response().map_err(ErrorKind::from)?;
    if !decoded.prefixes.warnings().is_empty() {
        shared.warnings.log(host.address(), decoded.prefixes.warnings());
    }
    match &decoded.response {
        Response::Error(error) => {
            if let (ErrorCode::Unprepared, Some(prepared)) = (error.code, prepared) {
                prepared.forgotten_by(host.id());
            }
            return Err(server_error(decoded));
        }
        // The connection is over with it: whatever else goes over it would go elsewhere.
        Response::Result(ResultResponse::SetKeyspace(_)) => {
            return Err(ErrorKind::UseStatement.into());
        }
        Response::Result(ResultResponse::Rows(rows)) => {
            if let (Some(prepared), Some(metadata)) = (prepared, &metadata) {
                prepared.follow(metadata, &rows.metadata);
            }
        }
        _ => {}
    }
    let coordinator = host.address().socket();
    Ok(HostResponse { coordinator, version, decoded, metadata, schema_agreed: false })
}

#[cold]
fn without_response(error: RequestError) -> Failure {
    Failure::Attempt(AttemptFailure::NoResponse(Box::new(error)))
}

#[cold]
fn server_error(decoded: Decoded) -> Failure {
    let Decoded { response, prefixes } = decoded;
    match response {
        Response::Error(error) => Failure::Attempt(AttemptFailure::Server { error, prefixes }),
        other => ErrorKind::UnexpectedResponse(other.opcode()).into(),
    }
}
