//! The queue to the observers, from where something happens: nobody waits to put anything in.

use std::io;
use std::sync::Arc;

use cqlwire_cluster::ClusterChange;
use cqlwire_net::{Deadline, SessionLog};
use cqlwire_pool::{ConnectionChange, Sink};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::event::{Event, Observer, Told};
use super::tally::{ObserverTotals, Tally};
use super::thread;
use crate::history::RequestReport;

/// The observers of a session, from where something happens.
#[derive(Debug)]
pub(crate) struct Observers {
    events: Sender<Event>,
    /// What is queued, for whoever gives it up.
    queued: Receiver<Event>,
    /// Whoever drops it, or puts something in, has the thread end once the queue is empty.
    stop: Sender<()>,
    want_requests: bool,
    tally: Arc<Tally>,
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
        let tally = Arc::new(Tally::new(log.clone()));
        thread::start(observers, queued.clone(), stopped, Arc::clone(&tally))?;
        Ok(Some(Arc::new(Self { events, queued, stop, want_requests, tally })))
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
        if self.tally.is_abandoned() {
            self.tally.late(1);
        } else if self.events.try_send(event).is_err() {
            self.tally.missed(1);
        } else if self.tally.is_abandoned() {
            self.tally.late(self.queued.try_iter().count());
        }
    }

    /// Has the thread end once it has told all that happened until now, and waits for that; at the
    /// deadline the rest is missed.
    pub(crate) async fn close(&self, deadline: Deadline) {
        // Full: it was told so before.
        self.stop.try_send(()).unwrap_or_default();
        if deadline.bound(self.tally.ended.cancelled()).await.is_err() {
            self.tally.abandon();
            self.tally.missed(self.queued.try_iter().count());
        }
        // What came as the thread went.
        self.tally.late(self.queued.try_iter().count());
    }

    pub(crate) fn totals(&self) -> ObserverTotals {
        self.tally.totals()
    }
}
