//! What becomes of a request, as one of few things.

use cqlwire_net::counters;

use crate::error::{ErrorKind, TimeoutPhase};

counters! {
    /// How many requests a session has had, and what became of them: calls of execute, query,
    /// prepare and batch, and of those that get into a keyspace, and pages of streams, each with all of
    /// its attempts.
    ///
    /// Each that was begun is one of the others, or still under way.
    pub struct RequestTotals {
        /// Requests that were begun.
        begun,
        /// Those that have their result.
        ok,
        /// Those that ended with what a server said.
        server_errors,
        /// Those whose deadline passed before a host was chosen, or while they waited for their turn.
        timed_out_queued,
        /// Those whose deadline passed before they were written.
        timed_out_writing,
        /// Those whose deadline passed while their statement was being prepared.
        timed_out_preparing,
        /// Those whose deadline passed before the response was there.
        timed_out_waiting,
        /// Those whose connection was lost after they were sent.
        lost,
        /// Those that no host took: each was passed over, or failed and was to be left for the next one,
        /// until there was none. Some may have been sent to a host on the way.
        no_host_available,
        /// Those that met a limit: of the session, or of the connections to each host.
        rejected,
        /// Those that could not be sent as they were: their values, their settings, a policy that
        /// panicked.
        invalid,
        /// Those whose response is of no use: it cannot be read, or is too large, or another one
        /// than was asked for.
        unreadable,
        /// Those that came once the session was closed.
        closed,
        /// Those that were dropped before they had an outcome.
        cancelled,
    }
}

impl RequestTotals {
    /// Those whose deadline passed, whatever they waited for.
    pub const fn timed_out(&self) -> u64 {
        let sent = self.timed_out_waiting;
        self.timed_out_queued + self.timed_out_writing + self.timed_out_preparing + sent
    }

    /// Those that ended, whichever way.
    pub const fn ended(&self) -> u64 {
        let failed = self.server_errors + self.timed_out() + self.lost + self.no_host_available;
        let refused = self.rejected + self.invalid + self.unreadable + self.closed;
        self.ok + failed + refused + self.cancelled
    }

    /// Those that have not ended.
    pub const fn under_way(&self) -> u64 {
        self.begun.saturating_sub(self.ended())
    }
}

/// What became of one.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Cancelled,
    Ok,
    ServerError,
    TimedOutQueued,
    TimedOutWriting,
    TimedOutPreparing,
    TimedOutWaiting,
    Lost,
    NoHostAvailable,
    Rejected,
    Invalid,
    Unreadable,
    Closed,
}

/// How many there are.
pub(super) const OUTCOMES: usize = 13;

impl Outcome {
    #[cold]
    pub(crate) const fn of(error: &ErrorKind) -> Self {
        match error {
            ErrorKind::Server { .. } => Self::ServerError,
            ErrorKind::Timeout { phase, .. } => match phase {
                TimeoutPhase::Connect | TimeoutPhase::Queue => Self::TimedOutQueued,
                TimeoutPhase::Write => Self::TimedOutWriting,
                TimeoutPhase::Prepare => Self::TimedOutPreparing,
                TimeoutPhase::Response | TimeoutPhase::Retry | TimeoutPhase::Load => {
                    Self::TimedOutWaiting
                }
            },
            ErrorKind::ConnectionLost { .. } => Self::Lost,
            // Said by whoever waits, when the request was dropped.
            #[cfg(feature = "blocking")]
            ErrorKind::Unserved(_) => Self::Cancelled,
            ErrorKind::NoHostAvailable { .. } => Self::NoHostAvailable,
            ErrorKind::Overloaded { .. } => Self::Rejected,
            ErrorKind::SessionClosed => Self::Closed,
            ErrorKind::Settings { .. }
            | ErrorKind::Encode(_)
            | ErrorKind::BatchTooLarge { .. }
            | ErrorKind::PositionMismatch(_)
            | ErrorKind::UseStatement
            | ErrorKind::UnknownKeyspace { .. }
            | ErrorKind::PreparedElsewhere { .. }
            | ErrorKind::LoadBalancing(_)
            | ErrorKind::TimestampGenerator { .. }
            | ErrorKind::TooManyFailures { .. }
            | ErrorKind::RetryPolicy { .. } => Self::Invalid,
            ErrorKind::ResponseTooLarge { .. }
            | ErrorKind::KeyspaceSwitched { .. }
            | ErrorKind::Decode(_)
            | ErrorKind::Value { .. }
            | ErrorKind::TooManyRows { .. }
            | ErrorKind::UnexpectedResponse(_)
            | ErrorKind::NoTrace { .. }
            | ErrorKind::NoColumns { .. }
            | ErrorKind::MorePages { .. }
            | ErrorKind::RowCount { .. } => Self::Unreadable,
        }
    }

    /// What it is called where errors have types.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Ok => "ok",
            Self::ServerError => "server_error",
            Self::TimedOutQueued
            | Self::TimedOutWriting
            | Self::TimedOutPreparing
            | Self::TimedOutWaiting => "timeout",
            Self::Lost => "connection_lost",
            Self::NoHostAvailable => "no_host_available",
            Self::Rejected => "overloaded",
            Self::Invalid => "invalid",
            Self::Unreadable => "unreadable",
            Self::Closed => "session_closed",
        }
    }

    /// Was it under way for as long as it took, rather than turned away?
    pub(super) const fn took_time(self) -> bool {
        match self {
            Self::Ok
            | Self::ServerError
            | Self::TimedOutQueued
            | Self::TimedOutWriting
            | Self::TimedOutPreparing
            | Self::TimedOutWaiting
            | Self::Lost
            | Self::NoHostAvailable => true,
            Self::Cancelled | Self::Rejected | Self::Invalid | Self::Unreadable | Self::Closed => {
                false
            }
        }
    }

    /// Those that so many became each of; `begun` is left to whoever knows.
    pub(super) fn totals(count: impl Fn(Self) -> u64) -> RequestTotals {
        RequestTotals {
            begun: 0,
            ok: count(Self::Ok),
            server_errors: count(Self::ServerError),
            timed_out_queued: count(Self::TimedOutQueued),
            timed_out_writing: count(Self::TimedOutWriting),
            timed_out_preparing: count(Self::TimedOutPreparing),
            timed_out_waiting: count(Self::TimedOutWaiting),
            lost: count(Self::Lost),
            no_host_available: count(Self::NoHostAvailable),
            rejected: count(Self::Rejected),
            invalid: count(Self::Invalid),
            unreadable: count(Self::Unreadable),
            closed: count(Self::Closed),
            cancelled: count(Self::Cancelled),
        }
    }
}
