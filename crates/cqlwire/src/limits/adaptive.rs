//! How many requests a host bears: a guess that is raised one at a time while all goes well, and
//! lowered by a part when the host has too much to do.
//!
//! Pure: what came of a request, how many are at the host, and the time go in; a limit comes out.

use std::time::{Duration, Instant};

/// How long outcomes of requests are waited for that were at the host before a back-off. Some never
/// come: their callers are gone.
const LONGEST_ROUND: Duration = Duration::from_secs(1);

/// Limits that find out by themselves how many requests each host bears at once:
/// [`adaptive_limit`](crate::SessionBuilder::adaptive_limit).
///
/// Each host has a limit of its own, so that one that has too much to do slows down no other. It
/// begins at [`max`](Self::max). When the host says OVERLOADED, or a request to it timed out, here
/// or among the servers, or could not be written in time because the host does not read, it becomes
/// [`backoff`](Self::backoff) of what was in flight there; once for all requests that were on their
/// way by then. While at least half of it is used and all goes well, it rises by one for as many
/// responses as may be in flight, about one a round trip.
///
/// The wait in the queue of this client is no sign: it grows where the limit sinks, and would sink it
/// further.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct AdaptiveLimit {
    /// How many requests may be in flight at each host in any case, at least 1. Default 8: a host
    /// that recovers has to be seen to, and this many harm none.
    pub min: usize,
    /// How many may be in flight at most, at least `min`. Default 4,096: past some thousands a
    /// server only queues them.
    pub max: usize,
    /// What is left of the limit after a back-off, above 0 and below 1. Default 0.7: half as much
    /// leaves a host idle that was a little over what it bears, nine tenths take long where it was
    /// far over.
    pub backoff: f64,
}

impl Default for AdaptiveLimit {
    fn default() -> Self {
        Self { min: 8, max: 4_096, backoff: 0.7 }
    }
}

/// What an outcome says of the host.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Well,
    /// It has too much to do.
    Overloaded,
}

/// The limit of one host.
#[derive(Clone, Debug)]
pub(super) struct HostLimit {
    limit: f64,
    round: Option<Round>,
}

/// After a back-off: the outcomes of requests that were on their way before it say nothing of what it
/// did.
#[derive(Clone, Debug)]
struct Round {
    left: usize,
    ends: Instant,
}

impl HostLimit {
    pub(super) fn new(settings: &AdaptiveLimit) -> Self {
        Self { limit: as_float(settings.max), round: None }
    }

    /// How many requests may be in flight.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within usize")]
    pub(super) fn limit(&self) -> usize {
        self.limit as usize
    }

    /// A request to the host has an outcome, `others` are there or wait for it. Gives the limit, if
    /// it is another one now.
    pub(super) fn observe(
        &mut self,
        settings: &AdaptiveLimit,
        sign: Sign,
        others: usize,
        now: Instant,
    ) -> Option<usize> {
        if let Some(round) = &mut self.round {
            if round.left > 0 && now < round.ends {
                round.left -= 1;
                return None;
            }
            self.round = None;
        }
        let before = self.limit();
        let used = as_float(others.saturating_add(1)).min(self.limit);
        match sign {
            Sign::Well if used * 2.0 < self.limit => {}
            Sign::Well => self.limit = (self.limit + 1.0 / self.limit).min(as_float(settings.max)),
            Sign::Overloaded => {
                self.limit = (used * settings.backoff).max(as_float(settings.min));
                let left = others.min(before);
                self.round = Some(Round { left, ends: now + LONGEST_ROUND });
            }
        }
        Some(self.limit()).filter(|limit| *limit != before)
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
const fn as_float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
