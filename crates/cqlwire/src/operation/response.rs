//! What a host said to an operation. Whatever a response changes beside the result is done here, for
//! all operations alike: the columns of a prepared statement, what is logged of warnings. A change
//! of the schema is handed on, as its agreement has to be waited for.

use std::sync::Arc;

use cqlwire_cluster::Host;
use cqlwire_codec::{
    ColumnSpec, Decoded, Envelope, Opcode, PlainResponse, Prefixes, Prepared, Response,
    ResultResponse, SchemaChange, StatementKind,
};
use cqlwire_net::RequestError;
use cqlwire_stream::{ExecutionInfo, Fetched, PageBudget, PageBytes, UnknownColumns};

use super::failure::Failure;
use crate::error::{AttemptFailure, ErrorKind};
use crate::prepared::{MetadataHandle, PreparedStatement};
use crate::result::{QueryResult, SchemaChanged};
use crate::shared::Shared;

/// A response that is not an error: its rows, none if it has none, and what else it is.
pub(crate) struct HostResponse {
    fetched: Fetched,
    /// Is it a page of rows, be it an empty one?
    is_rows: bool,
    /// What is rare is boxed: each response is moved some times.
    rest: Option<Box<Rest>>,
}

/// What hardly any response is beside its rows.
enum Rest {
    /// Rows that cannot be read.
    Unknown(UnknownColumns),
    SchemaChange(SchemaChanged),
    Other(Response),
}

/// A result that has been read: its rows, none if it has none, and what it changed of the schema.
pub(crate) type Fetch = (Fetched, Option<Box<SchemaChanged>>);

impl HostResponse {
    /// What it changed of the schema.
    #[inline]
    pub(crate) fn schema_change(&self) -> Option<&SchemaChange> {
        match &**self.rest.as_ref()? {
            Rest::SchemaChange(changed) => Some(&changed.change),
            Rest::Unknown(_) | Rest::Other(_) => None,
        }
    }

    pub(crate) fn set_schema_agreed(&mut self, all: bool) {
        if let Some(Rest::SchemaChange(changed)) = self.rest.as_deref_mut() {
            changed.agreed = all;
        }
    }

    /// The response to PREPARE.
    pub(crate) fn into_prepared(self) -> Result<Prepared, ErrorKind> {
        let opcode = self.opcode();
        match self.rest.map(|rest| *rest) {
            Some(Rest::Other(Response::Result(ResultResponse::Prepared(prepared)))) => {
                Ok(*prepared)
            }
            _ => Err(ErrorKind::UnexpectedResponse(opcode)),
        }
    }

    /// Is it a page of rows, be it an empty one?
    pub(crate) const fn is_rows(&self) -> bool {
        self.is_rows
    }

    pub(crate) fn opcode(&self) -> Opcode {
        match self.rest.as_deref() {
            Some(Rest::Other(response)) => response.opcode(),
            _ => Opcode::Result,
        }
    }

    /// Is it the whole result of a statement?
    #[inline]
    pub(crate) fn is_whole(&self) -> bool {
        self.is_result() && !self.fetched.has_more_pages()
    }

    /// Is it a result of a statement, be it only its first page?
    #[inline]
    pub(crate) fn is_result(&self) -> bool {
        self.rest.is_none() || self.schema_change().is_some()
    }

    /// Why it is not the whole of one.
    #[cold]
    pub(crate) fn not_whole(self) -> ErrorKind {
        match self.into_fetched() {
            Ok((fetched, _)) => ErrorKind::MorePages { rows: fetched.row_count() },
            Err(kind) => kind,
        }
    }

    /// Counts its page in the budget, which will be made of it.
    #[inline]
    pub(crate) fn hold(&self, budget: &PageBudget) -> PageBytes {
        self.fetched.hold(budget)
    }

    /// The whole result that it is: made where it stays, as it is large.
    #[inline]
    pub(crate) fn into_result(self, share: PageBytes, of: StatementKind) -> QueryResult {
        let schema = self.rest.and_then(|rest| rest.into_change().ok());
        QueryResult::new(self.fetched.into_held_page(share), schema, of)
    }

    /// The response to a statement.
    pub(crate) fn into_fetched(self) -> Result<Fetch, ErrorKind> {
        let change = self.rest.map(|rest| rest.into_change()).transpose()?;
        Ok((self.fetched, change))
    }
}

impl Rest {
    /// What it changed of the schema, if it is a result of a statement.
    #[cold]
    fn into_change(self) -> Result<Box<SchemaChanged>, ErrorKind> {
        match self {
            Self::SchemaChange(changed) => Ok(Box::new(changed)),
            Self::Unknown(unknown) => Err(ErrorKind::NoColumns { columns: unknown.sent }),
            Self::Other(response) => Err(ErrorKind::UnexpectedResponse(response.opcode())),
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
    metadata: Option<&MetadataHandle>,
) -> Result<HostResponse, Failure> {
    let response = read_response(shared, host, outcome, prepared, metadata);
    observe(shared, host, response.as_ref().map(drop));
    response
}

/// What a plain response says, at a glance: the one that nearly all requests have. The response is
/// made of it where it is wanted, without anything between.
#[derive(Copy, Clone)]
pub(crate) enum Glance<'a> {
    Void,
    Rows { columns: &'a Arc<[ColumnSpec]>, row_count: u32, content: usize },
}

impl<'a> Glance<'a> {
    /// `None` if it is another response to a request that was encoded by `metadata`, which has to be
    /// [read](read).
    #[inline]
    pub(crate) fn of(
        envelope: &Envelope,
        prepared: Option<&'a PreparedStatement>,
        metadata: Option<&'a MetadataHandle>,
    ) -> Option<Self> {
        match envelope.plain_response()? {
            PlainResponse::Void => Some(Self::Void),
            PlainResponse::Rows { column_count, row_count, content } => {
                let columns = prepared?.metadata(metadata?).result.columns.as_ref()?;
                let fits = columns.len() == column_count;
                fits.then_some(Self::Rows { columns, row_count, content })
            }
        }
    }

    /// The response, of this host.
    #[inline(always)]
    pub(crate) fn response(self, shared: &Shared, host: &Host, envelope: Envelope) -> HostResponse {
        observe(shared, host, Ok(()));
        let (coordinator, protocol) = (host.address().socket(), Some(envelope.header.version));
        let info = ExecutionInfo { prefixes: Prefixes::NONE, coordinator, protocol };
        match self {
            Self::Void => {
                let fetched = Fetched::without_rows(info);
                HostResponse { fetched, is_rows: false, rest: None }
            }
            Self::Rows { columns, row_count, content } => {
                let (columns, body) = (Arc::clone(columns), envelope.body);
                let fetched = Fetched::whole(columns, row_count, body, content, info);
                HostResponse { fetched, is_rows: true, rest: None }
            }
        }
    }
}

/// What it came to says how much the host bears.
#[inline]
fn observe(shared: &Shared, host: &Host, outcome: Result<(), &Failure>) {
    if let Some(limits) = &shared.host_limits {
        limits.observe(host, outcome, || shared.cluster().topology());
    }
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
    let without_rows = |prefixes, rest: Option<Rest>| {
        let is_rows = matches!(rest, Some(Rest::Unknown(_)));
        let fetched = Fetched::without_rows(info(prefixes));
        Ok(HostResponse { fetched, is_rows, rest: rest.map(Box::new) })
    };
    match response {
        Response::Result(ResultResponse::Rows(rows)) => {
            let known = prepared.zip(metadata).and_then(|(prepared, metadata)| {
                prepared.follow(metadata, &rows.metadata);
                prepared.metadata(metadata).result.columns.as_ref()
            });
            match Fetched::new(rows, known, info(prefixes)) {
                Ok(fetched) => Ok(HostResponse { fetched, is_rows: true, rest: None }),
                Err(unknown) => without_rows(Prefixes::NONE, Some(Rest::Unknown(unknown))),
            }
        }
        Response::Result(ResultResponse::Void) => without_rows(prefixes, None),
        Response::Result(ResultResponse::SchemaChange(change)) => {
            let changed = SchemaChanged { change, agreed: false };
            without_rows(prefixes, Some(Rest::SchemaChange(changed)))
        }
        // The connection is over with it: whatever else goes over it would go elsewhere.
        Response::Result(ResultResponse::SetKeyspace(_)) => {
            let host = host.address().to_string().into();
            Err(ErrorKind::KeyspaceSwitched { host }.into())
        }
        Response::Error(error) => Err(Failure::Attempt(AttemptFailure::Server { error, prefixes })),
        other => without_rows(prefixes, Some(Rest::Other(other))),
    }
}

#[cold]
fn without_response(error: RequestError) -> Failure {
    Failure::Attempt(AttemptFailure::NoResponse(Box::new(error)))
}
