//! One host that was tried, and what it came to.

use std::sync::Arc;

use cqlwire_cluster::{ContactAttempt, ContactFailure};
use cqlwire_codec::{ErrorCode, Prefixes, ServerError, StatementKind};
use cqlwire_net::{AskError, RefusedBecause, RequestError};
use cqlwire_pool::{NotConnected, Unconnected};

use super::kind::{ErrorKind, is_passing};

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
    /// The version of the protocol that it speaks cannot say what the request says. Nothing was sent.
    #[error("{0}")]
    NotInVersion(#[source] Box<ErrorKind>),
    /// The request got no response.
    #[error("{}", .0.failure)]
    NoResponse(#[source] Box<RequestError>),
    /// The attempt's own deadline passed
    /// ([`attempt_timeout`](crate::ExecutionProfile::attempt_timeout)), before that of the whole.
    #[error("within the time of the attempt: {}", .0.failure)]
    TimedOut(#[source] Box<RequestError>),
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
    /// Another execution of the request, beside the one that this is the error of, ended there.
    #[error("another execution: {0}")]
    Execution(#[source] Box<ErrorKind>),
    /// It could not be asked about the cluster.
    #[error("{0}")]
    Contact(#[source] Box<ContactFailure>),
}

impl Attempt {
    /// Could it go well a moment later, without anybody changing anything?
    pub(super) fn is_retryable(&self) -> bool {
        self.failure.is_retryable()
    }

    /// Has anything been sent to the host?
    pub(crate) fn was_sent(&self) -> bool {
        self.failure.was_sent()
    }

    pub(super) fn may_have_been_applied(&self, of: StatementKind) -> bool {
        match &self.failure {
            AttemptFailure::NoResponse(error) | AttemptFailure::TimedOut(error) => {
                error.may_have_been_applied()
            }
            AttemptFailure::Server { error, .. } => error.may_have_been_applied(of),
            AttemptFailure::Execution(kind) => kind.may_have_been_applied(of),
            AttemptFailure::NotConnected(_)
            | AttemptFailure::Refused(_)
            | AttemptFailure::NotInVersion(_)
            | AttemptFailure::Prepare(_)
            | AttemptFailure::Forgotten { .. }
            | AttemptFailure::Contact(_) => false,
        }
    }
}

impl AttemptFailure {
    /// What the server said, if it is an ERROR of the statement itself.
    pub(crate) const fn server_error(&self) -> Option<&ServerError> {
        match self {
            Self::Server { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Has anything been sent to the host, the PREPARE of the statement included?
    pub(crate) fn was_sent(&self) -> bool {
        match self {
            Self::Server { .. } => true,
            Self::NoResponse(error) | Self::TimedOut(error) => error.may_have_been_applied(),
            Self::Prepare(failure) => failure.was_sent(),
            // Its attempts are there by themselves.
            Self::Execution(_)
            | Self::NotConnected(_)
            | Self::Refused(_)
            | Self::NotInVersion(_)
            | Self::Forgotten { .. }
            | Self::Contact(_) => false,
        }
    }

    /// May it be over within moments, at the same hosts: is it worth it to wait, and go through them
    /// once more?
    ///
    /// That a queue of ours is full is not: it is there to wait in, and whoever sends more than it
    /// takes is to hear of it.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::NotConnected(error) => !error.reason.is_permanent(),
            Self::Refused(because) => {
                matches!(because, RefusedBecause::Closing | RefusedBecause::Ended)
            }
            Self::NoResponse(error) => !error.failure.would_recur(),
            Self::TimedOut(_) => true,
            Self::Server { error, .. } => {
                matches!(error.code, ErrorCode::Overloaded | ErrorCode::IsBootstrapping)
            }
            Self::Prepare(failure) => failure.may_pass(),
            Self::Execution(_)
            | Self::NotInVersion(_)
            | Self::Forgotten { .. }
            | Self::Contact(_) => false,
        }
    }

    /// Does its version of the protocol lack the words? Then others say more of it than that there is
    /// no host.
    pub(crate) fn is_not_in_version(&self) -> bool {
        match self {
            Self::NotInVersion(_) => true,
            Self::Prepare(failure) => failure.is_not_in_version(),
            _ => false,
        }
    }

    fn is_retryable(&self) -> bool {
        match self {
            Self::NotConnected(error) => !error.reason.is_permanent(),
            Self::Refused(_) | Self::Forgotten { .. } | Self::TimedOut(_) => true,
            Self::NoResponse(error) => !error.failure.would_recur(),
            Self::Server { error, .. } => is_passing(error.code),
            Self::Prepare(failure) => failure.is_retryable(),
            Self::Execution(kind) | Self::NotInVersion(kind) => kind.is_retryable(),
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
