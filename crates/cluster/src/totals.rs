//! How often a client has asked about its cluster, and what servers said unasked.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use cqlwire_net::counters;

counters! {
    /// What a client did to know its cluster.
    pub struct ClusterTotals {
        /// Events of servers that came over the control connection.
        events,
        /// How often hosts, the schema or a part of it were read.
        refreshes,
        /// How often that failed; it is tried again.
        failed_refreshes,
        /// How often the control connection was lost.
        lost_control_connections,
        /// How often the load balancing policy panicked.
        policy_panics,
    }
}

/// [`ClusterTotals`] as they are counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) events: Counter,
    pub(crate) refreshes: Counter,
    pub(crate) failed_refreshes: Counter,
    pub(crate) lost_control_connections: Counter,
    pub(crate) policy_panics: Counter,
}

/// One figure.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    fn load(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

impl Counters {
    pub(crate) fn totals(&self) -> ClusterTotals {
        ClusterTotals {
            events: self.events.load(),
            refreshes: self.refreshes.load(),
            failed_refreshes: self.failed_refreshes.load(),
            lost_control_connections: self.lost_control_connections.load(),
            policy_panics: self.policy_panics.load(),
        }
    }
}
