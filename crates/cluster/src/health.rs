//! How a cluster is, for probes that may not wait.

use crate::{Distance, Topology};

/// How the cluster is, as this client sees it: what a readiness probe looks at. Nobody was asked
/// for it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// How many hosts get requests: the local ones.
    pub local_hosts: usize,
    /// How many of them are connected.
    pub local_hosts_up: usize,
    /// Is there a control connection? Without one, changes to the cluster are not seen; requests
    /// are sent all the same.
    pub has_control_connection: bool,
}

impl Health {
    pub(crate) fn of(topology: &Topology, has_control_connection: bool) -> Self {
        let local = topology.hosts().iter().filter(|host| host.distance() == Distance::Local);
        let local_hosts_up = local.clone().filter(|host| host.state().is_up()).count();
        Self { local_hosts: local.count(), local_hosts_up, has_control_connection }
    }

    /// Can requests be sent to any local host?
    pub const fn is_ready(&self) -> bool {
        self.local_hosts_up > 0
    }
}
