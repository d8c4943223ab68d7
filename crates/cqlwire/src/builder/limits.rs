//! How many requests are in flight, and how many wait.

use super::SessionBuilder;
use crate::limits::SessionLimit;

/// What of the limits is not a setting of connections.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    max_requests: Option<usize>,
    max_queued_requests: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_requests: None, max_queued_requests: 32_768 }
    }
}

impl Limits {
    pub(super) fn of_session(&self) -> SessionLimit {
        SessionLimit::new(self.max_requests, self.max_queued_requests)
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
    pub fn max_requests(mut self, requests: usize) -> Self {
        if requests == 0 {
            self.refuse("max_requests", "with none in flight there is no response");
        }
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
}
