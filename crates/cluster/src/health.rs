//! How a cluster is, for probes that may not wait.

use crate::{Distance, Topology};

/// How the cluster is, as this client sees it: what a readiness probe looks at. Nobody was asked
/// for it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// How many hosts get requests: the local ones.
    pub local_hosts: usize,
    /// How many of them are connected, and have not gone quiet.
    pub local_hosts_up: usize,
    /// How many hosts of other data centers are, which get requests when no local one takes them.
    pub remote_hosts_up: usize,
    /// Is there a control connection? Without one, changes to the cluster are not seen; requests
    /// are sent all the same.
    pub has_control_connection: bool,
}

impl Health {
    pub(crate) fn of(topology: &Topology, has_control_connection: bool) -> Self {
        let up = |distance| {
            let of_distance = topology.hosts().iter().filter(|host| host.distance() == distance);
            // Of one whose connections are all quiet there is no load to be known.
            of_distance.filter(|host| host.state().is_up() && host.pool().load().is_some()).count()
        };
        Self {
            local_hosts: topology.local_hosts().len(),
            local_hosts_up: up(Distance::Local),
            remote_hosts_up: up(Distance::Remote),
            has_control_connection,
        }
    }

    /// Can requests be sent to any host? Remote ones take those that the settings let go there.
    pub const fn is_ready(&self) -> bool {
        self.local_hosts_up > 0 || self.remote_hosts_up > 0
    }
}
