//! What the handles and the streams of a session have in common: the gate, the cluster, and what
//! counts in its resources.

use std::ops::Deref;
use std::sync::Arc;
#[cfg(feature = "blocking")]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use cqlwire_cluster::Cluster;
use cqlwire_codec::StatementKind;
use cqlwire_net::{Deadline, RequestKind};
use cqlwire_stream::PageBudget;
use tokio::runtime::Handle;

use crate::attempt::Teachings;
#[cfg(feature = "blocking")]
use crate::blocking::RuntimeThread;
use crate::error::{Error, ErrorKind};
use crate::gate::{Gate, Permit};
use crate::history::{self, Beginning, History, TraceContext, Watched};
use crate::keyspace::{Keyspace, Keyspaces};
use crate::limits::{HostLimits, SessionLimit};
use crate::metrics::{Counted, RequestCounters};
use crate::observer::Observers;
use crate::operation::{Form, UsualForm};
use crate::prepared::{Cache, Origin};
use crate::profile::Profiles;
use crate::request_log::RequestLog;
use crate::resources::Resources;
use crate::retry::Retries;
use crate::speculation::Speculations;
use crate::stream_totals::StreamCounters;
use crate::timed::{Timed, timed};
use crate::timestamps::Timestamps;

/// How much later than its deadline a call that is polled has its outcome.
const OUTCOME_GRACE: Duration = Duration::from_millis(50);

/// See the [module](self).
pub(crate) struct Shared {
    gate: Gate,
    /// The longest timeout of any call so far, in milliseconds.
    longest_timeout: AtomicU64,
    cluster: Cluster,
    /// How many requests may be in flight at once.
    pub(crate) limit: SessionLimit,
    /// How many each host bears, if that is to be found out.
    pub(crate) host_limits: Option<HostLimits>,
    /// The runtime that serves the connections.
    pub(crate) runtime: Handle,
    pub(crate) profiles: Profiles,
    pub(crate) budget: PageBudget,
    pub(crate) requests: RequestCounters,
    pub(crate) streams: StreamCounters,
    pub(crate) log: Arc<RequestLog>,
    /// Users' own eyes on it, if it has any.
    pub(crate) observers: Option<Arc<Observers>>,
    pub(crate) retries: Retries,
    pub(crate) speculations: Speculations,
    pub(crate) timestamps: Timestamps,
    /// That of its connections, and those that other handles are in.
    pub(crate) keyspaces: Keyspaces,
    /// The prepared statements, by their texts and keyspaces.
    pub(crate) statements: Cache,
    /// The hosts that are being taught a statement.
    pub(crate) teachings: Teachings,
    pub(crate) schema_agreement_timeout: Duration,
    /// What says to which trace requests belong, if that goes along with them.
    trace_context: Option<TraceContext>,
    /// Are the histories of all requests written down?
    are_watched: bool,
    /// The longest body of a request, in bytes.
    pub(crate) max_request_bytes: usize,
    /// How requests are encoded whose host is not chosen yet.
    pub(crate) usual_form: UsualForm,
    /// The thread of that runtime, if it is one of a blocking session. Dropped last: it ends then.
    #[cfg(feature = "blocking")]
    pub(crate) thread: OnceLock<RuntimeThread>,
}

/// A call that was let in, and counts as a request.
#[derive(Debug)]
#[must_use = "whoever drops it has ended the request, and is outside"]
pub(crate) struct Call<'a> {
    /// Counted before it is outside: a session that is closed has counted all.
    counted: Counted<&'a RequestCounters>,
    _permit: Permit<'a>,
    /// What happens to it, if anybody would like to know. Told before it is outside.
    watched: Option<Box<Watched>>,
}

impl Call<'_> {
    /// It has its outcome: says whether it is one of those that took their time.
    #[inline]
    pub(crate) fn end(&mut self, error: Option<&ErrorKind>) -> bool {
        self.counted.end(error)
    }

    /// It is one that cannot be begun.
    #[cold]
    pub(crate) fn refused(&mut self, kind: ErrorKind) -> Error {
        self.end(Some(&kind));
        let error = Error::from(kind);
        self.tell(Some(&error));
        error
    }

    /// What happens to it is written down.
    #[cold]
    pub(crate) fn watch(&mut self, watched: Box<Watched>) {
        self.watched = Some(watched);
    }

    /// Where that is.
    #[inline]
    pub(crate) fn history(&self) -> Option<Arc<History>> {
        self.watched.as_ref().map(|watched| watched.history())
    }

    /// Whoever would like to know is told how it ended.
    #[inline]
    pub(crate) fn tell(&mut self, error: Option<&Error>) {
        if let Some(watched) = &mut self.watched {
            watched.end(error);
        }
    }
}

/// The counters of a session, for who cannot borrow it.
#[derive(Clone)]
pub(crate) struct CountersOf(Arc<Shared>);

impl Deref for CountersOf {
    type Target = RequestCounters;

    fn deref(&self) -> &RequestCounters {
        &self.0.requests
    }
}

/// What a session is told by its builder, beside its cluster.
pub(crate) struct SharedSettings {
    pub(crate) profiles: Profiles,
    pub(crate) budget: PageBudget,
    pub(crate) keyspace: Option<String>,
    pub(crate) schema_agreement_timeout: Duration,
    pub(crate) max_request_bytes: usize,
    /// How many of them are kept that nobody holds.
    pub(crate) prepared_statements: usize,
    pub(crate) retries: Retries,
    pub(crate) speculations: Speculations,
    pub(crate) limit: SessionLimit,
    pub(crate) host_limits: Option<HostLimits>,
    pub(crate) log: RequestLog,
    pub(crate) observers: Option<Arc<Observers>>,
    pub(crate) trace_context: Option<TraceContext>,
}

impl Shared {
    pub(crate) fn new(cluster: Cluster, settings: SharedSettings) -> Self {
        let SharedSettings { profiles, budget, keyspace, retries, speculations, .. } = settings;
        let cluster_name = cluster.topology().cluster_name().into();
        let origin = Origin { cluster: cluster_name, keyspace: keyspace.map(Arc::from) };
        let usual_form = UsualForm::default();
        let topology = cluster.topology();
        if let Some(connection) = topology.hosts().iter().find_map(|host| host.pool().pick().ok()) {
            usual_form.store(Form::of(&connection));
        }
        Self {
            gate: Gate::default(),
            longest_timeout: AtomicU64::new(millis(profiles.current().settings().timeout)),
            cluster,
            limit: settings.limit,
            host_limits: settings.host_limits,
            runtime: Handle::current(),
            profiles,
            budget,
            requests: RequestCounters::default(),
            streams: StreamCounters::default(),
            are_watched: settings.log.settings().slow_request.is_some()
                || settings.trace_context.is_some()
                || settings.observers.as_ref().is_some_and(|observers| observers.want_requests()),
            log: Arc::new(settings.log),
            observers: settings.observers,
            trace_context: settings.trace_context,
            retries,
            speculations,
            timestamps: Timestamps::default(),
            keyspaces: Keyspaces::new(Keyspace::of_session(origin)),
            statements: Cache::new(settings.prepared_statements),
            teachings: Teachings::default(),
            schema_agreement_timeout: settings.schema_agreement_timeout,
            max_request_bytes: settings.max_request_bytes,
            usual_form,
            #[cfg(feature = "blocking")]
            thread: OnceLock::new(),
        }
    }

    /// Lets a call in that takes so long at most, however often it is polled.
    #[inline]
    pub(crate) fn admit(&self, timeout: Duration) -> Result<Call<'_>, ErrorKind> {
        let counted = Counted::new(&self.requests);
        let Some(permit) = self.gate.enter() else { return Err(closed(counted)) };
        let timeout = millis(timeout);
        if timeout > self.longest_timeout.load(Relaxed) {
            self.longest_timeout.fetch_max(timeout, Relaxed);
        }
        Ok(Call { counted, _permit: permit, watched: None })
    }

    /// Would anybody like to know what happens to requests?
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.are_watched || history::are_wanted()
    }

    /// What happens to a request is written down from now on.
    #[cold]
    pub(crate) fn watch(&self, beginning: &Beginning<'_>) -> Box<Watched> {
        let observers = self.observers.clone().filter(|observers| observers.want_requests());
        Watched::begin(beginning, Arc::clone(&self.log), observers, self.trace_context.as_ref())
    }

    /// Lets in whoever does not stay: nothing is waited for while this is held.
    pub(crate) fn step_in(&self) -> Option<Permit<'_>> {
        self.gate.step_in()
    }

    /// Counts a request of whoever steps in.
    pub(crate) fn begin(self: &Arc<Self>) -> Counted<CountersOf> {
        self.gate.begin();
        Counted::new(CountersOf(Arc::clone(self)))
    }

    /// What a request that does this waits for before it is sent, if its time, which it has from the
    /// servers, could be before that of a write which was done.
    #[inline]
    pub(crate) fn pause(&self, kind: impl FnOnce() -> StatementKind) -> Option<Timed<()>> {
        let pause = self.timestamps.pause(kind)?;
        Some(timed(&self.runtime, async move { tokio::time::sleep(pause).await }))
    }

    /// A request of this kind has come to its end, after more than one attempt or with an error.
    #[cold]
    pub(crate) fn took(&self, kind: RequestKind, since: Deadline) {
        self.cluster.latencies().record_other(kind, since.elapsed());
    }

    /// How many requests there have been; the number wraps around.
    pub(crate) fn begun(&self) -> u32 {
        self.gate.begun()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.gate.is_closed()
    }

    pub(crate) const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Lets nobody in, waits for those inside, and closes everything; at the deadline all the same.
    pub(crate) async fn close(self: &Arc<Self>, deadline: Deadline) {
        self.gate.close();
        let shared = Arc::clone(self);
        let draining = timed(&self.runtime, async move { shared.drain(deadline).await });
        // Without its runtime there is nothing left to be waited for.
        draining.await.unwrap_or_default();
    }

    async fn drain(&self, deadline: Deadline) {
        // By then each call has its outcome. One that is inside still is not polled, by the very
        // task that waits here perhaps.
        let longest = Duration::from_millis(self.longest_timeout.load(Relaxed));
        let all_done = deadline.within(longest.saturating_add(OUTCOME_GRACE));
        let all_are_done = all_done.bound(self.gate.empty()).await.is_ok();
        self.cluster.close(deadline).await;
        if let Some(observers) = &self.observers {
            observers.close(deadline).await;
        }
        if self.log.log().is_news("closed", ()) {
            tracing::info!(session = %self.log.session(), in_time = all_are_done, "closed");
        }
    }

    pub(crate) fn resources(&self) -> Resources {
        let pools = self.cluster.usage();
        let pages = self.budget.usage();
        let (permits, queued) = self.limit.usage();
        Resources {
            connections: pools.connections,
            tasks: self.cluster.tasks().len(),
            calls: self.gate.count(),
            permits,
            queued,
            requests: pools.usage.requests,
            in_flight: pools.usage.in_flight,
            orphaned: pools.usage.orphaned,
            waiting: pools.usage.waiting,
            outgoing_bytes: pools.usage.outgoing_bytes,
            pages: pages.pages,
            page_bytes: pages.bytes,
            reserved_bytes: pages.reserved_bytes,
        }
    }
}

#[cold]
fn closed(mut call: Counted<&RequestCounters>) -> ErrorKind {
    call.end(Some(&ErrorKind::SessionClosed));
    ErrorKind::SessionClosed
}

fn millis(timeout: Duration) -> u64 {
    timeout.as_secs().saturating_mul(1_000).saturating_add(timeout.subsec_millis().into())
}
