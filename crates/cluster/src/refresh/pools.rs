//! What the refresh task has to do with the pools: it publishes what they notice, passes on that a
//! host may be up, and has hosts that came up a moment ago warm up.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use cqlwire_net::SessionLog;
use cqlwire_pool::{Elsewhere, Unconnected};
use tokio::time::{Duration, Instant};
use uuid::Uuid;

use crate::host::WARM;
use crate::shared::Shared;
use crate::{ClusterChange, Distance, Host};

#[derive(Debug)]
pub(super) struct Pools {
    /// Was each host connected to, when it was looked at last?
    known: HashMap<Uuid, Known>,
    /// Hosts that have not got their whole share yet.
    warming: Vec<Arc<Host>>,
    step: Duration,
    warmer_at: Option<Instant>,
}

/// What says that the list of hosts is out of date.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Looked {
    /// A host has come up: with another release perhaps, or other tokens.
    pub(super) came_up: bool,
    /// Another host is at the address of one. So it may be for long.
    pub(super) elsewhere: bool,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Known {
    /// It was there when the client began, and has not been connected to since.
    First,
    /// It has joined since.
    New,
    /// Since then.
    Down(Instant),
    Up,
}

impl Pools {
    pub(super) fn new(shared: &Shared) -> Self {
        let topology = shared.topology.load();
        // A client that begins has no reason to spare any of them.
        let known = topology.hosts().iter().map(|host| (host.id(), Known::First)).collect();
        let step = shared.settings.warm_up / u32::from(WARM);
        Self { known, warming: Vec::new(), step, warmer_at: None }
    }

    /// Publishes which hosts are up and down by now.
    pub(super) fn look(&mut self, shared: &Shared) -> Looked {
        let topology = shared.topology.load_full();
        let mut looked = Looked::default();
        self.known.retain(|id, _| topology.find(*id).is_some());
        for host in topology.hosts().iter().filter(|host| host.distance() != Distance::Ignored) {
            let known = self.known.entry(host.id()).or_insert(Known::New);
            let before = *known;
            let (host_id, address) = (host.id(), host.address().clone());
            let down = host.state().down;
            looked.elsewhere |= down.as_ref().is_some_and(is_of_another_host);
            if down.is_none() {
                shared.keyspaces.meet(host, shared.starter());
            }
            match down {
                None if before != Known::Up => {
                    *known = Known::Up;
                    shared.keyspaces.attempt_now(host);
                    if before != Known::First {
                        looked.came_up = true;
                        host.warmth().begin();
                        self.warming.push(Arc::clone(host));
                    }
                    log_up(shared.settings.log(), host, before);
                    shared.changes.publish(ClusterChange::HostUp { host_id, address });
                }
                Some(reason) if before == Known::Up => {
                    *known = Known::Down(Instant::now());
                    log_down(shared.settings.log(), host, &reason);
                    let reason = reason.to_string().into();
                    shared.changes.publish(ClusterChange::HostDown { host_id, address, reason });
                }
                _ => {}
            }
        }
        self.schedule();
        looked
    }

    /// Has the host at this address connected to now, or any host, if it is down. False if there is
    /// none at the address.
    pub(super) fn try_now(&self, shared: &Shared, address: Option<SocketAddr>) -> bool {
        let topology = shared.topology.load();
        let mut is_known = address.is_none();
        for host in topology.hosts() {
            let told = host.row().told_address.or_else(|| host.address().socket());
            if address.is_none() || told == address {
                is_known = true;
                if !host.state().is_up() {
                    host.pool().attempt_now();
                }
            }
        }
        is_known
    }

    pub(super) const fn warmer_at(&self) -> Option<Instant> {
        self.warmer_at
    }

    /// Hosts that came up a moment ago get more of their share.
    pub(super) fn warm(&mut self) {
        self.warmer_at = None;
        self.warming.retain(|host| host.warmth().step());
        self.schedule();
    }

    fn schedule(&mut self) {
        if !self.warming.is_empty() && self.warmer_at.is_none() {
            self.warmer_at = Some(Instant::now() + self.step);
        }
    }
}

/// Those that there were at the beginning are said with it, all in one line.
fn log_up(log: &SessionLog, host: &Host, before: Known) {
    let (session, address) = (log.id(), host.address());
    let (host_id, data_center, version) = (host.id(), host.data_center(), host.release_version());
    match before {
        Known::First => tracing::debug!(%session, host = %address, %host_id, "host up"),
        Known::New | Known::Up => {
            tracing::info!(%session, host = %address, %host_id, data_center, version, "host up");
        }
        Known::Down(since) => {
            let down_for = since.elapsed();
            tracing::info!(
                %session, host = %address, %host_id, data_center, version, ?down_for, "host up"
            );
        }
    }
}

fn log_down(log: &SessionLog, host: &Host, reason: &Unconnected) {
    let (session, address) = (log.id(), host.address());
    let (host_id, data_center) = (host.id(), host.data_center());
    tracing::warn!(%session, host = %address, %host_id, data_center, %reason, "host down");
}

/// Is another host of the cluster at the address?
fn is_of_another_host(down: &Unconnected) -> bool {
    matches!(down, Unconnected::Elsewhere(elsewhere)
        if matches!(**elsewhere, Elsewhere::OtherHost { .. }))
}
