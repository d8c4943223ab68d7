//! How fast statements go from the cache again: too fast, and somebody writes values into texts.

use std::time::{Duration, Instant};

/// How long it may take at least until as many went as are kept.
const SPAN: Duration = Duration::from_secs(60);

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Turnover {
    /// How many went since then.
    since: Option<(Instant, usize)>,
}

impl Turnover {
    /// So many more went: is that as many as are kept, within too short a time? Once a minute at
    /// most.
    pub(super) fn is_fast(&mut self, went: usize, kept: usize, now: Instant) -> bool {
        let (since, before) = match self.since {
            Some(span) if now.saturating_duration_since(span.0) < SPAN => span,
            _ => (now, 0),
        };
        let all = before + went;
        self.since = Some((since, all));
        before < kept && kept <= all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_are_kept_within_a_minute_are_fast_and_that_is_said_once() {
        let mut turnover = Turnover::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(!turnover.is_fast(99, 100, start));
        assert!(turnover.is_fast(1, 100, after(59)));
        assert!(!turnover.is_fast(1_000, 100, after(59)), "it was said");
        assert!(!turnover.is_fast(99, 100, after(60)), "another minute");
        assert!(!turnover.is_fast(99, 100, after(121)));
        assert!(turnover.is_fast(100, 100, after(122)));
    }
}
