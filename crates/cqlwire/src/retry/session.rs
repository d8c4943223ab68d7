//! What the requests of a session have in common when it comes to retries.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Bucket, DefaultRetryPolicy, RetryPolicy, RetrySettings};

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Retries {
    policy: Arc<dyn RetryPolicy>,
    settings: RetrySettings,
    /// Held for some additions, by nobody whose first attempt succeeds.
    bucket: Mutex<Bucket>,
    counters: Counters,
}

#[derive(Debug, Default)]
struct Counters {
    retries: AtomicU64,
    plans: AtomicU64,
    over_budget: AtomicU64,
    panics: AtomicU64,
}

/// How often requests of a session were sent again since it was connected. Figures only ever grow.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryTotals {
    /// Retries: each attempt after one that was sent and failed.
    pub retries: u64,
    /// Plans that were begun anew, since no host was left.
    pub plans: u64,
    /// Retries and plans that there were not, since the [budget](crate::RetryBudget) was used up:
    /// so many requests failed for it.
    pub over_budget: u64,
}

impl fmt::Display for RetryTotals {
    /// One line, a `name count` each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { retries, plans, over_budget } = self;
        write!(f, "retries {retries}, plans begun anew {plans}, over budget {over_budget}")
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self::new(Arc::new(DefaultRetryPolicy), RetrySettings::default())
    }
}

impl Retries {
    pub(crate) fn new(policy: Arc<dyn RetryPolicy>, settings: RetrySettings) -> Self {
        let bucket = Mutex::new(Bucket::new(settings.budget));
        Self { policy, settings, bucket, counters: Counters::default() }
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
            self.counters.over_budget.fetch_add(1, Relaxed);
        }
        taken
    }

    fn take_one(&self, begun: impl FnOnce() -> u32) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that the number never seems to go back.
        bucket.take(begun())
    }

    fn take(&self, begun: impl FnOnce() -> u32, counter: &AtomicU64) -> bool {
        let taken = self.take_one(begun);
        let counter = if taken { counter } else { &self.counters.over_budget };
        counter.fetch_add(1, Relaxed);
        taken
    }

    pub(crate) fn panicked(&self) {
        self.counters.panics.fetch_add(1, Relaxed);
    }

    pub(crate) fn panics(&self) -> u64 {
        self.counters.panics.load(Relaxed)
    }

    pub(crate) fn totals(&self) -> RetryTotals {
        let Counters { retries, plans, over_budget, .. } = &self.counters;
        RetryTotals {
            retries: retries.load(Relaxed),
            plans: plans.load(Relaxed),
            over_budget: over_budget.load(Relaxed),
        }
    }
}
