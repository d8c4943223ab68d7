//! What the handle of a cluster and its refresh task have in common.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use cqlwire_pool::{Registry, RegistryClosed};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::changes::{ClusterChange, Publisher};

use crate::demand::Demand;
use crate::listing::ClusterRows;
use crate::own_pools::{KeyspaceList, Starter};
use crate::placement::Placement;
use crate::standing::decide;
use crate::totals::Counters;
use crate::{Schema, Settings, Topology};

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    /// Whose hosts are local, as the settings say or the first contact point.
    pub(crate) local_data_center: String,
    /// Every live pool, also of hosts that are in no topology any more.
    pub(crate) registry: Registry,
    pub(crate) topology: ArcSwap<Topology>,
    pub(crate) schema: ArcSwap<Schema>,
    pub(crate) changes: Publisher,
    pub(crate) demand: Demand,
    pub(crate) counters: Counters,
    pub(crate) keyspaces: KeyspaceList,
    /// The one that serves the connections.
    pub(crate) runtime: Handle,
    pub(crate) stopped: CancellationToken,
    /// Is there a control connection?
    has_control: AtomicBool,
    /// The hosts that are not to be connected to, whatever they are.
    forced_down: Mutex<HashSet<Uuid>>,
    /// Held while a topology is replaced.
    renewing: tokio::sync::Mutex<()>,
}

impl Shared {
    pub(crate) fn new(
        settings: Settings,
        local_data_center: String,
        registry: Registry,
        topology: Topology,
    ) -> Self {
        let changes = Publisher::new(settings.on_change.clone());
        Self {
            settings,
            local_data_center,
            registry,
            topology: ArcSwap::from_pointee(topology),
            schema: ArcSwap::default(),
            changes,
            demand: Demand::default(),
            counters: Counters::default(),
            keyspaces: KeyspaceList::default(),
            runtime: Handle::current(),
            stopped: CancellationToken::new(),
            has_control: AtomicBool::new(true),
            forced_down: Mutex::default(),
            renewing: tokio::sync::Mutex::default(),
        }
    }

    /// What pools beside those of the hosts are started with.
    pub(crate) fn starter(&self) -> Starter<'_> {
        let Self { topology, registry, runtime, settings, .. } = self;
        Starter { topology, registry, runtime, session: settings.log().id() }
    }

    /// The topology becomes the one that these rows describe. Hosts that are in it no more drain,
    /// whoever still holds them.
    pub(crate) async fn renew(&self, rows: ClusterRows) -> Result<(), RegistryClosed> {
        let _alone = self.renewing.lock().await;
        self.replace(rows).await
    }

    /// The same hosts, with what has changed about their standing or about the keyspaces.
    pub(crate) async fn reconsider(&self) -> Result<(), RegistryClosed> {
        let _alone = self.renewing.lock().await;
        self.replace(self.topology.load().rows()).await
    }

    async fn replace(&self, mut rows: ClusterRows) -> Result<(), RegistryClosed> {
        let known = self.topology.load_full();
        rows.hosts = Topology::in_known_order(known.hosts(), rows.hosts);
        let forced_down = self.forced_down().clone();
        let standings = decide(&self.settings, &self.local_data_center, &forced_down, &rows.hosts);
        if !standings.any_gets_requests() {
            let (log, local_data_center) = (self.settings.log(), &self.local_data_center);
            if log.is_news("no host is wanted", ()) {
                tracing::warn!(
                    session = %log.id(),
                    local_data_center,
                    "no host that may get requests is listed: keeping those known"
                );
            }
            return Ok(());
        }
        let placed = known.placement();
        let placement = Placement::compute(
            &rows.hosts,
            &rows.partitioner,
            &rows.replications,
            placed,
            self.settings.log(),
        )
        .await;
        let topology = Topology::new(&rows, placement, known.hosts(), &standings, &self.registry)?;
        let topology = Arc::new(topology);
        self.topology.store(Arc::clone(&topology));
        known.not_in(&topology).for_each(|host| host.pool().stop());
        self.keyspaces.renew(&known, &topology, self.starter());
        self.publish_differences(&known, &topology);
        Ok(())
    }

    /// Something is another in the cluster: it is in the log, and whoever follows is told.
    fn announce(&self, change: ClusterChange) {
        let session = self.settings.log().id();
        match &change {
            ClusterChange::HostAdded { host_id, address: host } => {
                tracing::info!(%session, %host, %host_id, "host added");
            }
            ClusterChange::HostRemoved { host_id, address: host } => {
                tracing::info!(%session, %host, %host_id, "host removed");
            }
            ClusterChange::HostMoved { host_id, from, to } => {
                tracing::info!(%session, host = %to, %host_id, %from, "host at another address");
            }
            other => tracing::debug!(%session, change = ?other, "the cluster has changed"),
        }
        self.changes.publish(change);
    }

    fn publish_differences(&self, before: &Topology, now: &Topology) {
        for host in now.hosts() {
            let (host_id, to) = (host.id(), host.address().clone());
            match before.find(host_id).map(|index| before.host(index)) {
                None => self.announce(ClusterChange::HostAdded { host_id, address: to }),
                Some(known) if *known.address() != to => {
                    let from = known.address().clone();
                    self.announce(ClusterChange::HostMoved { host_id, from, to });
                }
                Some(_) => {}
            }
        }
        for host in before.hosts().iter().filter(|host| now.find(host.id()).is_none()) {
            let (host_id, address) = (host.id(), host.address().clone());
            self.announce(ClusterChange::HostRemoved { host_id, address });
        }
    }

    pub(crate) fn set_forced_down(&self, host_id: Uuid, forced: bool) {
        let mut forced_down = self.forced_down();
        if forced {
            forced_down.insert(host_id);
        } else {
            forced_down.remove(&host_id);
        }
    }

    /// The schema is this one from now on.
    pub(crate) fn set_schema(&self, schema: Schema) {
        if !self.schema.load().is_same(&schema) {
            self.schema.store(Arc::new(schema));
            self.announce(ClusterChange::SchemaChanged);
        }
    }

    pub(crate) fn has_control(&self) -> bool {
        self.has_control.load(Ordering::Relaxed)
    }

    pub(crate) fn set_has_control(&self, has: bool) {
        self.has_control.store(has, Ordering::Relaxed);
    }

    /// Nothing begins any more.
    pub(crate) fn stop(&self) {
        self.stopped.cancel();
        self.changes.close();
    }

    fn forced_down(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.forced_down.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
