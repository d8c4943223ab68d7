//! How many requests are in flight, and how many wait.

use cqlwire_net::SessionLog;

use super::SessionBuilder;
use crate::limits::{AdaptiveLimit, HostLimits, SessionLimit};

/// What of the limits is not a setting of connections.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) max_requests: Option<usize>,
    pub(super) max_queued_requests: usize,
    pub(super) max_requests_per_host: Option<usize>,
    pub(super) adaptive: Option<AdaptiveLimit>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_requests: None,
            max_queued_requests: 32_768,
            max_requests_per_host: None,
            adaptive: None,
        }
    }
}

impl Limits {
    pub(super) fn of_session(&self) -> SessionLimit {
        SessionLimit::new(self.max_requests, self.max_queued_requests)
    }

    /// How many may be in flight at each host when it is connected to.
    pub(super) fn per_host(&self) -> Option<usize> {
        self.adaptive.map(|limit| limit.max).or(self.max_requests_per_host)
    }

    pub(super) fn of_hosts(&self, log: &SessionLog) -> Option<HostLimits> {
        self.adaptive.map(|limit| HostLimits::new(limit, log.id()))
    }
}

impl SessionBuilder {
    /// How many requests may be in flight in the session at once, at least 1; the others wait for
    /// their turn, first come, first served, as long as their own time lasts. A call counts from its
    /// turn until it returns or is dropped, with all its attempts; a page of a stream only while it
    /// is on its way. What servers still work on for callers that are gone does not count.
    ///
    /// Default none: connections and hosts have limits of their own. One for the session makes sense
    /// where a program may start more work than it should have running, and is not to be slowed
    /// down by a queue in front of each host: a queue in one place is fair to all.
    #[doc(alias = "max_concurrent_requests")]
    #[doc(alias = "throttler")]
    pub const fn max_requests(mut self, requests: usize) -> Self {
        self.limits.max_requests = Some(requests);
        self
    }

    /// How many requests may wait for their turn when there is a limit
    /// ([`max_requests`](Self::max_requests)); what is more fails at once, as
    /// [`Overloaded`](crate::ErrorKind::Overloaded). With 0, none waits. Default 32,768, as many as
    /// may wait for one connection: each costs some hundred bytes beside its values.
    #[doc(alias = "max_queue_size")]
    pub const fn max_queued_requests(mut self, requests: usize) -> Self {
        self.limits.max_queued_requests = requests;
        self
    }

    /// How many requests may be in flight at each host at once, those among them that nobody waits
    /// for any more, at least 1. They are shared out among its connections, each of which has at
    /// least one; where there are some for [other keyspaces](crate::Session::with_keyspace), by what is
    /// asked in each. What is more waits there for its turn, first come, first served, as long as its
    /// own time lasts, and no more than [`max_waiting_requests`](Self::max_waiting_requests): with 0
    /// there, what is more goes to the next host at once. Of two replicas the one with less in flight
    /// and waiting is asked in any case.
    ///
    /// Default none beside the limit of each connection, 4,096
    /// ([`max_in_flight`](crate::net::MultiplexerSettings::max_in_flight)). The control connection
    /// does not count.
    #[doc(alias = "max_requests_per_connection")]
    pub const fn max_requests_per_host(mut self, requests: usize) -> Self {
        self.limits.max_requests_per_host = Some(requests);
        self
    }

    /// Finds out how many requests each host bears at once, so that a host that has too much to do
    /// gets less, and gets more again once all goes well: see [`AdaptiveLimit`]. Default no: a host
    /// that is slow for another reason would be thought to have too much to do.
    ///
    /// It replaces [`max_requests_per_host`](Self::max_requests_per_host).
    pub const fn adaptive_limit(mut self, limit: AdaptiveLimit) -> Self {
        self.limits.adaptive = Some(limit);
        self
    }
}
