//! Users' own eyes on a session, on a thread of their own: whatever they do, no request waits for it.
//!
//! ```text
//!   requests, pools, cluster --try_send--> bounded queue --> observer thread --> each observer
//!                                |                               |
//!                                +-- full: missed, counted       +-- a panic is caught, and counted
//!
//!   close: the thread hands on what is queued, then ends; at the deadline the rest is missed
//!   dropped: the same, without a deadline
//! ```
//!
//! The thread holds nothing of the session but the queue, and is started only if there is an observer.

mod thread;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use cqlwire_cluster::ClusterChange;
use cqlwire_net::{Deadline, SessionLog, counters};
use cqlwire_pool::{ConnectionChange, Sink};
use crossbeam_channel::{Receiver, Sender, bounded};
use tokio_util::sync::CancellationToken;

use self::thread::Told;
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

counters! {
    /// How much the observers of a session were told.
    pub struct ObserverTotals {
        /// Events that they were told of.
        told,
        /// Events that they missed: the queue to them was full, or they were not done at the deadline
        /// of close.
        missed,
        /// How often one panicked.
        panics,
    }
}

/// Something to tell.
#[derive(Debug)]
enum Event {
    Request(RequestReport),
    Cluster(ClusterChange),
    Connection(ConnectionChange),
}

/// What the thread, and whoever tells it, have in common.
#[derive(Debug)]
struct Shared {
    told: AtomicU64,
    missed: AtomicU64,
    panics: AtomicU64,
    /// Nothing is to be told any more.
    abandoned: AtomicBool,
    /// The thread has ended.
    ended: CancellationToken,
    log: SessionLog,
}

/// The observers of a session, from where something happens.
#[derive(Debug)]
pub(crate) struct Observers {
    events: Sender<Event>,
    /// What is queued, for whoever gives it up.
    queued: Receiver<Event>,
    /// Whoever drops it, or puts something in, has the thread end once the queue is empty.
    stop: Sender<()>,
    want_requests: bool,
    shared: Arc<Shared>,
}

impl Observers {
    /// Starts their thread, if there are any.
    ///
    /// # Errors
    ///
    /// The system has no thread.
    pub(crate) fn start(
        observers: Vec<Arc<dyn Observer>>,
        queue: usize,
        log: &SessionLog,
    ) -> io::Result<Option<Arc<Self>>> {
        if observers.is_empty() {
            return Ok(None);
        }
        let observers: Vec<_> = observers.into_iter().map(Told::new).collect();
        let want_requests = observers.iter().any(|told| told.wants_requests);
        let ((events, queued), (stop, stopped)) = (bounded(queue.max(1)), bounded(1));
        let shared = Arc::new(Shared {
            told: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            abandoned: AtomicBool::new(false),
            ended: CancellationToken::new(),
            log: log.clone(),
        });
        thread::start(observers, queued.clone(), stopped, Arc::clone(&shared))?;
        Ok(Some(Arc::new(Self { events, queued, stop, want_requests, shared })))
    }

    pub(crate) const fn want_requests(&self) -> bool {
        self.want_requests
    }

    pub(crate) fn request(&self, report: RequestReport) {
        if self.want_requests {
            self.tell(Event::Request(report));
        }
    }

    /// Where changes of the cluster and of its connections are handed on to them.
    pub(crate) fn sinks(
        self: &Arc<Self>,
    ) -> (Option<Sink<ClusterChange>>, Option<Sink<ConnectionChange>>) {
        let (own, of_pools) = (Arc::clone(self), Arc::clone(self));
        let cluster = Sink::new(move |change| own.tell(Event::Cluster(change)));
        let pools = Sink::new(move |change| of_pools.tell(Event::Connection(change)));
        (Some(cluster), Some(pools))
    }

    /// Waits for nobody.
    fn tell(&self, event: Event) {
        if self.events.try_send(event).is_err() {
            self.shared.missed(1);
        }
    }

    /// Has the thread end once it has told all that happened until now, and waits for that; at the
    /// deadline the rest is missed.
    pub(crate) async fn close(&self, deadline: Deadline) {
        // Full: it was told so before.
        self.stop.try_send(()).unwrap_or_default();
        if deadline.bound(self.shared.ended.cancelled()).await.is_err() {
            self.shared.abandoned.store(true, Relaxed);
            self.shared.missed(self.queued.try_iter().count());
        }
    }

    pub(crate) fn totals(&self) -> ObserverTotals {
        let Shared { told, missed, panics, .. } = &*self.shared;
        ObserverTotals {
            told: told.load(Relaxed),
            missed: missed.load(Relaxed),
            panics: panics.load(Relaxed),
        }
    }
}

impl Shared {
    fn missed(&self, events: usize) {
        self.missed.fetch_add(events as u64, Relaxed);
        if events > 0 && self.log.is_news("observers miss", ()) {
            let session = self.log.id();
            tracing::warn!(
                %session,
                "the observers of the session are behind: they miss what happens (observer_queue)"
            );
        }
    }
}
