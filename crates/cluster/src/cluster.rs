//! The handle of a cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use cqlwire_net::{Deadline, Race};
use cqlwire_pool::{NotConnected, PoolUsage, Registry};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::contact::{Contacted, Contacts, Failed};
use crate::control::Control;
use crate::shared::Shared;
use crate::{ContactAttempt, ContactFailure, NoContact, Plan, Settings, Topology, refresh};

/// A cluster that is connected to. See the [crate](crate).
///
/// When it is dropped, its connections finish what was sent and close, whoever still holds a host
/// or a topology.
#[derive(Debug)]
pub struct Cluster {
    shared: Arc<Shared>,
    next: AtomicUsize,
    _stop: DropGuard,
}

impl Cluster {
    /// Asks the contact points about the cluster, begins to connect to each of its hosts, and waits
    /// for the first connection.
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
        let (control, topology) = contact(&settings, &registry, deadline).await?;
        let (topology, stopped) = (ArcSwap::from_pointee(topology), CancellationToken::new());
        let shared = Arc::new(Shared { settings, registry, topology, stopped: stopped.clone() });
        shared.registry.tasks().spawn(refresh::run(Arc::clone(&shared), control));
        // Clients that start together should not all begin with the same host.
        let next = AtomicUsize::new(fastrand::usize(..));
        Ok(Self { shared, next, _stop: stopped.drop_guard() })
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
        self.shared.stopped.cancel();
        self.shared.registry.close(deadline).await;
    }
}

/// The control connection to the first server that answers, and a topology of which at least one
/// host has a connection for requests.
async fn contact(
    settings: &Settings,
    registry: &Registry,
    deadline: Deadline,
) -> Result<(Control, Topology), NoContact> {
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
) -> Result<(Control, Topology), Vec<Failed>> {
    let Contacted { rank, contact_point, control, rows } = contacted;
    let failed = |address, failure| {
        let attempt = ContactAttempt::of(contact_point.clone(), Some(address), failure);
        Failed { rank, attempt }
    };
    let Ok(topology) = Topology::new(rows, &[], settings, registry) else {
        return Err(Vec::new());
    };
    if topology.hosts().is_empty() {
        let no_host = ContactFailure::NoHostWanted {
            local_data_center: settings.local_data_center.clone().unwrap_or_default(),
            data_centers: topology.data_centers().to_vec(),
        };
        return Err(vec![failed(control.address().clone(), no_host)]);
    }
    let deadline = deadline.within(settings.pool.connect_timeout);
    match first_connection(&topology, deadline).await {
        Ok(()) => Ok((control, topology)),
        Err(errors) => {
            let failed = errors.into_iter().map(|NotConnected { address, reason, .. }| {
                failed(address, ContactFailure::Pool(reason))
            });
            Err(failed.collect())
        }
    }
}

/// Keyspace and the like are first tried here: what is wrong with them has to be said now.
async fn first_connection(
    topology: &Topology,
    deadline: Deadline,
) -> Result<(), Vec<NotConnected>> {
    let mut race = Race::new(Duration::ZERO, deadline);
    for host in topology.hosts() {
        race.begin(host.pool().ready(deadline));
    }
    let mut errors = Vec::new();
    while let Some(outcome) = race.next().await {
        match outcome {
            Ok(_) => return Ok(()),
            Err(error) => errors.push(error),
        }
    }
    Err(errors)
}
