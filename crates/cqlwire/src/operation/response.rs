//! What a host said to an operation. Whatever a response changes beside the result is done here, for
//! all operations alike: the columns of a prepared statement, what is logged of warnings. A change
//! of the schema is handed on, as its agreement has to be waited for.

use cqlwire_cluster::Host;
use cqlwire_codec::{
    Decoded, Envelope, Opcode, Prefixes, Prepared, Response, ResultResponse, SchemaChange,
};
use cqlwire_net::RequestError;
use cqlwire_stream::{ExecutionInfo, Fetched, UnknownColumns};

use super::failure::Failure;
use crate::error::{AttemptFailure, ErrorKind};
use crate::prepared::{MetadataHandle, PreparedStatement};
use crate::shared::Shared;

/// A response that is not an error: its rows, none if it has none, and what else it is.
pub(crate) struct HostResponse {
    fetched: Fetched,
    rest: Rest,
}

/// What a response is beside its rows. Rare is boxed: each response is moved some times.
enum Rest {
    Rows,
    /// Rows that cannot be read.
    Unknown(UnknownColumns),
    Void,
    /// What changed, and whether all hosts knew it in time.
    SchemaChange(Box<SchemaChange>, bool),
    Other(Box<Response>),
}

/// A result that has been read: its rows, none if it has none, and what it changed of the schema,
/// with whether all hosts knew it in time.
pub(crate) type Fetch = (Fetched, Option<(Box<SchemaChange>, bool)>);

impl HostResponse {
    /// What it changed of the schema.
    #[inline]
    pub(crate) const fn schema_change(&self) -> Option<&SchemaChange> {
        match &self.rest {
            Rest::SchemaChange(change, _) => Some(change),
            _ => None,
        }
    }

    pub(crate) fn set_schema_agreed(&mut self, all: bool) {
        if let Rest::SchemaChange(_, agreed) = &mut self.rest {
            *agreed = all;
        }
    }

    /// The response to PREPARE.
    pub(crate) fn into_prepared(self) -> Result<Prepared, ErrorKind> {
        let opcode = self.opcode();
        match self.rest {
            Rest::Other(response) => match *response {
                Response::Result(ResultResponse::Prepared(prepared)) => Ok(*prepared),
                _ => Err(ErrorKind::UnexpectedResponse(opcode)),
            },
            _ => Err(ErrorKind::UnexpectedResponse(opcode)),
        }
    }

    /// Is it a page of rows, be it an empty one?
    pub(crate) const fn is_rows(&self) -> bool {
        matches!(self.rest, Rest::Rows | Rest::Unknown(_))
    }

    pub(crate) fn opcode(&self) -> Opcode {
        match &self.rest {
            Rest::Other(response) => response.opcode(),
            _ => Opcode::Result,
        }
    }

    /// The response to a statement.
    #[inline]
    pub(crate) fn into_fetched(self) -> Result<Fetch, ErrorKind> {
        let change = match self.rest {
            Rest::Rows | Rest::Void => None,
            Rest::SchemaChange(change, agreed) => Some((change, agreed)),
            Rest::Unknown(_) | Rest::Other(_) => return Err(self.rest.unexpected()),
        };
        Ok((self.fetched, change))
    }
}

impl Rest {
    #[cold]
    fn unexpected(self) -> ErrorKind {
        match self {
            Self::Unknown(unknown) => ErrorKind::NoColumns { columns: unknown.sent },
            Self::Other(response) => ErrorKind::UnexpectedResponse(response.opcode()),
            _ => ErrorKind::UnexpectedResponse(Opcode::Result),
        }
    }
}

/// Reads what `host` said to a request that was encoded by `metadata`, and does what follows from
/// it.
///
/// # Errors
///
/// It said nothing, or an ERROR, or what cannot be read.
#[inline]
pub(crate) fn read(
    shared: &Shared,
    host: &Host,
    outcome: Result<Envelope, RequestError>,
    prepared: Option<&PreparedStatement>,
    metadata: Option<&MetadataHandle>,
) -> Result<HostResponse, Failure> {
    let response = read_response(shared, host, outcome, prepared, metadata);
    if let Some(limits) = &shared.host_limits {
        limits.observe(host, &response, || shared.cluster().topology());
    }
    response
}

#[inline]
fn read_response(
    shared: &Shared,
    host: &Host,
    outcome: Result<Envelope, RequestError>,
    prepared: Option<&PreparedStatement>,
    metadata: Option<&MetadataHandle>,
) -> Result<HostResponse, Failure> {
    let envelope = outcome.map_err(without_response)?;
    let version = envelope.header.version;
    let Decoded { prefixes, response } = envelope.into_response().map_err(ErrorKind::from)?;
    if !prefixes.warnings().is_empty() {
        shared.log.warned(host.address(), prefixes.warnings());
    }
    let coordinator = host.address().socket();
    let info = |prefixes| ExecutionInfo { prefixes, coordinator, protocol: Some(version) };
    let without_rows =
        |prefixes, rest| Ok(HostResponse { fetched: Fetched::without_rows(info(prefixes)), rest });
    match response {
        Response::Result(ResultResponse::Rows(rows)) => {
            let known = prepared.zip(metadata).and_then(|(prepared, metadata)| {
                prepared.follow(metadata, &rows.metadata);
                prepared.metadata(metadata).result.columns.as_ref()
            });
            match Fetched::new(rows, known, info(prefixes)) {
                Ok(fetched) => Ok(HostResponse { fetched, rest: Rest::Rows }),
                Err(unknown) => without_rows(Prefixes::NONE, Rest::Unknown(unknown)),
            }
        }
        Response::Result(ResultResponse::Void) => without_rows(prefixes, Rest::Void),
        Response::Result(ResultResponse::SchemaChange(change)) => {
            without_rows(prefixes, Rest::SchemaChange(Box::new(change), false))
        }
        // The connection is over with it: whatever else goes over it would go elsewhere.
        Response::Result(ResultResponse::SetKeyspace(_)) => {
            let host = host.address().to_string().into();
            Err(ErrorKind::KeyspaceSwitched { host }.into())
        }
        Response::Error(error) => Err(Failure::Attempt(AttemptFailure::Server { error, prefixes })),
        other => without_rows(prefixes, Rest::Other(Box::new(other))),
    }
}

#[cold]
fn without_response(error: RequestError) -> Failure {
    Failure::Attempt(AttemptFailure::NoResponse(Box::new(error)))
}
