//! What there is to hear of, and who hears it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cqlwire_cluster::ClusterChange;
use cqlwire_pool::ConnectionChange;

use crate::history::RequestReport;

/// Hears of what happens in a session, on a thread of its own: it may block, and panic, and call back
/// into the session. What comes while the queue to it is full it misses
/// ([`observer_queue`](crate::SessionBuilder::observer_queue)); [`Metrics`](crate::Metrics) say how
/// often. Closing waits, within its deadline, until it has heard of all that happened.
///
/// ```
/// use cqlwire::{ClusterChange, Observer};
///
/// #[derive(Debug)]
/// struct Pager;
///
/// impl Observer for Pager {
///     fn cluster(&self, change: &ClusterChange) {
///         if let ClusterChange::HostDown { address, reason, .. } = change {
///             println!("{address} is down: {reason}");
///         }
///     }
///
///     // What it does not look at need not be written down.
///     fn wants_requests(&self) -> bool {
///         false
///     }
/// }
///
/// let builder = cqlwire::Session::builder().observer(Pager);
/// # drop(builder);
/// ```
#[doc(alias = "RequestTracker")]
#[doc(alias = "HistoryListener")]
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// A request has ended: a call of execute, query, prepare or batch, or a page of a stream, with
    /// all of its attempts. Those that came once the session was closed are not told of.
    fn request(&self, report: &RequestReport) {
        let _ = report;
    }

    /// A host has come, gone, moved, is up or down, or the schema has changed.
    fn cluster(&self, change: &ClusterChange) {
        let _ = change;
    }

    /// A connection for requests was opened, could not be opened, or was lost.
    fn connection(&self, change: &ConnectionChange) {
        let _ = change;
    }

    /// Are [requests](Self::request) of interest? It costs each of them some hundred nanoseconds and
    /// an allocation or two to be written down. Asked once, when the session is connected.
    fn wants_requests(&self) -> bool {
        true
    }
}

/// Something to tell.
#[derive(Debug)]
pub(super) enum Event {
    Request(RequestReport),
    Cluster(ClusterChange),
    Connection(ConnectionChange),
}

/// An observer, and what it wants to be told.
pub(super) struct Told {
    observer: Arc<dyn Observer>,
    pub(super) wants_requests: bool,
}

impl Told {
    /// One that panics when it is asked wants no requests.
    pub(super) fn new(observer: Arc<dyn Observer>) -> Self {
        let wants_requests = catch_unwind(AssertUnwindSafe(|| observer.wants_requests()));
        Self { observer, wants_requests: wants_requests.unwrap_or(false) }
    }

    pub(super) fn tell(&self, event: &Event) {
        match event {
            Event::Request(report) if self.wants_requests => self.observer.request(report),
            Event::Request(_) => {}
            Event::Cluster(change) => self.observer.cluster(change),
            Event::Connection(change) => self.observer.connection(change),
        }
    }
}
