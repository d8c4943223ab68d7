//! The times of one host: those of each attempt, coarsely.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use cqlwire_net::{Recorder, RequestKind, Sample};

use super::histogram::Precision;
use super::{LatencyHistogram, SessionLatencies};

/// See the [module](self).
pub(crate) struct HostLatencies {
    /// By kind; of a kind that there was nothing of, nothing is kept.
    kinds: Mutex<Kinds>,
    session: Arc<SessionLatencies>,
}

type Kinds = [Option<Box<LatencyHistogram>>; RequestKind::ALL.len()];

impl HostLatencies {
    pub(crate) fn new(session: Arc<SessionLatencies>) -> Self {
        Self { kinds: Mutex::default(), session }
    }

    /// Of one kind; `None` if there was nothing of it.
    pub(crate) fn of(&self, kind: RequestKind) -> Option<LatencyHistogram> {
        self.kinds()[kind.index()].as_deref().cloned()
    }

    fn kinds(&self) -> MutexGuard<'_, Kinds> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kinds_unless_busy(&self) -> Option<MutexGuard<'_, Kinds>> {
        match self.kinds.try_lock() {
            Ok(kinds) => Some(kinds),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Recorder for HostLatencies {
    fn record(&self, samples: &[Sample], wait: bool) -> bool {
        let own = if wait { Some(self.kinds()) } else { self.kinds_unless_busy() };
        let Some(mut kinds) = own else { return false };
        let Some(mut session) = self.session.locked(wait) else { return false };
        // Nearly always they are all alike.
        let alike =
            |one: &Sample, next: &Sample| (one.kind, one.is_whole) == (next.kind, next.is_whole);
        for samples in samples.chunk_by(alike) {
            let Some(Sample { kind, is_whole, .. }) = samples.first() else { continue };
            let fresh = || Box::new(LatencyHistogram::new(Precision::Coarse));
            let coarse = kinds[kind.index()].get_or_insert_with(fresh);
            LatencyHistogram::record_all(coarse, session.attempts(*kind, *is_whole), samples);
        }
        true
    }
}

impl fmt::Debug for HostLatencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostLatencies").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of them or none: what is refused comes again.
    #[test]
    fn g9_1_nothing_is_recorded_while_somebody_else_is_about_it() {
        let session = Arc::<SessionLatencies>::default();
        let host = HostLatencies::new(Arc::clone(&session));
        let samples = [Sample { kind: RequestKind::Read, is_whole: true, micros: 7 }; 3];
        let of_session = session.locked(true);
        assert!(!host.record(&samples, false));
        drop(of_session);
        let own = host.kinds();
        assert!(!host.record(&samples, false));
        drop(own);
        assert!(host.of(RequestKind::Read).is_none());
        assert!(host.record(&samples, false));
        assert_eq!(host.of(RequestKind::Read).unwrap().count(), 3);
        assert_eq!(session.of(RequestKind::Read).unwrap().requests.count(), 3);
    }
}
