//! What became of prepared statements.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use cqlwire_net::counters;

counters! {
    /// How often a session found its statements prepared, and how often it had them prepared.
    pub struct PreparedTotals {
        /// How often a text was asked for that was there.
        hits,
        /// Texts that were prepared, once for all who asked.
        prepared,
        /// How often a host was taught a statement that it did not know, or no longer.
        taught,
        /// Statements that went since nobody held them, and others came.
        evicted,
    }
}

/// [`PreparedTotals`] as they are counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    hits: AtomicU64,
    prepared: AtomicU64,
    taught: AtomicU64,
    evicted: AtomicU64,
}

impl Counters {
    pub(super) fn hit(&self) {
        self.hits.fetch_add(1, Relaxed);
    }

    pub(super) fn prepared(&self) {
        self.prepared.fetch_add(1, Relaxed);
    }

    pub(super) fn taught(&self) {
        self.taught.fetch_add(1, Relaxed);
    }

    pub(super) fn evicted(&self, statements: usize) {
        self.evicted.fetch_add(statements as u64, Relaxed);
    }

    pub(super) fn totals(&self) -> PreparedTotals {
        PreparedTotals {
            hits: self.hits.load(Relaxed),
            prepared: self.prepared.load(Relaxed),
            taught: self.taught.load(Relaxed),
            evicted: self.evicted.load(Relaxed),
        }
    }
}
