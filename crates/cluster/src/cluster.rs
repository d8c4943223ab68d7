//! The handle of a cluster.

use std::sync::Arc;

use cqlwire_codec::SchemaChange;
use cqlwire_net::Deadline;
use cqlwire_pool::{PoolTotals, PoolUsage, Registry, SessionLatencies};
use tokio_util::sync::DropGuard;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::connect::{Begun, reach};
use crate::routing::Policy;
use crate::schema::{self, Describe, DescribeError, Schema};
use crate::shared::Shared;
use crate::{
    ClusterChanges, ClusterTotals, Health, KeyspacePools, LoadBalancing, NoContact, Plan,
    PolicyPanicked, Routing, Settings, TokenAware, Topology, Turn, refresh,
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

    #[cfg(test)]
    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The hosts to try for one request; with `pinned`, that one alone.
    #[inline]
    pub fn plan(&self, pinned: Option<Uuid>) -> Plan {
        Plan::new(self.topology(), pinned, fastrand::u64(..))
    }

    /// The next host to try for this request, as `by` chooses, or else the policy of the cluster;
    /// `None` if there is no other. Where requests cannot name their keyspace, it goes over the
    /// connections of `own`, if there are any.
    ///
    /// # Errors
    ///
    /// [`PolicyPanicked`]: that of a user.
    #[inline]
    pub fn next_host<'a>(
        &self,
        plan: &'a mut Plan,
        by: Option<&dyn LoadBalancing>,
        request: &Routing<'_>,
        own: Option<&KeyspacePools>,
    ) -> Result<Option<Turn<'a>>, PolicyPanicked> {
        plan.next(&self.policy, by, request, own).inspect_err(|_| {
            self.shared.counters.policy_panics.count();
        })
    }

    /// What was done to know it, and how often the load balancing policy has panicked.
    pub fn totals(&self) -> ClusterTotals {
        self.shared.counters.totals()
    }

    /// What has become of all connections for requests, and of the requests on them, those of hosts
    /// that have left included.
    pub fn pool_totals(&self) -> PoolTotals {
        self.shared.registry.totals()
    }

    /// How long the requests to all hosts took.
    pub fn latencies(&self) -> &SessionLatencies {
        self.shared.registry.latencies()
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

    /// The connections of this keyspace, spelled as in the schema: none yet. There are any only to
    /// hosts whose requests cannot name their keyspace, those that speak v3 or v4.
    pub fn keyspace(&self, name: Arc<str>) -> KeyspacePools {
        KeyspacePools::new(&self.shared, name)
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
            biased;
            is_done = self.shared.demand.read_again(change, deadline) => is_done,
            () = self.closing() => false,
        }
    }

    /// Waits until somebody [closes](Self::close) or drops it.
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing is left behind.
    pub fn closing(&self) -> impl Future<Output = ()> + Send + use<> {
        self.shared.stopped.clone().cancelled_owned()
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
            let session = self.shared.settings.log().id();
            tracing::debug!(%session, %closed, "no host is forced up or down any more");
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
