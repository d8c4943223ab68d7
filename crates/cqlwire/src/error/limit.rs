//! The limits that requests meet before anything of them is sent.

use std::fmt;

use cqlwire_net::{Backlog, WaitingLimit, WaitsFor};

/// A limit of the session that a request met: which, and by which setting.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestLimit {
    /// As many requests are in flight in the session as
    /// [`max_requests`](crate::SessionBuilder::max_requests) lets, and as many wait for their turn as
    /// [`max_queued_requests`](crate::SessionBuilder::max_queued_requests) lets.
    Session {
        /// How many may be in flight.
        in_flight: usize,
        /// How many may wait.
        waiting: usize,
    },
    /// As much waits for a connection to each host as
    /// [`max_waiting_requests`](crate::SessionBuilder::max_waiting_requests) or
    /// [`max_waiting_bytes`](crate::SessionBuilder::max_waiting_bytes) lets. They wait because as
    /// many requests are in flight there as
    /// [`max_requests_per_host`](crate::SessionBuilder::max_requests_per_host) lets, or as the host
    /// is thought to bear ([`AdaptiveLimit`](crate::AdaptiveLimit)), or because it does not read.
    Connection(Backlog),
}

impl From<Backlog> for RequestLimit {
    fn from(backlog: Backlog) -> Self {
        Self::Connection(backlog)
    }
}

impl fmt::Display for RequestLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session { in_flight, waiting } => write!(
                f,
                "{in_flight} requests of the session are in flight, and {waiting} wait for their \
                 turn, as many as may (max_requests, max_queued_requests)"
            ),
            Self::Connection(Backlog { waits_for, full, .. }) => {
                let in_flight = match waits_for {
                    WaitsFor::StreamId(_) => {
                        " (max_requests_per_host, adaptive_limit, max_in_flight)"
                    }
                    _ => "",
                };
                let waiting = match full {
                    WaitingLimit::Bytes(_) => "max_waiting_bytes",
                    _ => "max_waiting_requests",
                };
                write!(
                    f,
                    "each connection is busy: {waits_for}{in_flight}, and {full} wait, as many as may \
                     ({waiting})"
                )
            }
        }
    }
}
