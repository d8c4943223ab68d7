//! What the handles and the streams of a session have in common: the gate, the cluster, and what
//! counts in its resources.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use cqlwire_cluster::Cluster;
use cqlwire_codec::StatementKind;
use cqlwire_net::{Deadline, RequestKind};
use cqlwire_stream::PageBudget;
use tokio::runtime::Handle;

use crate::attempt::Teachings;
use crate::error::ErrorKind;
use crate::gate::{Gate, Permit};
use crate::keyspace::{Keyspace, Keyspaces};
use crate::limits::{HostLimits, SessionLimit};
use crate::metrics::{Counted, RequestCounters};
use crate::operation::{Form, UsualForm};
use crate::prepared::{Cache, Origin};
use crate::profile::Profiles;
use crate::resources::Resources;
use crate::retry::Retries;
use crate::speculation::Speculations;
use crate::stream_totals::StreamCounters;
use crate::timed::{Timed, timed};
use crate::timestamps::Timestamps;
use crate::warnings::WarningLog;

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
    pub(crate) warnings: WarningLog,
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
    /// The longest body of a request, in bytes.
    pub(crate) max_request_bytes: usize,
    /// How requests are encoded whose host is not chosen yet.
    pub(crate) usual_form: UsualForm,
}

/// A call that was let in, and counts as a request.
#[derive(Debug)]
#[must_use = "whoever drops it has ended the request, and is outside"]
pub(crate) struct Call<'a> {
    /// Counted before it is outside: a session that is closed has counted all.
    counted: Counted<&'a RequestCounters>,
    _permit: Permit<'a>,
}

impl Call<'_> {
    /// It has its outcome: says whether it is one of those that took their time.
    #[inline]
    pub(crate) fn end(&mut self, error: Option<&ErrorKind>) -> bool {
        self.counted.end(error)
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
            warnings: WarningLog::default(),
            retries,
            speculations,
            timestamps: Timestamps::default(),
            keyspaces: Keyspaces::new(Keyspace::of_session(origin)),
            statements: Cache::new(settings.prepared_statements),
            teachings: Teachings::default(),
            schema_agreement_timeout: settings.schema_agreement_timeout,
            max_request_bytes: settings.max_request_bytes,
            usual_form,
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
        Ok(Call { counted, _permit: permit })
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
        all_done.bound(self.gate.empty()).await.unwrap_or_default();
        self.cluster.close(deadline).await;
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
    u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)
}
