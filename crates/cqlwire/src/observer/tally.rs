//! What observers were told and what they missed, as it is counted.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64};

use cqlwire_net::{SessionLog, counters};
use tokio_util::sync::CancellationToken;

counters! {
    /// How much the observers of a session were told.
    pub struct ObserverTotals {
        /// Events that they were told of.
        told,
        /// Events that they missed: the queue to them was full, or they were not done at the deadline
        /// of close, or it happened after that: to a request that was cut off by it.
        missed,
        /// How often one panicked.
        panics,
    }
}

/// What the thread, and whoever tells it, have in common.
#[derive(Debug)]
pub(super) struct Tally {
    told: AtomicU64,
    missed: AtomicU64,
    panics: AtomicU64,
    /// Nothing is told any more. Whoever puts something into the queue looks at it afterwards, and
    /// whoever sets it looks into the queue afterwards, so that what is in there is counted.
    abandoned: AtomicBool,
    /// The thread has ended.
    pub(super) ended: CancellationToken,
    pub(super) log: SessionLog,
}

impl Tally {
    pub(super) fn new(log: SessionLog) -> Self {
        Self {
            told: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            abandoned: AtomicBool::new(false),
            ended: CancellationToken::new(),
            log,
        }
    }

    /// Another event was told to all.
    pub(super) fn told(&self) {
        self.told.fetch_add(1, Relaxed);
    }

    /// An observer panicked: so many times by now.
    pub(super) fn panicked(&self) -> u64 {
        self.panics.fetch_add(1, Relaxed) + 1
    }

    /// So many events were not told to anybody.
    pub(super) fn missed(&self, events: usize) {
        self.missed.fetch_add(events as u64, Relaxed);
        if events > 0 && self.log.is_news("observers miss", ()) {
            let session = self.log.id();
            tracing::warn!(
                %session,
                "the observers of the session are behind: they miss what happens (observer_queue)"
            );
        }
    }

    /// So many came too late.
    #[cold]
    pub(super) fn late(&self, events: usize) {
        self.missed.fetch_add(events as u64, Relaxed);
    }

    /// The rest is not told.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, SeqCst);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(SeqCst)
    }

    pub(super) fn totals(&self) -> ObserverTotals {
        ObserverTotals {
            told: self.told.load(Relaxed),
            missed: self.missed.load(Relaxed),
            panics: self.panics.load(Relaxed),
        }
    }
}
