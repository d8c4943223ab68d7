//! The handle of a cluster.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::SchemaChange;
use cqlwire_net::{Deadline, Race};
use cqlwire_pool::{NotConnected, PoolUsage, Registry, RegistryClosed};
use tokio::time::sleep;
use tokio_util::sync::DropGuard;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::contact::{Contacted, Contacts, Failed};
use crate::control::Control;
use crate::listing::{ClusterRows, ListingState};
use crate::placement::Placement;
use crate::routing::Policy;
use crate::schema::{self, Describe, DescribeError, Schema};
use crate::shared::Shared;
use crate::standing::decide;
use crate::{
    ClusterChanges, ContactAttempt, ContactFailure, Distance, Health, Host, NoContact, Plan,
    PolicyPanicked, Routing, Settings, TokenAware, Topology, refresh,
};

/// A cluster that is connected to. See the [crate](crate).
///
/// When it is dropped, its connections finish what was sent and close, whoever still holds a host
/// or a topology.
#[derive(Debug)]
pub struct Cluster {
    shared: Arc<Shared>,
    policy: Policy,
    _stop: DropGuard,
}

impl Cluster {
    /// Asks the contact points about the cluster, begins to connect to each of its hosts, and waits
    /// for the first connection ([`ready_when`](Settings::ready_when)).
    ///
    /// Every address of every contact point has its turn: the next one begins while the last is
    /// still silent ([`attempt_delay`](cqlwire_net::Settings::attempt_delay)), and the first that
    /// answers leads to the cluster. The others are given up.
    ///
    /// # Errors
    ///
    /// [`NoContact`], with every server that was tried and its reason. Nothing is left behind.
    ///
    /// # Cancel safety
    ///
    /// Dropped, everything that was opened is closed.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time.
    pub async fn connect(settings: Settings, deadline: Deadline) -> Result<Self, NoContact> {
        let registry = Registry::new(settings.pool.clone());
        let begun = reach(&settings, &registry, deadline).await?;
        let policy = match &settings.load_balancing {
            Some(policy) => Policy::Custom(Arc::clone(policy)),
            None => Policy::TokenAware(TokenAware {
                remote_for_local_consistency: settings.remote.for_local_consistency,
            }),
        };
        let Begun { control, topology, local_data_center, listing } = begun;
        let shared = Arc::new(Shared::new(settings, local_data_center, registry, topology));
        let stop = shared.stopped.clone().drop_guard();
        let refreshing = refresh::run(Arc::clone(&shared), control, listing);
        shared.registry.tasks().spawn(refreshing);
        Ok(Self { shared, policy, _stop: stop })
    }

    /// The hosts to try for one request; with `pinned`, that one alone.
    #[inline]
    pub fn plan(&self, pinned: Option<Uuid>) -> Plan {
        Plan::new(self.topology(), pinned, fastrand::u64(..))
    }

    /// The next host to try for this request; `None` if there is no other.
    ///
    /// # Errors
    ///
    /// [`PolicyPanicked`]: that of a user.
    #[inline]
    pub fn next_host<'a>(
        &self,
        plan: &'a mut Plan,
        request: &Routing<'_>,
    ) -> Result<Option<&'a Arc<Host>>, PolicyPanicked> {
        plan.next(&self.policy, request)
    }

    /// The cluster as it was last seen.
    #[inline]
    pub fn topology(&self) -> Arc<Topology> {
        self.shared.topology.load_full()
    }

    /// The schema as it was last read: whole soon after connecting.
    pub fn schema(&self) -> Arc<Schema> {
        self.shared.schema.load_full()
    }

    /// The CQL that makes this part of the schema again, in the words of the servers, which have
    /// known DESCRIBE since Cassandra 4.0. Each statement ends with a semicolon, and an empty line
    /// stands between two.
    ///
    /// # Errors
    ///
    /// [`DescribeError`].
    ///
    /// # Cancel safety
    ///
    /// Dropped, the question that is in flight is withdrawn, or its response thrown away.
    pub async fn describe(
        &self,
        what: Describe<'_>,
        deadline: Deadline,
    ) -> Result<String, DescribeError> {
        let topology = self.topology();
        let connected = topology.hosts().iter().find_map(|host| host.pool().pick().ok());
        schema::describe(&connected.ok_or(DescribeError::NotConnected)?, what, deadline).await
    }

    /// The data center whose hosts get requests.
    pub fn local_data_center(&self) -> &str {
        &self.shared.local_data_center
    }

    /// How it is, without asking anybody.
    pub fn health(&self) -> Health {
        Health::of(&self.topology(), self.shared.has_control())
    }

    /// What happens to the cluster from now on.
    pub fn changes(&self) -> ClusterChanges {
        self.shared.changes.subscribe()
    }

    /// Has what was changed read again, or, without a change, everything, and waits until that is
    /// done; no longer than the deadline. `false` if it is not done by then, or if the cluster is
    /// closed meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it is read all the same.
    pub async fn refresh(&self, change: Option<SchemaChange>, deadline: Deadline) -> bool {
        tokio::select! {
            is_done = self.shared.demand.read_again(change, deadline) => is_done,
            () = self.closing() => false,
        }
    }

    /// Waits until somebody [closes](Self::close) it.
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing is left behind.
    pub async fn closing(&self) {
        self.shared.stopped.cancelled().await;
    }

    /// Closes the connections to this host, and keeps it down until
    /// [`force_up`](Self::force_up): it gets no requests, whatever servers say about it. What was
    /// sent finishes.
    pub async fn force_down(&self, host_id: Uuid) {
        self.force(host_id, true).await;
    }

    /// The opposite of [`force_down`](Self::force_down); of a host that is merely down, the next
    /// attempt to connect begins at once.
    pub async fn force_up(&self, host_id: Uuid) {
        self.force(host_id, false).await;
        let topology = self.topology();
        if let Some(host) = topology.find(host_id) {
            topology.host(host).pool().attempt_now();
        }
    }

    async fn force(&self, host_id: Uuid, down: bool) {
        self.shared.set_forced_down(host_id, down);
        if let Err(closed) = self.shared.reconsider().await {
            tracing::debug!(%closed, "no host is forced up or down any more");
        }
    }

    /// What all pools hold at the moment, added up, those of hosts that have left included. The
    /// control connection is not counted.
    pub fn usage(&self) -> PoolUsage {
        self.shared.registry.usage()
    }

    /// Counts every task of the cluster: one for each connection, one for each slot of a pool, and
    /// the refresh task. A close waits for all of them.
    pub fn tasks(&self) -> &TaskTracker {
        self.shared.registry.tasks()
    }

    /// Begins nothing any more, lets what was sent finish, and closes all connections, at the
    /// deadline all the same; then there is no task left. May be called often and by many.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the connections go on closing, without a deadline of their own.
    pub async fn close(&self, deadline: Deadline) {
        self.shared.stop();
        self.shared.registry.close(deadline).await;
    }
}

/// What connecting has come to.
struct Begun {
    control: Control,
    topology: Topology,
    local_data_center: String,
    listing: ListingState,
}

/// Contacts the cluster; again and again, if the settings want that, until the deadline.
async fn reach(
    settings: &Settings,
    registry: &Registry,
    deadline: Deadline,
) -> Result<Begun, NoContact> {
    let mut failures = 0;
    loop {
        let attempt = match settings.reconnect_on_init {
            true => {
                let timeout = settings.pool.connect_timeout;
                deadline.within(timeout.saturating_add(settings.query_timeout))
            }
            false => deadline,
        };
        let error = match contact(settings, registry, attempt).await {
            Ok(begun) => return Ok(begun),
            Err(error) => error,
        };
        failures += 1;
        let wait = settings.pool.backoff.after(failures);
        let gives_up = !settings.reconnect_on_init || error.is_permanent();
        if gives_up || deadline.remaining() <= wait {
            return Err(error);
        }
        tracing::warn!(%error, "not connected yet");
        sleep(wait).await;
    }
}

/// The control connection to the first server that answers, and a topology of which at least one
/// host has a connection for requests.
async fn contact(
    settings: &Settings,
    registry: &Registry,
    deadline: Deadline,
) -> Result<Begun, NoContact> {
    let mut contacts = Contacts::new(settings, registry.settings(), deadline, None);
    contacts.add_contact_points();
    let mut failed: Vec<Failed> = Vec::new();
    // Those that have said what they know: the next one begins while the hosts that the last one
    // knows are still silent.
    let mut begun = Race::new(registry.settings().connection.attempt_delay, deadline);
    loop {
        tokio::select! {
            Some(outcome) = begun.next() => match outcome {
                Ok(connected) => return Ok(connected),
                Err(hosts) => failed.extend(hosts),
            },
            // Others go on meanwhile, since their time does.
            Some(outcome) = contacts.next() => match outcome {
                Ok(contacted) => begun.enter(begin(contacted, settings, registry, deadline)),
                Err(failure) => failed.push(failure),
            },
            else => break,
        }
    }
    // Stable: several hosts may have been found through one server.
    failed.sort_by_key(|failure| failure.rank);
    Err(NoContact { attempts: failed.into_iter().map(|failure| failure.attempt).collect() })
}

/// Begins to connect to every host, and waits for the first connection.
async fn begin(
    contacted: Contacted,
    settings: &Settings,
    registry: &Registry,
    deadline: Deadline,
) -> Result<Begun, Vec<Failed>> {
    let Contacted { rank, contact_point, control, mut rows } = contacted;
    let failed = |address, failure| {
        let attempt = ContactAttempt::of(contact_point.clone(), Some(address), failure);
        Failed { rank, attempt }
    };
    rows.hosts = Topology::in_known_order(&[], rows.hosts);
    let asked = rows.hosts.first().map(|row| row.data_center().to_owned()).unwrap_or_default();
    let local_data_center = settings.local_data_center.clone().unwrap_or(asked);
    let listing = rows.state();
    let Ok(topology) = first_topology(&rows, &local_data_center, settings, registry).await else {
        return Err(Vec::new());
    };
    let is_known = topology.data_centers().contains(&local_data_center);
    let nobody = topology.hosts().iter().all(|host| host.distance() == Distance::Ignored);
    if nobody || !is_known {
        let data_centers = topology.data_centers().to_vec();
        let no_host = ContactFailure::NoHostWanted { local_data_center, data_centers };
        return Err(vec![failed(control.address().clone(), no_host)]);
    }
    if settings.local_data_center.is_none() && topology.data_centers().len() > 1 {
        tracing::warn!(
            local_data_center,
            data_centers = ?topology.data_centers(),
            "no local data center was given: taking that of the server that answered first"
        );
    }
    let deadline = deadline.within(settings.pool.connect_timeout);
    match connections(&topology, settings.ready_when, deadline).await {
        Ok(()) => Ok(Begun { control, topology, local_data_center, listing }),
        Err(errors) => {
            let failed = errors.into_iter().map(|NotConnected { address, reason, .. }| {
                failed(address, ContactFailure::Pool(reason))
            });
            Err(failed.collect())
        }
    }
}

async fn first_topology(
    rows: &ClusterRows,
    local_data_center: &str,
    settings: &Settings,
    registry: &Registry,
) -> Result<Topology, RegistryClosed> {
    let none = HashSet::new();
    let standings = decide(settings, local_data_center, &none, &rows.hosts);
    let (ClusterRows { partitioner, replications, hosts, .. }, known) = (rows, Arc::default());
    let placement = Placement::compute(hosts, partitioner, replications, &known).await;
    Topology::new(rows, placement, &[], &standings, registry)
}

/// Waits until so many local hosts are connected, or as many as there are; where there are only
/// remote ones, so many of those. Keyspace and the like are
/// first tried here: what is wrong with them has to be said now.
async fn connections(
    topology: &Topology,
    wanted: usize,
    deadline: Deadline,
) -> Result<(), Vec<NotConnected>> {
    let mut race = Race::new(Duration::ZERO, deadline);
    let at = |distance| topology.hosts().iter().filter(move |host| host.distance() == distance);
    let nearest = at(Distance::Local).next().map_or(Distance::Remote, |host| host.distance());
    let wanted_hosts = at(nearest);
    let mut missing = 0;
    for host in wanted_hosts {
        race.begin(host.pool().ready(deadline));
        missing += 1;
    }
    missing = missing.min(NonZeroUsize::new(wanted).map_or(1, NonZeroUsize::get));
    let mut errors = Vec::new();
    while missing > 0 {
        match race.next().await {
            Some(Ok(_)) => missing -= 1,
            Some(Err(error)) => errors.push(error),
            None => return Err(errors),
        }
    }
    Ok(())
}
