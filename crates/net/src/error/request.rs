//! What became of a request that got no answer.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::RequestEnvelope;
use cqlwire_mux::{Reached, RefusedBecause};

use super::ConnectionEnd;

/// A request that was not taken in: nothing of it was or will be written.
#[derive(Debug, thiserror::Error)]
#[error("not taken in: {because}")]
pub struct Refused {
    /// Why.
    pub because: RefusedBecause,
    /// The request, back, for another connection.
    pub envelope: RequestEnvelope,
}

/// A request that ended without an answer: on which connection, after how long, how far it had got,
/// and why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{failure} (host {host}, after {elapsed:.1?})")]
pub struct RequestError {
    /// The server that was asked, as it was named for the connection.
    pub host: Arc<str>,
    /// From the beginning of its deadline to its end.
    pub elapsed: Duration,
    /// What happened.
    #[source]
    pub failure: RequestFailure,
}

/// What happened to a request that got no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFailure {
    /// The connection ended before all of the request was handed to the socket: the server cannot
    /// have run it, and it is always safe to send it again.
    #[error("not sent, because the connection ended: {0}")]
    Unsent(#[source] Arc<ConnectionEnd>),
    /// The connection ended after the request was sent: the server may have run it.
    #[error("sent, but the connection ended before the answer: {0}")]
    ConnectionLost(#[source] Arc<ConnectionEnd>),
    /// The deadline passed.
    #[error("{}", passed(*.0))]
    DeadlinePassed(Reached),
}

const fn passed(reached: Reached) -> &'static str {
    match reached {
        Reached::Waiting => "the deadline passed while it waited for a stream id; it was not sent",
        Reached::Queued => "the deadline passed before it could be written; it was not sent",
        Reached::Written => "the deadline passed before the server answered",
    }
}

impl RequestError {
    /// Did the deadline pass?
    pub const fn is_timeout(&self) -> bool {
        matches!(self.failure, RequestFailure::DeadlinePassed(_))
    }

    /// May the server have run it, or still run it?
    pub const fn may_have_been_applied(&self) -> bool {
        match self.failure {
            RequestFailure::ConnectionLost(_)
            | RequestFailure::DeadlinePassed(Reached::Written) => true,
            RequestFailure::Unsent(_)
            | RequestFailure::DeadlinePassed(Reached::Waiting | Reached::Queued) => false,
        }
    }
}
