//! One server of the cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use cqlwire_net::ServerAddress;
use cqlwire_pool::{Identity, Pool, PoolState, Registry, RegistryClosed, Target};
use uuid::Uuid;

use crate::listing::HostRow;

/// How far a host is from this client, as the settings see it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Distance {
    /// In the local data center: it gets requests.
    Local,
    /// In another data center, and among the hosts there that get requests when no local one takes
    /// them.
    Remote,
    /// It gets no requests, and no connections.
    Ignored,
}

/// One server of the cluster, with the connections to it.
#[derive(Debug)]
pub struct Host {
    row: HostRow,
    distance: Distance,
    in_local_rack: bool,
    pool: Pool,
    warmth: Arc<Warmth>,
}

/// Where a host stands, as the settings see it, and how many connections it gets for that.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) distance: Distance,
    pub(crate) in_local_rack: bool,
    pub(crate) connections: usize,
}

/// Where the hosts of one listing stand.
#[derive(Clone, Debug)]
pub(crate) struct Standings {
    /// Of each host, in their order.
    pub(crate) hosts: Vec<Standing>,
    /// The other data centers whose hosts get requests, in the order of their turns.
    pub(crate) remote_data_centers: Vec<String>,
    /// Does each connection prove whom it reaches?
    pub(crate) prove_hosts: bool,
}

impl Standings {
    /// Does any host get requests?
    pub(crate) fn any_gets_requests(&self) -> bool {
        self.hosts.iter().any(|standing| standing.distance != Distance::Ignored)
    }
}

impl Host {
    pub(crate) fn start(
        row: HostRow,
        standing: Standing,
        cluster_name: Option<&Arc<str>>,
        registry: &Registry,
    ) -> Result<Self, RegistryClosed> {
        let identity = cluster_name.map(|cluster_name| Identity {
            host_id: row.id,
            cluster_name: Arc::clone(cluster_name),
        });
        let target = Target { address: row.address.clone(), identity, keyspace: None };
        let pool = registry.start(target, standing.connections)?;
        let Standing { distance, in_local_rack, .. } = standing;
        Ok(Self { row, distance, in_local_rack, pool, warmth: Arc::default() })
    }

    /// Its id, which stays when its address changes.
    pub fn id(&self) -> Uuid {
        self.row.id
    }

    /// Where it listens for clients.
    pub fn address(&self) -> &ServerAddress {
        self.pool.address()
    }

    /// Its data center.
    pub fn data_center(&self) -> &str {
        &self.row.data_center
    }

    /// Its rack.
    pub fn rack(&self) -> &str {
        &self.row.rack
    }

    /// The release that it runs, `5.0.9`.
    pub fn release_version(&self) -> &str {
        &self.row.release_version
    }

    /// How far it is from this client.
    pub const fn distance(&self) -> Distance {
        self.distance
    }

    /// Is it in the local data center, in the local rack?
    pub const fn is_in_local_rack(&self) -> bool {
        self.in_local_rack
    }

    /// The connections to it.
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Is it connected to, since when, and if not, why?
    pub fn state(&self) -> PoolState {
        self.pool.state()
    }

    /// How much of its share it gets by now, since it came up a moment ago.
    pub(crate) fn warmth(&self) -> &Warmth {
        &self.warmth
    }

    pub(crate) const fn row(&self) -> &HostRow {
        &self.row
    }

    /// This host as the row describes it by now, with the pool that it has; `None` if the row is
    /// about another server, or another address.
    pub(crate) fn renewed(
        self: &Arc<Self>,
        row: &HostRow,
        standing: Standing,
        registry: &Registry,
    ) -> Result<Option<Arc<Self>>, RegistryClosed> {
        if self.key() != (row.id, &row.address) {
            return Ok(None);
        }
        registry.resize(&self.pool, standing.connections)?;
        let Standing { distance, in_local_rack, .. } = standing;
        if self.row == *row && (self.distance, self.in_local_rack) == (distance, in_local_rack) {
            return Ok(Some(Arc::clone(self)));
        }
        let (pool, warmth) = (self.pool.clone(), Arc::clone(&self.warmth));
        Ok(Some(Arc::new(Self { row: row.clone(), distance, in_local_rack, pool, warmth })))
    }

    /// What its pool stands and falls with.
    pub(crate) fn key(&self) -> (Uuid, &ServerAddress) {
        (self.id(), self.address())
    }
}

/// How much of its share a host gets that came up a moment ago: its caches are empty, and its code
/// has yet to be compiled.
#[derive(Debug)]
pub(crate) struct Warmth(AtomicU8);

/// As many steps as there are from nothing to the whole share.
pub(crate) const WARM: u8 = 16;

impl Default for Warmth {
    fn default() -> Self {
        Self(AtomicU8::new(WARM))
    }
}

impl Warmth {
    /// It has just come up.
    pub(crate) fn begin(&self) {
        self.0.store(1, Ordering::Relaxed);
    }

    /// A step further; `false` if it has its whole share already.
    pub(crate) fn step(&self) -> bool {
        let warmth = self.0.load(Ordering::Relaxed);
        if warmth < WARM {
            self.0.store(warmth + 1, Ordering::Relaxed);
        }
        warmth < WARM
    }

    /// Does it get its whole share?
    #[inline]
    pub(crate) fn is_whole(&self) -> bool {
        self.0.load(Ordering::Relaxed) == WARM
    }

    /// Does it get this one of [`WARM`] requests?
    pub(crate) fn admits(&self, draw: u8) -> bool {
        let warmth = self.0.load(Ordering::Relaxed);
        warmth == WARM || draw % WARM < warmth
    }
}
