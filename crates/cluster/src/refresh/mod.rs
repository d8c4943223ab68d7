//! The refresh task: follows what servers say, and keeps the control connection, the topology and
//! the schema up to date.
//!
//! ```text
//!             events are due, time to list, somebody asks
//!   watching ---------------------------------------------> refreshing --+-- read --> watching
//!      |                                                                 |
//!      | lost                                                            | failed: what was to be
//!      v                        another server answers                   v read is due again
//!   connecting <---------------------------------------------------------+
//!      |   ^
//!      |   | nobody can be asked: back off, until a host comes up
//!      |   +---+
//!      +-------+--- REGISTER, then the hosts are listed --> watching, and all is read again
//! ```
//!
//! Beside it, in every state: hints that a host is up are passed to its pool at once, what pools
//! notice is published, hosts that came up a moment ago warm up.
//!
//! Requests do not depend on it: while nobody can be asked about the cluster, the topology stays as
//! it was. It touches a pool only to have it try at once; pools do not touch it.

mod job;
mod pools;

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{Event, StatusChange};
use cqlwire_pool::RegistryClosed;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use self::job::{Done, Job};
use self::pools::{Looked, Pools};
use crate::control::Control;
use crate::events::{Hint, PendingEvents, Refresh, StaleSchema};
use crate::listing::ListingState;
use crate::shared::Shared;

/// Later than anything.
const NEVER: Duration = Duration::from_secs(100 * 366 * 86_400);

/// Goes on until the cluster is stopped; then the control connection is closed with the task.
pub(crate) async fn run(shared: Arc<Shared>, control: Control, listing: ListingState) {
    let (stopped, session) = (shared.stopped.clone(), shared.settings.log().id());
    let mut watch = Watch::new(shared, control, listing);
    if let Some(Err(closed)) = stopped.run_until_cancelled(watch.run()).await {
        tracing::debug!(%session, %closed, "no refresh any more");
    }
}

struct Watch {
    shared: Arc<Shared>,
    /// `None` while another is being opened.
    control: Option<Control>,
    /// What is being read, or connected to.
    job: Option<Job>,
    events: PendingEvents,
    /// Since when there is this one, or was the last.
    connected_at: Instant,
    /// How many in a row did not live long.
    short_lived: u32,
    /// How many events the control connection had dropped when it was looked at last.
    dropped: u64,
    /// The number of the last demand that was taken.
    demanded: u64,
    pools: Pools,
    /// Has who waits to connect try at once.
    came_up: Arc<Notify>,
    list_at: Instant,
    /// The server would not say what the schema is: asked again when the hosts are listed.
    schema_refused: bool,
    /// What the schema was called when the hosts were listed last.
    schema_version: Option<Uuid>,
    /// How often in a row a listing had rows that did not say enough.
    incomplete: u32,
}

/// What happens next.
enum Next {
    Lost(Arc<cqlwire_net::ConnectionEnd>),
    Event(Event),
    Done(Done),
    PoolsChanged,
    Demanded,
    Due,
    List,
    Warmer,
}

impl Watch {
    fn new(shared: Arc<Shared>, control: Control, listing: ListingState) -> Self {
        let events = PendingEvents::new(shared.settings.refresh_window, fastrand::f64());
        let pools = Pools::new(&shared);
        let mut watch = Self {
            shared,
            control: Some(control),
            job: None,
            connected_at: Instant::now(),
            short_lived: 0,
            events,
            dropped: 0,
            demanded: 0,
            pools,
            came_up: Arc::default(),
            list_at: Instant::now(),
            schema_refused: false,
            schema_version: None,
            incomplete: 0,
        };
        // What there was before it was registered for.
        let schema = Refresh { hosts: false, schema: StaleSchema::Whole };
        watch.begin(schema, 0);
        watch.listed(listing);
        watch
    }

    async fn run(&mut self) -> Result<(), RegistryClosed> {
        loop {
            let next = self.next().await;
            self.handle(next).await?;
            self.notice_dropped_events();
            self.pass_on_hints();
        }
    }

    async fn next(&mut self) -> Next {
        let idle = self.job.is_none() && self.control.is_some();
        let far = Instant::now() + NEVER;
        let due = self.events.due().map_or(far, Instant::from_std);
        let warmer = self.pools.warmer_at().unwrap_or(far);
        let control = self.control.as_ref();
        // In this order, not by lot, so that what has happened says what happens next. A server can send
        // events without end, so they have their turn last.
        tokio::select! {
            biased;
            end = ended(control) => Next::Lost(end),
            done = finished(&mut self.job) => Next::Done(done),
            () = self.shared.demand.noticed(), if idle => Next::Demanded,
            () = sleep_until(due), if idle => Next::Due,
            () = sleep_until(self.list_at), if idle => Next::List,
            () = sleep_until(warmer) => Next::Warmer,
            () = self.shared.registry.changed() => Next::PoolsChanged,
            Some(event) = next_event(control) => Next::Event(event),
        }
    }

    async fn handle(&mut self, next: Next) -> Result<(), RegistryClosed> {
        let now = Instant::now().into_std();
        match next {
            Next::Lost(reason) => self.lost(&reason),
            Next::Event(event) => {
                self.shared.counters.events.count();
                self.log_unknown(&event);
                self.events.note(event, now);
            }
            Next::Done(done) => self.done(done).await?,
            Next::PoolsChanged => {
                // Asked about once a change, since it may be so for long.
                if self.look(now).elsewhere {
                    self.events.note_hosts(now);
                }
            }
            Next::Demanded => {
                let demanded = self.shared.demand.take();
                let mut refresh = Refresh::default();
                // What an earlier demand asked for, and did not get, is among what is due.
                if demanded.all || !self.shared.demand.is_met(self.demanded) {
                    refresh = Refresh::whole();
                }
                demanded.schema.into_iter().for_each(|change| refresh.schema.note(change));
                self.demanded = demanded.number;
                self.begin(refresh, self.demanded);
            }
            Next::Due => {
                if let Some(refresh) = self.events.take(now) {
                    // A demand that failed is part of it.
                    self.begin(refresh, self.demanded);
                }
            }
            Next::List => {
                let mut refresh = Refresh { hosts: true, ..Refresh::default() };
                if std::mem::take(&mut self.schema_refused) {
                    refresh.schema = StaleSchema::Whole;
                }
                self.begin(refresh, 0);
            }
            Next::Warmer => self.pools.warm(),
        }
        Ok(())
    }

    fn begin(&mut self, refresh: Refresh, meets: u64) {
        if let Some(control) = &self.control {
            self.job = Some(Job::refresh(&self.shared, control, refresh, meets));
        }
    }

    async fn done(&mut self, done: Done) -> Result<(), RegistryClosed> {
        self.job = None;
        let now = Instant::now().into_std();
        match done {
            Done::Connected { control, rows } => {
                self.dropped = 0;
                self.log_with(&control);
                self.control = Some(control);
                self.connected_at = Instant::now();
                self.shared.set_has_control(true);
                let listing = rows.state();
                self.shared.renew(rows).await?;
                self.listed(listing);
                // What happened in between, nobody has said.
                self.events.note_lost(now);
            }
            Done::Refreshed { read, meets } => {
                self.shared.counters.refreshes.count();
                if let Some(rows) = read.rows {
                    let listing = rows.state();
                    self.shared.renew(rows).await?;
                    let changed = self.schema_version != listing.schema_version;
                    self.listed(listing);
                    if changed && read.schema.is_none() {
                        // It was read since, or an event was lost.
                        let schema = Refresh { hosts: false, schema: StaleSchema::Whole };
                        self.events.restore(schema, now);
                    }
                }
                if let Some(schema) = read.schema {
                    self.shared.set_schema(schema);
                }
                self.schema_refused |= read.schema_refused;
                self.shared.demand.meet(meets);
            }
            Done::Failed { refresh, error } => {
                self.shared.counters.failed_refreshes.count();
                if let Some(control) = self.control.take() {
                    self.log_without(&control, &error, "cannot ask about the cluster");
                }
                self.events.restore(refresh, now);
                self.connect();
            }
        }
        self.look(now);
        Ok(())
    }

    /// What pools have noticed: a host that has come up is listed anew, and asked if nobody is.
    fn look(&mut self, now: std::time::Instant) -> Looked {
        let looked = self.pools.look(&self.shared);
        if looked.came_up {
            self.events.note_hosts(now);
            if self.control.is_none() {
                self.came_up.notify_one();
            }
        }
        looked
    }

    /// Whatever the control connection still owes, nobody waits for it.
    fn lost(&mut self, reason: &cqlwire_net::ConnectionEnd) {
        if let Some(control) = self.control.take() {
            self.log_without(&control, reason, "lost the control connection");
            self.shared.counters.lost_control_connections.count();
        }
        if let Some(refresh) = self.job.take().and_then(Job::into_refresh) {
            self.events.restore(refresh, Instant::now().into_std());
        }
        self.connect();
    }

    /// One that is lost, and lost again, is said to be so once.
    fn log_without(&self, control: &Control, reason: &dyn Display, what: &'static str) {
        let (log, host) = (self.shared.settings.log(), control.address());
        let session = log.id();
        if log.is_news(what, host) {
            tracing::warn!(%session, %host, %reason, "{what}: another server is asked");
        } else {
            tracing::debug!(%session, %host, %reason, "{what}");
        }
    }

    fn log_with(&self, control: &Control) {
        let (log, host) = (self.shared.settings.log(), control.address());
        let session = log.id();
        if log.is_news("control connection", host) {
            tracing::info!(%session, %host, "another control connection");
        } else {
            tracing::debug!(%session, %host, "another control connection");
        }
    }

    /// What it means is not known here: it is passed over.
    fn log_unknown(&self, event: &Event) {
        let is_unknown = matches!(
            event,
            Event::Other(_) | Event::StatusChange { change: StatusChange::Other(_), .. }
        );
        if is_unknown {
            let session = self.shared.settings.log().id();
            tracing::debug!(%session, ?event, "an event of an unknown kind is passed over");
        }
    }

    fn connect(&mut self) {
        self.shared.set_has_control(false);
        // The first that is lost is replaced at once.
        let lived_well = self.connected_at.elapsed() >= self.shared.settings.pool.backoff.longest;
        let failures = if lived_well { 0 } else { self.short_lived };
        self.short_lived = failures.saturating_add(1);
        self.job = Some(Job::connect(&self.shared, failures, &self.came_up));
    }

    /// The hosts have just been listed. Rows that do not say enough yet soon will.
    fn listed(&mut self, listing: ListingState) {
        let ListingState { incomplete, schema_version } = listing;
        self.schema_version = schema_version;
        self.incomplete = if incomplete { self.incomplete + 1 } else { 0 };
        let interval = self.shared.settings.refresh_interval;
        let wait = match self.incomplete {
            0 => interval,
            times => self.shared.settings.refresh_window.saturating_mul(times).min(interval),
        };
        self.list_at = Instant::now() + wait.min(NEVER);
    }

    fn notice_dropped_events(&mut self) {
        let dropped = self.control.as_ref().map_or(0, Control::dropped_events);
        if dropped > self.dropped {
            self.dropped = dropped;
            self.events.note_lost(Instant::now().into_std());
        }
    }

    fn pass_on_hints(&mut self) {
        let now = Instant::now().into_std();
        while let Some(hint) = self.events.next_hint(now) {
            let is_known = match hint {
                Hint::Up(address) => self.pools.try_now(&self.shared, Some(address)),
                Hint::UpAny => self.pools.try_now(&self.shared, None),
                // It changes nothing for a host with a live connection, and one without knows.
                Hint::Down(_) => true,
            };
            if !is_known {
                self.events.note_hosts(now);
            }
        }
    }
}

async fn ended(control: Option<&Control>) -> Arc<cqlwire_net::ConnectionEnd> {
    match control {
        Some(control) => control.ended().await,
        None => std::future::pending().await,
    }
}

async fn next_event(control: Option<&Control>) -> Option<Event> {
    control?.next_event().await
}

async fn finished(job: &mut Option<Job>) -> Done {
    match job {
        Some(job) => job.await,
        None => std::future::pending().await,
    }
}
