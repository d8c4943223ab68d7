//! What the requests of a session have in common when it comes to speculative executions.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cqlwire_net::counters;

use super::policy::{SlowRequest, SpeculativePolicy, ask};
use crate::retry::{Bucket, RetryBudget};

/// Which requests are sent to another host as well, if they take long.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SpeculationSettings {
    /// When. Default none: only requests at hosts that have gone quiet.
    pub policy: Option<Arc<dyn SpeculativePolicy>>,
    /// How many executions all requests of the session may have beside their first ones: an
    /// execution for the time alone takes one from it, and there is none once it is used up. Default
    /// 20 of a hundred requests, and 100 beyond that. (One at a host that has gone quiet takes one
    /// from the [budget of retries](RetryBudget).)
    pub budget: RetryBudget,
}

impl Default for SpeculationSettings {
    fn default() -> Self {
        Self { policy: None, budget: RetryBudget { per_cent: 20, reserve: 100 } }
    }
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Speculations {
    policy: Option<Arc<dyn SpeculativePolicy>>,
    bucket: Mutex<Bucket>,
    counters: Counters,
}

#[derive(Debug, Default)]
struct Counters {
    for_time: AtomicU64,
    for_silence: AtomicU64,
    won: AtomicU64,
    over_budget: AtomicU64,
    panics: AtomicU64,
}

counters! {
    /// How often requests of a session were sent to another host as well, since it was connected.
    pub struct SpeculationTotals {
        /// Executions beside the first, since that took long.
        for_time,
        /// Executions beside the first, since its host had gone quiet.
        for_silence,
        /// Those of either kind whose response was the one that counted.
        won,
        /// Executions that there were not, since the budget was used up.
        over_budget,
        /// How often the policy panicked.
        panics,
    }
}

impl Default for Speculations {
    fn default() -> Self {
        Self::new(SpeculationSettings::default())
    }
}

impl Speculations {
    pub(crate) fn new(settings: SpeculationSettings) -> Self {
        let SpeculationSettings { policy, budget } = settings;
        Self { policy, bucket: Mutex::new(Bucket::new(budget)), counters: Counters::default() }
    }

    /// That of requests which have none of their own.
    #[inline]
    pub(super) fn policy(&self) -> Option<&dyn SpeculativePolicy> {
        self.policy.as_deref()
    }

    /// How long after the last one this execution beside the first is begun, as this policy says.
    pub(super) fn delay(
        &self,
        policy: &dyn SpeculativePolicy,
        request: &SlowRequest<'_>,
    ) -> Option<Duration> {
        ask(policy, request).unwrap_or_else(|_| {
            self.counters.panics.fetch_add(1, Relaxed);
            None
        })
    }

    /// May there be another execution for the time that has passed? `begun` says how many requests
    /// there were.
    pub(super) fn may_begin(&self, begun: impl FnOnce() -> u32) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = bucket.take(begun());
        drop(bucket);
        if !taken {
            self.counters.over_budget.fetch_add(1, Relaxed);
        }
        taken
    }

    pub(super) fn began(&self, for_silence: bool) {
        let Counters { for_time, for_silence: silent, .. } = &self.counters;
        (if for_silence { silent } else { for_time }).fetch_add(1, Relaxed);
    }

    pub(super) fn won(&self) {
        self.counters.won.fetch_add(1, Relaxed);
    }

    pub(crate) fn totals(&self) -> SpeculationTotals {
        let Counters { for_time, for_silence, won, over_budget, panics } = &self.counters;
        SpeculationTotals {
            for_time: for_time.load(Relaxed),
            for_silence: for_silence.load(Relaxed),
            won: won.load(Relaxed),
            over_budget: over_budget.load(Relaxed),
            panics: panics.load(Relaxed),
        }
    }
}
