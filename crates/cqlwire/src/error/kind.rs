//! What happened.

use std::fmt;
use std::sync::Arc;

use cqlwire_cluster::PolicyPanicked;
use cqlwire_codec::{
    DecodeError, EncodeError, ErrorCode, Opcode, Prefixes, ServerError, StatementKind, ValueError,
};
use cqlwire_net::ConnectionEnd;
use cqlwire_stream::{PositionMismatch, StreamError};
use uuid::Uuid;

use super::advice::advice;
use super::limit::RequestLimit;
#[cfg(feature = "blocking")]
use super::unserved::Unserved;

/// What happened. The same failure is the same variant from whichever call it comes.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No host took the request, also when its plan was begun anew
    /// ([`RetrySettings`](crate::RetrySettings)). The attempts say which were tried, and why each did
    /// not.
    #[error("no host available{}", if *.plan_was_empty { ", and none was to be tried" } else { "" })]
    NoHostAvailable {
        /// There was nobody to try: the host that it was for is not in the cluster, or the policy
        /// named none, as for a local consistency where all hosts are remote.
        plan_was_empty: bool,
    },
    /// The server refused, or failed.
    #[error("{host}: {error}{}", advice(error))]
    Server {
        /// The host that said so.
        host: Arc<str>,
        /// What it said.
        #[source]
        error: Box<ServerError>,
        /// What came along: the id of a trace, warnings, a custom payload.
        prefixes: Prefixes,
    },
    /// As many requests wait as may, for their turn in the session or for the connections to each
    /// host. Nothing was sent.
    #[error("overloaded: {limit}")]
    Overloaded {
        /// The limit that was met.
        limit: RequestLimit,
    },
    /// The deadline passed.
    #[error("timeout: {} passed while {}", which(*.of_attempt), waited(*.phase, .host.as_deref()))]
    Timeout {
        /// What was being waited for.
        phase: TimeoutPhase,
        /// The host that was being waited for, if it was one.
        host: Option<Arc<str>>,
        /// Was it the deadline of one attempt, though that of the whole had not passed yet? Of a
        /// request that may not be sent again, it is
        /// [`attempt_timeout`](crate::ExecutionProfile::attempt_timeout); of connecting, the time that
        /// one connection has.
        of_attempt: bool,
    },
    /// The request was sent, and the connection ended before the response: it may have been done.
    #[error("{host}: the request was sent, but the connection ended before the response: {end}")]
    ConnectionLost {
        /// The host that it was sent to.
        host: Arc<str>,
        /// How the connection ended.
        #[source]
        end: Arc<ConnectionEnd>,
    },
    /// The answer is over the limit of a response. The request may have been done, and any host
    /// would answer the same.
    #[error("{host}: the response of {declared} bytes is over the limit of {limit}")]
    ResponseTooLarge {
        /// The host that answered.
        host: Arc<str>,
        /// The length of the body, in bytes.
        declared: u64,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The session has been closed; nothing was sent.
    #[error("the session is closed")]
    SessionClosed,
    /// The settings contradict themselves, or name what does not exist.
    #[error("{setting}: {why}")]
    Settings {
        /// Which one.
        setting: std::borrow::Cow<'static, str>,
        /// What is wrong with it.
        why: String,
    },
    /// The request cannot be said in the protocol, or its values do not fit. Nothing was sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The statements of a batch are over the limit of a request,
    /// [`max_request_bytes`](crate::SessionBuilder::max_request_bytes). Nothing was sent, and one
    /// that was to be added to the batch was not.
    #[error(
        "a batch of {statements} statements and {bytes} bytes is over the limit of {limit} bytes"
    )]
    BatchTooLarge {
        /// How many statements it has, with the one that was to be added.
        statements: usize,
        /// The length of the body, in bytes before compression.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The stream was to begin in the result of another statement. Nothing was sent.
    #[error(transparent)]
    PositionMismatch(#[from] PositionMismatch),
    /// There is no such keyspace: as the builder of a session, or one of its handles, was given it.
    /// Names are spelled as in the schema, where those that were never in quotes are in lower case.
    #[error("{host}: there is no keyspace `{keyspace}`: {}", .error.message)]
    UnknownKeyspace {
        /// Its name, as it was given.
        keyspace: Arc<str>,
        /// The host that said so.
        host: Arc<str>,
        /// What it said.
        #[source]
        error: Box<ServerError>,
    },
    /// `USE` would change one connection of many.
    #[error(
        "USE changes a single connection: name the keyspace in the session's builder, or by with_keyspace()"
    )]
    UseStatement,
    /// A server switched the keyspace of the connection that the request went over: it is closed
    /// before another request goes over it. The request was done.
    #[error("{host}: the server switched the keyspace of its connection, which is closed for that")]
    KeyspaceSwitched {
        /// The host that said so.
        host: Arc<str>,
    },
    /// The statement was prepared in another cluster or keyspace, where the same text is another
    /// statement. Nothing was sent.
    #[error("the statement was prepared in {there}, this is {here}: prepare it here")]
    PreparedElsewhere {
        /// Where it was prepared.
        there: String,
        /// Where it was to be executed.
        here: String,
    },
    /// The load balancing policy panicked. Nothing was sent.
    #[error(transparent)]
    LoadBalancing(#[from] PolicyPanicked),
    /// The retry policy panicked when it was asked about the last of the attempts.
    #[error("the retry policy panicked: {message}")]
    RetryPolicy {
        /// What it said.
        message: String,
    },
    /// The timestamp generator panicked. Nothing was sent.
    #[error("the timestamp generator panicked: {message}")]
    TimestampGenerator {
        /// What it said.
        message: String,
    },
    /// More rows of a load failed than may ([`max_failures`](crate::Load::max_failures)): it took no
    /// more. Each failed row was given out with its own error.
    #[error("{failed} rows failed, more than {limit} may (max_failures)")]
    TooManyFailures {
        /// How many failed.
        failed: u64,
        /// How many may.
        limit: u64,
    },
    /// The trace was not there in time. Servers write it once they have answered, if they can: what is
    /// too much for them to write is left out.
    #[error("the trace {id} {}", if *.has_begun { NOT_OVER } else { NOT_THERE })]
    NoTrace {
        /// Its id.
        id: Uuid,
        /// Has its coordinator written that it began? Then it may have ended without a word, as may
        /// happen to a coordinator under load, or to a request that is still under way there.
        has_begun: bool,
    },
    /// The response cannot be read.
    #[error("the response cannot be read: {0}")]
    Decode(#[from] DecodeError),
    /// A row cannot be read as what it was to be.
    #[error("{error}{}", place(*.page, *.row))]
    Value {
        /// The page of a stream, from 1.
        page: Option<u64>,
        /// The row of this page, from 1, if it is one row that cannot be read.
        row: Option<u64>,
        /// What is wrong with it.
        #[source]
        error: ValueError,
    },
    /// There are more rows than were to be collected.
    #[error("there are more than {limit} rows: raise the limit, or read them as they come")]
    TooManyRows {
        /// How many were to be collected at most.
        limit: usize,
    },
    /// The thread of a [blocking](crate::blocking) session does not serve whoever waits.
    #[cfg(feature = "blocking")]
    #[error("{0}")]
    Unserved(Unserved),
    /// The response is none to this request.
    #[error("{0} is no response to this request")]
    UnexpectedResponse(Opcode),
    /// The rows came without a description of their columns, and none is known that fits.
    #[error("rows of {columns} columns came without their description")]
    NoColumns {
        /// How many columns they have.
        columns: usize,
    },
    /// The result goes on after its first page.
    #[error("the result goes on after its first {rows} rows: read it with rows() or pages()")]
    MorePages {
        /// How many rows the page had.
        rows: u32,
    },
    /// Another number of rows than the call is made for.
    #[error("expected {expected}, got {found} rows")]
    RowCount {
        /// How many there should be.
        expected: &'static str,
        /// How many there were.
        found: u32,
    },
}

const NOT_OVER: &str =
    "has not come to its end yet: its coordinator has not written how long it took";
const NOT_THERE: &str = "is not there: no server has written it, or not yet, or it is older than servers keep it (a day)";

/// What was being waited for when a deadline passed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// A connection. Nothing was sent.
    Connect,
    /// Its turn: a stream id, or room on a connection; if there is no host yet, a permit of the
    /// session ([`max_requests`](crate::SessionBuilder::max_requests)). Nothing was sent.
    Queue,
    /// The socket to take the request. It was not sent.
    Write,
    /// The PREPARE of the statement, which others wait for, too. The statement was not sent.
    Prepare,
    /// The response. The request was sent, and may have been done.
    Response,
    /// The next attempt, after one that failed.
    Retry,
    /// The rows of a load ([`total_timeout`](crate::Load::total_timeout)): it took no more. Those
    /// that it had taken have outcomes of their own.
    Load,
}

impl fmt::Display for TimeoutPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Queue => "waiting for a slot on a connection",
            Self::Write => "waiting for the socket to take the request",
            Self::Prepare => "waiting for the statement to be prepared",
            Self::Response => "waiting for the response",
            Self::Retry => "trying again",
            Self::Load => "loading rows",
        })
    }
}

fn place(page: Option<u64>, row: Option<u64>) -> String {
    match (page, row) {
        (Some(page), Some(row)) => format!(" (page {page}, row {row})"),
        (Some(page), None) => format!(" (page {page})"),
        _ => String::new(),
    }
}

const fn which(of_attempt: bool) -> &'static str {
    if of_attempt { "the deadline of the attempt" } else { "the deadline" }
}

fn waited(phase: TimeoutPhase, host: Option<&str>) -> String {
    match (phase, host) {
        (TimeoutPhase::Write, Some(host)) => format!("waiting for the socket of {host} to take it"),
        (phase, Some(host)) => format!("{phase} of {host}"),
        (TimeoutPhase::Queue, None) => "waiting for its turn in the session (max_requests)".into(),
        (phase, None) => phase.to_string(),
    }
}

impl From<StreamError> for ErrorKind {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Columns { page, source: error } => {
                Self::Value { page: Some(page), row: None, error }
            }
            StreamError::Row { page, row, source: error } => {
                Self::Value { page: Some(page), row: Some(row), error }
            }
            StreamError::TooManyRows { limit } => Self::TooManyRows { limit },
        }
    }
}

impl ErrorKind {
    /// The host that it is about, as it was named.
    pub(super) fn host(&self) -> Option<Arc<str>> {
        match self {
            Self::Server { host, .. }
            | Self::ConnectionLost { host, .. }
            | Self::KeyspaceSwitched { host }
            | Self::UnknownKeyspace { host, .. }
            | Self::ResponseTooLarge { host, .. } => Some(Arc::clone(host)),
            Self::Timeout { host, .. } => host.clone(),
            _ => None,
        }
    }

    /// Of `NoHostAvailable`, its attempts tell.
    pub(super) const fn is_retryable(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::ConnectionLost { .. } | Self::Overloaded { .. } => true,
            Self::Server { error, .. } => is_passing(error.code),
            Self::NoTrace { .. } => true,
            _ => false,
        }
    }

    pub(super) const fn may_have_been_applied(&self, of: StatementKind) -> bool {
        match self {
            Self::Server { error, .. } => error.may_have_been_applied(of),
            #[cfg(feature = "blocking")]
            Self::Unserved(why) => why.may_have_been_applied(),
            Self::Timeout { phase, .. } => {
                matches!(phase, TimeoutPhase::Response | TimeoutPhase::Load)
            }
            // The server responded, so it did what it was asked; only the response is of no use.
            Self::ConnectionLost { .. }
            | Self::ResponseTooLarge { .. }
            | Self::Decode(_)
            | Self::UnexpectedResponse(_)
            | Self::NoColumns { .. }
            | Self::MorePages { .. }
            | Self::RowCount { .. }
            | Self::TooManyRows { .. }
            | Self::TooManyFailures { .. }
            | Self::KeyspaceSwitched { .. }
            | Self::Value { .. } => true,
            Self::NoHostAvailable { .. }
            | Self::UseStatement
            | Self::UnknownKeyspace { .. }
            | Self::SessionClosed
            | Self::Settings { .. }
            | Self::Encode(_)
            | Self::BatchTooLarge { .. }
            | Self::PositionMismatch(_)
            | Self::PreparedElsewhere { .. }
            | Self::LoadBalancing(_)
            | Self::TimestampGenerator { .. }
            | Self::NoTrace { .. }
            // What it was asked about is among the attempts.
            | Self::RetryPolicy { .. }
            | Self::Overloaded { .. } => false,
        }
    }
}

/// Is it an error of the moment?
pub(super) const fn is_passing(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Unavailable
            | ErrorCode::Overloaded
            | ErrorCode::IsBootstrapping
            | ErrorCode::ReadTimeout
            | ErrorCode::ReadFailure
            | ErrorCode::WriteTimeout
            | ErrorCode::WriteFailure
            | ErrorCode::CasWriteUnknown
            | ErrorCode::TruncateError
            | ErrorCode::ServerError
    )
}
