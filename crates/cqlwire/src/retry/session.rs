//! What the requests of a session have in common when it comes to retries.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cqlwire_net::{RequestFailure, SessionLog, counters};

use super::{Bucket, DefaultRetryPolicy, RetryBudget, RetryPolicy, RetrySettings};
use crate::error::AttemptFailure;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Retries {
    policy: Arc<dyn RetryPolicy>,
    settings: RetrySettings,
    /// Held for some additions, by nobody whose first attempt succeeds.
    bucket: Mutex<Bucket>,
    counters: Counters,
    log: SessionLog,
}

#[derive(Debug, Default)]
struct Counters {
    retries: AtomicU64,
    after_server_errors: AtomicU64,
    after_lost_connections: AtomicU64,
    after_timeouts: AtomicU64,
    plans: AtomicU64,
    over_budget: AtomicU64,
    panics: AtomicU64,
}

counters! {
    /// How often requests of a session were sent again since it was connected.
    pub struct RetryTotals {
        /// Retries: each attempt after one that was sent and failed.
        retries,
        /// Those of them after what a server said.
        after_server_errors,
        /// Those of them after a connection was lost.
        after_lost_connections,
        /// Those of them after an attempt that had taken too long.
        after_timeouts,
        /// Plans that were begun anew, since no host was left.
        plans,
        /// Retries and plans that there were not, since the [budget](crate::RetryBudget) was used up:
        /// so many requests failed for it.
        over_budget,
        /// How often the retry policy panicked.
        panics,
    }
}

impl Default for Retries {
    fn default() -> Self {
        let settings = RetrySettings::default();
        Self::new(Arc::new(DefaultRetryPolicy), settings, SessionLog::default())
    }
}

impl Retries {
    pub(crate) fn new(
        policy: Arc<dyn RetryPolicy>,
        settings: RetrySettings,
        log: SessionLog,
    ) -> Self {
        let bucket = Mutex::new(Bucket::new(settings.budget));
        Self { policy, settings, bucket, counters: Counters::default(), log }
    }

    pub(crate) fn policy(&self) -> &dyn RetryPolicy {
        &*self.policy
    }

    pub(crate) const fn settings(&self) -> &RetrySettings {
        &self.settings
    }

    /// How long to wait before the `number`th pause of a request.
    pub(crate) fn pause(&self, number: u32) -> Duration {
        self.settings.backoff.drawn(number, fastrand::u32(..))
    }

    /// May a request that was sent be sent again? `begun` says how many requests there were.
    pub(crate) fn may_retry(&self, begun: impl FnOnce() -> u32) -> bool {
        self.take(begun, &self.counters.retries)
    }

    /// May a request to which no host is left begin its plan anew?
    pub(crate) fn may_plan_anew(&self, begun: impl FnOnce() -> u32) -> bool {
        self.take(begun, &self.counters.plans)
    }

    /// May a request whose host has gone quiet be sent to another one as well?
    pub(crate) fn may_go_beside(&self, begun: impl FnOnce() -> u32) -> bool {
        let taken = self.take_one(begun);
        if !taken {
            self.refused();
        }
        taken
    }

    #[cold]
    fn refused(&self) {
        let refused = self.counters.over_budget.fetch_add(1, Relaxed) + 1;
        if self.log.is_news("retry budget", ()) {
            let RetryBudget { per_cent, reserve } = self.settings.budget;
            let retries = self.counters.retries.load(Relaxed);
            tracing::warn!(
                session = %self.log.id(),
                per_cent,
                reserve,
                retries,
                refused,
                "the retry budget is spent: requests fail that would have been sent again"
            );
        }
    }

    fn take_one(&self, begun: impl FnOnce() -> u32) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that the number never seems to go back.
        bucket.take(begun())
    }

    fn take(&self, begun: impl FnOnce() -> u32, counter: &AtomicU64) -> bool {
        let taken = self.take_one(begun);
        if taken {
            counter.fetch_add(1, Relaxed);
        } else {
            self.refused();
        }
        taken
    }

    pub(crate) fn panicked(&self) {
        self.counters.panics.fetch_add(1, Relaxed);
    }

    /// A request is sent again, after an attempt that came to this.
    #[cold]
    pub(crate) fn again_after(&self, failure: &AttemptFailure) {
        let counter = match failure {
            AttemptFailure::Server { .. } => &self.counters.after_server_errors,
            AttemptFailure::TimedOut(_) => &self.counters.after_timeouts,
            AttemptFailure::NoResponse(error)
                if matches!(error.failure, RequestFailure::ConnectionLost(_)) =>
            {
                &self.counters.after_lost_connections
            }
            // That of a PREPARE is said once more as what it is underneath.
            AttemptFailure::Prepare(failure) => return self.again_after(failure),
            _ => return,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn totals(&self) -> RetryTotals {
        let counters = &self.counters;
        RetryTotals {
            retries: counters.retries.load(Relaxed),
            after_server_errors: counters.after_server_errors.load(Relaxed),
            after_lost_connections: counters.after_lost_connections.load(Relaxed),
            after_timeouts: counters.after_timeouts.load(Relaxed),
            plans: counters.plans.load(Relaxed),
            over_budget: counters.over_budget.load(Relaxed),
            panics: counters.panics.load(Relaxed),
        }
    }
}
