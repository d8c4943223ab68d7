//! How often, and how long in between.

use std::time::Duration;

use cqlwire_pool::Backoff;

/// How often requests are sent again at most, and how long they wait in between.
///
/// A request goes to one host of its plan after the other. If none is left, and hosts failed in a
/// way that may pass within moments (not connected, connection lost, OVERLOADED, still joining,
/// silent for an attempt), the plan begins anew after a pause, with the hosts as they are by then:
/// so an outage of seconds is a delay, not an error. One that lasts uses the budget up, and then
/// requests fail at once again: they do not pile up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetrySettings {
    /// How often one request may be sent, the first time included, at least 1. Hosts that took
    /// nothing do not count. Default 16: five times to each of three hosts.
    pub max_attempts: u32,
    /// How often the plan of one request may be gone through, at least 1; with 1 it fails as soon
    /// as no host is left. Default 32: with the pauses in between that is longer than the default
    /// timeout, so that deadline and budget decide.
    pub max_plans: u8,
    /// The pause before the plan begins anew, or the same host is asked again. Default 50 ms after
    /// the first time, long enough for a connection that was lost to be opened again; twice as long
    /// after each further one, up to 1 s, so that a server which is back is not left waiting; each
    /// shortened at random by up to a half. One that the deadline leaves no time for is not begun:
    /// the request fails at once.
    pub backoff: Backoff,
    /// How many retries all requests of the session may have together.
    pub budget: RetryBudget,
}

impl Default for RetrySettings {
    fn default() -> Self {
        let (first, longest) = (Duration::from_millis(50), Duration::from_secs(1));
        Self {
            max_attempts: 16,
            max_plans: 32,
            backoff: Backoff { first, longest },
            budget: RetryBudget::default(),
        }
    }
}

/// How many retries all requests of a session may have together: what is over it fails with what
/// its last attempt came to.
///
/// It keeps retries from multiplying the load of a cluster that fails for having too much of it.
/// Each attempt after one that was sent, and each plan that begins anew, takes one from it; the next
/// host after one that took nothing is free.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    /// How many retries come with a hundred requests. Default 20.
    pub per_cent: u32,
    /// How many there may be beyond that, and at most at once; used up, it fills again with what
    /// comes with the requests. Default 5,000: one silent host of three has a third of all requests
    /// until it is noticed 200 ms later; at 50,000 a second that is 3,333, and each of them can be
    /// sent to another host.
    pub reserve: u32,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { per_cent: 20, reserve: 5_000 }
    }
}
