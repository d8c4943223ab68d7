//! What is known of the cluster, replaced as a whole.

use std::sync::Arc;

use crate::control::ClusterRows;
use crate::{Host, Settings};

/// The cluster as it was last seen.
#[derive(Debug)]
pub struct Topology {
    name: String,
    /// Those that get requests: at least one.
    hosts: Vec<Arc<Host>>,
}

impl Topology {
    /// The topology that these rows describe. Hosts of `known` that are still there stay as they
    /// are, with their connections; new ones begin to connect.
    pub(crate) fn new(rows: ClusterRows, known: &[Arc<Host>], settings: &Settings) -> Self {
        let wanted = settings.local_data_center.as_deref();
        let mut hosts: Vec<Arc<Host>> = Vec::with_capacity(rows.hosts.len());
        for row in rows.hosts {
            let elsewhere = wanted.is_some_and(|wanted| wanted != row.data_center);
            let twice = hosts.iter().any(|host| host.id() == row.id);
            if elsewhere || twice {
                continue;
            }
            let stays = known.iter().find(|host| host.is_still(&row)).map(Arc::clone);
            hosts.push(stays.unwrap_or_else(|| Arc::new(Host::start(row, &settings.pool))));
        }
        Self { name: rows.cluster_name, hosts }
    }

    /// The name of the cluster.
    pub fn cluster_name(&self) -> &str {
        &self.name
    }

    /// The hosts that get requests.
    pub fn hosts(&self) -> &[Arc<Host>] {
        &self.hosts
    }
}

/// The hosts to try for one request, in order, each once.
#[derive(Clone, Debug)]
pub struct Plan {
    topology: Arc<Topology>,
    start: usize,
    given: usize,
}

impl Plan {
    /// All hosts, from the one at `start` (modulo their number) on.
    pub(crate) const fn rotated(topology: Arc<Topology>, start: usize) -> Self {
        Self { topology, start, given: 0 }
    }
}

impl Iterator for Plan {
    type Item = Arc<Host>;

    fn next(&mut self) -> Option<Arc<Host>> {
        let hosts = &self.topology.hosts;
        if self.given == hosts.len() {
            return None;
        }
        let host = hosts.get(self.start.wrapping_add(self.given) % hosts.len())?;
        self.given += 1;
        Some(Arc::clone(host))
    }
}
