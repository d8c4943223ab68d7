//! The pools of one keyspace, by host, and the list of all that somebody has: what follows the
//! topology.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;
use cqlwire_pool::{NotConnected, Pool, Registry, Target, Unconnected};
use foldhash::quality::RandomState;
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::{Host, Topology};

/// The pools of one keyspace. Dropped, their connections finish what was sent and close.
#[derive(Debug)]
pub(crate) struct OwnPools {
    keyspace: Arc<str>,
    /// By the ids of the hosts; replaced as a whole.
    pools: ArcSwap<HashMap<Uuid, Pool, RandomState>>,
    /// Held while they are replaced.
    changing: Mutex<()>,
}

impl OwnPools {
    /// None yet.
    pub(crate) fn new(keyspace: Arc<str>) -> Self {
        Self { keyspace, pools: ArcSwap::default(), changing: Mutex::default() }
    }

    pub(crate) fn keyspace(&self) -> &str {
        &self.keyspace
    }

    /// The pool of the host with this id, if there is one.
    pub(crate) fn find(&self, host_id: Uuid) -> Option<Pool> {
        self.pools.load().get(&host_id).cloned()
    }

    /// The pool of this host, started on this runtime if there is none.
    ///
    /// # Errors
    ///
    /// There is to be none: the host is not in the cluster any more, or the registry is closed.
    pub(crate) fn start(
        &self,
        host: &Host,
        topology: &ArcSwap<Topology>,
        registry: &Registry,
        runtime: &Handle,
    ) -> Result<Pool, NotConnected> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let pools = self.pools.load_full();
        if let Some(pool) = pools.get(&host.id()) {
            return Ok(pool.clone());
        }
        let not_connected = |reason| NotConnected::new(host.address().clone(), reason);
        // Looked at in here: whoever replaces the topology comes here after it.
        if !is_in(&topology.load(), host) {
            return Err(not_connected(Unconnected::NotWanted));
        }
        let keyspace = Some(Arc::clone(&self.keyspace));
        let target = Target { keyspace, ..host.pool().target().clone() };
        // Requests come from anywhere, and connections belong to the runtime of the cluster.
        let _entered = runtime.enter();
        let started = registry.start(target, host.pool().size());
        let pool = started.map_err(|_| not_connected(Unconnected::Closed))?;
        let mut pools = HashMap::clone(&pools);
        pools.insert(host.id(), pool.clone());
        self.pools.store(Arc::new(pools));
        Ok(pool)
    }

    /// The hosts are these from now on: pools of others drain, and each has as many connections as
    /// its host has otherwise.
    fn renew(&self, topology: &Topology, registry: &Registry) {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pools = HashMap::clone(&self.pools.load());
        pools.retain(|id, pool| {
            let host = topology.find(*id).map(|index| topology.host(index));
            let Some(host) = host.filter(|host| host.address() == pool.address()) else {
                pool.stop();
                return false;
            };
            // After a close nothing is resized.
            registry.resize(pool, host.pool().size()).is_ok()
        });
        self.pools.store(Arc::new(pools));
    }
}

/// Is this host in the cluster, at its address?
fn is_in(topology: &Topology, host: &Host) -> bool {
    let known = topology.find(host.id()).map(|index| topology.host(index));
    known.is_some_and(|known| known.key() == host.key())
}

/// The pools of all keyspaces that somebody has.
#[derive(Debug, Default)]
pub(crate) struct KeyspaceList(Mutex<Vec<Weak<OwnPools>>>);

impl KeyspaceList {
    pub(crate) fn add(&self, pools: &Arc<OwnPools>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Before it would grow, so that it does not grow for those that are gone.
        if all.len() == all.capacity() {
            all.retain(|pools| pools.strong_count() > 0);
        }
        all.push(Arc::downgrade(pools));
    }

    /// The hosts are these from now on.
    pub(crate) fn renew(&self, topology: &Topology, registry: &Registry) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.iter().filter_map(Weak::upgrade).for_each(|pools| pools.renew(topology, registry));
    }
}
