//! The pools of one keyspace, by host, and the list of all that somebody has: what follows the
//! topology.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;
use cqlwire_codec::ProtocolVersion;
use cqlwire_pool::{NotConnected, Offer, Pool, Registry, Unconnected};
use foldhash::quality::RandomState;
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::{Host, Topology};

/// What pools are started with: those of the cluster, and the runtime that its connections belong to.
#[derive(Clone, Copy)]
pub(crate) struct Starter<'a> {
    pub(crate) topology: &'a ArcSwap<Topology>,
    pub(crate) registry: &'a Registry,
    pub(crate) runtime: &'a Handle,
    /// Whose they are, for the log.
    pub(crate) session: Uuid,
}

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

    /// The least busy connection to this host on which requests are in the keyspace, with what the host
    /// owes: one of the host's own, if requests on it can name their keyspace. `None` if there is no
    /// connection that takes requests. Waits for no lock.
    #[inline(never)]
    pub(crate) fn offer(&self, host: &Host) -> Option<Offer> {
        let offer = host.pool().offer()?;
        if offer.connection().version() >= ProtocolVersion::V5 {
            return Some(offer);
        }
        self.pools.load().get(&host.id())?.offer()
    }

    /// The pool of this host, started if there is none.
    ///
    /// # Errors
    ///
    /// There is to be none: the host is not in the cluster any more, or the registry is closed.
    pub(crate) fn start(&self, host: &Host, by: Starter<'_>) -> Result<Pool, NotConnected> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let pools = self.pools.load_full();
        if let Some(pool) = pools.get(&host.id()) {
            return Ok(pool.clone());
        }
        let not_connected = |reason| NotConnected::new(host.address().clone(), reason);
        // Looked at in here: whoever replaces the topology comes here after it.
        if !is_in(&by.topology.load(), host) {
            return Err(not_connected(Unconnected::NotWanted));
        }
        // Requests come from anywhere, and connections belong to the runtime of the cluster.
        let _entered = by.runtime.enter();
        let started = by.registry.start_beside(host.pool(), Arc::clone(&self.keyspace));
        let pool = started.map_err(|_| not_connected(Unconnected::Closed))?;
        let mut pools = HashMap::clone(&pools);
        pools.insert(host.id(), pool.clone());
        self.pools.store(Arc::new(pools));
        Ok(pool)
    }

    /// This host is connected to: it gets a pool, if requests to it cannot name their keyspace.
    fn meet(&self, host: &Host, by: Starter<'_>) {
        if self.find(host.id()).is_none()
            && speaks_without_keyspaces(host)
            && let Err(error) = self.start(host, by)
        {
            let (session, keyspace) = (by.session, self.keyspace());
            tracing::debug!(%session, %error, keyspace, "a host comes and goes");
        }
    }

    /// Has the pool of this host connect now, if it has no connection.
    fn attempt_now(&self, host: &Host) {
        self.find(host.id()).as_ref().into_iter().for_each(attempt_now);
    }

    /// The hosts are these from now on: pools of others drain, and each has as many connections as
    /// its host has otherwise.
    fn renew(&self, topology: &Topology, by: Starter<'_>) {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pools = HashMap::clone(&self.pools.load());
        pools.retain(|id, pool| {
            let host = topology.find(*id).map(|index| topology.host(index));
            let Some(host) = host.filter(|host| host.address() == pool.address()) else {
                pool.stop();
                return false;
            };
            // After a close nothing is resized.
            by.registry.resize(pool, host.pool().size()).is_ok()
        });
        self.pools.store(Arc::new(pools));
    }
}

/// Is it connected, and does it speak a version whose requests cannot name a keyspace?
pub(crate) fn speaks_without_keyspaces(host: &Host) -> bool {
    host.pool().pick().is_ok_and(|connection| connection.version() < ProtocolVersion::V5)
}

fn attempt_now(pool: &Pool) {
    if !pool.state().is_up() {
        pool.attempt_now();
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

    /// The hosts, and the keyspaces that there are, are these from now on.
    pub(crate) fn renew(&self, before: &Topology, topology: &Topology, by: Starter<'_>) {
        self.each(|pools| {
            pools.renew(topology, by);
            let is_known = |topology: &Topology| topology.has_keyspace(pools.keyspace());
            if is_known(topology) && !is_known(before) {
                pools.pools.load().values().for_each(attempt_now);
            }
        });
    }

    /// This host is connected to.
    pub(crate) fn meet(&self, host: &Host, by: Starter<'_>) {
        self.each(|pools| pools.meet(host, by));
    }

    /// This host was down, and is connected to by now.
    pub(crate) fn attempt_now(&self, host: &Host) {
        self.each(|pools| pools.attempt_now(host));
    }

    /// How many are on the list, those that are gone included.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn each(&self, what: impl FnMut(Arc<OwnPools>)) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.iter().filter_map(Weak::upgrade).for_each(what);
    }
}
