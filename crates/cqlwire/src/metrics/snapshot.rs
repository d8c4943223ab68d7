//! What a session has counted, at one moment.

use cqlwire_cluster::{ClusterTotals, Distance, Host};
use cqlwire_codec::ErrorCode;
use cqlwire_net::{RequestKind, Usage};
use cqlwire_pool::{Latencies, LatencyHistogram, PoolTotals};
use uuid::Uuid;

use super::outcome::RequestTotals;
use crate::observer::ObserverTotals;
use crate::prepared::{PreparedTotals, StatementMetrics};
use crate::resources::Resources;
use crate::retry::RetryTotals;
use crate::shared::Shared;
use crate::speculation::SpeculationTotals;
use crate::stream_totals::StreamTotals;
use crate::timestamps::TimestampTotals;

/// What a session has counted since it was connected, and what it holds at the moment.
///
/// Figures only ever grow, those of hosts that have left included. They are read one after another
/// while others count: once nothing is under way any more, they are exact. As text it is a table for
/// people.
///
/// ```no_run
/// # async fn example(session: cqlwire::Session) {
/// let before = session.metrics();
/// tokio::time::sleep(std::time::Duration::from_secs(60)).await;
/// println!("the last minute:\n{}", session.metrics().since(&before));
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Metrics {
    /// Requests, each with all of its attempts, by what became of them.
    pub requests: RequestTotals,
    /// The requests that ended with what a server said, by what it said; those of codes that are not
    /// known here are together, without one.
    pub server_errors: Vec<(Option<ErrorCode>, u64)>,
    /// Requests that were sent again.
    pub retries: RetryTotals,
    /// Requests that were sent to another host as well.
    pub speculation: SpeculationTotals,
    /// Write times that requests drew.
    pub timestamps: TimestampTotals,
    /// Streams.
    pub streams: StreamTotals,
    /// Prepared statements.
    pub prepared: PreparedTotals,
    /// What observers were told, and what they missed.
    pub observers: ObserverTotals,
    /// What was done to know the cluster.
    pub cluster: ClusterTotals,
    /// All connections for requests, and all attempts.
    pub pools: PoolTotals,
    /// How long requests took, and their attempts: of each kind that there was any of.
    pub latencies: Vec<(RequestKind, Latencies)>,
    /// Statements that have [names](crate::PreparedStatement::name), by these: those that are kept, and of
    /// those that went from the cache as many names as it keeps statements.
    pub statements: Vec<StatementMetrics>,
    /// Is there a server that is asked about the cluster? Without one, its changes are not seen.
    pub has_control_connection: bool,
    /// The hosts that are in the cluster.
    pub hosts: Vec<HostMetrics>,
    /// What it holds at the moment.
    pub resources: Resources,
    /// Prepared statements that it keeps at the moment.
    pub kept_statements: usize,
}

/// What a session has counted of one host.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HostMetrics {
    /// Its id.
    pub host_id: Uuid,
    /// Where it listens for clients.
    pub address: String,
    /// Its data center.
    pub data_center: String,
    /// Its rack.
    pub rack: String,
    /// How far it is: one that is [`Ignored`](Distance::Ignored) is not connected to, and not missed.
    pub distance: Distance,
    /// Is it connected to at the moment?
    pub is_up: bool,
    /// Its connections, those of keyspaces of their own included, and the attempts on them.
    pub totals: PoolTotals,
    /// How many connections to it there are at the moment.
    pub open_connections: usize,
    /// What these hold.
    pub usage: Usage,
    /// How long attempts took there, to one part in eight: of each kind that there was any of.
    pub latencies: Vec<(RequestKind, LatencyHistogram)>,
    /// Which pool it is that has counted them.
    pool: u64,
}

impl Metrics {
    pub(crate) fn of(shared: &Shared) -> Self {
        Self::with(shared, true)
    }

    /// The same, without the times of each host if nobody looks at them: copies of hundreds of buckets
    /// of each kind of request.
    pub(crate) fn with(shared: &Shared, times_of_hosts: bool) -> Self {
        let cluster = shared.cluster();
        // What connections have not recorded yet is recorded as they are looked at.
        let pools = cluster.pool_totals();
        let of_kind = |kind| cluster.latencies().of(kind).map(|latencies| (kind, latencies));
        let topology = cluster.topology();
        let hosts = topology.hosts();
        Self {
            requests: shared.requests.totals(|| shared.begun()),
            server_errors: shared.requests.server_errors(),
            retries: shared.retries.totals(),
            speculation: shared.speculations.totals(),
            timestamps: shared.timestamps.totals(),
            streams: shared.streams.totals(),
            prepared: shared.statements.totals(),
            observers: shared
                .observers
                .as_ref()
                .map_or_else(ObserverTotals::default, |told| told.totals()),
            cluster: cluster.totals(),
            pools,
            latencies: RequestKind::ALL.into_iter().filter_map(of_kind).collect(),
            statements: shared.statements.named(),
            has_control_connection: cluster.health().has_control_connection,
            hosts: hosts.iter().map(|host| HostMetrics::of(host, times_of_hosts)).collect(),
            resources: shared.resources(),
            kept_statements: shared.statements.count(),
        }
    }

    /// How long requests of this kind took; `None` if there were none.
    pub fn latency(&self, kind: RequestKind) -> Option<&Latencies> {
        self.latencies.iter().find(|(of, _)| *of == kind).map(|(_, latencies)| latencies)
    }

    /// What has been counted since an earlier look at the same session. Hosts that came in between,
    /// or came back, or moved to another address, are there whole; what is held is as it is now.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let of_kind = |(kind, now): &(RequestKind, Latencies)| {
            (*kind, earlier.latency(*kind).map_or_else(|| now.clone(), |before| now.since(before)))
        };
        let of_code = |(code, now): &(Option<ErrorCode>, u64)| {
            let before = earlier.server_errors.iter().find(|(known, _)| known == code);
            (*code, now.saturating_sub(before.map_or(0, |(_, before)| *before)))
        };
        let errors = self.server_errors.iter().map(of_code);
        let of_statement = |now: &StatementMetrics| {
            let before = earlier.statements.iter().find(|before| before.name == now.name);
            before.map_or_else(|| now.clone(), |before| now.since(before))
        };
        let of_host = |host: &HostMetrics| {
            let before = earlier.hosts.iter().find(|before| before.pool == host.pool);
            before.map_or_else(|| host.clone(), |before| host.since(before))
        };
        Self {
            requests: self.requests.since(&earlier.requests),
            server_errors: errors.filter(|(_, count)| *count > 0).collect(),
            retries: self.retries.since(&earlier.retries),
            speculation: self.speculation.since(&earlier.speculation),
            timestamps: self.timestamps.since(&earlier.timestamps),
            streams: self.streams.since(&earlier.streams),
            prepared: self.prepared.since(&earlier.prepared),
            observers: self.observers.since(&earlier.observers),
            cluster: self.cluster.since(&earlier.cluster),
            pools: self.pools.since(&earlier.pools),
            latencies: self.latencies.iter().map(of_kind).collect(),
            statements: self.statements.iter().map(of_statement).collect(),
            has_control_connection: self.has_control_connection,
            hosts: self.hosts.iter().map(of_host).collect(),
            resources: self.resources,
            kept_statements: self.kept_statements,
        }
    }
}

impl HostMetrics {
    fn of(host: &Host, with_times: bool) -> Self {
        let pool = host.pool();
        let (totals, usage) = (pool.host_totals(), pool.host_usage());
        let of_kind = |kind| pool.latency(kind).map(|latency| (kind, latency));
        let kinds = RequestKind::ALL.into_iter().filter(|_| with_times);
        Self {
            host_id: host.id(),
            address: host.address().to_string(),
            data_center: host.data_center().to_owned(),
            rack: host.rack().to_owned(),
            distance: host.distance(),
            is_up: host.state().is_up(),
            totals,
            open_connections: usage.connections,
            usage: usage.usage,
            latencies: kinds.filter_map(of_kind).collect(),
            pool: pool.number(),
        }
    }

    /// How long attempts of this kind took; `None` if there were none.
    pub fn latency(&self, kind: RequestKind) -> Option<&LatencyHistogram> {
        self.latencies.iter().find(|(of, _)| *of == kind).map(|(_, latency)| latency)
    }

    fn since(&self, earlier: &Self) -> Self {
        let of_kind = |(kind, now): &(RequestKind, LatencyHistogram)| {
            (*kind, earlier.latency(*kind).map_or_else(|| now.clone(), |before| now.since(before)))
        };
        let latencies = self.latencies.iter().map(of_kind).collect();
        Self { totals: self.totals.since(&earlier.totals), latencies, ..self.clone() }
    }
}
