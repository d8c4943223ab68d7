//! Warnings that may come with each request, those of servers for one, in the log: so many a second
//! at most.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use std::sync::OnceLock;

/// At most one in this time; those passed over are counted.
const EVERY: Duration = Duration::from_secs(1);

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct WarningLog {
    begun: OnceLock<Instant>,
    /// When the next one may be logged, in milliseconds since `begun`.
    next: AtomicU64,
    passed_over: AtomicU64,
}

impl WarningLog {
    /// A server warned of this, with a response.
    #[cold]
    pub(crate) fn log(&self, host: &dyn std::fmt::Display, warnings: &[String]) {
        if let Some(passed_over) = self.due(Instant::now()) {
            tracing::warn!(%host, ?warnings, passed_over, "the server warns");
        }
    }

    /// How many were passed over since the last one, if another may be logged.
    pub(crate) fn due(&self, now: Instant) -> Option<u64> {
        let since = now.saturating_duration_since(*self.begun.get_or_init(|| now));
        let since = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let next = self.next.load(Relaxed);
        let after = since.saturating_add(u64::try_from(EVERY.as_millis()).unwrap_or(u64::MAX));
        let is_due =
            since >= next && self.next.compare_exchange(next, after, Relaxed, Relaxed).is_ok();
        if is_due {
            Some(self.passed_over.swap(0, Relaxed))
        } else {
            self.passed_over.fetch_add(1, Relaxed);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_a_second_is_logged_and_the_others_are_counted() {
        let (log, start) = (WarningLog::default(), Instant::now());
        assert_eq!(log.due(start), Some(0));
        for _ in 0..3 {
            assert_eq!(log.due(start + EVERY / 2), None);
        }
        assert_eq!(log.due(start + EVERY), Some(3));
        assert_eq!(log.due(start + EVERY), None);
    }
}
