//! Why an operation has no response from a host that it could be content with.

use std::sync::Arc;

use cqlwire_codec::{EncodeError, Prefixes, ServerErrorDetail};
use cqlwire_net::{Reached, RefusedBecause, RequestError, RequestFailure};

use crate::cql;
use crate::error::{AttemptFailure, ErrorKind, TimeoutPhase};

/// Why an attempt failed.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// The host, the way to it, or what it said.
    Attempt(AttemptFailure),
    /// The values do not fit what is known of the statement, which may be out of date. Nothing was
    /// sent.
    Values(EncodeError),
    /// It is wrong, or cannot be read, whichever host it is.
    Final(ErrorKind),
}

impl<K: Into<ErrorKind>> From<K> for Failure {
    fn from(kind: K) -> Self {
        Self::Final(kind.into())
    }
}

impl Failure {
    /// Is it that a deadline of this client passed?
    pub(crate) fn is_timeout(&self) -> bool {
        match self {
            Self::Attempt(AttemptFailure::NoResponse(error)) => {
                matches!(error.failure, RequestFailure::DeadlinePassed(_))
            }
            Self::Final(kind) => matches!(kind, ErrorKind::Timeout { .. }),
            _ => false,
        }
    }

    /// Is it an error that the server has answered with?
    pub(crate) const fn is_of_server(&self) -> bool {
        matches!(self, Self::Attempt(AttemptFailure::Server { .. }))
    }

    /// The id of the prepared statement that the host does not know.
    pub(crate) fn unprepared_id(&self) -> Option<&[u8]> {
        match self {
            Self::Attempt(AttemptFailure::Server { error, .. }) => match &error.detail {
                ServerErrorDetail::Unprepared { id } => Some(id),
                _ => None,
            },
            _ => None,
        }
    }

    /// The same of statements of these texts, without what stands behind PASSWORD in them: servers quote
    /// what they do not understand.
    #[cold]
    pub(crate) fn without_secrets_of<'t, T>(mut self, texts: impl FnOnce() -> T) -> Self
    where
        T: IntoIterator<Item = &'t str>,
    {
        if let Self::Attempt(AttemptFailure::Server { error, prefixes }) = &mut self {
            let (tracing_id, mut warnings, payload) = std::mem::take(prefixes).into_parts();
            for text in texts() {
                cql::mask_in(&mut error.message, text);
                warnings.iter_mut().for_each(|warning| cql::mask_in(warning, text));
            }
            *prefixes = Prefixes::new(tracing_id, warnings, payload);
        }
        self
    }

    /// The error of an operation that ends with this.
    #[cold]
    pub(crate) fn into_kind(self, host: Arc<str>) -> ErrorKind {
        match self {
            Self::Final(kind) => kind,
            Self::Values(error) => error.into(),
            Self::Attempt(AttemptFailure::Server { error, prefixes }) => {
                ErrorKind::Server { host, error, prefixes }
            }
            Self::Attempt(AttemptFailure::NoResponse(error)) => {
                without_response(host, *error, false)
            }
            Self::Attempt(AttemptFailure::TimedOut(error)) => without_response(host, *error, true),
            Self::Attempt(AttemptFailure::Refused(RefusedBecause::TooLarge { bytes, limit })) => {
                EncodeError::TooLong { what: "body of a request", length: bytes, limit }.into()
            }
            Self::Attempt(AttemptFailure::NotInVersion(kind)) => *kind,
            Self::Attempt(
                AttemptFailure::NotConnected(_)
                | AttemptFailure::Refused(_)
                | AttemptFailure::Prepare(_)
                | AttemptFailure::Execution(_)
                | AttemptFailure::Forgotten { .. }
                | AttemptFailure::Contact(_),
            ) => ErrorKind::NoHostAvailable { plan_was_empty: false },
        }
    }
}

fn without_response(host: Arc<str>, error: RequestError, of_attempt: bool) -> ErrorKind {
    match error.failure {
        RequestFailure::DeadlinePassed(reached) => {
            ErrorKind::Timeout { phase: phase(reached), host: Some(host), of_attempt }
        }
        RequestFailure::ConnectionLost(end) => ErrorKind::ConnectionLost { host, end },
        RequestFailure::ResponseTooLarge { declared, limit } => {
            ErrorKind::ResponseTooLarge { host, declared, limit }
        }
        _ => ErrorKind::NoHostAvailable { plan_was_empty: false },
    }
}

const fn phase(reached: Reached) -> TimeoutPhase {
    match reached {
        Reached::Waiting => TimeoutPhase::Queue,
        Reached::Queued => TimeoutPhase::Write,
        Reached::Written => TimeoutPhase::Response,
    }
}
