//! The handle of a cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use cqlwire_net::{Deadline, Endpoint};
use cqlwire_pool::PoolUsage;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::control::Control;
use crate::{ContactAttempt, ContactFailure, NoContact, Plan, Settings, Topology, keeper};

/// A cluster that is connected to. See the [crate](crate).
///
/// When it is dropped, its connections finish what was sent and close.
#[derive(Debug)]
pub struct Cluster {
    shared: Arc<Shared>,
    next: AtomicUsize,
    _stop: DropGuard,
}

/// What the handle and the keeper have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) topology: ArcSwap<Topology>,
    pub(crate) stopped: CancellationToken,
}

impl Cluster {
    /// Asks the contact points, one after the other, about the cluster, begins to connect to each
    /// of its hosts, and waits for the first connection.
    ///
    /// # Errors
    ///
    /// [`NoContact`], with every contact point that was tried and its reason. Nothing is left
    /// behind.
    ///
    /// # Cancel safety
    ///
    /// Dropped, everything that was opened is closed.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time.
    pub async fn connect(settings: Settings, deadline: Deadline) -> Result<Self, NoContact> {
        let mut attempts = Vec::new();
        for endpoint in &settings.contact_points {
            match begin(endpoint.clone(), &settings, deadline).await {
                Ok((control, topology)) => return Ok(Self::start(settings, control, topology)),
                Err(failure) => {
                    attempts.push(ContactAttempt { endpoint: endpoint.clone(), failure });
                }
            }
        }
        Err(NoContact { attempts })
    }

    fn start(settings: Settings, control: Control, topology: Topology) -> Self {
        let stopped = CancellationToken::new();
        let tasks = settings.pool.connection.tasks.clone();
        let topology = ArcSwap::from_pointee(topology);
        let shared = Arc::new(Shared { settings, topology, stopped: stopped.clone() });
        tasks.spawn(keeper::keep(Arc::clone(&shared), control));
        // Clients that start together should not all begin with the same host.
        let next = AtomicUsize::new(fastrand::usize(..));
        Self { shared, next, _stop: stopped.drop_guard() }
    }

    /// The hosts to try for one request: all of them, each time from another one on.
    pub fn plan(&self) -> Plan {
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        Plan::rotated(self.topology(), start)
    }

    /// The cluster as it was last seen.
    pub fn topology(&self) -> Arc<Topology> {
        self.shared.topology.load_full()
    }

    /// What the pools hold at the moment, added up. The control connection is not counted.
    pub fn usage(&self) -> PoolUsage {
        let topology = self.topology();
        let pools = topology.hosts().iter().map(|host| host.pool().usage());
        pools.fold(PoolUsage::default(), |sum, pool| sum + pool)
    }

    /// Lets what was sent finish, and closes all connections, at the deadline all the same. May be
    /// called often and by many.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the connections go on closing, without a deadline of their own.
    pub async fn close(&self, deadline: Deadline) {
        self.shared.stopped.cancel();
        let topology = self.topology();
        topology.hosts().iter().for_each(|host| host.pool().stop());
        for host in topology.hosts() {
            host.pool().close(deadline).await;
        }
    }
}

/// The control connection to this server, what it knows, and one connection for requests.
async fn begin(
    endpoint: Endpoint,
    settings: &Settings,
    deadline: Deadline,
) -> Result<(Control, Topology), ContactFailure> {
    let control = Control::open(endpoint, settings, deadline).await?;
    let rows = control.list(deadline.within(settings.query_timeout)).await?;
    let topology = Topology::new(rows, &[], settings);
    // Keyspace and the like are first tried here: what is wrong with them has to be told now.
    let mut refused = None;
    for host in topology.hosts() {
        match host.pool().ready(deadline).await {
            Ok(_) => return Ok((control, topology)),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    let no_host = || ContactFailure::NoHostWanted {
        local_data_center: settings.local_data_center.clone().unwrap_or_default(),
    };
    Err(refused.map_or_else(no_host, ContactFailure::from))
}
