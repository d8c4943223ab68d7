//! From contact points to a cluster that takes requests.
//!
//! ```text
//!   contact points --> one that answers --> topology, a pool for each host --> enough connections
//!         ^                                                                         |
//!         +------ nobody, or none of its hosts takes a connection: the next one ----+
//! ```

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_net::{Deadline, Race};
use cqlwire_pool::{NotConnected, Registry, RegistryClosed};
use tokio::time::sleep;

use crate::contact::{Contacted, Contacts, Failed};
use crate::control::Control;
use crate::listing::{ClusterRows, ListingState};
use crate::placement::Placement;
use crate::standing::decide;
use crate::{ContactAttempt, ContactFailure, Distance, NoContact, Settings, Topology};

/// What connecting has come to.
pub(crate) struct Begun {
    pub(crate) control: Control,
    pub(crate) topology: Topology,
    pub(crate) local_data_center: String,
    pub(crate) listing: ListingState,
}

/// Contacts the cluster; again and again, if the settings want that, until the deadline.
pub(crate) async fn reach(
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
        tracing::warn!(session = %settings.log().id(), %error, "not connected yet");
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
            biased;
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
    let asked = rows.hosts.first().map(|row| row.data_center.clone()).unwrap_or_default();
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
            session = %settings.log().id(),
            local_data_center,
            data_centers = ?topology.data_centers(),
            "no local data center was given: taking that of the server that answered first; name it in \
             the session's builder"
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
    let placement =
        Placement::compute(hosts, partitioner, replications, &known, settings.log()).await;
    Topology::new(rows, placement, &[], &standings, registry)
}

/// Waits until so many local hosts are connected, or as many as there are; where there are only
/// remote ones, so many of those. Keyspace and the like are first tried here: what is wrong with
/// them has to be said now.
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
