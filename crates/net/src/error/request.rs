//! What became of a request that got no response.

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

/// A request that ended without a response: on which connection, after how long, how far it had got,
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

/// What happened to a request that got no response.
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
    /// The server answered with more than is taken
    /// ([`max_envelope_bytes`](crate::Settings::max_envelope_bytes)): it may have run the request,
    /// and would answer the same again, on any host. Nothing but this request is concerned.
    #[error("the response of {declared} bytes is over the limit of {limit}")]
    ResponseTooLarge {
        /// The length of its body, in bytes, as far as it is known: after decompression, unless it
        /// was over the limit before.
        declared: u64,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The deadline passed.
    #[error("{}", passed(*.0))]
    DeadlinePassed(Reached),
}

impl RequestFailure {
    /// Would the same request fail in the same way on any connection, of any host? Then sending it
    /// again, idempotent or not, only takes the next connection down, or reads the same again.
    ///
    /// What was not sent cannot be what a connection ended of.
    pub fn would_recur(&self) -> bool {
        match self {
            Self::ResponseTooLarge { .. } => true,
            Self::ConnectionLost(end) => end.would_recur(),
            Self::Unsent(_) | Self::DeadlinePassed(_) => false,
        }
    }
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
            | RequestFailure::ResponseTooLarge { .. }
            | RequestFailure::DeadlinePassed(Reached::Written) => true,
            RequestFailure::Unsent(_)
            | RequestFailure::DeadlinePassed(Reached::Waiting | Reached::Queued) => false,
        }
    }
}
