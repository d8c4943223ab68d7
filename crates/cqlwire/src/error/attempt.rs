//! One host that was tried, and what it came to.

use std::sync::Arc;

use cqlwire_cluster::{ContactAttempt, ContactFailure};
use cqlwire_codec::{ErrorCode, Prefixes, ServerError, StatementKind};
use cqlwire_net::{AskError, RefusedBecause, RequestError};
use cqlwire_pool::{NotConnected, Unconnected};

/// One host that was tried, or skipped, and why that was not the end of it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{host}: {failure}")]
#[non_exhaustive]
pub struct Attempt {
    /// The host, as it was named.
    pub host: Arc<str>,
    /// What it came to.
    #[source]
    pub failure: AttemptFailure,
}

/// What an attempt came to.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttemptFailure {
    /// It was skipped: there is no connection to it.
    #[error("skipped: {}", reason(&.0.reason))]
    NotConnected(#[source] NotConnected),
    /// Its connection took no more requests. Nothing was sent.
    #[error("{0}")]
    Refused(RefusedBecause),
    /// The request got no response.
    #[error("{}", .0.failure)]
    NoResponse(#[source] Box<RequestError>),
    /// It refused in a way that another host may not.
    #[error("{error}")]
    Server {
        /// What it said.
        #[source]
        error: Box<ServerError>,
        /// What came along: the id of a trace, warnings, a custom payload.
        prefixes: Prefixes,
    },
    /// It does not know the statement any more, and did not prepare it. Nothing was executed.
    #[error("not prepared: {0}")]
    Prepare(#[source] Box<Self>),
    /// It prepared the statement so often, and forgot it each time before it was asked to execute
    /// it. Nothing was executed.
    #[error("it forgot the statement each of {times} times that it prepared it")]
    Forgotten {
        /// How often it prepared it.
        times: u8,
    },
    /// It could not be asked about the cluster.
    #[error("{0}")]
    Contact(#[source] Box<ContactFailure>),
}

impl Attempt {
    /// Could it go well a moment later, without anybody changing anything?
    pub(super) fn is_retryable(&self) -> bool {
        self.failure.is_retryable()
    }

    pub(super) fn may_have_been_applied(&self, of: StatementKind) -> bool {
        match &self.failure {
            AttemptFailure::NoResponse(error) => error.may_have_been_applied(),
            AttemptFailure::Server { error, .. } => error.may_have_been_applied(of),
            AttemptFailure::NotConnected(_)
            | AttemptFailure::Refused(_)
            | AttemptFailure::Prepare(_)
            | AttemptFailure::Forgotten { .. }
            | AttemptFailure::Contact(_) => false,
        }
    }
}

impl AttemptFailure {
    fn is_retryable(&self) -> bool {
        match self {
            Self::NotConnected(error) => !error.reason.is_permanent(),
            Self::Refused(_) | Self::Forgotten { .. } => true,
            Self::NoResponse(error) => !error.failure.would_recur(),
            Self::Server { error, .. } => is_passing(error.code),
            Self::Prepare(failure) => failure.is_retryable(),
            Self::Contact(failure) => could_contact(failure),
        }
    }
}

fn could_contact(failure: &ContactFailure) -> bool {
    match failure {
        ContactFailure::Ask(AskError::Server(error)) => is_passing(error.code),
        ContactFailure::Ask(_) => true,
        ContactFailure::Value(_) | ContactFailure::NoLocalRow => false,
        other => !other.is_permanent(),
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

impl From<ContactAttempt> for Attempt {
    fn from(attempt: ContactAttempt) -> Self {
        let host = attempt.host().into();
        Self { host, failure: AttemptFailure::Contact(Box::new(attempt.failure)) }
    }
}

/// The host is named already.
fn reason(reason: &Unconnected) -> String {
    match reason {
        Unconnected::Failed(error) => error.reason().to_string(),
        other => format!("no connection: {other}"),
    }
}
