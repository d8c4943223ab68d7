//! What is counted of a statement that has a name.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cqlwire_pool::LatencyHistogram;

/// What was counted of the executions of one statement, or of several that have one name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StatementMetrics {
    /// Its [name](crate::PreparedStatement::name).
    pub name: String,
    /// Executions and pages that have their result.
    pub ok: u64,
    /// Those that ended with an error.
    pub failed: u64,
    /// How long these and those took, from the call to its end, to one part in eight.
    pub latency: LatencyHistogram,
}

/// The same as it is counted.
#[derive(Debug)]
pub(crate) struct Named {
    name: Box<str>,
    ok: AtomicU64,
    failed: AtomicU64,
    latency: Mutex<LatencyHistogram>,
}

impl Named {
    pub(super) fn new(name: &str) -> Self {
        let (ok, failed, latency) = Default::default();
        Self { name: name.into(), ok, failed, latency }
    }

    /// An execution has ended so long after its call.
    #[cold]
    pub(crate) fn ended(&self, is_ok: bool, time: Duration) {
        (if is_ok { &self.ok } else { &self.failed }).fetch_add(1, Relaxed);
        self.latency.lock().unwrap_or_else(PoisonError::into_inner).record(time);
    }

    pub(super) fn metrics(&self) -> StatementMetrics {
        StatementMetrics {
            name: self.name.clone().into(),
            ok: self.ok.load(Relaxed),
            failed: self.failed.load(Relaxed),
            latency: self.latency.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

impl StatementMetrics {
    /// What another statement of the same name has counted as well.
    pub(super) fn merge(&mut self, other: &Self) {
        self.ok += other.ok;
        self.failed += other.failed;
        self.latency.merge(&other.latency);
    }

    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            name: self.name.clone(),
            ok: self.ok.saturating_sub(earlier.ok),
            failed: self.failed.saturating_sub(earlier.failed),
            latency: self.latency.since(&earlier.latency),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A statement of which so many executions went well, and so many did not, each a millisecond
    /// after its call.
    fn counted(ok: u64, failed: u64) -> Named {
        let named = Named::new("users.by_city");
        count(&named, ok, failed);
        named
    }

    fn count(named: &Named, ok: u64, failed: u64) {
        let ends = (0..ok).map(|_| true).chain((0..failed).map(|_| false));
        ends.for_each(|is_ok| named.ended(is_ok, Duration::from_millis(1)));
    }

    fn figures(metrics: &StatementMetrics) -> (&str, u64, u64, u64) {
        (&metrics.name, metrics.ok, metrics.failed, metrics.latency.count())
    }

    #[test]
    fn statements_of_one_name_are_counted_together() {
        let mut metrics = counted(5, 2).metrics();
        metrics.merge(&counted(40, 10).metrics());
        assert_eq!(figures(&metrics), ("users.by_city", 45, 12, 57));
    }

    #[test]
    fn what_has_come_since_is_what_was_not_there_before() {
        let named = counted(5, 2);
        let before = named.metrics();
        count(&named, 40, 10);
        let since = named.metrics().since(&before);
        assert_eq!(figures(&since), ("users.by_city", 40, 10, 50));
        let before = named.metrics();
        assert_eq!(figures(&named.metrics().since(&before)), ("users.by_city", 0, 0, 0));
    }
}
