//! The times of all hosts together: those of attempts, and those of requests, finely.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use cqlwire_net::RequestKind;

use super::LatencyHistogram;
use super::histogram::Precision;

/// How long the requests of a registry's pools took, and their attempts.
#[derive(Default)]
pub struct SessionLatencies {
    kinds: Mutex<[OfKind; RequestKind::ALL.len()]>,
}

#[derive(Default)]
struct OfKind {
    /// First attempts with which their requests ended well.
    whole: Option<Box<LatencyHistogram>>,
    /// All other attempts.
    parts: Option<Box<LatencyHistogram>>,
    /// All other requests.
    others: Option<Box<LatencyHistogram>>,
}

/// How long requests of one kind took.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Latencies {
    /// From the call to its end, with all attempts and pauses: of those that had a result, and of those
    /// that failed after they were sent.
    pub requests: LatencyHistogram,
    /// Of each attempt, until its response was there. One that was given up counts with the time until
    /// then, so that hosts which do not answer do not look fast.
    pub attempts: LatencyHistogram,
}

fn fine(histogram: &mut Option<Box<LatencyHistogram>>) -> &mut LatencyHistogram {
    histogram.get_or_insert_with(|| Box::new(LatencyHistogram::new(Precision::Fine)))
}

impl SessionLatencies {
    /// A request took so long that did not end with its first attempt.
    pub fn record_other(&self, kind: RequestKind, time: Duration) {
        fine(&mut self.kinds()[kind.index()].others).record(time);
    }

    /// What there is, to be added to, unless somebody else is about it; with `wait` it waits for that.
    pub(super) fn locked(&self, wait: bool) -> Option<Locked<'_>> {
        if wait {
            return Some(Locked(self.kinds()));
        }
        match self.kinds.try_lock() {
            Ok(kinds) => Some(Locked(kinds)),
            Err(TryLockError::Poisoned(poisoned)) => Some(Locked(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Those of this kind; `None` if there were none.
    pub fn of(&self, kind: RequestKind) -> Option<Latencies> {
        let kinds = self.kinds();
        let OfKind { whole, parts, others } = &kinds[kind.index()];
        if whole.is_none() && parts.is_none() && others.is_none() {
            return None;
        }
        let copy = |of: &Option<Box<LatencyHistogram>>| match of {
            Some(histogram) => LatencyHistogram::clone(histogram),
            None => LatencyHistogram::new(Precision::Fine),
        };
        let (whole, parts, others) = (copy(whole), copy(parts), copy(others));
        drop(kinds);
        let mut latencies = Latencies { requests: whole.clone(), attempts: whole };
        latencies.requests.merge(&others);
        latencies.attempts.merge(&parts);
        Some(latencies)
    }

    fn kinds(&self) -> MutexGuard<'_, [OfKind; RequestKind::ALL.len()]> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The times of a session, while nobody else adds to them.
pub(super) struct Locked<'a>(MutexGuard<'a, [OfKind; RequestKind::ALL.len()]>);

impl Locked<'_> {
    /// Those of attempts of one kind.
    pub(super) fn attempts(&mut self, kind: RequestKind, is_whole: bool) -> &mut LatencyHistogram {
        let of_kind = &mut self.0[kind.index()];
        fine(if is_whole { &mut of_kind.whole } else { &mut of_kind.parts })
    }
}

impl Latencies {
    /// What has come since an earlier look.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            requests: self.requests.since(&earlier.requests),
            attempts: self.attempts.since(&earlier.attempts),
        }
    }
}

impl fmt::Debug for SessionLatencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLatencies").finish_non_exhaustive()
    }
}
