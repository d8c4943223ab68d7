//! One host that was tried, and what it came to.

use std::sync::Arc;

use cqlwire_cluster::{ContactAttempt, ContactFailure};
use cqlwire_codec::ServerError;
use cqlwire_net::{RefusedBecause, RequestError};
use cqlwire_pool::{NotConnected, Unconnected};

/// One host that was tried, or skipped, and why that was not the end of it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{host}: {failure}")]
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
    #[error("{}", in_words(*.0))]
    Refused(RefusedBecause),
    /// The request got no answer.
    #[error("{}", .0.failure)]
    NoResponse(#[source] Box<RequestError>),
    /// It refused in a way that another host may not.
    #[error("{0}")]
    Server(#[source] Box<ServerError>),
    /// It could not be asked about the cluster.
    #[error("{0}")]
    Contact(#[source] Box<ContactFailure>),
}

impl Attempt {
    pub(super) fn may_have_been_applied(&self) -> bool {
        match &self.failure {
            AttemptFailure::NoResponse(error) => error.may_have_been_applied(),
            AttemptFailure::Server(error) => error.may_have_been_applied(),
            AttemptFailure::NotConnected(_)
            | AttemptFailure::Refused(_)
            | AttemptFailure::Contact(_) => false,
        }
    }
}

impl From<ContactAttempt> for Attempt {
    fn from(attempt: ContactAttempt) -> Self {
        let host = attempt.endpoint.to_string().into();
        Self { host, failure: AttemptFailure::Contact(Box::new(attempt.failure)) }
    }
}

/// The host is named already.
fn reason(reason: &Unconnected) -> String {
    match reason {
        Unconnected::Failed(error) => format!("{} failed: {}", error.phase, error.cause),
        other => format!("no connection: {other}"),
    }
}

fn in_words(because: RefusedBecause) -> String {
    match because {
        RefusedBecause::Closing => "its connection is being closed".to_owned(),
        RefusedBecause::Ended => "its connection is over".to_owned(),
        RefusedBecause::Full(limit) => format!("as many wait for its connection as may: {limit}"),
        other => other.to_string(),
    }
}
